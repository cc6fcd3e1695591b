"""What of a terminal's numbered lines is selected, and its text: words, lines, blocks. Pure; knows no widget.

Places lie between cells. Rows come from whoever asks, so that what is selected may be on the screen or long gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from agents.status.untrusted import clean
from agents.vt.rows import Row

#: Gives a line by its absolute number, ``None`` for one that is not at hand.
RowOf = Callable[[int], Row | None]

#: Rows a word or a line that wraps is followed, up and down.
WRAPS = 200

#: More columns than any row has.
_ENDLESS = 1 << 30

#: What a double click takes as one: words, paths and addresses, stretches of blanks, any other character alone.
_WORD = re.compile(r"[\w./:@~+\-?&=%#]+|\s+|.", re.DOTALL)

#: What may end a sentence and not an address or a path.
_TAIL = ".,:?"


class Place(msgspec.Struct, frozen=True, order=True):
    """A border between cells: absolute line number, and column from 0."""

    line: int = 0
    col: int = 0


class Unit(StrEnum):
    """What a selection grows by."""

    CELL = "cell"
    WORD = "word"
    LINE = "line"


class Selection(msgspec.Struct, frozen=True):
    """From ``anchor`` to ``caret``, in whichever order; a block is the rectangle between them."""

    anchor: Place = Place()
    caret: Place = Place()
    block: bool = False

    @property
    def begin(self) -> Place:
        """Return the earlier end."""
        return min(self.anchor, self.caret)

    @property
    def end(self) -> Place:
        """Return the later end."""
        return max(self.anchor, self.caret)

    def __bool__(self) -> bool:
        return self.anchor.col != self.caret.col if self.block else self.anchor != self.caret

    @property
    def lines(self) -> range:
        """Return the numbers of the lines of which something is selected."""
        return range(self.begin.line, self.end.line + 1) if self else range(0)

    def on_line(self, line: int, cols: int) -> tuple[int, int] | None:
        """Return the selected columns of a line of ``cols`` cells, ``None`` where nothing is."""
        if line not in self.lines:
            return None
        if self.block:
            first, last = sorted((self.anchor.col, self.caret.col))
        else:
            first = self.begin.col if line == self.begin.line else 0
            last = self.end.col if line == self.end.line else cols
        first, last = min(first, cols), min(last, cols)
        return (first, last) if first < last else None


def cells(row: Row | None, cols: int = 0) -> list[str]:
    """Return the text of each cell; the second one of a wide character is empty.

    A row that goes on in the next one is ``cols`` wide: the blanks before its end are part of the text.
    """
    out: list[str] = []
    for run in row.runs if row is not None else ():
        out.extend(" " * (run.col - len(out)))
        if len(run.text) == run.width:
            out.extend(run.text)
        else:
            out.append(run.text)
            out.extend([""] * (run.width - 1))
    if row is not None and row.wraps:
        out.extend(" " * (cols - len(out)))
    return out


def goes_on(row: Row | None, cols: int) -> bool:
    """Tell whether the text of a row goes on in the next one.

    Not every core tells: where the row is ``cols`` wide to its last cell it is taken for granted, but for a frame drawn
    that wide. Without ``cols`` only what the core tells counts, as on a screen a program lays out itself.
    """
    if row is None or not row.runs:
        return False
    last = row.runs[-1]
    is_full = 0 < cols <= last.col + last.width
    return row.wraps or (is_full and not last.text[-1].isspace() and not "\u2500" <= last.text[-1] <= "\u259f")


def snapped(row: Row | None, first: int, last: int) -> tuple[int, int]:
    """Return the columns grown to whole characters: half of a wide one cannot be selected."""
    texts = cells(row)
    while 0 < first < len(texts) and not texts[first]:
        first -= 1
    while last < len(texts) and not texts[last]:
        last += 1
    return first, last


def text_of(selection: Selection, row_of: RowOf, cols: int = 0) -> str:
    """Return the selected text: wrapped lines joined, blanks at ends of lines and all that deceives left out."""
    return text_on(selection, selection.lines, row_of, cols).removesuffix("\n")


def text_on(selection: Selection, lines: range, row_of: RowOf, cols: int = 0) -> str:
    """Return the selected text of some of its lines, with the end of the last one: for much of it, piece by piece."""
    parts: list[str] = []
    for number in lines:
        row = row_of(number)
        span = selection.on_line(number, _ENDLESS)
        text = piece(row, *span, cols) if span is not None else ""
        joins = not selection.block and goes_on(row, cols) and number != selection.end.line
        parts.append(text if joins else f"{text.rstrip()}\n")
    return clean("".join(parts))


def piece(row: Row | None, first: int, last: int, cols: int = 0) -> str:
    """Return the text of some columns, whole characters only."""
    first, last = snapped(row, first, last)
    return "".join(cells(row, cols)[first:last])


class FlatLine:
    """One line with all the rows it wraps over, as one text. Made for one question and thrown away."""

    def __init__(self, first: int, texts: Sequence[Sequence[str]]) -> None:
        self.first = first
        self._starts = [0]
        for row in texts:
            self._starts.append(self._starts[-1] + len(row))
        cells_ = [cell for row in texts for cell in row]
        self.text = "".join(cells_)
        self._cell_of: list[int] = []
        for at, cell in enumerate(cells_):
            self._cell_of.extend([at] * len(cell))
        self._cell_of.append(len(cells_))

    def index(self, place: Place) -> int:
        """Return the number of the cell at a place; behind the end of its row it is the row's last."""
        row = place.line - self.first
        return min(self._starts[row] + place.col, max(self._starts[row], self._starts[row + 1] - 1))

    def is_behind(self, place: Place) -> bool:
        """Tell whether a place lies behind the text of its row."""
        row = place.line - self.first
        return place.col >= self._starts[row + 1] - self._starts[row]

    def cell_of(self, character: int) -> int:
        """Return the number of the cell a character of the text is in."""
        return self._cell_of[character]

    def place(self, cell: int, *, is_end: bool = False) -> Place:
        """Return the place of a cell; an end stays at the end of its row instead of before the next one."""
        row = 0
        while row + 2 < len(self._starts) and (
            cell > self._starts[row + 1] or (cell == self._starts[row + 1] and not is_end)
        ):
            row += 1
        return Place(self.first + row, cell - self._starts[row])

    def spans(self, begin: int, end: int) -> list[tuple[int, int, int]]:
        """Return line, first and last column of each row that cells ``begin`` to ``end`` are in."""
        out = []
        for row, start in enumerate(self._starts[:-1]):
            first, last = max(begin, start), min(end, self._starts[row + 1])
            if first < last:
                out.append((self.first + row, first - start, last - start))
        return out

    @property
    def end(self) -> Place:
        """Return the end of the last row."""
        return Place(self.first + len(self._starts) - 2, self._starts[-1] - self._starts[-2])


