"""Makes the recordings of Codex in its own terminal: ``python tests/real/corpus_codex.py [SCENE...]``.

Run by hand after a new pin, never by a test; afterwards look at the screens at the borders of the labels.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.recording.capture import Program
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real import codex
from tests.real.corpus import Scene, Stage, Take, lacking, make, version
from tests.real.install import program

#: What its empty input box says, and what it shows in every turn.
BOX, WORKING = "Ask Codex to do anything", "esc to interrupt)"
#: The ends of its dialogs.
CONFIRM, QUESTION = "Press enter to confirm or esc to cancel", "enter to submit answer"
REST = lacking(WORKING)
ESCAPE = "\x1b"


async def start(take: Take) -> None:
    """Only begin, and wait to be spoken to."""
    await take.ready(BOX, quiet=1.0)
    await take.hold(4.0)


async def text(take: Take) -> None:
    """Take a turn without tools."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Say something")
    await take.done(REST)


async def permission(take: Take) -> None:
    """Allow what it asks for."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Do it")
    await take.blocked("permission", CONFIRM)
    take.press("\r")
    await take.done(REST)


async def shortcut(take: Take) -> None:
    """Allow by a letter, after a look at the other choices."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Do it")
    await take.blocked("permission", CONFIRM)
    for key in ("\x1b[B", "\x1b[A"):
        take.capture.type(key)
        await take.hold(0.5)
    take.press("y")
    await take.done(REST)


async def deny(take: Take) -> None:
    """Deny: Codex then waits for what to do instead."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Do it")
    await take.blocked("permission", CONFIRM)
    await take.stop(ESCAPE, lacking(CONFIRM), note="Esc in the dialog")


async def steps(take: Take) -> None:
    """Allow three steps of one turn, one by one."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Do three steps")
    for _ in range(3):
        await take.blocked("permission", CONFIRM)
        take.press("\r")
        await take.shows(lacking(CONFIRM))
    await take.done(REST)


async def question(take: Take) -> None:
    """Answer a question."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Ask me")
    await take.blocked("question", QUESTION)
    take.press("\r")
    await take.done(REST)


async def question_left(take: Take) -> None:
    """Leave a question by Esc."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Ask me")
    await take.blocked("question", QUESTION)
    await take.stop(ESCAPE, lacking(QUESTION), note="Esc in the question")


async def interrupt_stream(take: Take) -> None:
    """Interrupt in mid-stream."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Count")
    await take.request()
    await take.hold(3.0)
    await take.stop(ESCAPE, REST, note="Esc in mid-stream")


async def interrupt_tool(take: Take) -> None:
    """Interrupt a tool that runs, which its file tells."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Run it")
    await take.blocked("permission", CONFIRM)
    take.press("\r")
    await take.made("begun.txt")
    await take.hold()
    await take.stop(ESCAPE, REST, note="Esc while a tool runs")


async def long_tool(take: Take) -> None:
    """Run a tool that says nothing for a while."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Run it")
    await take.blocked("permission", CONFIRM)
    take.press("\r")
    await take.made("begun.txt")
    await take.done(REST)


async def hang(take: Take) -> None:
    """Wait for an answer that never comes."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Say something")
    await take.request()
    await take.hold(12.0)


async def failing(take: Take) -> None:
    """Fail for good: the error waits to be read."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Say something")
    at = await take.last_reply(8.0)
    take.now("error", at, alt=("idle", "done"), note="the last try was refused")
    await take.hold(1.0)


async def retrying(take: Take) -> None:
    """Try again and again, for as long as the recording goes."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Say something")
    for _ in range(4):
        await take.reply()
    await take.hold(0.3)


async def recovering(take: Take) -> None:
    """Fail at first, and work in the end."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Say something")
    take.now("done", await take.last_reply(6.0), alt=("idle",), note="the last request is answered")
    await take.hold(1.0)


async def two_turns(take: Take) -> None:
    """Queue the second message while the first is answered: it is taken at once."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Count")
    await take.request()
    await take.hold(1.0)
    take.capture.type("Count again")
    await take.capture.until_quiet(0.3, 1.0)
    take.capture.type("\t")
    at = await take.reply()
    take.now("working", at, alt=("done", "idle"), note="the first answer ends; the second message waits in the queue")
    take.now("working", await take.request(), note="the second request comes in")
    await take.done(REST)


async def three_turns(take: Take) -> None:
    """Take three short turns, each as soon as the one before it is done."""
    await take.ready(BOX, quiet=1.0)
    for number in ("one", "two", "three"):
        await take.say(f"Say {number}")
        take.now("done", await take.reply(), alt=("idle", "working"), note="the request is answered")
        await take.shows(f"You said: Say {number}")
    take.now("done", await take.shows(REST), alt=("idle",), note="the program has taken note of it")
    await take.hold(3.0)


async def background(take: Take) -> None:
    """Leave a command running: the turn is done while it does."""
    await take.ready(BOX, quiet=1.0)
    await take.say("Serve it")
    await take.reply()
    await take.done(REST)
    await take.hold(3.0)


