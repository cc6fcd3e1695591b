"""Brings what a program writes onto the grid of the view that shows it, and passes over floods.

In small portions, each size where it belongs. Knows nothing of what lies before where drawing began.
"""

from __future__ import annotations

from collections import deque

import msgspec

from agents.vt.grid import Grid
from app.logsource import LogSource
from app.terminal import ground, passing
from app.terminal.drawing import Clock
from app.terminal.pace import Pace

#: Bytes looked at together.
CHUNK = 64 * 1024

#: More than this is a flood, of which only the end is drawn: bytes, and lines in them.
FLOOD, FLOOD_LINES = 512 * 1024, 6000

#: The end of a flood, in which a place to draw from is looked for: all of it at once, so it must not be long.
TAIL = 256 * 1024

#: Bytes passed over at once.
PASSED = 64 * 1024

#: Lines and bytes after which the place is noted down at which they can be read again.
_NOTED_LINES, _NOTED = 256, 64 * 1024


class Seam(msgspec.Struct, frozen=True):
    """At this offset so many lines had scrolled off a screen of so many rows; ``alternate``: the other one was on.

    ``cuts``: no line before it counts any longer; ``forgets``: because the program had them erased.
    """

    offset: int
    scrolled: int
    rows: int
    cuts: bool = False
    forgets: bool = False
    alternate: bool = False


