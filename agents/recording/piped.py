"""Runs one program on pipes and records what it says and is told, with the time of every read and write.

For programs that speak a protocol. Lives on one event loop and owns the process: leaving the block ends it.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

from agents.model import Stream
from agents.recording import protocol
from agents.recording.capture import NotSeen, Program, end_group
from agents.recording.timed import Timed

_CHUNK = 64 * 1024

Show = Callable[[Stream, bytes], None]


class Piped(Timed):
    """One program on pipes. ``now`` is the time of the recording."""

    def __init__(self, process: asyncio.subprocess.Process, tape: protocol.Writer, show: Show | None) -> None:
        super().__init__()
        self._process = process
        self._tape = tape
        self._show = show
        self._lines: list[bytes] = []
        self._partial = b""
        self._heard = asyncio.Event()
        self._open = 2

    @classmethod
    @asynccontextmanager
    async def run(cls, program: Program, tape: protocol.Writer, show: Show | None = None) -> AsyncIterator[Self]:
        """Start it; ``show`` gets what it writes. Raises NotRecorded, OSError."""
        pipe = subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *program.found(),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=program.cwd,
            env=dict(program.env),
            start_new_session=True,
        )
        it = cls(process, tape, show)
        try:
            async with asyncio.TaskGroup() as group:
                streams = ((process.stdout, Stream.OUT), (process.stderr, Stream.ERR))
                readers = [group.create_task(it._read(one, which)) for one, which in streams if one is not None]
                try:
                    yield it
                finally:
                    it._is_recording = False
                    await end_group(process)
                    for reader in readers:
                        reader.cancel()
        finally:
            it.close_input()

    @property
    def lines(self) -> Sequence[bytes]:
        """Return the whole lines of stdout so far."""
        return self._lines

    async def write(self, data: bytes) -> float:
        """Write to its stdin; return when. Raises BrokenPipeError, ConnectionResetError."""
        at = self.now
        if self._process.stdin is None:
            raise BrokenPipeError("its input is closed")
        if self._is_recording:
            self._tape.event(at, Stream.IN, data)
        self._process.stdin.write(data)
        await self._process.stdin.drain()
        return at

    async def until(self, fact: Callable[[bytes], bool], *, since: int = 0, within: float = 30.0) -> tuple[int, float]:
        """Wait for a line of stdout, the first from number ``since`` of which ``fact`` holds.

        Returns its number and when it was known. Raises NotSeen with the last lines.
        """
        try:
            async with asyncio.timeout(within):
                while True:
                    for number in range(since, len(self._lines)):
                        if fact(self._lines[number]):
                            return number, self.now
                    since = len(self._lines)
                    if not self._open:
                        raise NotSeen(f"the program ended; its last words:\n{self._last()}")
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            raise NotSeen(f"not said within {within:g} s:\n{self._last()}") from None

    async def wait(self) -> int:
        """Wait until the program ended and everything it wrote is read; return its exit code, negative for a signal."""
        while self._open:
            self._heard.clear()
            await self._heard.wait()
        code = await self._process.wait()
        if self._is_recording:
            self._tape.exited(self.now, None if code < 0 else code, -code if code < 0 else None)
        return code

    def close_input(self) -> None:
        """Close its stdin."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def _read(self, stream: asyncio.StreamReader, which: Stream) -> None:
        while data := await stream.read(_CHUNK):
            if self._is_recording:
                self._tape.event(self.now, which, data)
            if self._show is not None:
                self._show(which, data)
            if which is Stream.OUT:
                *whole, self._partial = (self._partial + data).split(b"\n")
                self._lines += whole
            self._heard.set()
        self._open -= 1
        self._heard.set()

    def _last(self) -> str:
        return b"\n".join(self._lines[-5:]).decode("utf-8", "replace")[-2000:]
