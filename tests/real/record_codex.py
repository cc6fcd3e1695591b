"""Records what the real Codex says into tests/corpus/codex/: run by hand after a new pin, never by a test.

``python tests/real/record_codex.py [NAME...]``; afterwards read the diff: it is what changed in the program. Our own
adapter does the talking, so that a recording also holds the very bytes the program took.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from agents.adapters.codex.adapter import CodexAdapter
from agents.adapters.contract import Answer
from agents.model import Stream
from tests.fakes.model_api import MODEL, ModelApi
from tests.fakes.replies import Fail, Text, Tool
from tests.real.codex import environment, home, provider
from tests.real.faults import nobody
from tests.real.install import program
from tests.unit.agents.adapters.tape import Drive, kind, spec

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "codex"
LINE_LIMIT = 64 * 1024 * 1024

#: Seconds without a line after which the program counts as silent.
SILENCE_S = 20.0

Json = dict[str, Any]


class Life:
    """One agent over all its processes; every line both ways is kept, with what was done to write ours."""

    def __init__(self, api: ModelApi, root: Path, scenario: str, url: str | None = None, **fields: Any) -> None:
        self.fields = fields
        self.drive = Drive(CodexAdapter(kind(name="codex", family="codex", mode="ask"), spec(**self._spec(root))))
        self.lines: list[Json] = [{"dir": "spec", **fields}] if fields else []
        self.repo = root / "repo"
        self._root = root
        self._more: dict[str, str] = {}
        self._url = url or api.url(scenario)
        self._written: set[str] = set()
        self._incarnation = 0
        self._process: asyncio.subprocess.Process | None = None

    def _spec(self, root: Path) -> Json:
        own = {key: value for key, value in self.fields.items() if key != "settings"}
        return {"kind": "codex", "family": "codex", "cwd": str(root / "repo"), **own}

    @property
    def adapter(self) -> CodexAdapter:
        """Return the adapter that talks."""
        assert isinstance(self.drive.adapter, CodexAdapter)
        return self.drive.adapter

    @property
    def process(self) -> asyncio.subprocess.Process:
        """Return the running process."""
        assert self._process is not None
        return self._process

    async def start(self, **settings: str) -> None:
        """Start a process and open its thread."""
        codex, pipe = program("codex"), subprocess.PIPE
        argv = [str(codex), "app-server", *provider(self._url, MODEL, **settings)]
        self._process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=self.repo,
            env=environment(codex, self._root),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=LINE_LIMIT,
        )
        self._incarnation += 1
        self.lines.append({"dir": "start", "incarnation": self._incarnation})
        self.drive.start(self._incarnation)
        await self._settle()
        await self.until(lambda: self.adapter.ready() and not self.adapter.wants())

    async def _settle(self) -> None:
        while due := [want for want in self.adapter.wants() if want.key not in self._written]:
            for want in due:
                self._written.add(want.key)
                await self._write(want.data, [])

    async def _write(self, data: bytes, do: list[Any]) -> None:
        assert self.process.stdin is not None
        self.lines.append({"dir": "in", "line": data.decode().rstrip("\n"), **({"do": do} if do else {})})
        self.drive.write(data)
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(data)
            await self.process.stdin.drain()

    async def until(self, fact: Callable[[], Any]) -> None:
        """Read until a fact about the adapter holds."""
        while not fact():
            assert self.process.stdout is not None
            raw = await asyncio.wait_for(self.process.stdout.readline(), SILENCE_S)
            if not raw:
                raise EOFError("the program ended")
            await self._take(raw)

    async def _take(self, raw: bytes) -> None:
        self.lines.append({"dir": "out", "line": raw.decode().rstrip("\n")})
        self.drive.feed(Stream.OUT, raw)
        await self._settle()

    async def do(self, name: str, *args: Any) -> None:
        """Do what a user does, and note how."""
        await self._write(getattr(self.adapter, name)(*args), [name, *args])

    async def answer(self, decision: str, **more: Any) -> None:
        """Wait for the next request and decide it."""
        await self.until(self.adapter.requests)
        key = self.adapter.requests()[0].key
        await self._write(self.adapter.answer(key, Answer(decision, **more)), ["answer", decision, more])

    async def idle(self) -> None:
        """Wait for the end of the turn, and for all that comes with it."""
        await self.until(self.adapter.ready)

    async def end(self, *, kill: bool = False) -> None:
        """End the process and take the rest of what it says."""
        process = self.process
        assert process.stdin is not None
        if kill:
            process.kill()
        process.stdin.close()
        out, err = await asyncio.wait_for(process.communicate(), 60)
        for line in out.splitlines(keepends=True):
            self.lines.append({"dir": "out", "line": line.decode().rstrip("\n")})
            self.drive.feed(Stream.OUT, line)
        self.lines += [{"dir": "err", "line": line} for line in err.decode().splitlines()]
        code = process.returncode or 0
        ended = {"code": None, "signal": -code} if code < 0 else {"code": code, "signal": None}
        self.lines.append({"dir": "end", **ended})
        self.drive.ctl("exit", **ended)


# ---------------------------------------------------------------- scenes


async def allow(it: Life) -> None:
    """Allow an edit."""
    await it.start()
    await it.do("prompt", 1, "Write hello.txt")
    await it.answer("allow")
    await it.idle()
    await it.end()


async def rule(it: Life) -> None:
    """Allow a command for good: the second turn does not ask."""
    await it.start()
    await it.do("prompt", 1, "Run it")
    await it.answer("always")
    await it.idle()
    await it.do("prompt", 2, "Run it again")
    await it.idle()
    await it.end()


async def deny(it: Life) -> None:
    """Deny an edit, and then one with the end of the turn."""
    await it.start()
    await it.do("prompt", 1, "Write hello.txt")
    await it.answer("deny")
    await it.idle()
    await it.do("prompt", 2, "Write it now")
    await it.answer("deny", option="cancel")
    await it.idle()
    await it.end()


async def plan(it: Life) -> None:
    """Go to plan mode, answer a question, and come back."""
    await it.start()
    await it.do("set_mode", "plan", "e1-1")
    await it.do("prompt", 1, "Ask me")
    await it.answer("answer", answers={"Which database?": "sqlite"})
    await it.idle()
    await it.do("set_mode", "auto", "e1-2")
    await it.do("set_model", "gpt-6-astra", "e1-3")
    await it.do("prompt", 2, "Ask me again")
    await it.idle()
    await it.end()


async def interrupt(it: Life) -> None:
    """Interrupt at a permission and before the turn has told its id; the next turn works."""
    await it.start()
    await it.do("prompt", 1, "Write hello.txt")
    await it.until(it.adapter.requests)
    await it.do("interrupt", "e1-1")
    await it.idle()
    await it.do("prompt", 2, "Write it")
    await it.do("interrupt", "e1-2")
    await it.idle()
    await it.do("prompt", 3, "Write it after all")
    await it.answer("allow")
    await it.idle()
    await it.end()


async def interrupt_command(it: Life) -> None:
    """Interrupt while a command runs: the program leaves it alone, so it is ended by name."""
    await it.start()
    await it.do("prompt", 1, "Run it")
    await it.answer("allow")
    deadline = time.monotonic() + SILENCE_S
    while not (it.repo / "begun.txt").exists() and time.monotonic() < deadline:  # noqa: ASYNC110 (nobody tells)
        await asyncio.sleep(0.05)
    await it.do("interrupt", "e1-1")
    await it.idle()
    await it.until(lambda: not it.adapter.wants() and _is_ended(it))
    await it.end()


def _is_ended(it: Life) -> bool:
    return any('"terminated":true' in line.get("line", "").replace(" ", "") for line in it.lines)


async def interrupt_stream(it: Life) -> None:
    """Interrupt while the model streams."""
    await it.start()
    await it.do("prompt", 1, "Count")
    await it.until(lambda: it.adapter.evidence()[0].detail == "writing")
    await it.do("interrupt", "e1-1")
    await it.idle()
    await it.end()


async def steer(it: Life) -> None:
    """Put a message into the running turn."""
    await it.start()
    await it.do("prompt", 1, "Run it")
    await it.until(it.adapter.requests)
    await it.do("steer", "and be quick", "e1-1")
    await it.answer("allow")
    await it.answer("deny")
    await it.idle()
    await it.end()


async def plain(it: Life) -> None:
    """Take a turn without tools (or one that fails)."""
    await it.start()
    await it.do("prompt", 1, "Say something")
    await it.idle()
    await it.end()


async def compact(it: Life) -> None:
    """Make room in the context."""
    await it.start()
    await it.do("prompt", 1, "Say something")
    await it.idle()
    await it.do("prompt", 2, "/compact")
    await it.idle()
    await it.end()


async def network(it: Life) -> None:
    """Wait for a network that does not come."""
    await it.start()
    await it.do("prompt", 1, "Say something")
    await it.until(it.adapter.trouble)
    await it.do("interrupt", "e1-1")
    await it.idle()
    await it.end()


async def background(it: Life) -> None:
    """Let a command outlive its turn."""
    await it.start()
    await it.do("prompt", 1, "Run it")
    await it.answer("allow")
    await it.idle()
    await it.until(lambda: any("over" in str(fact) and "completed" in str(fact) for fact in it.drive.facts[-3:]))
    await it.end()


async def killed(it: Life) -> None:
    """Kill it at a permission: the thread goes on in another process."""
    await it.start()
    await it.do("prompt", 1, "Write hello.txt")
    await it.until(it.adapter.requests)
    await it.end(kill=True)
    await it.start()
    await it.do("prompt", 2, "Write it after all")
    await it.answer("allow")
    await it.idle()
    await it.end()


async def untold(it: Life) -> None:
    """End before anything was said: there is no thread to go on."""
    await it.start()
    await it.end()
    await it.start()
    await it.do("prompt", 1, "Hello")
    await it.idle()
    await it.end()


async def mcp(it: Life) -> None:
    """Consent to a tool of an MCP server, and fill in its form."""
    server = f'{{command="{sys.executable}",args=["{FORMS}"]}}'
    await it.start(**{"mcp_servers.forms": server})
    await it.do("prompt", 1, "Pick")
    await it.answer("allow")
    await it.answer("answer", answers={"table": "users"})
    await it.idle()
    await it.end()


async def rights(it: Life) -> None:
    """Grant more rights for a turn."""
    await it.start(**{"features.request_permissions_tool": "true"})
    await it.do("prompt", 1, "Ask for rights")
    await it.answer("allow")
    await it.idle()
    await it.end()


async def script(it: Life) -> None:
    """Allow what a model does by a script."""
    await it.start()
    await it.do("prompt", 1, "Do both")
    await it.answer("allow")
    await it.answer("allow")
    await it.idle()
    await it.end()


async def missing(it: Life) -> None:
    """Go on with a thread that is not there."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await it.start()
    await it.end()


