"""One line of a raw log as a person should see it: escape sequences taken out, their colours kept as runs.

Pure. Everything in a log is untrusted: what comes out holds no control, bidirectional or invisible character.
Colours start anew on each line, so that a line looks the same wherever one comes from.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from agents.status.untrusted import clean

#: Longest line shown whole, in bytes; of a longer one the head and the tail are shown.
LINE_LIMIT = 16 * 1024
HEAD = 8 * 1024
TAIL = 4 * 1024

TAB = 8

BOLD, DIM, ITALIC, UNDERLINE, INVERSE, STRIKE = 1, 2, 4, 8, 16, 32

#: Added to an 0xRRGGBB colour to tell it from a palette index.
RGB = 1 << 24

ESCAPES = re.compile(
    r"\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~]?)"
    r"|\x9b([0-?]*)[ -/]*([@-~])"
)

_SET_FLAGS = {1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: INVERSE, 9: STRIKE, 21: UNDERLINE}
_CLEAR_FLAGS = {22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: INVERSE, 29: STRIKE}


@dataclass(frozen=True, slots=True)
class Style:
    """How a run looks. Colours: ``None`` default, 0-255 palette, ``RGB | 0xRRGGBB``; ``flags`` BOLD and so on."""

    fg: int | None = None
    bg: int | None = None
    flags: int = 0


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Run:
    """Characters ``start`` to ``end`` of a line's text in one style; only styles other than PLAIN are listed."""

    start: int
    end: int
    style: Style


@dataclass(frozen=True, slots=True)
class Line:
    """What is drawn: text and its runs. ``elided`` bytes are missing in the middle, behind ``text[:elided_at]``."""

    text: str
    runs: tuple[Run, ...] = ()
    elided: int = 0
    elided_at: int = 0


EMPTY = Line("")


def show(raw: bytes) -> Line:
    """Return a whole raw line (without its line end) as it is drawn."""
    if raw.endswith(b"\r"):
        raw = raw.rstrip(b"\r")
    if b"\r" in raw:
        # A progress line was overwritten in place: its last state is what a terminal would show.
        raw = raw[raw.rindex(b"\r") + 1 :]
    text = raw.decode("utf-8", "replace")
    if text.isascii() and text.isprintable():
        return Line(text)
    return _styled(text)


def show_long(head: bytes, tail: bytes, elided: int) -> Line:
    """Return a line too long to show: its head, how much is left out, its tail."""
    if b"\r" in tail.rstrip(b"\r"):
        return show(tail)
    first, last = show(head), show(tail)
    note = f" ⋯ {_size(elided)} not shown ⋯ "
    shift = len(first.text) + len(note)
    runs = (*first.runs, *(Run(r.start + shift, r.end + shift, r.style) for r in last.runs))
    return Line(first.text + note + last.text, runs, elided, len(first.text))


def _size(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _styled(text: str) -> Line:
    out: list[str] = []
    runs: list[Run] = []
    column = 0
    style = PLAIN
    position = 0
    length = 0
    while position <= len(text):
        found = ESCAPES.search(text, position)
        stop = found.start() if found else len(text)
        piece = _expand(clean(text[position:stop]), column)
        if piece:
            if style != PLAIN:
                runs.append(Run(length, length + len(piece), style))
            out.append(piece)
            length += len(piece)
            column += width(piece)
        if found is None:
            break
        position = found.end()
        parameters, final = (found[1], found[2]) if found[2] else (found[3], found[4])
        if final == "m":
            style = apply_sgr(style, parameters or "")
    return Line("".join(out), tuple(runs))


def _expand(text: str, column: int) -> str:
    text = text.replace("\n", " ")
    if "\t" not in text:
        return text
    parts = text.split("\t")
    out = [parts[0]]
    column += width(parts[0])
    for part in parts[1:]:
        gap = TAB - column % TAB
        out.append(" " * gap + part)
        column += gap + width(part)
    return "".join(out)


def apply_sgr(style: Style, parameters: str) -> Style:
    """Return ``style`` after ``CSI parameters m`` (ECMA-48 8.3.117, with 256 and true colours)."""
    codes = _codes(parameters)
    fg, bg, flags = style.fg, style.bg, style.flags
    position = 0
    while position < len(codes):
        code = codes[position]
        position += 1
        if code == 0:
            fg, bg, flags = None, None, 0
        elif code in _SET_FLAGS:
            flags |= _SET_FLAGS[code]
        elif code in _CLEAR_FLAGS:
            flags &= ~_CLEAR_FLAGS[code]
        elif code in (38, 48):
            color, position = _extended(codes, position)
            fg, bg = (color, bg) if code == 38 else (fg, color)
        else:
            fg, bg = _basic(code, fg, bg)
    return Style(fg, bg, flags)


def _codes(parameters: str) -> list[int]:
    parts = parameters.replace(":", ";").split(";")
    return [int(part) if part.isdecimal() and len(part) < 6 else 0 for part in parts]


def _basic(code: int, fg: int | None, bg: int | None) -> tuple[int | None, int | None]:
    if 30 <= code <= 37:
        return code - 30, bg
    if 90 <= code <= 97:
        return code - 82, bg
    if 40 <= code <= 47:
        return fg, code - 40
    if 100 <= code <= 107:
        return fg, code - 92
    if code == 39:
        return None, bg
    if code == 49:
        return fg, None
    return fg, bg


def _extended(codes: list[int], position: int) -> tuple[int | None, int]:
    if codes[position : position + 1] == [5] and position + 1 < len(codes):
        return min(codes[position + 1], 255), position + 2
    if codes[position : position + 1] == [2] and position + 3 < len(codes):
        # The colon form carries a colour space id first: 38:2::R:G:B.
        extra = 1 if len(codes) - position == 5 and codes[position + 1] == 0 else 0
        red, green, blue = (min(c, 255) for c in codes[position + 1 + extra : position + 4 + extra])
        return RGB | red << 16 | green << 8 | blue, position + 4 + extra
    return None, len(codes)


def cell_width(char: str) -> int:
    """Return the columns one character takes in a terminal: 0, 1 or 2."""
    if char < "\u0300":
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def width(text: str) -> int:
    """Return the columns a text takes."""
    return len(text) if text.isascii() else sum(map(cell_width, text))
