"""A bare ACP client for tests of agents: lines to a real process, everything kept in the order it happened.

Knows no policy: the test says what to send and what to wait for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]

#: Longest line read, bytes.
LIMIT = 64 * 1024 * 1024


class AcpClient:
    """Owns one agent process. ``trace`` holds ("in" | "out", line) as recorded corpora do."""

    def __init__(self, argv: Sequence[str], cwd: Path, env: dict[str, str]) -> None:
        self.trace: list[tuple[str, str]] = []
        self.errors = b""
        self._messages: list[Json] = []
        self.argv, self._cwd, self._env = argv, cwd, env
        self._next_id = 0
        self._heard = asyncio.Condition()
        self._ended = False
        self._tasks = asyncio.TaskGroup()
        self.process: asyncio.subprocess.Process

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            *self.argv, cwd=self._cwd, env=self._env, stdin=pipe, stdout=pipe, stderr=pipe, limit=LIMIT
        )
        await self._tasks.__aenter__()
        self._tasks.create_task(self._read())
        self._tasks.create_task(self._read_errors())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                async with asyncio.timeout(20):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
        await self.process.wait()
        # The fault of the test body must not cancel the readers before they saw the end of file.
        await self._tasks.__aexit__(None, None, None)

    # -- sending

    async def send(self, message: Json) -> None:
        """Write one JSON-RPC message."""
        await self.write(json.dumps({"jsonrpc": "2.0", **message}))

    async def write(self, line: str) -> None:
        """Write a line as it is."""
        assert self.process.stdin is not None
        self.trace.append(("in", line))
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def start(self, method: str, params: Json) -> int:
        """Send a request and return its id."""
        self._next_id += 1
        await self.send({"id": self._next_id, "method": method, "params": params})
        return self._next_id

    async def call(self, method: str, params: Json) -> Json:
        """Send a request and return the whole answer (with ``result`` or ``error``)."""
        return await self.answer(await self.start(method, params))

    async def open(self, cwd: Path, **capabilities: Any) -> str:
        """Shake hands, begin a session and return its id."""
        await self.call("initialize", {"protocolVersion": 1, "clientCapabilities": capabilities})
        answer = await self.call("session/new", {"cwd": str(cwd), "mcpServers": []})
        return str(answer["result"]["sessionId"])

    async def prompt(self, session: str, text: str) -> int:
        """Send a prompt and return the request's id; its answer ends the turn."""
        return await self.start("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": text}]})

    async def choose(self, request: Json, kind: str) -> None:
        """Answer a permission request by the kind of its option."""
        option = next(o["optionId"] for o in request["params"]["options"] if o["kind"] == kind)
        await self.send({"id": request["id"], "result": {"outcome": {"outcome": "selected", "optionId": option}}})

    # -- what came

    def messages(self) -> list[Json]:
        """Return what the agent sent so far; lines that are no JSON object are left out."""
        return list(self._messages)

    def updates(self, kind: str) -> list[Json]:
        """Return the session updates of one kind so far."""
        sent = [m["params"]["update"] for m in self._messages if m.get("method") == "session/update"]
        return [update for update in sent if update["sessionUpdate"] == kind]

    def text(self, kind: str = "agent_message_chunk") -> str:
        """Return the streamed text so far."""
        return "".join(update["content"]["text"] for update in self.updates(kind))

    async def answer(self, identity: int) -> Json:
        """Wait for the answer to one of our requests."""
        return await self.message(lambda m: m.get("id") == identity and "method" not in m)

    async def request(self, method: str, nth: int = 1) -> Json:
        """Wait for the agent's ``nth`` request of a method."""
        return await self.message(lambda m: m.get("method") == method and "id" in m, nth)

    async def message(self, wanted: Callable[[Json], bool], nth: int = 1) -> Json:
        """Wait for the ``nth`` message that is wanted. Raises EOFError when the agent ends first."""
        async with self._heard:
            await self._heard.wait_for(lambda: self._ended or sum(map(wanted, self._messages)) >= nth)
        found = [m for m in self._messages if wanted(m)]
        if len(found) < nth:
            raise EOFError(f"{self.argv[0]} ended: {self.errors[-2000:].decode(errors='replace')}")
        return found[nth - 1]

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            async with self._heard:
                self._take(line.decode(errors="replace").rstrip("\n"))
                self._heard.notify_all()
        async with self._heard:
            self._ended = True
            self._heard.notify_all()

    def _take(self, line: str) -> None:
        self.trace.append(("out", line))
        try:
            message = json.loads(line)
        except ValueError:
            return
        if isinstance(message, dict):
            self._messages.append(message)

    async def _read_errors(self) -> None:
        assert self.process.stderr is not None
        while piece := await self.process.stderr.read(65536):
            self.errors += piece
