"""Where a pane's raw bytes come from: a log on this machine, or the daemon of another one.

Bytes only; lines, colours and search are built on top. Nothing here assumes a shared file system except ``LocalLog``.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from agents.model import AgentId, Stream
from agents.runtime.rawlog import LogTrimmed, RawLog
from agents.wire import LogBytes, ReadLog
from app.client.api import Caller

#: Most bytes one ``log.read`` returns (agents.wire.ReadLog).
REMOTE_READ = 1024 * 1024

#: Granularity and number of pieces a remote log keeps in memory: 8 MiB per pane at most.
PIECE = 64 * 1024
PIECES = 128


class LogSource(Protocol):
    """The bytes of one stream of one agent. Read by ``app.logdocument``, owned by a pane, lives in its loop."""

    @property
    def size(self) -> int:
        """Return the offset behind the last byte known of."""

    @property
    def start(self) -> int:
        """Return the offset of the first byte still held."""

    @property
    def local(self) -> bool:
        """Tell whether ``load`` is fast enough to read a whole log through it."""

    def cached(self, offset: int, length: int) -> bytes | None:
        """Return the bytes at once, fewer at the end of the log, ``None`` when they must be loaded first."""

    async def load(self, offset: int, length: int) -> bytes:
        """Return the bytes, fewer at the end of the log or when the oldest ones are gone."""

    def grew(self, size: int) -> None:
        """Take note of a new size (a ``LogGrew`` event); a smaller one is an old event and is ignored."""

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` whenever ``size`` grew; the returned function ends that."""


class _Growth:
    """What both sources share: the size known of, and who wants to hear of a new one."""

    def __init__(self) -> None:
        self._size = 0
        self._listeners: list[Callable[[], None]] = []

    def grew(self, size: int) -> None:
        """Take note of a new size; a smaller one is an old event and is ignored."""
        if size <= self._size:
            return
        self._size = size
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` whenever the size grew; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


class LocalLog(_Growth):
    """Segments in an agent directory of this machine, read through the page cache."""

    local = True

    def __init__(self, directory: Path, stream: Stream) -> None:
        super().__init__()
        self.directory = directory
        self._log = RawLog(directory, stream)
        self._size = self._log.size

    @property
    def size(self) -> int:
        """Return the offset behind the last byte known of."""
        return self._size

    @property
    def start(self) -> int:
        """Return the offset of the first byte still held."""
        return self._log.start

    @property
    def written(self) -> int:
        """Return the offset behind the last byte there is by now, known of or not."""
        return self._log.size

    def look(self) -> None:
        """Notice growth that no event told of."""
        self.grew(self._log.size)

    def cached(self, offset: int, length: int) -> bytes | None:
        """Return the bytes at once: a local read is as good as a cache."""
        return self._read(offset, length)

    async def load(self, offset: int, length: int) -> bytes:
        """Return the bytes, read off the event loop since a cold disk may block."""
        return await asyncio.to_thread(self._read, offset, length)

    def _read(self, offset: int, length: int) -> bytes:
        length = min(length, self._size - offset)
        if length <= 0:
            return b""
        try:
            return self._log.read(offset, length)
        except LogTrimmed as gone:
            kept = offset + length - gone.start
            # What retention took away reads as nothing; the caller sees by ``start`` that it is gone.
            return self._log.read(gone.start, kept) if kept > 0 else b""


class RemoteLog(_Growth):
    """The same bytes through ``log.read``; keeps a bounded number of pieces around what was looked at."""

    local = False

    def __init__(self, agent: AgentId, stream: Stream, caller: Caller) -> None:
        super().__init__()
        self._agent = agent
        self._stream = stream
        self._caller = caller
        self._start = 0
        self._pieces: OrderedDict[int, bytes] = OrderedDict()

    @property
    def size(self) -> int:
        """Return the offset behind the last byte known of."""
        return self._size

    @property
    def start(self) -> int:
        """Return the offset of the first byte still held."""
        return self._start

    def cached(self, offset: int, length: int) -> bytes | None:
        """Return the bytes when every piece of them is in memory and not cut short by later growth."""
        end = min(offset + length, self._size)
        if end <= offset:
            return b""
        parts: list[bytes] = []
        for number in range(offset // PIECE, (end - 1) // PIECE + 1):
            piece = self._pieces.get(number)
            base = number * PIECE
            if piece is None or base + len(piece) < min(base + PIECE, end):
                return None
            self._pieces.move_to_end(number)
            parts.append(piece[max(0, offset - base) : end - base])
        return b"".join(parts)

    async def load(self, offset: int, length: int) -> bytes:
        """Return the bytes, calling the daemon for what is not in memory."""
        length = min(length, self._size - offset)
        known = self.cached(offset, length)
        if known is not None:
            return known
        parts: list[bytes] = []
        position = offset - offset % PIECE
        end = offset + length
        while position < end:
            got = await self._call(position, min(REMOTE_READ, -(-(end - position) // PIECE) * PIECE))
            if not got.data:
                break
            self._keep(got)
            parts.append(got.data[max(0, offset - got.offset) : max(0, end - got.offset)])
            position = got.offset + len(got.data)
        return b"".join(parts)

    async def open(self) -> None:
        """Learn the size and start. Raises RpcError or ConnectionLost."""
        await self._call(0, 0)

    async def _call(self, offset: int, length: int) -> LogBytes:
        got: LogBytes = await self._caller.call("log.read", ReadLog(self._agent, self._stream, offset, length))
        self._start = got.start
        self.grew(got.size)
        return got

    def _keep(self, got: LogBytes) -> None:
        first = -(-got.offset // PIECE)
        for number in range(first, (got.offset + len(got.data)) // PIECE + 1):
            inner = number * PIECE - got.offset
            piece = got.data[inner : inner + PIECE]
            if piece:
                self._pieces[number] = piece
                self._pieces.move_to_end(number)
        while len(self._pieces) > PIECES:
            self._pieces.popitem(last=False)
