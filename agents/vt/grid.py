"""The coloured screen of one terminal for one view: program output in, rows with their styling out; answers no query.

Lives where the view lives and is not thread-safe. It never raises on any bytes: strings are cut out by
``agents.vt.stream``, the rest goes through ``agents.vt.safety`` and ``agents.vt.sgr`` before the native core sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from types import MappingProxyType

from agents.vt import cells, libvterm, proof
from agents.vt.asked import Asked
from agents.vt.cells import Looks
from agents.vt.flow import Flow, parted
from agents.vt.kept import Later, Line
from agents.vt.links import Links
from agents.vt.modes import Modes
from agents.vt.painted import Changes, Painted
from agents.vt.pen import Pen
from agents.vt.rows import DEFAULT, PLAIN, TRUE_COLOUR, Cursor, Note, Row, Run, Style
from agents.vt.screen import COLS, ROWS
from agents.vt.stream import Bell, Csi, Osc, Piece, Reset, Splitter, Text

__all__ = ("DEFAULT", "PLAIN", "TRUE_COLOUR", "Cursor", "Grid", "Note", "Row", "Run", "Style")

#: Bytes from which on changes are noted for the whole screen at once: so many change most of it.
_MUCH = 4096

#: The string that begins and ends a link.
_LINK = 8

#: Erases what is kept; the core knows of no such thing.
_ERASED = re.compile(rb"\x1b\[0*3J")

#: Modes that the core is told of, under the number it knows; margins beside the text harm it.
_CORE_MODES = {5: 5, 6: 6, 7: 7, 47: 1047, 1047: 1047, 1048: 1048, 1049: 1049}
_CORE_ANSI = frozenset({4, 20})
_ALTERNATES = frozenset({47, 1047, 1049})

#: Modes in which lines do not just flow: reverse video, origin, margins.
_FLOWING = frozenset({5, 6, 69})


class Grid:
    """One terminal's screen, owned by the view that shows it; ``close`` frees the native core."""

    def __init__(self, rows: int, cols: int, *, keep: int = 1000, library: libvterm.Library | None = None) -> None:
        """Make an empty screen that keeps the last ``keep`` lines that left it. Raises ``libvterm.Refused``."""
        self._library = library = proof.prove(library or libvterm.system())
        self.rows, self.cols = _bounded(rows, cols)
        self.modes = Modes()
        self.bells = 0
        self._splitter = Splitter()
        self._asked, self._links = Asked(), Links()
        self._changes = Changes(self.rows, self.cols, keep)
        self._core = Painted(library, self.rows, self.cols, self._changes)
        self._core.write(b"\x1b7")  # where nothing was kept the core restores black on black
        self._looks = Looks(cells.BITS[library.interface], self._links.resolve)
        self._pen = Pen(self._core, self._looks, self._links)
        self._left: tuple[int, int] | None = None  # where the cursor was when 1049 left the main screen

    def close(self) -> None:
        """Free the native core; nothing may be asked of the grid after it."""
        self._core.close()

    # ------------------------------------------------------------ taking

    def feed(self, data: bytes) -> None:
        """Take output of the program, cut anywhere."""
        much = len(data) >= _MUCH
        text: list[bytes] = []  # not drawn yet: programs that draw in frames say much between that draws nothing
        for piece in self._splitter.feed(data):
            if isinstance(piece, Text):
                self.modes.feed(piece)
                text.append(piece.data)
                continue
            if isinstance(piece, Csi):
                told = _is_told(piece.final, piece.private, piece.intermediate, piece.params)
            else:
                told = isinstance(piece, Reset) or (isinstance(piece, Osc) and piece.code == _LINK)
            if text and (told or _is_cut(text[-1])):
                self._text(b"".join(text), much=much)
                text.clear()
            if not text:
                self._pen.settle()
            if isinstance(piece, Csi):
                self.modes.feed(piece)
            if told or not isinstance(piece, Csi):
                self._piece(piece)
        if text:
            self._text(b"".join(text), much=much)
        self._core.flush()

    def _piece(self, piece: Piece) -> None:
        if isinstance(piece, Csi):
            self._control(piece)
        elif isinstance(piece, Bell):
            self.bells += 1
        elif isinstance(piece, Osc):
            if piece.code == _LINK:
                self._links.take(piece.body)
                self._pen.link()
            else:
                self._asked.feed(piece)
        elif isinstance(piece, Reset):
            self._reset()

    def resize(self, rows: int, cols: int) -> None:
        """Take another size. Lines that no longer fit leave at the top, and do not come back when there is room again.

        The daemon's screen, which answers where the cursor is, keeps to the same.
        """
        rows, cols = _bounded(rows, cols)
        if (rows, cols) == (self.rows, self.cols):
            return
        self._core.resize(rows, cols)
        self._core.flush()
        self.rows, self.cols = rows, cols
        self._changes.forget(rows, cols)

    # ------------------------------------------------------------ what there is

    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is shown, of which no line is kept."""
        return self.modes.alternate

    @property
    def updating(self) -> bool:
        """Whether the program is in the middle of a synchronised update."""
        return self.modes.updating

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is and how it looks."""
        row, col = self._core.cursor()
        shape, blinks = self._pen.shape
        return Cursor(row, col, shape, blinks or 12 in self.modes.dec, 25 in self.modes.dec)

    @property
    def title(self) -> str:
        """The title the program gave itself, on one line, nothing unprintable in it."""
        return self._asked.title

    @property
    def palette(self) -> Mapping[int, int]:
        """Colours the program set, as 0xrrggbb: 0 to 255, -1 foreground, -2 background, -3 cursor."""
        return MappingProxyType(self._asked.palette)

    def take_notes(self) -> tuple[Note, ...]:
        """Return what the program asked for and nobody did, since this was last called."""
        return self._asked.take_notes()

    def link(self, number: int) -> str | None:
        """Return where a link leads: any address of printable characters, not judged here."""
        return self._links.address(number)

    def take_dirty(self) -> frozenset[int]:
        """Return the rows that changed since this was last called."""
        dirty = frozenset(self._changes.dirty)
        self._changes.dirty.clear()
        return dirty

    def row(self, number: int) -> Row:
        """Return a row of the screen, from 0; only what changed is read again."""
        if not 0 <= number < self.rows:
            raise IndexError(f"no row {number} on a screen of {self.rows}")
        known = self._changes.rows[number]
        if known is None:
            known = self._changes.rows[number] = self._core.runs(number, self._looks)
        return Row(known, self._core.is_continued(number + 1))

    @property
    def scrolled(self) -> int:
        """How many lines left the main screen at its top since this grid was made; never fewer."""
        return self._changes.kept.count

    def kept(self, number: int) -> Row | None:
        """Return the line that left as number ``number``, from 0; None when it is kept no longer."""
        line = self._changes.kept.find(number)
        return Row(cells.runs(line.raw, self._looks), line.wraps) if isinstance(line, Line) else line

    # ------------------------------------------------------------ drawing

    def _text(self, data: bytes, *, much: bool) -> None:
        first, *behind = _ERASED.split(data) if b"3J" in data else (data,)
        self._draw(first, much=much)
        for part in behind:
            self._core.flush()
            self._changes.kept.clear()
            self._draw(part, much=much)

    def _draw(self, data: bytes, *, much: bool) -> None:
        flow = parted(data, self.rows, self.cols) if much else None
        if flow is not None and self._flows():
            self._pass(flow)
        else:
            self._pen.draw(data, much=much)

    def _flows(self) -> bool:
        """Tell whether lines just go through the screen from its bottom."""
        modes = self.modes
        usual = not (modes.alternate or modes.ansi) and _FLOWING.isdisjoint(modes.dec) and 7 in modes.dec
        return usual and not self._pen.moves_tabs and not self._links.current and self._core.region() == (1, self.rows)

    def _pass(self, flow: Flow) -> None:
        """Let lines pass that nobody will see before they leave; they are drawn when somebody looks back."""
        pen, core = self._pen, self._core
        pen.draw(flow.head, much=True)
        if core.cursor() != (self.rows - 1, 0) or not pen.is_plain:
            pen.draw(flow.passing + flow.tail, much=True)
            return
        core.leave(self.rows - 1)
        draw = partial(_drawn, self._library, self._looks, self.cols, core.style(), flow)
        self._changes.kept.add(Later(flow.lines, draw))
        pen.draw(flow.styling, much=True)
        core.paint(b"\x1b[H\x1b[2J", much=True)
        pen.draw(flow.tail, much=True)

    # ------------------------------------------------------------ modes

    def _control(self, piece: Csi) -> None:
        if piece.final in {"h", "l"}:
            for number in _core_modes(piece.params, is_private=bool(piece.private)):
                self._mode(number, piece.final.encode(), is_private=bool(piece.private))
        elif piece.final == "p" and piece.intermediate == "!":
            self._soft_reset()

    def _mode(self, number: int, final: bytes, *, is_private: bool) -> None:
        if not is_private:
            self._core.paint(b"\x1b[%d%s" % (number, final), much=False)
            return
        if number == 1049 and final == b"h" and self._left is None:
            self._left = self._core.cursor()
        self._core.paint(b"\x1b[?%d%s\x1b[0n" % (_CORE_MODES[number], final), much=False)
        if number in _ALTERNATES and final == b"l":
            self._come_back(is_restored=number == 1049)
        if number in {1048, 1049}:
            self._pen.link()

    def _come_back(self, *, is_restored: bool) -> None:
        """Put the cursor where it was on the main screen: the core has one place for both, and may have lost it."""
        if is_restored and self._left is not None and 6 not in self.modes.dec:
            row, col = self._left
            self._core.paint(b"\x1b[%d;%dH\x1b7" % (row + 1, col + 1), much=False)
        self._left = None

    def _soft_reset(self) -> None:
        """Do as xterm does on DECSTR (the core of 0.1 knows nothing of it, that of 0.3 too much)."""
        core = self._core
        row, col = core.cursor()
        core.paint(b"\x1b[4l\x1b[?6l\x1b[?7h\x1b[?25h\x1b[?1l\x1b>\x0f\x1b(B\x1b)B\x1b[m\x1b[r\x1b[H\x1b7", much=False)
        core.paint(b"\x1b[%d;%dH" % (row + 1, col + 1), much=False)
        self._pen.soften()

    def _reset(self) -> None:
        """Do as xterm does on RIS: everything anew, also what was kept."""
        self.modes.feed(Reset())
        self._asked.reset()
        self._links.current = 0
        core = self._core
        core.stand_for(0)
        core.paint(b"\x1b[?1047l\x1b[?5l\x1bc\x1b7", much=True)
        core.flush()
        self._changes.kept.clear()
        self._changes.forget(self.rows, self.cols)
        self._pen.begin()
        self._left = None


