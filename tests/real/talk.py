"""One agent over its protocol while it is recorded: our adapter writes, the raw lines it reads say what is true.

Used by ``corpus_protocols.py``; the adapter is asked what to write and never what it thinks of the agent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agents.adapters.contract import Answer
from agents.recording.piped import Piped
from agents.spec import Kind, Spec
from tests.fakes.model_api import ModelApi
from tests.real.truth import Truth
from tests.unit.agents.adapters.tape import Drive

#: Seconds a program rests, or waits for its user, so that what is said of it meanwhile can be seen.
REST_S = 1.2

Json = dict[str, Any]


class Talk:
    """One agent over one process: the adapter writes, the lines it reads say what is true."""

    def __init__(self, kind: Kind, spec: Spec, piped: Piped, drive: Drive, api: ModelApi) -> None:
        self.truth = Truth()
        self.repo = Path(spec.cwd)
        self.api = api
        self._family = kind.family
        self._piped = piped
        self._drive = drive
        self._written: set[str] = set()
        self._read = 0  # lines that were looked at
        self._turn = 0
        self._prompt: Json = {}

    async def open(self) -> None:
        """Shake hands; then it rests."""
        self._drive.start()
        await self._until(lambda _line: self._drive.adapter.ready() and not self._due())
        self.truth.at(self._piped.now, "idle", note="ready for its first prompt")
        await self.rest()

    async def rest(self) -> None:
        """Let time pass in which nothing changes."""
        end = self._piped.now + REST_S
        while (left := end - self._piped.now) > 0:
            await self._settle()
            await asyncio.sleep(min(left, 0.05))

    async def say(self, text: str) -> None:
        """Write a prompt: it works from then on."""
        self._turn += 1
        data = self._drive.adapter.prompt(self._turn, text)
        self._prompt = json.loads(data)
        self.truth.at(await self._write(data), "working", note="the prompt was written")

    async def asked(self, *, blocked: str = "permission") -> None:
        """Wait until it asks, and let it wait."""
        await self._until(self._asks)
        self.truth.at(self._piped.now, "blocked", blocked, note="it asks, and nobody answers")
        await self.rest()

    async def answer(self, decision: str, **more: Any) -> None:
        """Answer what it asks: it works from then on."""
        key = self._drive.adapter.requests()[0].key
        at = await self._write(self._drive.adapter.answer(key, Answer(decision, **more)))
        self.truth.at(at, "working", note=f"it was answered: {decision}")

    async def interrupt(self) -> None:
        """Interrupt the turn: it rests once it says so."""
        await self._write(self._drive.adapter.interrupt(f"stop-{self._turn}"))
        await self.ended("idle", note="interrupted by its user")

    async def ended(self, turn: str = "done", *, alt: Sequence[str] = (), note: str = "") -> None:
        """Wait for the end of the turn."""
        await self._until(self._ends)
        self.truth.at(self._piped.now, turn, alt=alt, note=note or "the turn ended")

    async def streaming(self) -> None:
        """Wait until the model streams, and longer."""
        await asyncio.to_thread(self.api.wait_for, lambda: any(not seen.side for seen in self.api.requests))
        await self.rest()

    async def file(self, name: str) -> None:
        """Wait until a tool has written a file into the repository."""
        async with asyncio.timeout(60):
            while not (self.repo / name).exists():
                await self._settle()
                await asyncio.sleep(0.02)

    # -- the lines

    async def _until(self, fact: Callable[[Json], bool]) -> None:
        """Read until ``fact`` holds of a message, looking at each once."""
        while True:
            await self._settle()
            while self._read < len(self._piped.lines):
                line = self._piped.lines[self._read]
                self._read += 1
                if fact(_message(line)):
                    await self._settle()
                    return
            await self._piped.until(lambda _line: True, since=self._read, within=90)

    async def _settle(self) -> None:
        while due := self._due():
            for key, data in due:
                self._written.add(key)
                await self._write(data)

    def _due(self) -> list[tuple[str, bytes]]:
        return [(want.key, want.data) for want in self._drive.adapter.wants() if want.key not in self._written]

    async def _write(self, data: bytes) -> float:
        at = await self._piped.write(data)
        self._drive.write(data)
        return at

    def _asks(self, message: Json) -> bool:
        if self._family == "claude":
            return message.get("type") == "control_request" and message["request"]["subtype"] == "can_use_tool"
        method = str(message.get("method", ""))
        return method == "session/request_permission" or method.endswith("requestApproval")

    def _ends(self, message: Json) -> bool:
        if self._family == "claude":
            return message.get("type") == "result"
        if self._family == "codex":
            return message.get("method") == "turn/completed"
        return "method" not in message and message.get("id") == self._prompt["id"]


def _message(line: bytes) -> Json:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