async def resize(take: Take) -> None:
    """Change the size while it waits, while it asks, and after."""
    await take.ready(BOX, quiet=1.0)
    take.capture.resize(30, 90)
    await take.hold(1.0)
    await take.say("Do it")
    await take.blocked("permission", CONFIRM)
    for rows, cols in ((24, 80), (50, 140), (40, 120)):
        take.capture.resize(rows, cols)
        await take.hold(0.5)
    take.press("\r")
    await take.done(REST)
    take.capture.resize(24, 80)
    await take.hold(1.5)


async def paste(take: Take) -> None:
    """Paste many lines, which it shows as a placeholder."""
    await take.ready(BOX, quiet=1.0)
    await take.say("\n".join(f"line {number} of a long note" for number in range(60)))
    await take.done(REST)


async def typing(take: Take) -> None:
    """Type a draft that is never sent, with words in it that look like a dialog."""
    await take.ready(BOX, quiet=1.0)
    take.capture.type("Press enter to confirm or esc to cancel")
    await take.hold(4.0)


async def trust(take: Take) -> None:
    """Begin in a folder that was never trusted: it asks before anything else."""
    at = await take.shows("Trust this folder?")
    take.now("blocked", at, blocked="permission", note="the question about the folder is there")
    await take.hold(3.0)
    take.now("starting", take.capture.type("\r"), alt=("idle", "working", "blocked"), note="Enter")
    await take.ready(BOX, quiet=1.0)


_ASKS = ("--enable", "default_mode_request_user_input")


def _scenes() -> Iterator[Scene]:
    yield Scene("start", start, "text")
    yield Scene("permission", permission, "write")
    yield Scene("deny", deny, "write")
    yield Scene("question", question, "ask", more=_ASKS)
    yield Scene("steps", steps, "three")
    yield Scene("interrupt-stream", interrupt_stream, "slow")
    yield Scene("interrupt-tool", interrupt_tool, "long")
    yield Scene("long-tool", long_tool, "long")
    yield Scene("background", background, "background")
    yield Scene("hang", hang, "hang")
    yield Scene("failing-429", failing, "429")
    yield Scene("retrying-500", retrying, "500")
    yield Scene("resize", resize, "write")
    yield Scene("permission-plain", permission, "write", unanswered=("osc7501",))
    yield Scene("text", text, "text", is_tuned=False)
    yield Scene("shortcut", shortcut, "escalated", is_tuned=False)
    yield Scene("question-left", question_left, "ask", is_tuned=False, more=_ASKS)
    yield Scene("two-turns", two_turns, "count", is_tuned=False)
    yield Scene("three-turns", three_turns, "text", is_tuned=False)
    yield Scene("paste", paste, "text", is_tuned=False)
    yield Scene("typing", typing, "text", is_tuned=False)
    yield Scene("trust", trust, "text", is_tuned=False)
    yield Scene("failing-401", failing, "401", is_tuned=False)
    yield Scene("recovering-503", recovering, "flaky", is_tuned=False)


SCENES = tuple(_scenes())

_QUESTION = {
    "questions": [
        {
            "id": "db",
            "header": "Database",
            "question": "Which database?",
            "options": [
                {"label": "sqlite", "description": "One file"},
                {"label": "postgres", "description": "A server"},
            ],
        }
    ]
}


def _escalated(command: str) -> Tool:
    """Return a command that the model wants to run outside of the sandbox: Codex asks for that."""
    return Tool("exec_command", {"cmd": command, "sandbox_permissions": "require_escalated", "justification": "May I?"})


def script(api: ModelApi) -> None:
    """Add the scenarios that are Codex' own."""
    api.script("ask", Tool("request_user_input", _QUESTION), Text("sqlite it is."))
    api.script("escalated", _escalated("touch begun.txt"), Text("It ran."))
    api.script("long", _escalated("touch begun.txt; sleep 9"), Text("Over."))
    api.script("background", Tool("exec_command", {"cmd": "sleep 20", "yield_time_ms": 300}), Text("It runs."))
    api.script("count", Text("one two three four five six seven eight nine ten", gap=0.4))
    api.script("three", *(_escalated(f"touch step{n}.txt; sleep 1") for n in (1, 2, 3)), Text("Three steps."))


def start_codex(scene: Scene, root: Path, repo: Path, url: str) -> Program:
    """Return how it is started, past its first-run walls, in a process of its own."""
    folder = root / "codex"
    folder.mkdir()
    settings = "\n".join(codex.provider(url)[1::2])
    trusted = "" if scene.name == "trust" else f'[projects."{repo}"]\ntrust_level = "trusted"\n'
    (folder / "config.toml").write_text(f"{settings}\n{trusted}")
    env = codex.environment(program("codex"), root) | {"TERM": "xterm-256color"}
    argv = (str(program("codex")), "--no-daemon", "-a", "on-request", "-s", "read-only", *scene.more)
    return Program(argv, repo, env)


def main() -> int:
    """Record the scenes that were named, or all."""
    with ModelApi() as api:
        script(api)
        told = version([str(program("codex"))], {"PATH": "/usr/bin:/bin"})
        return make(Stage("codex-tui", told, start_codex), SCENES, api, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
