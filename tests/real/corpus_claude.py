"""Makes the recordings of Claude Code in its own terminal: ``python tests/real/corpus_claude.py [SCENE...]``.

Run by hand after a new pin, never by a test; afterwards look at the screens at the borders of the labels.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.recording.capture import Program
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real.claude_tui import settled
from tests.real.corpus import Scene, Stage, Take, lacking, make, version
from tests.real.install import program

#: Its input box, which is empty or holds a hint.
BOX = ("? for shortcuts",)
CREATE, PROCEED, QUESTION = "Do you want to create", "Do you want to proceed?", "Enter to select"
ESCAPE = "\x1b"


async def start(take: Take) -> None:
    """Only begin, and wait to be spoken to."""
    await take.ready(*BOX)
    await take.hold(4.0)


async def text(take: Take) -> None:
    """Take a turn without tools."""
    await take.ready(*BOX)
    await take.say("Say something")
    await take.done(*BOX)


async def permission(take: Take) -> None:
    """Allow an edit."""
    await take.ready(*BOX)
    await take.say("Write hello.txt")
    await take.blocked("permission", CREATE)
    take.press("\r")
    await take.done(*BOX)


async def deny(take: Take) -> None:
    """Deny an edit: Claude Code then waits for what to do instead."""
    await take.ready(*BOX)
    await take.say("Write hello.txt")
    await take.blocked("permission", CREATE)
    await take.stop("3", *BOX, note="“No” chosen")


async def escaped(take: Take) -> None:
    """Leave a dialog by Esc."""
    await take.ready(*BOX)
    await take.say("Run it")
    await take.blocked("permission", PROCEED)
    await take.stop(ESCAPE, *BOX, note="Esc in the dialog")


async def command(take: Take) -> None:
    """Allow a command, after a look at the other choices."""
    await take.ready(*BOX)
    await take.say("Run it")
    await take.blocked("permission", PROCEED)
    for key in ("\x1b[B", "\x1b[B", "\x1b[A", "\x1b[A"):
        take.capture.type(key)
        await take.hold(0.4)
    take.press("\r")
    await take.done(*BOX)


async def steps(take: Take) -> None:
    """Allow three steps of one turn, one by one."""
    await take.ready(*BOX)
    await take.say("Do three steps")
    for _ in range(3):
        await take.blocked("permission", PROCEED)
        take.press("\r")
    await take.done(*BOX)


async def question(take: Take) -> None:
    """Answer a question."""
    await take.ready(*BOX)
    await take.say("Ask me")
    await take.blocked("question", QUESTION)
    take.press("\r")
    await take.done(*BOX)


async def question_left(take: Take) -> None:
    """Leave a question by Esc."""
    await take.ready(*BOX)
    await take.say("Ask me")
    await take.blocked("question", QUESTION)
    await take.stop(ESCAPE, *BOX, note="Esc in the question")


async def plan(take: Take) -> None:
    """Approve a plan."""
    await take.ready("plan mode on")
    await take.say("Plan it")
    await take.blocked("permission", "Would you like to proceed?", "Exit plan mode?", "Ready to code?")
    take.press("\r")
    await take.done(*BOX)


async def interrupt_stream(take: Take) -> None:
    """Interrupt in mid-stream."""
    await take.ready(*BOX)
    await take.say("Count")
    await take.request()
    await take.hold(3.0)
    await take.stop(ESCAPE, *BOX, note="Esc in mid-stream")


async def interrupt_tool(take: Take) -> None:
    """Interrupt a tool that runs, which its file tells."""
    await take.ready(*BOX)
    await take.say("Run it")
    await take.blocked("permission", PROCEED)
    take.press("\r")
    await take.made("begun.txt")
    await take.hold()
    await take.stop(ESCAPE, *BOX, note="Esc while a tool runs")


async def long_tool(take: Take) -> None:
    """Run a tool that says nothing for a while."""
    await take.ready(*BOX)
    await take.say("Run it")
    await take.blocked("permission", PROCEED)
    take.press("\r")
    await take.made("begun.txt")
    await take.done(*BOX)


async def hang(take: Take) -> None:
    """Wait for an answer that never comes."""
    await take.ready(*BOX)
    await take.say("Say something")
    await take.request()
    await take.hold(12.0)


async def failing(take: Take) -> None:
    """Fail for good, with or without some tries: the error waits to be read."""
    await take.ready(*BOX)
    await take.say("Say something")
    at = await take.last_reply(6.0)
    take.now("error", at, alt=("idle", "done"), note="the last try was refused")
    await take.hold(1.0)


async def retrying(take: Take) -> None:
    """Try again and again, for as long as the recording goes."""
    await take.ready(*BOX)
    await take.say("Say something")
    for _ in range(4):
        await take.reply()
    await take.hold(1.0)


async def recovering(take: Take) -> None:
    """Fail at first, and work in the end."""
    await take.ready(*BOX)
    await take.say("Say something")
    at = await take.last_reply(6.0)
    take.now("done", at, alt=("idle",), note="the last request is answered")
    await take.hold(1.0)


async def two_turns(take: Take) -> None:
    """Type the second message while the first is answered: it is taken at once."""
    await take.ready(*BOX)
    await take.say("Count")
    await take.request()
    await take.hold(1.0)
    take.capture.type("Count again")
    await take.capture.until_quiet(0.3, 1.0)
    take.capture.type("\r")
    at = await take.reply()
    take.now("working", at, alt=("done", "idle"), note="the first answer ends; the second message waits in the queue")
    take.now("working", await take.request(), note="the second request comes in")
    await take.done(*BOX)


async def three_turns(take: Take) -> None:
    """Take three short turns, each as soon as the one before it is done."""
    await take.ready(*BOX)
    for number in ("one", "two", "three"):
        await take.say(f"Say {number}")
        take.now("done", await take.reply(), alt=("idle", "working"), note="the request is answered")
        await take.shows(f"● You said: Say {number}")
    take.now("done", await take.shows(lacking("esc to interrupt")), alt=("idle",), note="the program has taken note")
    await take.hold(3.0)


async def background(take: Take) -> None:
    """Leave a child behind: the turn is done while it runs. Its end would wake Claude Code up: that is cut off."""
    await take.ready(*BOX)
    await take.say("Serve it")
    await take.reply()
    await take.done("shell still running")
    await take.hold(3.0)


async def resize(take: Take) -> None:
    """Change the size while it works, while it asks, and while it waits."""
    await take.ready(*BOX)
    take.capture.resize(30, 90)
    await take.hold(1.0)
    await take.say("Write hello.txt")
    await take.blocked("permission", CREATE)
    for rows, cols in ((24, 80), (50, 140), (40, 120)):
        take.capture.resize(rows, cols)
        await take.hold(0.5)
    take.press("\r")
    await take.done(*BOX)
    take.capture.resize(24, 80)
    await take.hold(1.5)


async def paste(take: Take) -> None:
    """Paste many lines, which it shows as a placeholder."""
    await take.ready(*BOX)
    await take.say("\n".join(f"line {number} of a long note" for number in range(60)))
    await take.done(*BOX)


async def always(take: Take) -> None:
    """Allow for the session; the second time it does not ask."""
    rest = lacking("esc to interrupt")  # its footer now names the mode instead of a hint
    await take.ready(*BOX)
    await take.say("Write hello.txt")
    await take.blocked("permission", CREATE)
    take.press("2")
    await take.done(rest)
    (take.repo / "hello.txt").unlink()
    await take.say("Write it again")
    await take.reply()
    await take.done(rest)


async def trust(take: Take) -> None:
    """Begin in a folder that was never trusted: it asks before anything else, and Enter alone would leave."""
    at = await take.shows("Yes, I trust this folder")
    take.now("blocked", at, blocked="permission", note="the question about the folder is there")
    await take.hold(3.0)
    take.capture.type("\x1b[B")
    await take.shows("❯ Yes, I trust this folder")
    take.now("starting", take.capture.type("\r"), alt=("idle", "working", "blocked"), note="Enter")
    await take.ready(*BOX)


async def typing(take: Take) -> None:
    """Type a draft that is never sent, with words in it that look like a dialog."""
    await take.ready(*BOX)
    take.capture.type("Do you want to proceed? 1. Yes 2. No")
    await take.hold(4.0)


_PLAIN = ("osc7501",)


def _both(scene: Scene) -> Iterator[Scene]:
    """Yield a scene in a terminal that knows OSC 7501, and in one that does not."""
    yield scene
    yield Scene(f"{scene.name}-plain", scene.act, scene.scenario, scene.is_tuned, scene.more, _PLAIN)


def _scenes() -> Iterator[Scene]:
    for scene in (
        Scene("start", start, "text"),
        Scene("permission", permission, "write"),
        Scene("deny", deny, "write"),
        Scene("question", question, "ask"),
        Scene("plan", plan, "plan", more=("--permission-mode", "plan")),
        Scene("steps", steps, "three"),
        Scene("interrupt-stream", interrupt_stream, "slow"),
        Scene("interrupt-tool", interrupt_tool, "long"),
        Scene("background", background, "background"),
        Scene("failing-404", failing, "404"),
        Scene("text", text, "text", is_tuned=False),
        Scene("command", command, "bash", is_tuned=False),
        Scene("two-turns", two_turns, "count", is_tuned=False),
    ):
        yield from _both(scene)
    yield Scene("long-tool", long_tool, "long")
    yield Scene("hang", hang, "hang")
    yield Scene("retrying-500-plain", retrying, "500", unanswered=_PLAIN)
    yield Scene("retrying-401", retrying, "401")
    yield Scene("resize", resize, "write")
    yield Scene("paste-plain", paste, "text", unanswered=_PLAIN)
    yield Scene("trust", trust, "text", is_tuned=False)
    yield Scene("typing-plain", typing, "text", is_tuned=False, unanswered=_PLAIN)
    yield Scene("escaped-plain", escaped, "bash", is_tuned=False, unanswered=_PLAIN)
    yield Scene("question-left", question_left, "ask", is_tuned=False)
    yield Scene("always", always, "write", is_tuned=False)
    yield Scene("three-turns-plain", three_turns, "text", is_tuned=False, unanswered=_PLAIN)
    yield Scene("overloaded-529", failing, "529", is_tuned=False)
    yield Scene("recovering-429-plain", recovering, "429-soon", is_tuned=False, unanswered=_PLAIN)
    yield Scene("hang-stream-plain", hang, "hang-stream", is_tuned=False, unanswered=_PLAIN)


SCENES = tuple(_scenes())

_QUESTION = {
    "questions": [
        {
            "question": "Which database?",
            "header": "Database",
            "multiSelect": False,
            "options": [
                {"label": "sqlite", "description": "One file"},
                {"label": "postgres", "description": "A server"},
            ],
        }
    ]
}


def script(api: ModelApi) -> None:
    """Add the scenarios that are Claude Code's own."""
    api.script("ask", Tool("AskUserQuestion", _QUESTION), Text("sqlite it is."))
    api.script("long", Tool("Bash", {"command": "touch begun.txt; sleep 10", "description": "Wait"}), Text("Over."))
    served = {"command": "sleep 60", "description": "Serve", "run_in_background": True}
    api.script("background", Tool("Bash", served), Text("It runs."))
    api.script("plan", Tool("ExitPlanMode", {"plan": "1. Read it\n2. Edit it"}), Text("Planned."))
    api.script("count", Text("one two three four five six seven eight nine ten", gap=0.4))
    three = (Tool("Bash", {"command": f"touch step{n}.txt; sleep 1", "description": f"Step {n}"}) for n in (1, 2, 3))
    api.script("three", *three, Text("Three steps are done."))


def start_claude(scene: Scene, root: Path, repo: Path, url: str) -> Program:
    """Return how it is started, past its first-run walls."""
    claude = program("claude")
    env = settled(claude, root / "home", url, repo)
    if scene.name == "trust":
        known = root / "home" / "claude" / ".claude.json"
        kept = json.loads(known.read_text()) | {"projects": {}}
        known.write_text(json.dumps(kept))
    more = scene.more or ("--permission-mode", "default")
    return Program((str(claude), *more), repo, env)


def main() -> int:
    """Record the scenes that were named, or all."""
    claude = program("claude")
    with ModelApi() as api:
        script(api)
        told = version([str(claude)], {"PATH": "/usr/bin:/bin"})
        return make(Stage("claude-tui", told, start_claude), SCENES, api, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
