"""What a terminal answers to what a program asks of it; sends nothing itself.

Pure. Answers are of fixed forms made of numbers of ours: nothing a program printed is ever sent back to it as input.
A reply that is echoed to the terminal is no query again, save the one of OSC 7501, which is answered with itself.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agents.vt.modes import Modes
from agents.vt.stream import Csi, Osc, Piece, Reset, Str, Text

#: What is named in the answer to XTVERSION.
NAME = "Quarterdeck"

#: The size of a character cell in pixels, for programs that ask; nothing here is drawn by it.
CELL_HEIGHT, CELL_WIDTH = 16, 8

#: Entries of the palette answered in one sequence.
_PALETTE_LIMIT = 256

_BASIC = (
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
)
_LEVELS = (0, 95, 135, 175, 215, 255)

Colour = tuple[int, int, int]


class Known(msgspec.Struct, frozen=True):
    """What the terminal is at the moment it is asked; the cursor counts from 0, colours are 0 to 255."""

    rows: int = 24
    cols: int = 80
    row: int = 0
    col: int = 0
    modes: Modes = msgspec.field(default_factory=Modes)
    foreground: Colour = (229, 229, 229)
    background: Colour = (24, 24, 24)


def is_query(piece: Piece) -> bool:
    """Return whether ``piece`` only asks: it is not for the core."""
    if isinstance(piece, Csi):
        return _asked(piece) is not None
    if isinstance(piece, Osc):
        return (piece.code == 7501 and piece.body == b"?") or _asks_colour(piece)
    return isinstance(piece, Str) and piece.kind == "dcs" and piece.body[:2] in {b"$q", b"+q"}


def for_core(piece: Piece) -> bytes:
    """Return the bytes of ``piece`` that the screen's core is to get."""
    if isinstance(piece, Text):
        return piece.data
    if isinstance(piece, Csi):
        return b"" if is_query(piece) else piece.raw
    return b"\x1bc" if isinstance(piece, Reset) else b""


def reply(piece: Piece, known: Known) -> bytes:
    """Return what the terminal answers to ``piece``, nothing if it asks nothing."""
    if isinstance(piece, Csi):
        answer = _asked(piece)
        return answer(piece, known).encode() if answer else b""
    if isinstance(piece, Osc):
        if piece.code == 7501:
            return b"\x1b]7501;?" + piece.end if piece.body == b"?" else b""
        return _colours(piece, known) if _asks_colour(piece) else b""
    if isinstance(piece, Str) and is_query(piece):
        return b"\x1bP0$r\x1b\\" if piece.body.startswith(b"$q") else b"\x1bP0+r\x1b\\"
    return b""


_Answer = Callable[[Csi, Known], str]


def _asked(piece: Csi) -> _Answer | None:
    fixed = _FORMS.get((piece.private, piece.params, piece.intermediate, piece.final))
    if fixed is not None:
        return fixed
    if piece.final == "p" and piece.intermediate == "$" and piece.params.isdigit() and len(piece.params) < 6:
        return _mode
    return None


def _mode(piece: Csi, known: Known) -> str:
    value = known.modes.is_set(int(piece.params), private=bool(piece.private))
    state = 0 if value is None else 1 if value else 2
    return f"\x1b[{piece.private}{int(piece.params)};{state}$y"


def _position(piece: Csi, known: Known) -> str:
    return f"\x1b[{piece.private}{known.row + 1};{known.col + 1}R"


def _keyboard(_piece: Csi, known: Known) -> str:
    return f"\x1b[?{known.modes.flags}u"


def _scheme(_piece: Csi, known: Known) -> str:
    red, green, blue = known.background
    is_light = 299 * red + 587 * green + 114 * blue > 127_000
    return f"\x1b[?997;{2 if is_light else 1}n"


def _pixels(_piece: Csi, known: Known) -> str:
    return f"\x1b[4;{known.rows * CELL_HEIGHT};{known.cols * CELL_WIDTH}t"


def _cells(piece: Csi, known: Known) -> str:
    return f"\x1b[{int(piece.params) - 10};{known.rows};{known.cols}t"


def _saying(answer: str) -> _Answer:
    return lambda _piece, _known: answer


_ATTRIBUTES = _saying("\x1b[?62;22c")
_SECONDARY = _saying("\x1b[>1;100;0c")
_TERTIARY = _saying("\x1bP!|00000000\x1b\\")
_VERSION = _saying(f"\x1bP>|{NAME}\x1b\\")

#: (private, parameters, intermediate, final) of a query to its answer.
_FORMS: dict[tuple[str, str, str, str], _Answer] = {
    ("", "", "", "c"): _ATTRIBUTES,
    ("", "0", "", "c"): _ATTRIBUTES,
    (">", "", "", "c"): _SECONDARY,
    (">", "0", "", "c"): _SECONDARY,
    ("=", "", "", "c"): _TERTIARY,
    ("=", "0", "", "c"): _TERTIARY,
    (">", "", "", "q"): _VERSION,
    (">", "0", "", "q"): _VERSION,
    ("", "5", "", "n"): _saying("\x1b[0n"),
    ("", "6", "", "n"): _position,
    ("?", "6", "", "n"): _position,
    ("?", "996", "", "n"): _scheme,
    ("?", "", "", "u"): _keyboard,
    ("?", "4", "", "m"): _saying("\x1b[>4;0m"),
    ("", "11", "", "t"): _saying("\x1b[1t"),
    ("", "13", "", "t"): _saying("\x1b[3;0;0t"),
    ("", "14", "", "t"): _pixels,
    ("", "16", "", "t"): _saying(f"\x1b[6;{CELL_HEIGHT};{CELL_WIDTH}t"),
    ("", "18", "", "t"): _cells,
    ("", "19", "", "t"): _cells,
    ("", "20", "", "t"): _saying("\x1b]L\x1b\\"),
    ("", "21", "", "t"): _saying("\x1b]l\x1b\\"),
}


def _asks_colour(piece: Osc) -> bool:
    return piece.code in {4, *range(10, 20)} and b"?" in piece.body.split(b";")


def _colours(piece: Osc, known: Known) -> bytes:
    parts = piece.body.split(b";")
    if piece.code == 4:
        asked = zip(parts[0::2], parts[1::2], strict=False)
        indices = [int(index) for index, what in asked if what == b"?" and index.isdigit() and len(index) < 4]
        return b"".join(_colour(f"4;{n}", _palette(n), piece.end) for n in indices[:_PALETTE_LIMIT] if n < 256)
    first = piece.code or 10
    asked_codes = [first + n for n, what in enumerate(parts[:10]) if what == b"?"]
    return b"".join(_colour(str(code), _dynamic(code, known), piece.end) for code in asked_codes if code < 20)


def _colour(name: str, colour: Colour, end: bytes) -> bytes:
    red, green, blue = (f"{part:02x}" * 2 for part in colour)
    return f"\x1b]{name};rgb:{red}/{green}/{blue}".encode() + end


def _dynamic(code: int, known: Known) -> Colour:
    """Return the colour of a dynamic colour's code: 11, 14, 16 and 17 are grounds, the others what is on them."""
    return known.background if code in {11, 14, 16, 17} else known.foreground


def _palette(index: int) -> Colour:
    """Return an entry of xterm's palette."""
    if index < 16:
        return _BASIC[index]
    if index < 232:
        cube = index - 16
        return _LEVELS[cube // 36], _LEVELS[cube // 6 % 6], _LEVELS[cube % 6]
    grey = 8 + 10 * (index - 232)
    return grey, grey, grey
