"""How the native core keeps a cell in memory, and what runs of text cells make; asks the core nothing itself.

``VTermScreenCell`` is 40 bytes in 0.1.4 and 0.3.3 alike: six code points, the width, the attributes as bits (which
differ), two colours. ``agents.vt.painted`` proves it on the library that is there.
"""

from __future__ import annotations

import re
import struct
import sys
import unicodedata
from collections.abc import Callable
from itertools import groupby

import msgspec

from agents.vt import mending
from agents.vt.rows import DEFAULT, PLAIN, TRUE_COLOUR, Run, Style

#: Bytes of a cell, and words of four bytes.
SIZE, WORDS = 40, 10

#: Where what is within a cell, as words.
_SECOND, _WIDTH, _ATTRIBUTES, _FOREGROUND, _BACKGROUND = 1, 6, 7, 8, 9

#: The right half of a wide character.
GAP = 0xFFFFFFFF

#: How code points lie in memory, and stretches of cells that were erased, and that were not.
_CODES = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"
_ERASED = re.compile("\0+|[^\0]+")

#: The words of a cell that are its look.
LOOK = struct.Struct("=28xIII")

#: ``VTermColor``: indexed, or one that a reset left; the bytes behind are the index, or red, green and blue.
_INDEXED, _LEFT = 0x01, 0x06

#: What the font numbers 0 to 7 stand for here: the library keeps none of these three (0.1), or not all (0.3).
FAINT, CONCEAL, OVERLINE = 1, 2, 4

#: The planes of ideographs: wide, also where the interpreter's own table knows nothing of a character.
_IDEOGRAPHS = range(0x20000, 0x40000)

#: Looks that are kept ready: more there are only where somebody wants it.
_MANY = 4096

#: Characters beyond ASCII that both versions draw into one cell, none joining the one before, as a class.
NARROW = (
    "\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0482\u048a-\u052f"
    "\u2010-\u2027\u2030-\u205e\u2070-\u2071\u2074-\u208e\u20a0-\u20bf\u2100-\u218b\u2190-\u2319\u231c-\u2328"
    "\u232b-\u23e8\u23ed-\u23ef\u23f1-\u23f2\u23f4-\u2426\u2440-\u244a\u2460-\u25fc\u25ff-\u2613\u2616-\u2647"
    "\u2654-\u267e\u2680-\u2692\u2694-\u26a0\u26a2-\u26a9\u26ac-\u26bc\u26bf-\u26c3\u26c6-\u26cd\u26cf-\u26d3"
    "\u26d5-\u26e9\u26eb-\u26f1\u26f4\u26f6-\u26f9\u26fb-\u26fc\u26fe-\u2704\u2706-\u2709\u270c-\u2727\u2729-\u274b"
    "\u274d\u274f-\u2752\u2756\u2758-\u2794\u2798-\u27af\u27b1-\u27be\u27c0-\u2b1a\u2b1d-\u2b4f\ue000-\uf8ff"
)

#: More that joins nothing and is drawn as it is: East Asian scripts, symbols and emoji that the cores know as wide.
WIDE = (
    "\u2300-\u27bf\u3000-\u3029\u3030-\u303e\u3041-\u3096\u309b-\u30ff\u3105-\u312f\u3131-\u318e\u3190-\u31e3\u31f0-\u4dbf"
    "\u4e00-\ua48c\uac00-\ud7a3\uf900-\ufa6d\uff01-\uff60\U0001f300-\U0001f3fa\U0001f400-\U0001f64f\U0001f680-\U0001f6c5"
)

#: Text of which characters and columns are the same.
SIMPLE = re.compile(f"[ -~{NARROW}]*")


class Bits(msgspec.Struct, frozen=True):
    """At which bit of the attributes what is."""

    strike: int
    font: int


#: ``VTermScreenCellAttrs``; bold, underline (two bits), italic, blink and reverse come first in both.
BITS = {"0.1": Bits(strike=6, font=7), "0.3": Bits(strike=7, font=8)}


class Looks:
    """Turns the words of a cell into its style; owned by one grid.

    ``resolve`` tells what a colour that the library takes for the default one stands for: colour and link.
    """

    def __init__(self, bits: Bits, resolve: Callable[[int], tuple[int, int]]) -> None:
        self._bits = bits
        self._resolve = resolve
        self._ready: dict[tuple[int, ...], Style] = {}

    def style(self, look: tuple[int, ...]) -> Style:
        """Return the style of a cell with these attributes, foreground and background."""
        style = self._ready.get(look)
        if style is None:
            if len(self._ready) >= _MANY:
                self._ready.clear()
            style = self._ready[look] = self._made(*look)
        return style

    def background(self, word: int) -> tuple[int, int]:
        """Return the background and the link that a colour of the library stands for."""
        return self._resolve(word >> 8) if word & _LEFT else (_colour(word), 0)

    def _made(self, attributes: int, foreground: int, background: int) -> Style:
        font = attributes >> self._bits.font & 0xF
        bg, link = self.background(background)
        style = Style(
            fg=DEFAULT if foreground & _LEFT else _colour(foreground),
            bg=bg,
            bold=bool(attributes & 1),
            faint=bool(font & FAINT),
            italic=bool(attributes & 8),
            blink=bool(attributes & 16),
            reverse=bool(attributes & 32),
            strike=bool(attributes >> self._bits.strike & 1),
            conceal=bool(font & CONCEAL),
            overline=bool(font & OVERLINE),
            underline=attributes >> 1 & 3,
            link=link,
        )
        return PLAIN if style == PLAIN else style