FORMS = Path(__file__).resolve().parents[1] / "fakes" / "mcp_forms.py"

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
_SLOW = {"cmd": "echo begun; sleep 2; echo over", "yield_time_ms": 300}
_RIGHTS = {"reason": "to fetch a package", "permissions": {"network": {"enabled": True}}}
_NOWHERE = "01a1ff00-0000-7000-8000-000000000009"

#: Name of the recording: what is done, the scenario, and what the agent was asked for.
Scene = tuple[Callable[[Life], Awaitable[None]], str, Json]
SCENES: dict[str, Scene] = {
    "allow": (allow, "write", {}),
    "rule": (rule, "bash", {}),
    "deny": (deny, "write", {}),
    "plan": (plan, "ask", {}),
    "interrupt": (interrupt, "write", {}),
    "interrupt-command": (interrupt_command, "long", {}),
    "interrupt-stream": (interrupt_stream, "slow", {}),
    "steer": (steer, "bash", {}),
    "text": (plain, "text", {}),
    "compact": (compact, "text", {}),
    "killed": (killed, "write", {}),
    "untold": (untold, "text", {}),
    "background": (background, "background", {}),
    "mcp": (mcp, "mcp", {}),
    "rights": (rights, "rights", {}),
    "script": (script, "steps", {"model": "gpt-6-astra"}),
    "missing": (missing, "text", {"session_id": _NOWHERE}),
    "retry-401": (plain, "401", {}),
    "refused-404": (plain, "404", {}),
    "refused-429": (plain, "429", {}),
    "waiting-429": (plain, "limited", {}),
    "quota": (plain, "quota", {}),
    "context": (plain, "context", {}),
    "cut": (plain, "cut", {}),
    "failing-500": (plain, "500", {}),
    "network": (network, "text", {}),
}


