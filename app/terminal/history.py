"""The lines that scrolled off a terminal long ago, read again from its log in pieces; draws on grids of its own.

Lines are numbered as in ``app.terminal.terminal``. Lives in the loop of its view and works in short turns.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict

import msgspec

from agents.vt.grid import Row
from app.logsource import LogSource
from app.terminal import pieces
from app.terminal.drawing import Clock, GridFactory, Turns
from app.terminal.maintext import Gone, MainText
from app.terminal.opening import Screen
from app.terminal.pieces import Drawn, Plan

#: Bytes of lines in memory; what was looked at longest ago is read again when it is wanted.
MEMORY = 64 * 1024 * 1024


class Past(msgspec.Struct, frozen=True):
    """Where history begins: line ``number`` is the first that scrolls off behind offset ``seam``, on such a screen.

    ``alternate``: whether the other screen is on there. ``began``: where the present program's output begins.
    ``closed``: what is older was erased by the program.
    """

    seam: int = 0
    number: int = 0
    rows: int = 1
    cols: int = 2
    alternate: bool = False
    began: int = 0
    closed: bool = True


class Piece(msgspec.Struct):
    """Lines ``first`` to ``first + count``, which scroll off while the log is drawn from ``begin`` to ``end``.

    ``plan`` is how, once that was found out. ``flushed``: there the screen became empty for another program, so that
    what was on it counts.
    """

    begin: int
    end: int
    first: int
    count: int
    rows: int
    alternate: bool | None = False
    flushed: bool = False
    plan: Plan | None = None


class History:
    """What is older than ``seam``, of one view and one size; ``begin`` starts it and starts it anew."""

    def __init__(self, source: LogSource, grid_factory: GridFactory, clock: Clock) -> None:
        self._source = source
        self._factory = grid_factory
        self._turns = Turns(clock)
        self._lock = asyncio.Lock()
        self._age = 0
        self._pieces: list[Piece] = []
        self._drawn: OrderedDict[int, Drawn] = OrderedDict()  # by where the piece begins
        self.close()

    def begin(self, past: Past) -> None:
        """Forget everything and begin anew."""
        self._age += 1
        self._past, self._tallest = past, past.rows
        self._seam, self._number = past.seam, past.number
        self._closed, self._oldest = past.closed, past.seam
        self._pieces.clear()
        for drawn in self._drawn.values():
            drawn.grid.close()
        self._drawn.clear()

    def extend(self, seam: int, number: int, rows: int) -> None:
        """Take over the lines up to ``number``, which scrolled off between the former seam and this one."""
        self._tallest = max(self._tallest, rows)
        if number > self._number:
            self._pieces.append(Piece(self._seam, seam, self._number, number - self._number, rows))
        self._seam, self._number = seam, number

    def close(self) -> None:
        """Free everything and end what is going on."""
        self.begin(Past())

    # ------------------------------------------------------------ lines

    @property
    def first(self) -> int:
        """Return the number of the oldest line known of."""
        return self._pieces[0].first if self._pieces else self._number

    @property
    def seam(self) -> tuple[int, int]:
        """Return up to which offset, and which line, all is known here."""
        return self._seam, self._number

    @property
    def has_older(self) -> bool:
        """Tell whether there may be lines before the oldest one known of."""
        return not self._closed and self._oldest > self._source.start

    @property
    def trimmed(self) -> bool:
        """Tell whether the beginning of the log has been deleted."""
        return self._source.start > 0

    @property
    def age(self) -> int:
        """Return a number that changes when everything was forgotten."""
        return self._age

    @property
    def size(self) -> int:
        """Return how many bytes of lines are in memory."""
        return sum(drawn.size for drawn in self._drawn.values())

    def piece(self, number: int) -> Piece | None:
        """Return the piece that has line ``number``."""
        at = bisect_right(self._pieces, number, key=_first) - 1
        if at < 0 or number >= self._pieces[at].first + self._pieces[at].count:
            return None
        return self._pieces[at]

    def line(self, number: int) -> Row | None:
        """Return a line that is in memory."""
        piece = self.piece(number)
        drawn = self._drawn.get(piece.begin) if piece is not None else None
        if piece is None or drawn is None:
            return None
        self._drawn.move_to_end(piece.begin)
        return drawn.line(number - piece.first, piece.count)

    def link(self, link: int, line: int) -> str | None:
        """Return where a link in a line that is in memory leads."""
        piece = self.piece(line)
        drawn = self._drawn.get(piece.begin) if piece is not None else None
        return None if drawn is None else drawn.grid.link(link)

    # ------------------------------------------------------------ reading

    async def load(self, first: int, count: int) -> None:
        """Read lines again that are known of and no longer in memory. Raises what the source raises."""
        number, end = max(first, self.first), first + count
        while number < end:
            async with self._lock:
                piece = self.piece(number)
                if piece is None:
                    return
                if piece.begin not in self._drawn:
                    await self._again(piece)
            number = piece.first + piece.count

    async def load_older(self, lines: int) -> None:
        """Read at least ``lines`` more lines, if there are so many. Raises what the source raises."""
        age, wanted = self._age, self.first - lines
        while self._age == age and self.has_older and self.first > wanted:
            async with self._lock:
                if self._age == age and self.has_older:
                    await self._older()

    async def _older(self) -> None:
        age, end, past = self._age, self._oldest, self._past
        flushed = 0 < end == past.began
        alternate = None if flushed else past.alternate and end == past.seam
        piece = Piece(end, end, self.first, 0, past.rows, alternate, flushed)
        try:
            plan = await self._plan(piece, None)
            drawn = await self._draw(piece, plan)
        except Gone:  # deleted in this very moment
            if self._age == age:
                self._oldest = self._source.start
            return
        if self._age != age:
            drawn.grid.close()
            return
        self._closed, self._oldest = plan.forgets, plan.begin
        piece.begin, piece.plan, piece.count = plan.begin, plan, drawn.count
        piece.first -= drawn.count
        if drawn.count:
            self._pieces.insert(0, piece)
            self._keep(piece, drawn)
        else:
            drawn.grid.close()

    async def _again(self, piece: Piece) -> None:
        age = self._age
        try:
            plan = piece.plan or await self._plan(piece, piece.begin)
            drawn = await self._draw(piece, plan)
        except Gone:
            if self._age == age:
                self._lose(piece)
            return
        if self._age != age:
            drawn.grid.close()
            return
        piece.plan = plan
        self._keep(piece, drawn)

    async def _plan(self, piece: Piece, begin: int | None) -> Plan:
        past = self._past
        floor = past.began if piece.end > past.began else 0
        text = MainText(self._source, piece.end, alternate=piece.alternate, floor=floor)
        screen = Screen(piece.rows, past.cols, fresh=self._source.start <= floor, tallest=self._tallest)
        return await pieces.plan(self._source, text, screen, self._turns, begin=begin)

    async def _draw(self, piece: Piece, plan: Plan) -> Drawn:
        grid = pieces.empty(self._factory, piece.rows, self._past.cols, piece.count)
        age = self._age

        def check() -> None:
            if self._age != age:
                raise Gone("the lines of this piece are no longer asked for")

        try:
            return await pieces.drawn(self._source, plan, grid, self._turns, check, flushed=piece.flushed)
        except BaseException:
            grid.close()
            raise

    def _lose(self, piece: Piece) -> None:
        """Forget a piece of which the log no longer has the bytes, and what is older."""
        at = self._pieces.index(piece)
        for gone in self._pieces[: at + 1]:
            drawn = self._drawn.pop(gone.begin, None)
            if drawn is not None:
                drawn.grid.close()
        del self._pieces[: at + 1]
        self._oldest = self._source.start

    def _keep(self, piece: Piece, drawn: Drawn) -> None:
        self._drawn[piece.begin] = drawn
        while len(self._drawn) > 1 and self.size > MEMORY:
            _, oldest = self._drawn.popitem(last=False)
            oldest.grid.close()


def _first(piece: Piece) -> int:
    return piece.first
