"""One stretch of scrollback: which bytes of the log it comes from, and how its lines are drawn again and kept.

Knows nothing of the numbers a view gives its lines.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agents.vt.grid import Grid, Row
from app.logsource import LogSource
from app.terminal import ground, opening
from app.terminal.drawing import GridFactory, Turns, draw
from app.terminal.maintext import MainText, Span
from app.terminal.opening import Opening, Screen

#: Bytes of a piece, what is read for it at once, and cells of all its lines: what is kept of a line is as large as the
#: line is wide.
BYTES, _STEP = 256 * 1024, 64 * 1024
_CELLS = 240_000

#: Bytes of a cell in memory.
_CELL = 40

#: How far back a point to begin drawing at is looked for: it is drawn from there for every piece.
_REACH = 1024 * 1024


class Plan(msgspec.Struct, frozen=True):
    """What to draw for a piece: ``opening`` first, whose lines do not count, then ``spans``.

    ``forgets``: what is older was erased by the program.
    """

    opening: Opening
    spans: tuple[Span, ...]
    begin: int
    forgets: bool


class Drawn(msgspec.Struct):
    """The lines of a piece in memory: the last of them left ``grid`` as number ``end - 1``."""

    grid: Grid
    count: int
    end: int

    @property
    def size(self) -> int:
        """Return how many bytes of memory that takes."""
        return self.count * self.grid.cols * _CELL

    def line(self, number: int, count: int) -> Row:
        """Return line ``number`` of what is known to be ``count`` lines, a blank one if it cannot be read."""
        at = self.end - count + number
        return (self.grid.kept(at) if at >= 0 else None) or Row()


async def plan(source: LogSource, text: MainText, screen: Screen, turns: Turns, *, begin: int | None) -> Plan:
    """Find a piece before where ``text`` stands: down to ``begin`` if that is known. Raises Gone."""
    spans: list[Span] = []
    length = lines = 0
    while not text.at_floor and length < BYTES and lines * screen.cols < _CELLS:
        if begin is not None and text.begin <= begin:
            break
        older = await text.back(_STEP if begin is None else min(_STEP, text.begin - begin))
        data = await opening.joined(source, older)
        await turns.rest()
        cut, forgets = _cut(data, older, begin, screen)
        kept = opening.cut(older, cut)
        spans = opening.merged(kept, spans)
        if cut:
            before = _text_before(source, text, older, kept[0].begin if kept else older[-1].end)
            return await _planned(source, before, screen, spans, forgets=forgets)
        if begin is None:
            length, lines = length + len(data), lines + data.count(b"\n") + len(data) // screen.cols
    return await _planned(source, text, screen, spans, forgets=False)


def _text_before(source: LogSource, text: MainText, spans: list[Span], first: int) -> MainText:
    """Return the text before ``first``, which lies in one of ``spans`` or between them."""
    is_main = any(span.begin < first <= span.end for span in spans)
    return MainText(source, first, alternate=False if is_main else None, floor=text.floor)


async def _planned(source: LogSource, before: MainText, screen: Screen, spans: list[Span], *, forgets: bool) -> Plan:
    begin = spans[0].begin if spans else before.begin
    found = await opening.find(source, before, screen, reach=_REACH)
    return Plan(found, tuple(spans), begin, forgets)


def _cut(data: bytes, spans: list[Span], begin: int | None, screen: Screen) -> tuple[int, bool]:
    """Return how many bytes at the beginning are not for this piece, and whether they are for none: erased."""
    if begin is not None:
        return sum(max(0, min(span.end, begin) - span.begin) for span in spans), False
    erased = ground.last(ground.FORGETS, data)
    forgotten = 0 if erased is None else erased.end()
    at = len(data)
    for _ in range(_CELLS // screen.cols):
        at = data.rfind(b"\n", forgotten, at)
        if at < 0:
            return forgotten, forgotten > 0
    return at + 1, False


async def drawn(  # noqa: PLR0913  where from, what, onto what, when and for whom
    source: LogSource, plan: Plan, grid: Grid, turns: Turns, check: Callable[[], None], *, flushed: bool
) -> Drawn:
    """Draw a piece onto an empty ``grid``. Raises Gone, and what ``check`` and the source raise."""
    grid.feed(plan.opening.prefix)
    await draw(grid, source, plan.opening.spans, turns, check)
    before = grid.scrolled
    await draw(grid, source, plan.spans, turns, check)
    if flushed:
        _flush(grid)
    return Drawn(grid, grid.scrolled - before, grid.scrolled)


def _flush(grid: Grid) -> None:
    """Let what is on the screen scroll off it: the next program begins with an empty one."""
    grid.feed(b"\x18\x1b[?1047l\x1b[r")
    used = max((number + 1 for number in range(grid.rows) if grid.row(number).runs), default=0)
    grid.feed(b"\x1b[%d;1H%s" % (grid.rows, b"\n" * used))


def empty(factory: GridFactory, rows: int, cols: int, lines: int) -> Grid:
    """Return a grid that keeps all lines of a piece, of which there are so many as far as is known."""
    return factory(rows, cols, keep=max(2 * lines, 4 * _CELLS // cols + BYTES // cols))