def flat_line(line: int, row_of: RowOf, cols: int = 0) -> FlatLine:
    """Return the line that row ``line`` is part of, as far as its rows are at hand."""
    first = line
    while line - first < WRAPS:
        above = row_of(first - 1)
        if not goes_on(above, cols):
            break
        first -= 1
    texts: list[list[str]] = []
    for number in range(first, line + WRAPS):
        row = row_of(number)
        texts.append(cells(row, cols))
        if not goes_on(row, cols):
            break
    return FlatLine(first, texts)


def word(place: Place, row_of: RowOf, cols: int = 0) -> Selection:
    """Return the word, path, address or stretch of blanks at a place, also where it wraps."""
    flat = flat_line(place.line, row_of, cols)
    if flat.is_behind(place):
        return Selection(place, place)
    at = flat.index(place)
    for found in _WORD.finditer(flat.text):
        begin, end = flat.cell_of(found.start()), flat.cell_of(found.end())
        if begin <= at < end:
            kept = flat.cell_of(found.start() + len(found[0].rstrip(_TAIL) or found[0]))
            begin, end = (at, at + 1) if at >= kept else (begin, kept)
            return Selection(flat.place(begin), flat.place(end, is_end=True))
    return Selection(place, place)


def whole_line(place: Place, row_of: RowOf, cols: int = 0) -> Selection:
    """Return the line at a place with all rows it wraps over, its end included."""
    flat = flat_line(place.line, row_of, cols)
    return Selection(Place(flat.first, 0), Place(flat.end.line, max(cols, flat.end.col, 1)))


def grown(origin: Selection, place: Place, unit: Unit, row_of: RowOf, cols: int = 0) -> Selection:
    """Return ``origin`` (what was first taken) drawn out to ``place`` by whole units."""
    if unit is Unit.CELL or origin.block:
        return Selection(origin.anchor, place, origin.block)
    there = word(place, row_of, cols) if unit is Unit.WORD else whole_line(place, row_of, cols)
    if there.begin < origin.begin:
        return Selection(origin.end, there.begin)
    return Selection(origin.begin, max(origin.end, there.end))
