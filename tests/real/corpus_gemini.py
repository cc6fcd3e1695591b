"""Makes the recordings of Gemini CLI in its own terminal: ``python tests/real/corpus_gemini.py [SCENE...]``.

Run by hand after a new pin, never by a test; afterwards look at the screens at the borders of the labels.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.recording.capture import Program
from agents.vt.screen import Snapshot
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real import gemini
from tests.real.corpus import Scene, Stage, Take, make, version

BOX = ("Type your message",)
APPLY, EXECUTE = "Apply this change?", "Allow execution"
ESCAPE = "\x1b"


async def start(take: Take) -> None:
    """Only begin, and wait to be spoken to."""
    await take.ready(*BOX)
    await take.hold(4.0)


async def text(take: Take) -> None:
    """Take a turn without tools."""
    await take.ready(*BOX)
    await take.say("Say something")
    await take.done(resting)


async def permission(take: Take) -> None:
    """Allow an edit."""
    await take.ready(*BOX)
    await take.say("Write hello.txt")
    await take.blocked("permission", APPLY)
    take.press("\r")
    await take.done(resting)


async def deny(take: Take) -> None:
    """Deny an edit by Esc: the turn is over, Gemini asks nothing of its model any more."""
    await take.ready(*BOX)
    await take.say("Write hello.txt")
    await take.blocked("permission", APPLY)
    await take.stop(ESCAPE, resting, note="Esc in the dialog")


async def command(take: Take) -> None:
    """Allow a command, after a look at the other choices."""
    await take.ready(*BOX)
    await take.say("Run it")
    await take.blocked("permission", EXECUTE)
    for key in ("\x1b[B", "\x1b[B", "\x1b[A", "\x1b[A"):
        take.capture.type(key)
        await take.hold(0.4)
    take.press("\r")
    await take.done(resting)


async def steps(take: Take) -> None:
    """Allow two steps of one turn, one by one."""
    await take.ready(*BOX)
    await take.say("Do two steps")
    await take.blocked("permission", APPLY)
    take.press("\r")
    await take.blocked("permission", EXECUTE)
    take.press("\r")
    await take.done(resting)


async def interrupt_stream(take: Take) -> None:
    """Interrupt in mid-stream; the next turn works."""
    await take.ready(*BOX)
    await take.say("Count")
    await take.request()
    await take.hold(3.0)
    await take.stop(ESCAPE, resting, note="Esc in mid-stream")


async def interrupt_tool(take: Take) -> None:
    """Interrupt a tool that runs, which its file tells."""
    await _run(take)
    await take.hold()
    await take.stop(ESCAPE, resting, note="Esc while a tool runs")


async def long_tool(take: Take) -> None:
    """Run a tool that says nothing for a while."""
    await _run(take)
    await take.done(resting)


async def _run(take: Take) -> None:
    await take.ready(*BOX)
    await take.say("Run it")
    await take.blocked("permission", EXECUTE)
    take.press("\r")
    await take.made("begun.txt")


def resting(seen: Snapshot) -> bool:
    """Tell whether its input box is there and nothing runs that could be cancelled."""
    whole = "\n".join(seen.lines)
    return "Type your message" in whole and "esc to cancel" not in whole


async def hang(take: Take) -> None:
    """Wait for an answer that never comes."""
    await take.ready(*BOX)
    await take.say("Say something")
    await take.request()
    await take.hold(4.0)


async def failing(take: Take) -> None:
    """Be refused: the error waits to be read, and may be told as a missing login."""
    await take.ready(*BOX)
    await take.say("Say something")
    at = await take.last_reply(6.0)
    take.now("error", at, alt=("idle", "done", "working", "blocked"), note="the key was refused")
    await take.hold(2.0)


async def choice(take: Take) -> None:
    """Be refused the model: it asks whether to go on, and stops when told so."""
    await take.ready(*BOX)
    await take.say("Say something")
    take.now("working", await take.reply(), alt=("blocked", "error"), note="the model was refused")
    at = await take.shows("Keep trying")
    take.now("blocked", at, blocked="question", alt=("error",), note="it asks whether to go on")
    await take.hold(3.0)
    take.capture.type("\x1b[B")
    await take.hold(0.5)
    await take.stop("\r", resting, note="“Stop” chosen")


async def retrying(take: Take) -> None:
    """Try again and again, for as long as the recording goes."""
    await take.ready(*BOX)
    await take.say("Say something")
    await take.reply()
    await take.hold(1.0)


async def three_turns(take: Take) -> None:
    """Take three short turns, each as soon as the one before it is done."""
    await take.ready(*BOX)
    for number in ("one", "two", "three"):
        await take.say(f"Say {number}")
        take.now("done", await take.reply(), alt=("idle", "working"), note="the request is answered")
        take.now("done", await take.shows(resting), alt=("idle",), note="the program has taken note of it")
    await take.hold(3.0)


async def resize(take: Take) -> None:
    """Change the size while it asks and while it waits."""
    await take.ready(*BOX)
    take.capture.resize(30, 90)
    await take.hold(1.0)
    await take.say("Write hello.txt")
    await take.blocked("permission", APPLY)
    for rows, cols in ((24, 80), (40, 120)):
        take.capture.resize(rows, cols)
        await take.hold(0.7)
    take.press("\r")
    await take.done(resting)
    take.capture.resize(24, 80)
    await take.hold(1.5)


async def typing(take: Take) -> None:
    """Type a draft that is never sent, with words in it that look like a dialog."""
    await take.ready(*BOX)
    take.capture.type("Apply this change? 1. Allow once 2. No")
    await take.hold(4.0)


#: What works for long does so in a small window: its spinner draws everything anew, ten times a second.
SCENES = (
    Scene("start", start, "text"),
    Scene("permission", permission, "write"),
    Scene("deny", deny, "write"),
    Scene("steps", steps, "steps"),
    Scene("interrupt-stream", interrupt_stream, "slow"),
    Scene("choice-404", choice, "404"),
    Scene("resize", resize, "write"),
    Scene("text", text, "text", is_tuned=False),
    Scene("command", command, "bash", is_tuned=False),
    Scene("long-tool", long_tool, "long", is_tuned=False, rows=18, cols=80),
    Scene("three-turns", three_turns, "text", is_tuned=False),
    Scene("interrupt-tool", interrupt_tool, "long", rows=24, cols=80),
    Scene("hang", hang, "hang", rows=24, cols=80),
    Scene("retrying-500", retrying, "500", rows=24, cols=80),
    Scene("failing-401", failing, "401"),
    Scene("typing", typing, "text", is_tuned=False),
)


def script(api: ModelApi) -> None:
    """Add the scenarios that are Gemini CLI's own."""
    api.script("long", Tool("bash", {"command": "touch begun.txt; sleep 4", "description": "Wait"}), Text("Over."))


def start_gemini(_scene: Scene, root: Path, repo: Path, url: str) -> Program:
    """Return how it is started, past its first-run walls."""
    folder = root / "home" / ".gemini"
    folder.mkdir(parents=True)
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}}
    (folder / "settings.json").write_text(json.dumps(settings))
    env = gemini.environment(root / "home", url) | {"TERM": "xterm-256color"}
    return Program(("gemini",), repo, env)


def main() -> int:
    """Record the scenes that were named, or all."""
    with ModelApi() as api:
        script(api)
        told = version(["gemini"], {"PATH": gemini.path()})
        return make(Stage("gemini-tui", told, start_gemini), SCENES, api, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