def _is_cut(text: bytes) -> bool:
    """Tell whether ``text`` ends in the middle of a character."""
    return text[-1:] > b"\x7f" and (text[-1] >= 0xC0 or text[-2:-1] >= b"\xe0" or text[-3:-2] >= b"\xf0")


@lru_cache(maxsize=256)  # a program says the same few again and again, some with every frame
def _is_told(final: str, private: str, intermediate: str, parameters: str) -> bool:
    """Tell whether the core is told of such a sequence."""
    if final in "hl":
        return bool(_core_modes(parameters, is_private=bool(private)))
    return final == "p" and intermediate == "!"


def _core_modes(parameters: str, *, is_private: bool) -> tuple[int, ...]:
    """Return the modes among ``parameters`` that the core is told of."""
    numbers = [int(part) for part in parameters.split(";")[:32] if part.isdigit() and len(part) <= 4]
    return tuple([number for number in numbers if number in (_CORE_MODES if is_private else _CORE_ANSI)])


def _drawn(library: libvterm.Library, looks: Looks, cols: int, style: bytes, flow: Flow) -> Sequence[Row]:
    """Return the rows that passing lines make, drawn on a screen of two rows of their own."""
    changes = Changes(2, cols, flow.lines + 1)
    core = Painted(library, 2, cols, changes)
    core.paint(style + b"\x1b[2J\x1b[2H", much=True)
    Pen(core, looks, Links()).draw(flow.passing, much=True)
    core.paint(b"\n", much=True)
    core.close()
    lines = [changes.kept.find(number) for number in range(1, changes.kept.count)]
    return [Row(cells.runs(line.raw, looks), line.wraps) for line in lines if isinstance(line, Line)]


def _bounded(rows: int, cols: int) -> tuple[int, int]:
    return min(max(rows, ROWS[0]), ROWS[1]), min(max(cols, COLS[0]), COLS[1])
