"""Writes on their way to the agent: each id is written exactly once and its fate is remembered."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_WAITING = 4 * 1024 * 1024  # bytes that may wait before a write is refused
MAX_IDS = 16_384  # write ids remembered
PIECE = 64 * 1024


class Input:
    """The queue of writes; told by the loop how much of it the agent took."""

    def __init__(self, offset: int) -> None:
        self.queue: list[tuple[str | None, bytes]] = []  # an id of None is the end of the input
        self.sent = 0  # bytes of the first entry already written
        self.offset = offset  # of the next byte in the ``in`` log
        self.waiting = 0
        self.closed = False
        self.status: dict[str, str] = {}

    def add(self, ident: str, data: bytes) -> dict[str, Any]:
        """Take a write; return its acknowledgement."""
        status = self.status.get(ident)
        if status is None and self.closed:
            status = "closed"
        elif status is None and self.waiting >= MAX_WAITING:
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

    def piece(self) -> bytes | None:
        """Return the next bytes to write, ``None`` when it is time to close the pipe."""
        ident, data = self.queue[0]
        if ident is None and not data:
            return None
        return data[self.sent : self.sent + PIECE]

    def advance(self, count: int) -> dict[str, Any] | None:
        """Note that ``count`` more bytes were written; return the ``wrote`` event once an entry is whole."""
        ident, data = self.queue[0]
        self.sent += count
        self.waiting -= count
        self.offset += count
        if self.sent < len(data):
            return None
        del self.queue[0]
        self.sent = 0
        if ident is None:
            return None
        self._note(ident, "written")
        return {"ev": "wrote", "id": ident, "offset": self.offset - len(data), "length": len(data)}

    def close(self) -> list[dict[str, Any]]:
        """Take nothing more; return the acknowledgements of what was not wholly written."""
        self.closed = True
        refused = [ident for ident, _ in self.queue if ident is not None]
        for ident in refused:
            self._note(ident, "closed")
        self.queue.clear()
        self.sent = self.waiting = 0
        return [acknowledge(ident, "closed") for ident in refused]

    def _note(self, ident: str, status: str) -> None:
        self.status[ident] = status
        if len(self.status) > MAX_IDS:
            oldest = next(iter(self.status))
            if self.status[oldest] != "accepted":
                del self.status[oldest]


def acknowledge(ident: str, status: str) -> dict[str, Any]:
    """Return the body of an acknowledgement."""
    if status in {"accepted", "written"}:
        return {"id": ident, "status": status}
    return {"id": ident, "status": "refused", "reason": status}
