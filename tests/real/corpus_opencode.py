"""Makes the recordings of opencode in its own terminal: ``python tests/real/corpus_opencode.py [SCENE...]``.

Run by hand after a new pin, never by a test; afterwards look at the screens at the borders of the labels.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.recording.capture import NotSeen, Program
from agents.vt.screen import Snapshot
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real import opencode
from tests.real.corpus import Scene, Stage, Take, make, version
from tests.real.install import program

BOX = ("Ask anything…",)
ASKS = ("Permission required",)
ESCAPE = "\x1b"

#: Its first start in a new home takes long, and so does the first turn of a process where others want the processor.
FIRST_S = 120.0


async def ready(take: Take) -> None:
    """Wait until it can be spoken to, and hold that."""
    take.now("idle", await take.shows(*BOX, within=FIRST_S), note="the input box is there")
    await take.hold()


async def say(take: Take, message: str) -> None:
    """Type a message, and wait until its request is there."""
    count = len(take.requests())
    await take.say(message)
    for _ in range(round(FIRST_S * 10)):
        if len(take.requests()) > count:
            return
        await asyncio.sleep(0.1)
    raise NotSeen(f"no request came within {FIRST_S:g} s\n{take.screen()}")


async def start(take: Take) -> None:
    """Only begin, and wait to be spoken to."""
    await ready(take)
    await take.hold(4.0)


async def text(take: Take) -> None:
    """Take a turn without tools."""
    await ready(take)
    await say(take, "Say something")
    await take.done(resting)


async def permission(take: Take) -> None:
    """Allow an edit."""
    await ready(take)
    await say(take, "Write hello.txt")
    await take.blocked("permission", *ASKS)
    take.press("\r")
    await take.done(resting)


async def deny(take: Take) -> None:
    """Deny an edit by Esc: the turn is over."""
    await ready(take)
    await say(take, "Write hello.txt")
    await take.blocked("permission", *ASKS)
    await take.stop(ESCAPE, resting, note="Esc in the dialog")


async def steps(take: Take) -> None:
    """Allow two steps of one turn, one by one."""
    await ready(take)
    await say(take, "Do two steps")
    for _ in range(2):
        await take.blocked("permission", *ASKS)
        take.press("\r")
    await take.done(resting)


async def command(take: Take) -> None:
    """Allow a command, after a look at the other choices."""
    await ready(take)
    await say(take, "Run it")
    await take.blocked("permission", *ASKS)
    for key in ("\x1b[C", "\x1b[C", "\x1b[D", "\x1b[D"):
        take.capture.type(key)
        await take.hold(0.4)
    take.press("\r")
    await take.done(resting)


async def interrupt_stream(take: Take) -> None:
    """Interrupt in mid-stream, which takes Esc twice."""
    await ready(take)
    await say(take, "Count")
    await take.request()
    await take.hold(3.0)
    await _interrupt(take, "Esc twice in mid-stream")


async def interrupt_tool(take: Take) -> None:
    """Interrupt a tool that runs, which its file tells."""
    await _run(take)
    await take.hold()
    await _interrupt(take, "Esc twice while a tool runs")


async def long_tool(take: Take) -> None:
    """Run a tool that says nothing for a while."""
    await _run(take)
    await take.done(resting)


async def hang(take: Take) -> None:
    """Wait for an answer that never comes."""
    await ready(take)
    await say(take, "Say something")
    await take.request()
    await take.hold(8.0)


async def failing(take: Take) -> None:
    """Fail for good: the error waits to be read."""
    await ready(take)
    await say(take, "Say something")
    at = await take.last_reply(6.0)
    take.now("error", at, alt=("idle", "done", "working", "blocked"), note="the key was refused")
    await take.shows(resting)
    await take.hold(3.0)


async def two_turns(take: Take) -> None:
    """Take two short turns, the second as soon as the first is done."""
    await ready(take)
    for number in ("one", "two"):
        await say(take, f"Say {number}")
        take.now("done", await take.reply(), alt=("idle", "working"), note="the request is answered")
        take.now("done", await take.shows(resting), alt=("idle",), note="the program has taken note of it")
    await take.hold(3.0)


async def resize(take: Take) -> None:
    """Change the size while it asks and while it waits."""
    await ready(take)
    take.capture.resize(30, 90)
    await take.hold(1.0)
    await say(take, "Write hello.txt")
    await take.blocked("permission", *ASKS)
    for rows, cols in ((24, 80), (40, 120)):
        take.capture.resize(rows, cols)
        await take.hold(0.7)
    take.press("\r")
    await take.done(resting)


async def _interrupt(take: Take, note: str) -> None:
    take.capture.type(ESCAPE)
    await take.shows("again to interrupt")
    await take.stop(ESCAPE, resting, note=note)


async def _run(take: Take) -> None:
    await ready(take)
    await say(take, "Run it")
    await take.blocked("permission", *ASKS)
    take.press("\r")
    await take.made("begun.txt")


def resting(seen: Snapshot) -> bool:
    """Tell whether nothing is left to be interrupted or answered."""
    whole = "\n".join(seen.lines)
    return "interrupt" not in whole and "Permission required" not in whole


SCENES = (
    Scene("permission", permission, "write"),
    Scene("interrupt-stream", interrupt_stream, "slow"),
    Scene("text", text, "text", is_tuned=False),
    Scene("deny", deny, "write"),
    Scene("steps", steps, "steps"),
    Scene("command", command, "bash", is_tuned=False),
    Scene("failing-401", failing, "401"),
    Scene("start", start, "text"),
    Scene("long-tool", long_tool, "long", is_tuned=False),
    Scene("interrupt-tool", interrupt_tool, "long"),
    Scene("hang", hang, "hang"),
    Scene("two-turns", two_turns, "text", is_tuned=False),
    Scene("resize", resize, "write"),
)


def script(api: ModelApi) -> None:
    """Add the scenarios that are opencode's own."""
    api.script("long", Tool("bash", {"command": "touch begun.txt; sleep 8", "description": "Wait"}), Text("Over."))


def start_opencode(_scene: Scene, root: Path, repo: Path, url: str) -> Program:
    """Return how it is started."""
    found = program("opencode")
    (root / "home").mkdir()
    return Program((str(found),), repo, opencode.environment(found, root / "home", url) | {"TERM": "xterm-256color"})


def main() -> int:
    """Record the scenes that were named, or all."""
    found = program("opencode")
    with ModelApi() as api, tempfile.TemporaryDirectory(prefix="agent-", dir="/var/tmp") as folder:
        script(api)
        told = version([str(found)], {"PATH": "/usr/bin:/bin", "HOME": folder})
        return make(Stage("opencode-tui", told, start_opencode), SCENES, api, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
