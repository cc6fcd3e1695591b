"""Writes on their way to the agent: each id is written exactly once and its fate is remembered."""

from __future__ import annotations

import os

from agents.runtime.keep.store import IN, Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_WAITING = 4 * 1024 * 1024  # bytes that may wait before a write is refused
MAX_QUEUE = 4096  # writes that may wait
MAX_IDS = 16_384  # write ids remembered besides those that wait
PIECE = 64 * 1024
MAX_PIECES = 16  # pieces written before anything else gets a turn


class Input:
    """The queue of writes. What the agent took is recorded in ``store``; ``say`` tells the client."""

    def __init__(self, store: Store, say: Callable[[str, dict[str, Any]], None]) -> None:
        self.store = store
        self.say = say
        self.queue: list[tuple[str | None, bytes]] = []  # an id of None is the end of the input
        self.sent = 0  # bytes of the first entry already written
        self.offset = store.sizes[IN]  # of the next byte in the ``in`` log
        self.waiting = 0
        self.closed = False
        self.status: dict[str, str] = {}

    def add(self, ident: str, data: bytes) -> dict[str, Any]:
        """Take a write; return its acknowledgement."""
        status = self.status.get(ident)
        if status is None and self.closed:
            status = "closed"
        elif status is None and (self.waiting >= MAX_WAITING or len(self.queue) >= MAX_QUEUE):
            status = "full"
        elif status is None:
            status = "accepted"
            self.queue.append((ident, data))
            self.waiting += len(data)
            self._note(ident, status)
        return acknowledge(ident, status)

    def end(self, character: bytes) -> None:
        """Queue the end of the input. On pipes (no character) nothing is taken after it."""
        if not self.closed:
            self.queue.append((None, character))
            self.waiting += len(character)
            self.closed = not character

    def feed(self, fd: int) -> bool:
        """Write what the agent takes now; tell whether its stdin is still of use."""
        for _ in range(MAX_PIECES):
            if not self.queue or self.store.error:
                return True
            ident, data = self.queue[0]
            if ident is None and not data:
                return False
            piece = data[self.sent : self.sent + PIECE]
            try:
                count = os.write(fd, piece) if piece else 0
            except BlockingIOError:
                return True
            except OSError:  # the agent closed its end
                return False
            self._took(piece[:count])
        return True

    def _took(self, piece: bytes) -> None:
        ident, data = self.queue[0]
        if piece:
            self.store.record(IN, piece)
        self.sent += len(piece)
        self.waiting -= len(piece)
        self.offset += len(piece)
        if self.sent < len(data):
            return
        del self.queue[0]
        self.sent = 0
        if ident is not None:
            self.store.note(ev="wrote", id=ident, offset=self.offset - len(data), length=len(data))
            self._note(ident, "written")
            self.say("a", acknowledge(ident, "written"))

    def close(self) -> None:
        """Take nothing more and refuse what was not wholly written."""
        self.closed = True
        refused = [ident for ident, _ in self.queue if ident is not None]
        self.queue.clear()
        self.sent = self.waiting = 0
        for ident in refused:
            self._note(ident, "closed")
            self.say("a", acknowledge(ident, "closed"))

    def _note(self, ident: str, status: str) -> None:
        self.status[ident] = status
        if len(self.status) > MAX_IDS + MAX_QUEUE:
            oldest = next(known for known, fate in self.status.items() if fate != "accepted")
            del self.status[oldest]


def acknowledge(ident: str, status: str) -> dict[str, Any]:
    """Return the body of an acknowledgement."""
    if status in {"accepted", "written"}:
        return {"id": ident, "status": status}
    return {"id": ident, "status": "refused", "reason": status}
