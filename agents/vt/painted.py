"""The native core as a view needs it: told what changed, read by runs of one look, with what leaves the screen kept.

Lives with one grid. The callbacks run inside of ``write`` and only note down; of the library they ask nothing that
changes it.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from functools import partial

from agents.vt import cells
from agents.vt.cells import Looks
from agents.vt.kept import Kept, Line
from agents.vt.libvterm import Core, Library, Position, Rectangle
from agents.vt.rows import PLAIN, Run

#: ``VTermDamageSize``: a call for every row that changed, or one for all of them and one for what scrolled.
_BY_ROW, _BY_SCREEN = 1, 3

#: ``VTermAttrMask`` without what 0.3 adds: nothing of it gets as far as the core.
_LOOK = (1 << 9) - 1

#: ``VTermAttr``: where the numbers of 0.3 differ.
_FONT = {"0.1": 7, "0.3": 8}
_BACKGROUND = {"0.1": 9, "0.3": 10}

#: ``VTermLineInfo``: its text goes on from the row before (0.3 alone).
_CONTINUED = 0b1000

_DAMAGE = ctypes.CFUNCTYPE(ctypes.c_int, Rectangle, ctypes.c_void_p)
_MOVE = ctypes.CFUNCTYPE(ctypes.c_int, Rectangle, Rectangle, ctypes.c_void_p)
_PUSH = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class Callbacks(ctypes.Structure):
    """``VTermScreenCallbacks``; the last is of 0.3 and not looked at by 0.1."""

    _fields_ = (
        ("damage", _DAMAGE),
        ("moverect", _MOVE),
        ("movecursor", ctypes.c_void_p),
        ("settermprop", ctypes.c_void_p),
        ("bell", ctypes.c_void_p),
        ("resize", ctypes.c_void_p),
        ("sb_pushline", _PUSH),
        ("sb_popline", ctypes.c_void_p),
        ("sb_clear", ctypes.c_void_p),
    )


class Changes:
    """What the core did since somebody looked: rows read before that still hold, rows that changed, lines gone."""

    def __init__(self, rows: int, cols: int, keep: int) -> None:
        self.kept = Kept(keep)
        self.rows: list[tuple[Run, ...] | None] = []
        self.dirty: set[int] = set()
        self.forget(rows, cols)

    def forget(self, rows: int, cols: int) -> None:
        """Nothing that was read holds any longer."""
        self.cols = cols
        self.rows[:] = [None] * rows
        self.dirty.clear()
        self.dirty.update(range(rows))

    def damaged(self, rectangle: Rectangle) -> None:
        """Rows changed in place. The core merges the first row with none above it into none: that one changed too."""
        rows, first = self.rows, max(rectangle.start_row, 0)
        for row in range(first, min(max(rectangle.end_row, first + 1), len(rows))):
            rows[row] = None
            self.dirty.add(row)

    def moved(self, to: Rectangle, of: Rectangle) -> None:
        """Rows moved up or down; parts of rows count as changed."""
        if to.end_col - to.start_col < self.cols or not self._is_within(to, of):
            self.damaged(to)
            return
        self.rows[to.start_row : to.end_row] = self.rows[of.start_row : of.end_row]
        self.dirty.update(range(to.start_row, to.end_row))

    def _is_within(self, to: Rectangle, of: Rectangle) -> bool:
        last = len(self.rows)
        first: int = min(to.start_row, of.start_row)
        end: int = max(to.end_row, of.end_row)
        return first >= 0 and end <= last and bool(to.end_row - to.start_row == of.end_row - of.start_row)


class Painted(Core):
    """One native terminal that tells what changed; owned by one grid."""

    def __init__(self, library: Library, rows: int, cols: int, changes: Changes) -> None:
        self._changes = changes
        self.cols = cols
        super().__init__(library, rows, cols)
        self._cell = ctypes.create_string_buffer(cells.SIZE)
        self._at, self._extent = Position(), Rectangle()
        self._value = ctypes.create_string_buffer(64)
        self._colours = ctypes.create_string_buffer(b"\x02\xf0\xf0\xf0", 4), ctypes.create_string_buffer(4)

    def _prepare(self) -> None:
        # Not a method of this core's: it would never be freed.
        know_more = self._library.interface != "0.1"
        continued = partial(_is_continued, self._library, self._state) if know_more else _never
        self._callbacks = _callbacks(self._changes, continued)
        self._library["screen_set_callbacks"](self._screen, ctypes.byref(self._callbacks), None)
        if self._library.interface == "0.3":
            self._library["screen_enable_reflow"](self._screen, False)
        self._merge = -1

    def paint(self, data: bytes, *, much: bool) -> None:
        """Draw ``data`` as ``write`` does and note what changed; ``much``: roughly, for most of the screen will."""
        merge = _BY_SCREEN if much else _BY_ROW
        if merge != self._merge:
            self._merge = merge
            self._library["screen_set_damage_merge"](self._screen, merge)
        self.write(data)

    def flush(self) -> None:
        """Hear of changes that were held back."""
        self._library["screen_flush_damage"](self._screen)

    def leave(self, rows: int) -> None:
        """Let the first ``rows`` rows leave the screen at its top, as if they had been scrolled off."""
        wrapped = [self.is_continued(row) for row in range(1, rows + 1)]
        kept = self._changes.kept
        first = kept.count
        self.paint(b"\x1b[%dS" % rows, much=True)
        for number, wraps in enumerate(wrapped, first):
            line = kept.find(number)
            if isinstance(line, Line):
                line.wraps = wraps

    # ------------------------------------------------------------ the pen

    def style(self) -> bytes:
        """Return the sequence that sets the pen as it is, but for a link."""
        found = re.search(rb"1\$r([0-9;:]*)m", self._ask(b"\x1bP$qm\x1b\\"))
        return b"\x1b[0m" + (b"\x1b[%sm" % found[1] if found and found[1] else b"")

    def font(self) -> int:
        """Return the font number of the pen, 0 to 9."""
        return self._pen(_FONT) & 0xF

    def background(self) -> int:
        """Return the background of the pen as the word that lies in a cell."""
        return self._pen(_BACKGROUND)

    def _pen(self, numbers: dict[str, int]) -> int:
        value = self._value
        self._library["state_get_penattr"](self._state, numbers[self._library.interface], value)
        return int.from_bytes(value.raw[:4], "little")

    def stand_for(self, number: int) -> None:
        """Let the default background be ``number`` from now on, wherever the pen is reset to it."""
        foreground, background = self._colours
        background.raw = b"\x04" + number.to_bytes(3, "little")
        self._library["state_set_default_colors"](self._state, foreground, background)

    # ------------------------------------------------------------ reading

    def is_continued(self, row: int) -> bool:
        """Tell whether ``row`` goes on with the text of the one before; 0.1 does not know."""
        if self._library.interface == "0.1" or not 0 <= row < self.rows:
            return False
        return _is_continued(self._library, self._state, row)

    def runs(self, row: int, looks: Looks) -> tuple[Run, ...]:
        """Read one row."""
        text = self._read(Rectangle(row, row + 1, 0, self.cols))
        if cells.SIMPLE.fullmatch(text) and not self._read(Rectangle(row, row + 1, len(text), self.cols)):
            return self._by_looks(row, text, looks)  # no cell is half of a wide character, which is no text
        return cells.runs(self.raw(row), looks)

    def raw(self, row: int) -> bytes:
        """Return all cells of a row as they lie in memory."""
        line = ctypes.create_string_buffer(self.cols * cells.SIZE)
        read, screen, at = self._library["screen_get_cell"], self._screen, self._at
        at.row = row
        for col in range(self.cols):
            at.col = col
            read(screen, at, ctypes.byref(line, col * cells.SIZE))
        return line.raw

    def _by_looks(self, row: int, text: str, looks: Looks) -> tuple[Run, ...]:
        """Read a row whose text has one character a cell: each look once."""
        extend, read = self._library["screen_get_attrs_extent"], self._library["screen_get_cell"]
        screen, at, extent, cell = self._screen, self._at, self._extent, self._cell
        unpack, style_of = cells.LOOK.unpack_from, looks.style
        made: list[Run] = []
        at.row, col, cols, written = row, 0, self.cols, len(text)
        while col < cols:
            at.col = extent.start_col = col
            extent.end_col = cols
            extend(screen, extent, at, _LOOK)
            read(screen, at, cell)
            end = extent.end_col + 1
            style = style_of(unpack(cell))
            if col < written:
                last = min(end, written)
                made.append(Run(col, last - col, text[col:last], style))
            if end > written:
                behind = cells.erased(style)
                if behind is not PLAIN:
                    begin = max(col, written)
                    made.append(Run(begin, end - begin, " " * (end - begin), behind))
            col = end
        return cells.trimmed(made)


def _is_continued(library: Library, state: int | None, row: int) -> bool:
    at = library["state_get_lineinfo"](state, row)
    return bool(ctypes.c_uint.from_address(at or 0).value & _CONTINUED)


def _never(row: int) -> bool:
    return False


def _callbacks(changes: Changes, continued: Callable[[int], bool]) -> Callbacks:
    """Return what the library calls; it holds ``changes`` alone, so that a core nobody needs is freed at once."""
    push_line, take, size = changes.kept.push, ctypes.string_at, cells.SIZE

    def damage(rectangle: Rectangle, user: int | None) -> int:
        changes.damaged(rectangle)
        return 1

    def move(to: Rectangle, of: Rectangle, user: int | None) -> int:
        changes.moved(to, of)
        return 1

    def push(cols: int, line: int, user: int | None) -> int:
        push_line(Line(take(line, cols * size), continued(0)))  # the next row has moved up already
        return 1

    return Callbacks(damage=_DAMAGE(damage), moverect=_MOVE(move), sb_pushline=_PUSH(push))
