"""Records what the real Claude Code says into tests/corpus/claude/: run by hand after a new pin, never by a test.

``python tests/real/record_claude.py [NAME...]``; afterwards read the diff: it is what changed in the program.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes import mcp_server
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Fail, Text, Tool
from tests.real.claude import environment
from tests.real.install import program
from tests.real.program import Json, Program

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "claude"
SESSION = "5d0c9a51-0000-4000-8000-000000000001"


async def allow(it: Program) -> None:
    """Allow an edit."""
    await it.open()
    await it.say("Write hello.txt")
    await it.allow()
    await it.kind("result")


async def always(it: Program) -> None:
    """Allow a command for good."""
    await it.open()
    await it.say("Run it")
    await it.allow(always=True)
    await it.kind("result")


async def deny(it: Program) -> None:
    """Deny an edit, with a reason."""
    await it.open()
    await it.say("Write hello.txt")
    await it.answer(await it.asked(), behavior="deny", message="not in this branch", interrupt=False)
    await it.kind("result")


async def question(it: Program) -> None:
    """Answer a question."""
    await it.open()
    await it.say("Ask me")
    await it.allow(answers={"Which database?": "sqlite"})
    await it.kind("result")


async def interrupt_tool(it: Program) -> None:
    """Interrupt while a permission is open: it is withdrawn, and the next turn works."""
    await it.open()
    await it.say("Write hello.txt")
    await it.asked()
    await it.send({"type": "control_request", "request_id": "stop-1", "request": {"subtype": "interrupt"}})
    await it.kind("result")
    await it.say("Write it after all")
    await it.allow()
    await it.kind("result")


async def interrupt_stream(it: Program) -> None:
    """Interrupt while the model streams."""
    await it.open()
    await it.say("Count")
    await it.kind("stream_event")
    await it.send({"type": "control_request", "request_id": "stop-1", "request": {"subtype": "interrupt"}})
    await it.kind("result")


async def mid_turn(it: Program) -> None:
    """Say something while a turn runs: one result for two messages."""
    await it.open()
    await it.say("Write hello.txt")
    asked = await it.asked()
    await it.say("And be quick", steers=True)
    await it.answer(asked, behavior="allow", updatedInput=asked["request"]["input"])
    await it.kind("result")


async def too_late(it: Program) -> None:
    """Say something while it streams its last words: it becomes a turn of its own behind it."""
    await it.open()
    await it.say("Count")
    await it.kind("stream_event")
    await it.say("Once more", steers=True)
    await it.kind("result")
    await it.kind("result")


async def stopped(it: Program) -> None:
    """Say something while it streams, and interrupt both."""
    await it.open()
    await it.say("Count")
    await it.kind("stream_event")
    await it.say("Once more", steers=True)
    await it.until(lambda m: m["type"] == "command_lifecycle" and "-9000-" in m["command_uuid"])
    await it.control("stop-1", subtype="interrupt", cancel_queued=True)
    await it.kind("result")


async def own_commands(it: Program) -> None:
    """Use commands of its own."""
    await it.open()
    for text in ("Hello", "/compact", "/clear", "Who are you?"):
        await it.say(text)
        await it.kind("result")


async def delegated(it: Program) -> None:
    """Let a subagent work in the background; when it is done the program goes on by itself."""
    await it.open()
    await it.say("Delegate it")
    await it.kind("result")
    await it.kind("result")


async def form(it: Program) -> None:
    """Allow a tool of a server and fill its form."""
    await it.open()
    await it.say("Deploy")
    await it.allow()
    asked = await it.until(lambda m: m["type"] == "control_request")
    await it.answer(asked, action="accept", content={"place": "staging"})
    await it.kind("result")


async def plain(it: Program) -> None:
    """Take a turn without tools (or one that fails)."""
    await it.open()
    await it.say("Say something")
    await it.kind("result")


async def retries(it: Program) -> None:
    """Wait for the second retry."""
    await it.open()
    await it.say("Say something")
    for _ in range(2):
        await it.until(lambda m: m.get("subtype") == "api_retry")
    await it.send({"type": "control_request", "request_id": "stop-1", "request": {"subtype": "interrupt"}})
    await it.kind("result")


async def modes(it: Program) -> None:
    """Switch mode and model, and ask for what there is not."""
    await it.open()
    await it.control("mode-1", subtype="set_permission_mode", mode="acceptEdits")
    await it.control("mode-2", subtype="set_permission_mode", mode="nonsense")
    await it.control("model-1", subtype="set_model", model="claude-opus-4-5")
    await it.control("odd-1", subtype="hologram")
    await it.say("Write hello.txt")
    await it.kind("result")


async def todo(it: Program) -> None:
    """Plan, read and edit."""
    await it.open()
    await it.say("Plan it")
    await it.allow()
    await it.kind("result")


async def unknown(it: Program) -> None:
    """Resume a session that is not there."""
    try:
        await it.open()
        await it.say("Go on")
        await it.kind("result")
    except (EOFError, ConnectionError):
        return


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
_TODOS = {
    "todos": [
        {"content": "Read it", "status": "in_progress", "activeForm": "Reading it"},
        {"content": "Edit it", "status": "pending", "activeForm": "Editing it"},
    ]
}
_EDIT = {"file_path": "README.md", "old_string": "old", "new_string": "new"}

_TASK = {"description": "Look around", "prompt": "Look", "subagent_type": "Explore"}
_SERVER = {"command": sys.executable, "args": [mcp_server.__file__]}

#: What some recordings need besides.
ENVIRONMENT = {
    "form": {"ENABLE_TOOL_SEARCH": "false"},
    "used-up": {"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": "none"},
}

#: Name of the recording: what is done, the scenario, more arguments of the program.
Scene = tuple[Callable[[Program], Awaitable[None]], str, tuple[str, ...]]
SCENES: dict[str, Scene] = {
    "allow": (allow, "write", ()),
    "always": (always, "bash", ()),
    "deny": (deny, "write", ()),
    "question": (question, "ask", ()),
    "interrupt-tool": (interrupt_tool, "write", ()),
    "interrupt-stream": (interrupt_stream, "slow", ()),
    "mid-turn": (mid_turn, "write", ()),
    "mid-turn-late": (too_late, "count", ()),
    "mid-turn-stopped": (stopped, "slow", ()),
    "commands": (own_commands, "text", ()),
    "subagent": (delegated, "delegate", ()),
    "form": (form, "deploy", ("--mcp-config", json.dumps({"mcpServers": {"deploys": _SERVER}}))),
    "used-up": (plain, "quota", ()),
    "tasks": (plain, "tasks", ("--model", "claude-opus-4-5")),
    "text": (plain, "text", ()),
    "modes": (modes, "write", ()),
    "todo": (todo, "todo", ()),
    "retry-401": (retries, "401", ()),
    "retry-429": (retries, "429", ()),
    "overloaded-529": (plain, "529", ()),
    "refused-402": (plain, "402", ()),
    "refused-403": (plain, "403", ()),
    "refused-404": (plain, "404", ()),
    "waiting-429": (plain, "limited", ()),
}


def _repository(path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    (path / "README.md").write_text("old\n")


async def record(name: str, api: ModelApi) -> None:
    """Record one scene, in a home and a repository of its own."""
    act, scenario, more = SCENES[name]
    claude = program("claude")
    with tempfile.TemporaryDirectory(prefix="qd-") as folder:
        root = Path(folder)
        repo = root / "repo"
        _repository(repo)
        env = environment(claude, root / "home", api.url(scenario, name)) | ENVIRONMENT.get(name, {})
        await run(act, name, ("--session-id", SESSION, *more), repo, env)
        if name == "text":
            await run(plain, "resumed", ("--resume", SESSION), repo, env)
            forked = ("--resume", SESSION, "--fork-session", "--session-id", SESSION[:-1] + "2")
            await run(plain, "forked", forked, repo, env)
            await run(unknown, "taken", ("--session-id", SESSION), repo, env)
            await run(unknown, "unknown", ("--resume", SESSION[:-1] + "9"), repo, env)


async def run(
    act: Callable[[Program], Awaitable[None]], name: str, more: Sequence[str], repo: Path, env: dict[str, str]
) -> None:
    """Record one process."""
    argv = [
        *(str(program("claude")), "-p", "--input-format", "stream-json", "--output-format", "stream-json"),
        *("--verbose", "--include-partial-messages", "--permission-prompt-tool", "stdio", *more),
    ]
    lines: list[Json] = []
    it = await Program.start(argv, repo, env, lines)
    try:
        await act(it)
    except TimeoutError:
        print(f"{name}: the program went silent", file=sys.stderr)
    assert it.process.stdin is not None
    it.process.stdin.close()
    out, err = await asyncio.wait_for(it.process.communicate(), 60)
    lines += [{"dir": "out", "line": line} for line in out.decode().splitlines()]
    lines += [{"dir": "err", "line": line} for line in err.decode().splitlines()]
    lines.append({"dir": "end", "code": it.process.returncode})
    text = "".join(json.dumps(_trimmed(line), ensure_ascii=False) + "\n" for line in lines)
    text = text.replace(str(repo), "/home/dev/repo").replace(str(repo.parent / "home"), "/home/dev")
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.jsonl").write_text(text)
    print(f"{name}: {len(lines)} lines")


def _trimmed(line: Json) -> Json:
    """Return a line without the long lists of what the program has, of which two items tell as much."""
    if "line" not in line or '"commands"' not in line["line"]:
        return line
    message = json.loads(line["line"])
    body = message.get("response", {}).get("response", {})
    for key in ("commands", "agents", "models"):
        if key in body:
            body[key] = [{**item, "description": item["description"][:60]} for item in body[key][:2]]
    return {**line, "line": json.dumps(message, ensure_ascii=False)}


def main() -> None:
    """Record the scenes that were named, or all."""
    with ModelApi() as api:
        api.script("ask", Tool("AskUserQuestion", _QUESTION), Text("sqlite it is."))
        api.script(
            "todo",
            Tool("TodoWrite", _TODOS),
            Tool("Read", {"file_path": "README.md"}),
            Tool("Edit", _EDIT),
            Text("Done."),
        )
        api.script("count", Text("one two three four five six seven", gap=0.1))
        api.script("delegate", Tool("Task", _TASK, "I delegate."), Text("Nothing there."))
        api.script("deploy", Tool("mcp__deploys__deploy", {}), Text("Deployed."))
        steps = ({"taskId": "1", "status": "in_progress"}, {"taskId": "1", "status": "completed"})
        api.script(
            "tasks",
            *(Tool("TaskCreate", {"subject": text, "description": text}) for text in ("Read it", "Edit it")),
            *(Tool("TaskUpdate", step) for step in steps),
            Tool("TaskList", {}),
            Text("Planned."),
        )
        api.script("limited", Fail(429, "rate_limit_error", "Rate limit reached.", {"retry-after": "1"}, 1), Text("ok"))
        for name in sys.argv[1:] or SCENES:
            asyncio.run(record(name, api))


if __name__ == "__main__":
    main()
