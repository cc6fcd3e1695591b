"""One process of the real Claude Code, spoken to by hand and with every line kept: for recordings, never for a test."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LINE_LIMIT = 64 * 1024 * 1024

Json = dict[str, Any]


class Program:
    """One process of the real program; every line both ways is kept."""

    def __init__(self, process: asyncio.subprocess.Process, lines: list[Json]) -> None:
        self.process = process
        self._lines = lines
        self._turn = 0
        # A message whose uuid the session holds already is dropped without a word.
        self._run = process.pid % 0x10000

    @classmethod
    async def start(cls, argv: Sequence[str], cwd: Path, env: dict[str, str], lines: list[Json]) -> Program:
        """Start it."""
        pipe = subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=cwd, env=env, stdin=pipe, stdout=pipe, stderr=pipe, limit=LINE_LIMIT
        )
        return cls(process, lines)

    async def send(self, message: Json) -> None:
        """Write one line."""
        assert self.process.stdin is not None
        line = json.dumps(message)
        self._lines.append({"dir": "in", "line": line})
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    async def until(self, fact: Callable[[Json], bool]) -> Json:
        """Read until a message of which ``fact`` holds."""
        assert self.process.stdout is not None
        while raw := await asyncio.wait_for(self.process.stdout.readline(), 20):
            self._lines.append({"dir": "out", "line": raw.decode().rstrip("\n")})
            message: Json = json.loads(raw)
            if fact(message):
                return message
        raise EOFError("the program ended")

    async def kind(self, name: str) -> Json:
        """Read until a message of this type."""
        return await self.until(lambda message: message["type"] == name)

    async def control(self, request_id: str, **request: Any) -> Json:
        """Ask by a control request and wait for its answer."""
        await self.send({"type": "control_request", "request_id": request_id, "request": request})
        return await self.until(lambda m: m["type"] == "control_response" and m["response"]["request_id"] == request_id)

    async def open(self) -> None:
        """Do the handshake."""
        await self.control("init-1", subtype="initialize", hooks=None)

    async def say(self, text: str, *, steers: bool = False) -> None:
        """Send a message of the user, as our adapter does; one that ``steers`` goes into the running turn."""
        self._turn += 1
        await self.send(
            {
                "type": "user",
                "message": {"role": "user", "content": [{"type": "text", "text": text}]},
                "parent_tool_use_id": None,
                "session_id": "default",
                "uuid": f"5d0c9a51-{self._run:04x}-4000-{9000 if steers else 8000}-{self._turn:012d}",
            }
        )

    async def asked(self) -> Json:
        """Wait for a permission or a question."""
        return await self.until(lambda m: m["type"] == "control_request" and m["request"]["subtype"] == "can_use_tool")

    async def answer(self, asked: Json, **body: Any) -> None:
        """Answer it."""
        response = {"subtype": "success", "request_id": asked["request_id"], "response": body}
        await self.send({"type": "control_response", "response": response})

    async def allow(self, **more: Any) -> None:
        """Allow the next one asked for."""
        asked = await self.asked()
        extra = {"updatedPermissions": asked["request"]["permission_suggestions"]} if more.pop("always", False) else {}
        await self.answer(asked, behavior="allow", updatedInput={**asked["request"]["input"], **more}, **extra)