def _repository(path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)


async def record(name: str, api: ModelApi) -> None:
    """Record one scene, in a home and a repository of its own; of “text” also what can follow it."""
    act, scenario, fields = SCENES[name]
    with home() as root, contextlib.ExitStack() as stack:
        _repository(root / "repo")
        url = stack.enter_context(nobody()) if name == "network" else None
        it = Life(api, root, scenario, url, **fields)
        await _play(it, act, name, root)
        if name == "text":
            told = [json.loads(line["line"]) for line in it.lines if line["dir"] == "out"]
            thread = next(m["params"]["thread"]["id"] for m in told if m.get("method") == "thread/started")
            await _play(Life(api, root, "text", fork_of=thread), plain, "forked", root)
            await _play(Life(api, root, "text", session_id=thread), plain, "adopted", root)


async def _play(it: Life, act: Callable[[Life], Awaitable[None]], name: str, root: Path) -> None:
    try:
        await act(it)
    except TimeoutError:
        print(f"{name}: the program went silent", file=sys.stderr)
        it.process.send_signal(signal.SIGKILL)
        await it.end()
    text = "".join(json.dumps(_trimmed(line), ensure_ascii=False) + "\n" for line in it.lines)
    for path, shown in ((it.repo, "/home/dev/repo"), (root, "/home/dev")):
        text = text.replace(str(path), shown)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", text)
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.jsonl").write_text(text)
    print(f"{name}: {len(it.lines)} lines")


