"""Which size a view's terminal is asked to have: the last one wanted always, and no more than one each 50 ms.

Pure, with the time passed in; nothing is called here.
"""

from __future__ import annotations

import msgspec

#: Seconds between two sizes sent while a window is dragged: each makes the program draw its whole screen.
LEAST_S = 0.05

#: What the daemon accepts (``agent.resize``).
MOST_ROWS, MOST_COLS = 1000, 2000


class Size(msgspec.Struct, frozen=True):
    """Of a terminal, in cells."""

    rows: int
    cols: int

    def __str__(self) -> str:
        return f"{self.cols}×{self.rows}"


class Sizing:
    """Owned by one terminal pane. ``want`` takes note of a size, ``due`` what is to be sent now, if anything."""

    def __init__(self) -> None:
        self._wanted: Size | None = None
        self._sent: Size | None = None
        self._seen: Size | None = None
        self._next_at = float("-inf")

    @property
    def wanted(self) -> Size | None:
        """Return the size wanted last, ``None`` while nobody wanted any."""
        return self._wanted

    def want(self, rows: int, cols: int) -> None:
        """Take note of a size; one that is no size of a terminal is brought to the nearest."""
        self._wanted = Size(min(max(1, rows), MOST_ROWS), min(max(1, cols), MOST_COLS))

    def due(self, now: float) -> Size | None:
        """Return the size to send at ``now``; it counts as sent."""
        if self._wanted is None or self._wanted == self._sent or now < self._next_at:
            return None
        self._sent, self._next_at = self._wanted, now + LEAST_S
        return self._wanted

    def wait_s(self, now: float) -> float | None:
        """Return in how many seconds something is due, ``None`` when nothing is."""
        if self._wanted is None or self._wanted == self._sent:
            return None
        return max(0.0, self._next_at - now)

    def is_foreign(self, rows: int, cols: int) -> bool:
        """Take note of the size the terminal has; tell whether another view gave it that.

        The one it had before ours is none: news of it may still be on the way.
        """
        size = Size(rows, cols)
        before, self._seen = self._seen, size
        return size not in (self._sent, before)

    def forget_sent(self) -> None:
        """Send it again when it is wanted again: it did not arrive, or another view set another size."""
        self._sent = None