class Feed:
    """Owned by one terminal; ``position`` is how far into the log the grid is."""

    def __init__(self, source: LogSource, grid: Grid, position: int, clock: Clock) -> None:
        self.position = position
        self.starved = False
        self.seams: list[Seam] = []
        self._source, self._grid, self._clock = source, grid, clock
        self._pace = Pace()
        self._sizes: deque[tuple[int, int, int]] = deque()
        self._passed: passing.Passed | None = None
        self._settles: int | None = None
        self._noted = Seam(position, grid.scrolled, grid.rows)
        self._before = b""
        self._forgets = False

    @property
    def behind(self) -> int:
        """Return how many known bytes are not drawn yet."""
        return self._source.size - self.position

    def resize(self, offset: int, rows: int, cols: int) -> None:
        """Let the terminal be so large from ``offset`` on."""
        self._sizes.append((offset, rows, cols))

    def pump(self, budget_s: float) -> bool:
        """Draw for at most this long; tell whether more is waiting."""
        until = self._clock() + budget_s
        self.starved = False
        self._take_sizes()
        while self.behind > 0:
            if self._passed is None and self._is_flood():
                self._passed = passing.Passed(self._grid.modes)
            if not (self._draw() if self._passed is None else self._pass(self._passed)):
                self.starved = True
                return False
            if self._clock() >= until:
                break
        return self.behind > 0

    def _take_sizes(self) -> None:
        while self._sizes and self._sizes[0][0] <= self.position:
            _, rows, cols = self._sizes.popleft()
            if (rows, cols) != (self._grid.rows, self._grid.cols):
                self._grid.resize(rows, cols)

    def _is_flood(self) -> bool:
        behind = self.behind
        if behind > FLOOD or self.position < self._source.start:
            return True
        if behind <= FLOOD_LINES:
            return False
        waiting = self._source.cached(self.position, behind)
        return waiting is not None and waiting.count(b"\n") > FLOOD_LINES

    # ------------------------------------------------------------ drawing

    def _draw(self) -> bool:
        """Draw one portion; tell whether its bytes were at hand."""
        data = self._source.cached(self.position, self._until(CHUNK) - self.position)
        if not data:
            return False
        portion = self._until_forgotten(data[: self._pace.portion(data, 0, self._grid.cols)])
        began = self._clock()
        self._grid.feed(portion)
        self._pace.took(self._clock() - began)
        self.position += len(portion)
        self._note()
        self._take_sizes()
        return True

    def _until_forgotten(self, portion: bytes) -> bytes:
        """Return ``portion`` up to where the program has all older lines erased."""
        around = self._before + portion
        found = ground.FORGETS.search(around, max(0, len(self._before) - ground.LONGEST_FORGETTING))
        self._forgets = found is not None and found.end() > len(self._before)
        if found is not None and self._forgets:
            portion = portion[: found.end() - len(self._before)]
        self._before = portion[-ground.LONGEST_FORGETTING :]
        return portion

    def _until(self, length: int) -> int:
        """Return where what may be drawn together ends."""
        ends = [self.position + length, self._source.size]
        ends += [self._sizes[0][0]] if self._sizes else []
        ends += [] if self._settles is None else [self._settles]
        return min(ends)

    def _note(self) -> None:
        """Write down where lines can be read again, and from where on they count."""
        scrolled, position = self._grid.scrolled, self.position
        lines, length = scrolled - self._noted.scrolled, position - self._noted.offset
        if position == self._settles or self._forgets:
            self._cut(
                Seam(
                    position,
                    scrolled,
                    self._grid.rows,
                    cuts=True,
                    forgets=self._forgets,
                    alternate=self._grid.alternate,
                )
            )
        elif not self._grid.alternate and (lines >= _NOTED_LINES or length >= _NOTED):
            self._noted = Seam(position, scrolled, self._grid.rows)
            self.seams.append(self._noted)

    def _cut(self, seam: Seam) -> None:
        self._settles, self._forgets = None, False
        self.seams[:] = [seam]
        self._noted = seam

    # ------------------------------------------------------------ floods

    def _pass(self, passed: passing.Passed) -> bool:
        """Pass over some of a flood, or draw its end if that is reached."""
        self.position = max(self.position, self._source.start)
        target = self._source.size - TAIL
        if self.position >= target:
            return self._end_flood(passed)
        data = self._source.cached(self.position, min(PASSED, target - self.position))
        if not data:
            return False
        self.position += passed.feed(data, last=False)
        return True

    def _end_flood(self, passed: passing.Passed) -> bool:
        tail = self._source.cached(self.position, self.behind)
        if tail is None:
            return False
        self._passed = None
        offset = self.position
        begin, settled, sequences = _end(passed, tail, self._grid)
        for size in self._sizes:  # of several only the last one counts by now
            if size[0] <= offset + begin:
                self._grid.resize(*size[1:])
        self._sizes = deque(size for size in self._sizes if size[0] > offset + begin)
        self._grid.feed(b"\x18" + sequences)
        self._grid.modes.keyboard = passed.modes.keyboard
        self._grid.modes.alternate_keyboard = passed.modes.alternate_keyboard
        self.position, self._settles = offset + begin, offset + settled
        self._before = b""
        if begin == settled:
            self._note()
        return True


def _end(passed: passing.Passed, tail: bytes, grid: Grid) -> tuple[int, int, bytes]:
    """Return where in the end of a flood to begin, from where on lines are right, and what to draw before."""
    switch = ground.last(ground.SWITCH, tail)
    behind = 0 if switch is None else switch.end()
    alternate = passed.modes.alternate if switch is None else switch[1] == b"h"
    found = ground.find(tail[behind:], grid.rows) if not alternate else None
    if alternate:
        clean = ground.find_clean(tail[behind:])
        begin = settled = clean + behind if clean is not None else behind
    else:
        begin, settled = (0, 0) if found is None else (found.begin + behind, found.settled + behind)
    passed.feed(tail[:begin], last=True)
    sequences = b""
    if passed.modes.alternate != grid.alternate:
        sequences = b"\x1b[?1049h" if passed.modes.alternate else b"\x1b[?1049l"
    sequences += passing.between(grid.modes, passed.modes) + passing.settings(passed) + ground.carried(tail[:begin])
    if found is not None and not found.at_top:
        sequences += b"\x1b[%d;1H" % grid.rows
    return begin, settled, sequences