def _trimmed(line: Json) -> Json:
    """Return a line without the long lists and texts of what the program has, of which a piece tells as much."""
    if line["dir"] == "err":
        return {**line, "line": re.sub(r"\x1b\[[0-9;]*m", "", line["line"])}
    if line["dir"] != "out":
        return line
    message = json.loads(line["line"])
    models = message.get("result", {}).get("data") if str(message.get("id")).startswith("models") else None
    if models:
        keep = ("id", "model", "displayName", "description", "hidden", "isDefault")
        message["result"]["data"] = [{key: model[key] for key in keep} for model in models[:2]]
    if message.get("method") == "remoteControl/status/changed":
        message["params"] |= {"serverName": "host", "installationId": "0"}
    _shorten(message)
    return {**line, "line": json.dumps(message, ensure_ascii=False)}


def _shorten(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "developer_instructions" and isinstance(inner, str):
                value[key] = inner[:60]
            else:
                _shorten(inner)
    elif isinstance(value, list):
        for inner in value:
            _shorten(inner)


def main() -> None:
    """Record the scenes that were named, or all."""
    with ModelApi() as api:
        api.script("ask", Tool("request_user_input", _QUESTION), Text("sqlite it is."))
        api.script("background", Tool("exec_command", _SLOW), Text("It runs."))
        api.script("long", Tool("bash", {"command": "sleep 1; touch begun.txt; sleep 600"}), Text("It is over."))
        api.script("mcp", Tool("mcp__forms/pick", {"why": "to count"}), Text("users it is."))
        api.script("rights", Tool("request_permissions", _RIGHTS), Text("Thank you."))
        api.script("limited", Fail(429, "rate_limit_exceeded", "Slow down.", {"retry-after": "1"}, 1), Text("ok"))
        for name in sys.argv[1:] or SCENES:
            asyncio.run(record(name, api))


if __name__ == "__main__":
    main()
