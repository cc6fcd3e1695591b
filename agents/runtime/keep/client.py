"""A client's connection: framing with bounded queues."""

from __future__ import annotations

import os
import struct
import time

from agents.runtime.keep.codec import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEADER = struct.Struct("<IB")
MAX_FRAME = 16 * 1024 * 1024
MAX_OUTBOX = 1024 * 1024  # bytes a client may leave unread
RECEIVE = 256 * 1024


class Client:
    """One connection: frames in, frames out, nothing in it blocks. ``fd`` is -1 once closed."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.since = time.monotonic()
        self.inbox = bytearray()
        self.outbox = bytearray()
        self.poked = -1
        os.set_blocking(fd, False)

    def receive(self) -> list[tuple[str, bytes]]:
        """Return the whole frames that have arrived; closes itself at the end of the stream."""
        try:
            data = os.read(self.fd, RECEIVE)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.close()
            return []
        self.inbox += data
        frames = []
        while len(self.inbox) >= HEADER.size:
            length, kind = HEADER.unpack_from(self.inbox)
            if length > MAX_FRAME:
                self.close()
                break
            end = HEADER.size + length
            if len(self.inbox) < end:
                break
            frames.append((chr(kind), bytes(memoryview(self.inbox)[HEADER.size : end])))
            del self.inbox[:end]
        return frames

    def send(self, kind: str, payload: bytes | dict[str, Any]) -> None:
        """Queue a frame; a client that does not read is closed."""
        if self.fd < 0:
            return
        if isinstance(payload, dict):
            payload = encode(payload).encode("ascii")
        self.outbox += HEADER.pack(len(payload), ord(kind)) + payload
        self.flush()
        if len(self.outbox) > MAX_OUTBOX:
            self.close()

    def flush(self) -> None:
        """Write what the socket takes."""
        try:
            while self.outbox:
                del self.outbox[: os.write(self.fd, self.outbox)]
        except BlockingIOError:
            return
        except OSError:
            # It closed its end; what it said before that ("the exit was read") is still to be received.
            self.outbox.clear()

    def close(self) -> None:
        """Close the connection and forget what was queued."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
        self.outbox.clear()
        self.inbox.clear()