def _colour(word: int) -> int:
    """Return a colour of the library: type, then index or red, green, blue, the first in the lowest byte."""
    if word & _INDEXED:
        return word >> 8 & 0xFF
    return TRUE_COLOUR | (word >> 8 & 0xFF) << 16 | (word >> 16 & 0xFF) << 8 | word >> 24


def erased(style: Style) -> Style:
    """Return how an erased cell looks where it was erased with ``style``: it keeps the background alone."""
    return PLAIN if style.bg == DEFAULT else Style(bg=style.bg)


def runs(raw: bytes, looks: Looks) -> tuple[Run, ...]:
    """Return what a row of raw cells shows."""
    words = memoryview(raw).cast("I")
    text = None if any(words[_SECOND::WORDS]) else _narrow(bytes(words[::WORDS]))
    return by_cells(words, looks) if text is None else _by_looks(words, text, looks)


def _narrow(codes: bytes) -> str | None:
    """Return the characters of cells, NUL for an erased one, where each has one that is narrow."""
    try:
        text = codes.decode(_CODES)
    except UnicodeDecodeError:
        return None
    return text if SIMPLE.fullmatch(text.replace("\0", " ")) else None


def _by_looks(words: memoryview[int], text: str, looks: Looks) -> tuple[Run, ...]:
    """Return what a row of narrow characters shows, taken together by their looks: most rows have few."""
    made: list[Run] = []
    of_cells = zip(words[_ATTRIBUTES::WORDS], words[_FOREGROUND::WORDS], words[_BACKGROUND::WORDS], strict=True)
    col = 0
    for look, same in groupby(of_cells):
        end = col + len(list(same))
        for part in _ERASED.findall(text, col, end):
            style = looks.style(look)
            shown, style = (" " * len(part), erased(style)) if part[0] == "\0" else (part, style)
            if made and made[-1].style == style:
                last = made.pop()
                made.append(Run(last.col, col - last.col + len(part), last.text + shown, last.style))
            else:
                made.append(Run(col, len(part), shown, style))
            col += len(part)
    return trimmed(made)


def by_cells(words: memoryview[int], looks: Looks) -> tuple[Run, ...]:
    """Return what any row shows, looked at cell by cell."""
    whole = words.tolist()
    made: list[Run] = []
    begin, text, style = 0, "", PLAIN
    col, cols = 0, len(whole) // WORDS
    while col < cols:
        at = col * WORDS
        shown, width = _content(whole, at)
        look = looks.style((whole[at + _ATTRIBUTES], whole[at + _FOREGROUND], whole[at + _BACKGROUND]))
        if not shown:
            look, shown = erased(look), " "
        if text and ((look is not style and look != style) or len(shown) > 1 or width > 1):
            made.append(Run(begin, len(text), text, style))
            text = ""
        if len(shown) > 1 or width > 1:
            made.append(Run(col, width, shown, look))
        else:
            begin = begin if text else col
            text, style = text + shown, look
        col += width
    if text:
        made.append(Run(begin, len(text), text, style))
    return trimmed(made)


def _content(words: list[int], at: int) -> tuple[str, int]:
    """Return what a cell shows, empty where it was erased, and how many cells that takes."""
    first, width = words[at], words[at + _WIDTH] & 0xFF
    if first in {0, GAP}:
        return "", 1
    if words[at + _SECOND] == 0:
        shown = _character(first)
        if first > 0x10FF and (first in _IDEOGRAPHS or unicodedata.east_asian_width(shown[0]) in {"W", "F"}):
            return (shown, 2) if width == 2 else (" ", 1)  # something was written over its right half
        return shown, 1  # the right half of what it was written over is no half of it
    characters = words[at : at + _WIDTH]
    end = characters.index(0) if 0 in characters else _WIDTH
    return "".join(map(_character, characters[:end])), max(width, 1)


def _character(code: int) -> str:
    return mending.read(chr(code)) if code < 0xD800 or 0xE000 <= code <= 0x10FFFF else "\ufffd"


def trimmed(made: list[Run]) -> tuple[Run, ...]:
    """Return runs without the unstyled blanks behind them."""
    while made and made[-1].style is PLAIN:
        last = made[-1]
        text = last.text.rstrip(" ")
        if text == last.text:
            break
        made.pop()
        if text:
            made.append(Run(last.col, len(text), text, PLAIN))
            break
    return tuple(made)
