"""Finds text in all lines of a terminal, the newest first: on its screen, in memory, and back through its log.

Reads lines as a view does; stretches of the log that cannot show the text are passed over undrawn. Starts no task.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import NamedTuple, Protocol

from agents.vt.rows import Row
from app.logsource import LogSource
from app.terminal import ground, opening
from app.terminal.drawing import Turns
from app.terminal.history import Piece
from app.terminal.maintext import Gone
from app.terminal.patterns import Needle
from app.terminal.selection import WRAPS, FlatLine, cells

#: Bytes of a piece looked through at once.
_PART = 64 * 1024

#: What shows nothing, and moves nothing but to the next line, in output that reads as it is shown.
_UNSEEN = re.compile(
    rb"\x1b\[[0-9;:]*m|\x1b\[0?K|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[\?(?:25|2004|2026|1|7|12)[hl]|\x1b[()]B|\r+(?=\n)"
)
_HARMLESS = bytes([0x0A, *range(0x20, 0x7F), *range(0x80, 0x100)])


class Hit(NamedTuple):
    """Where text was found: ``width`` cells, which go on in the next lines where the line ends before."""

    line: int
    col: int
    width: int


class Lines(Protocol):
    """The numbered lines of a terminal, as ``app.terminal.terminal`` has them."""

    @property
    def epoch(self) -> int:
        """Return a number that changes when line numbers lose their meaning."""

    @property
    def cols(self) -> int:
        """Return how wide the lines are."""

    @property
    def first(self) -> int:
        """Return the lowest line number known."""

    @property
    def bottom(self) -> int:
        """Return the number of the last line."""

    @property
    def has_older(self) -> bool:
        """Tell whether there are more before the first."""

    def line(self, number: int) -> Row | None:
        """Return a line that is in memory."""

    def piece(self, number: int) -> Piece | None:
        """Return where in the log a line comes from that is not kept."""

    async def load(self, first: int, count: int) -> None:
        """Bring lines into memory."""

    async def load_older(self, lines: int) -> None:
        """Make earlier lines known."""


class Search(AsyncIterator[Hit]):
    """One search; iterating it yields hits until there are no more, or the lines lost their numbers.

    ``progress`` is the share of the log that was searched, 0 to 1. Stop iterating to end it.
    """

    def __init__(self, lines: Lines, source: LogSource, needle: Needle, turns: Turns) -> None:
        self.progress = 0.0
        self._lines, self._source, self._needle, self._turns = lines, source, needle, turns
        self._epoch = lines.epoch
        self._found: AsyncGenerator[Hit, None] = self._run()

    async def __anext__(self) -> Hit:
        return await anext(self._found)

    async def aclose(self) -> None:
        """End the search."""
        await self._found.aclose()

    async def _run(self) -> AsyncGenerator[Hit, None]:
        number = self._lines.bottom
        rows: list[Row] = []  # of one line that wraps, the last first
        looked: Piece | None = None
        while self._lines.epoch == self._epoch:
            piece = self._lines.piece(number) if not rows else None
            if piece is not None and piece is not looked and not await self._may_show(piece):
                number = piece.first - 1
                continue
            looked = piece or looked
            row = await self._row(number)
            if row is None:
                break
            if rows and (len(rows) >= WRAPS or not _goes_on(row, self._lines.cols)):
                for hit in await self._hits(number + 1, rows):
                    yield hit
                rows = []
                continue
            rows.append(row)
            number -= 1
            await self._turns.rest()
        if self._lines.epoch == self._epoch:
            for hit in await self._hits(number + 1, rows):
                yield hit
            self.progress = 1.0

    async def _row(self, number: int) -> Row | None:
        """Return a line, read again or for the first time if need be, None before the first."""
        lines = self._lines
        while number < lines.first and lines.has_older and lines.epoch == self._epoch:
            await lines.load_older(1)
        if lines.epoch != self._epoch or number < lines.first:
            return None
        row = lines.line(number)
        if row is None:
            await lines.load(number, 1)
            row = lines.line(number) if lines.epoch == self._epoch else None
        return row

    async def _hits(self, first: int, rows: list[Row]) -> list[Hit]:
        """Return what is found in one line, the last first."""
        if not rows or (not self._needle.window and not self._needle.spans("".join([row.text for row in rows[::-1]]))):
            return []
        flat = FlatLine(first, [cells(row) for row in reversed(rows)])
        hits = []
        for spans in self._needle.each(flat.text):
            for begin, end in spans:
                cell = flat.cell_of(begin)
                place = flat.place(cell)
                hits.append(Hit(place.line, place.col, flat.cell_of(end) - cell))
            await self._turns.rest()
        return hits[::-1]

    async def _may_show(self, piece: Piece) -> bool:
        """Tell whether the text may be in lines of ``piece``, judged by the bytes that make them."""
        start, size = self._source.start, max(1, self._source.size - self._source.start)
        self.progress = min(1.0, 1 - (piece.begin - start) / size)
        if piece.plan is None:
            return True
        spans = opening.merged(list(piece.plan.opening.spans), list(piece.plan.spans))
        try:
            data = await opening.joined(self._source, spans)
        except Gone:
            return True
        at = 0
        while at < len(data):
            end = data.rfind(b"\n", at, at + _PART) + 1 or len(data)
            if self._shows(data[at:end]):
                return True
            at = end
            await self._turns.rest()
        return False

    def _shows(self, data: bytes) -> bool:
        text = _UNSEEN.sub(b"", ground.SWITCH.sub(b"", data))
        return bool(text.translate(None, _HARMLESS)) or self._needle.is_in_lines(text.decode("utf-8", "replace"))


def _width(row: Row) -> int:
    return row.runs[-1].col + row.runs[-1].width if row.runs else 0


def _goes_on(row: Row, cols: int) -> bool:
    """Tell whether the text of a row may go on in the next one: not every core tells, but a full row may."""
    return row.wraps or _width(row) >= cols
