"""The daemon's end of the keeper protocol: frames to calls, on the event loop.

Interprets no agent bytes and keeps no queue beyond the transport's; see docs/reference/keeper-protocol.md.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec

from agents.runtime.directory import KeeperState

HEADER = struct.Struct("<IB")
#: Longest payload a keeper takes, bytes; a longer write is cut by the caller.
MAX_FRAME = 16 * 1024 * 1024
VERSION = 1
#: Seconds between attempts to get into a full queue.
RETRY_S = 0.005


class Welcome(msgspec.Struct, frozen=True):
    """What a keeper says of itself when a client connects; ``seq`` is the next seq to be recorded."""

    v: int
    pid: int
    child: int | None
    state: str
    incarnation: int
    seq: int
    disk_full: bool = False
    stopping: bool = False


class KeeperListener(Protocol):
    """Whom a link tells; called on the loop, never before ``KeeperLink.connect`` returned its welcome."""

    def on_marks(self, next_seq: int) -> None:
        """Learn that all marks below ``next_seq`` are on the disk. Called once for any number of them."""

    def on_ack(self, ident: str, status: str, reason: str) -> None:
        """Learn what became of write ``ident``: accepted, written, or refused (reason ``full`` or ``closed``)."""

    def on_exit(self, state: KeeperState) -> None:
        """Learn that the agent ended, or never began; also right after connecting to a finished keeper."""

    def on_disk(self, full: bool, error: str) -> None:
        """Learn that the keeper cannot write its logs, or can again."""

    def on_lost(self) -> None:
        """Learn that the connection is gone without our doing: keeper dead, or another client took over."""


class KeeperSpokeNonsense(ConnectionError):
    """The keeper sent something that is no frame of the protocol."""


class KeeperLink(asyncio.Protocol):
    """One connection to one keeper. After ``close``, ``bye`` or ``on_lost`` the listener hears nothing more."""

    welcome: Welcome

    def __init__(self, listener: KeeperListener) -> None:
        self._listener = listener
        self._inbox = bytearray()
        self._early: list[tuple[str, bytes]] = []
        self._welcomed: asyncio.Future[Welcome] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._open = False
        self._is_holding = True  # the caller does not hold the link yet: what comes is told afterwards, in order

    @classmethod
    async def connect(
        cls,
        path: Path,
        secret: str,
        listener: KeeperListener,
        timeout: float = 5.0,  # noqa: ASYNC109
    ) -> KeeperLink:
        """Return a link to the keeper at ``path``; any earlier client of it is replaced.

        Raises OSError when nobody listens, EOFError when the keeper refuses (wrong secret), TimeoutError.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            _, link = await loop.create_unix_connection(lambda: cls(listener), sock=await _connected(path))
            try:
                link._send("H", {"v": VERSION, "secret": secret})
                link.welcome = await link._welcomed
            except BaseException:
                link.close()
                raise
        link._open = True
        # What came in one piece with the welcome is told once the caller holds the link.
        asyncio.get_running_loop().call_soon(link._dispatch_early)
        return link

    # ------------------------------------------------------------ asking

    def write(self, ident: str, data: bytes) -> None:
        """Ask for ``data`` to be written to the agent once, however often this is asked with the same id."""
        name = ident.encode("utf-8")
        self._send("W", struct.pack("<H", len(name)) + name + data)

    def resize(self, rows: int, cols: int) -> None:
        """Set the size of the agent's terminal."""
        self._send("R", {"rows": rows, "cols": cols})

    def signal(self, number: int) -> None:
        """Send a signal to the agent's process group."""
        self._send("S", {"signal": int(number)})

    def stop(self, steps: Sequence[str] = ("eof", "int", "term", "kill")) -> None:
        """Have the keeper run the stop ladder; ``("kill",)`` kills the whole tree at once."""
        self._send("T", {"steps": list(steps)})

    def close_stdin(self) -> None:
        """Close the agent's stdin behind what is queued; on a terminal type its end-of-file character."""
        self._send("E", b"")

    def bye(self) -> None:
        """Say that the exit was read: the keeper of an ended agent may go."""
        self._send("B", b"")
        self.close()

    def close(self) -> None:
        """Let go; keeper and agent go on. Bytes already handed over still leave."""
        self._open = False
        if self._transport is not None:
            self._transport.close()

    def pause(self) -> None:
        """Leave unread what the keeper says; it says no more once the socket is full, and serves the agent."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again; the loss of the connection is heard only then."""
        if self._transport is not None:
            self._transport.resume_reading()

    # ------------------------------------------------------------ hearing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by asyncio)."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the listener unless we closed it ourselves (called by asyncio)."""
        if not self._welcomed.done():
            self._welcomed.set_exception(exc or EOFError("the keeper refused the connection"))
        if self._open:
            self._dispatch_early()
        if self._open:
            self._open = False
            self._listener.on_lost()

    def data_received(self, data: bytes) -> None:
        """Cut frames and tell the listener (called by asyncio)."""
        self._inbox += data
        frames = []
        while len(self._inbox) >= HEADER.size:
            length, kind = HEADER.unpack_from(self._inbox)
            if length > MAX_FRAME:
                raise KeeperSpokeNonsense(f"a frame of {length} bytes")
            end = HEADER.size + length
            if len(self._inbox) < end:
                break
            frames.append((chr(kind), bytes(self._inbox[HEADER.size : end])))
            del self._inbox[:end]
        if self._is_holding:
            self._early += self._take_welcome(frames)
            return
        self._dispatch(frames)

    def _take_welcome(self, frames: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        if self._welcomed.done() or not frames:
            return frames
        (kind, payload), *rest = frames
        if kind != "h":
            raise KeeperSpokeNonsense(f"frame {kind!r} before the welcome")
        self._welcomed.set_result(msgspec.json.decode(payload, type=Welcome))
        return rest

    def _dispatch_early(self) -> None:
        frames, self._early, self._is_holding = self._early, [], False
        self._dispatch(frames)

    def _dispatch(self, frames: list[tuple[str, bytes]]) -> None:
        poke: int | None = None
        for kind, payload in frames:
            if not self._open:
                return
            if kind == "p":
                (poke,) = struct.unpack("<Q", payload)
            elif kind == "a":
                body = msgspec.json.decode(payload, type=_Ack)
                self._listener.on_ack(body.id, body.status, body.reason)
            elif kind == "x":
                # Marks first: what the agent said last is read before its end is known.
                self._poke(poke)
                poke = None
                self._listener.on_exit(msgspec.json.decode(payload, type=KeeperState))
            elif kind == "d":
                disk = msgspec.json.decode(payload, type=_Disk)
                self._listener.on_disk(disk.full, disk.error)
        self._poke(poke)

    def _poke(self, next_seq: int | None) -> None:
        if next_seq is not None and self._open:
            self._listener.on_marks(next_seq)

    def _send(self, kind: str, payload: bytes | dict[str, Any]) -> None:
        if isinstance(payload, dict):
            payload = msgspec.json.encode(payload)
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the keeper's connection is closed")
        self._transport.write(HEADER.pack(len(payload), ord(kind)) + payload)


async def _connected(path: Path) -> socket.socket:
    """Return a connected socket, waiting while the keeper has as many callers as it can queue."""
    end = socket.socket(socket.AF_UNIX)
    try:
        end.setblocking(False)
        while True:
            try:
                end.connect(str(path))
            except BlockingIOError:
                # WORKAROUND asyncio takes EAGAIN of a full queue for a connection in progress and then fails.
                await asyncio.sleep(RETRY_S)
            else:
                return end
    except BaseException:
        end.close()
        raise


class _Ack(msgspec.Struct, frozen=True):
    id: str
    status: str
    reason: str = ""


class _Disk(msgspec.Struct, frozen=True):
    full: bool
    error: str = ""
