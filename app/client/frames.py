"""Lines out of chunks, and what a line from the daemon means; no I/O.

Chunked on purpose: the line readers of the standard library stop at 64 KiB or wait for ever.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agents.events import NumberedEvent
from agents.jsonrpc import ErrorCode, Reply, RpcError
from agents.wire import MAX_LINE, METHODS
from app.client.api import ConnectionLost

#: Bytes read from a socket at once.
CHUNK = 256 * 1024


class BrokenWire(ConnectionLost):
    """The other side does not speak our wire; the text says what came."""


class LineBuffer:
    """Cuts a byte stream into lines of at most MAX_LINE bytes; owned by one connection."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines completed by ``data``, without their ends. Raises BrokenWire on an overlong one."""
        scanned = len(self._held)
        self._held += data
        lines: list[bytes] = []
        begin = 0
        while (end := self._held.find(b"\n", max(begin, scanned))) >= 0:
            lines.append(bytes(self._held[begin:end]))
            begin = end + 1
        del self._held[:begin]
        if len(self._held) > self._limit:
            raise BrokenWire(f"the daemon sent a line of more than {self._limit} bytes")
        return lines


_reply = msgspec.json.Decoder(Reply)
_event = msgspec.json.Decoder(NumberedEvent)


def decode_line(line: bytes) -> Reply | NumberedEvent | None:
    """Return a response, an event, or ``None`` for a notification we do not know. Raises BrokenWire."""
    try:
        reply = _reply.decode(line)
        if reply.method is None:
            return reply
        if reply.method == "event":
            return _event.decode(reply.params)
    except msgspec.DecodeError as error:
        raise BrokenWire(f"the daemon sent a line we cannot read ({error}): {line[:80]!r}") from error
    return None


def result_of(method: str, reply: Reply) -> Any:
    """Return the result struct of ``method``. Raises RpcError for an error response, BrokenWire for another shape."""
    if reply.error is not None:
        raise RpcError(_code(reply.error.code), reply.error.message, reply.error.data)
    if not reply.result:
        raise BrokenWire(f"the daemon answered {method} with neither result nor error")
    try:
        return msgspec.json.decode(reply.result, type=METHODS[method].result)
    except msgspec.DecodeError as error:
        raise BrokenWire(f"the daemon's answer to {method} has another shape: {error}") from error


def _code(number: int) -> ErrorCode:
    try:
        return ErrorCode(number)
    except ValueError:
        return ErrorCode.INTERNAL
