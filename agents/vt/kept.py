"""The lines that left the top of a screen, the last so many: as raw cells, or as output that is drawn when looked at.

Owned by one grid; knows neither the core nor the screen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import msgspec

from agents.vt.rows import Row

#: Lines in one block of raw cells.
_BLOCK = 256


class Line(msgspec.Struct):
    """One line as the core gave it away."""

    raw: bytes
    wraps: bool = False


class Later(msgspec.Struct):
    """So many lines that are drawn when somebody looks at one of them."""

    count: int
    draw: Callable[[], Sequence[Row]]
    rows: Sequence[Row] | None = None

    def row(self, at: int) -> Row:
        """Return one of the lines."""
        if self.rows is None:
            self.rows = self.draw()
        return self.rows[at] if at < len(self.rows) else Row()


class Kept:
    """At least the last ``keep`` lines, numbered from the first one ever."""

    def __init__(self, keep: int) -> None:
        self.count = 0
        self._keep = keep
        self._first = 0  # of those that were not erased
        self._begins: list[int] = []
        self._blocks: list[list[Line] | Later] = []
        self._open: list[Line] = []

    def push(self, line: Line) -> None:
        """Take a line that left."""
        if not self._open or len(self._open) >= _BLOCK:
            self._open = []
            self._add(self._open)
        self._open.append(line)
        self.count += 1

    def add(self, later: Later) -> None:
        """Take lines that left without having been drawn."""
        self._add(later)
        self._open = []
        self.count += later.count

    def clear(self) -> None:
        """Forget all of them; they still count."""
        self._first = self.count
        self._begins.clear()
        self._blocks.clear()
        self._open = []

    def find(self, number: int) -> Line | Row | None:
        """Return line ``number``, None when it is not kept (any longer)."""
        if not max(self._first, self.count - self._keep) <= number < self.count:
            return None
        block = bisect_right(self._begins, number) - 1
        lines, at = self._blocks[block], number - self._begins[block]
        return lines.row(at) if isinstance(lines, Later) else lines[at]

    def _add(self, block: list[Line] | Later) -> None:
        gone = bisect_right(self._begins, self.count - self._keep) - 1
        if gone > 0:
            del self._begins[:gone], self._blocks[:gone]
        self._begins.append(self.count)
        self._blocks.append(block)
