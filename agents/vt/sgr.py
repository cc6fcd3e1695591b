"""Writes styling (SGR) anew so that the native core keeps all of it: attributes it lacks travel as font numbers.

Pure. Sources: ECMA-48 8.3.117, xterm's ctlseqs (SGR, 38 and 48 in both forms), kitty's underline styles (4:x, 58, 59).
Font selection by the program itself (10 to 19) is left out: no terminal shows it.
"""

from __future__ import annotations

import codecs
import functools
import re

from agents.vt.cells import CONCEAL, FAINT, NARROW, OVERLINE, WIDE

#: Parameters of one sequence that the core takes without harm (it has room for sixteen).
_PARAMETERS = 12

#: A colour by palette or by value; anything else that the core itself knows, faint and its like not among it.
_COLOUR = rb"[34]8;(?:5;(?:1?[0-9]{1,2}|2[0-4][0-9]|25[0-5])|2;[0-9]{1,3};[0-9]{1,3};[0-9]{1,3})"
_ONE = rb"(?:2[134579]|[34][0-79]|9[0-7]|10[0-7]|0?[013-579]?)"
_EASY = rb"(?:%s(?:;%s){0,11}+|%s(?:;(?:%s|%s))?)m" % (_ONE, _ONE, _COLOUR, _COLOUR, _ONE)

#: Output in which no styling has to be written anew.
_KNOWN = re.compile(rb"(?:[^\x1b]++|\x1b(?!\[[0-9;:]*+m)|\x1b\[%s)*+" % _EASY)

#: The same where nothing travels as font: what takes it back does no more than the core knows, or nothing.
_KNOWN_AT_0 = re.compile(_KNOWN.pattern.replace(b"2[134579]", b"2[1-57-9]|5[59]"))

#: Output as it nearly always is: neither ``agents.vt.safety`` nor this module has to change any of it. What is to
#: be repeated, a restored cursor, tab stops and whatever ``agents.vt.mending`` looks for are not in it.
_OTHER = rb"[0-9]{0,4}(?:;[0-9]{0,4})?[@-KNPSX-Z`adefjkn]"
_BYTES = rb"(?:[^\x00\x1b\x7f-\xff]++|\x1b\[(?:%s|%s)|\x1b[7=>DEM])*+"
_ASCII, _TEXT = r"[^\x00\x1b\x7f-\xff]", rf"[\x01-\x1a\x1c-~{NARROW}{WIDE}]"
_USUAL, _SAFE = (re.compile(_BYTES % (styling, _OTHER)) for styling in (_EASY, rb"[0-9;:]*+m"))
_USUAL_TEXT, _SAFE_TEXT = (re.compile(form.pattern.decode().replace(_ASCII, _TEXT)) for form in (_USUAL, _SAFE))

#: The default background as it lies in a cell.
NO_BACKGROUND = 0x04

#: All styling.
STYLING = re.compile(rb"\x1b\[([0-9;:]*+)m")

#: What changes the three that travel as font: set, and taken back.
_SET = {2: FAINT, 8: CONCEAL, 53: OVERLINE}
_UNSET = {22: FAINT, 28: CONCEAL, 55: OVERLINE}

#: What the core knows by one number.
_PASSED = frozenset({1, 3, 4, 5, 7, 9, 21, 23, 24, 25, 27, 29, 39, 49})
_PASSED |= {*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}
_UNDERLINES = (b"24", b"4", b"21", b"4:3")


def is_usual(data: bytes, *, ascii_alone: bool = False) -> bool:
    """Tell whether ``data`` is whole, safe and styled as the core knows it: it can be drawn as it is."""
    return _end(data, _USUAL, None if ascii_alone else _USUAL_TEXT) == len(data)


def safe_end(data: bytes, *, ascii_alone: bool = False) -> int:
    """Return how many bytes of ``data`` are whole and safe, apart from styling, which has to be ``rewritten``."""
    return _end(data, _SAFE, None if ascii_alone else _SAFE_TEXT)


def _end(data: bytes, form: re.Pattern[bytes], form_of_text: re.Pattern[str] | None) -> int:
    if form_of_text is not None and not data.isascii():
        try:
            text, whole = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError:
            pass
        else:
            shown = form_of_text.match(text)
            end = shown.end() if shown else 0
            return whole if end == len(text) else len(text[:end].encode())
    plain = form.match(data)
    return plain.end() if plain else 0


def is_known(data: bytes, font: int) -> bool:
    """Tell whether the core knows all styling in ``data``, where the pen has ``font`` before."""
    return (_KNOWN if font else _KNOWN_AT_0).fullmatch(data) is not None


def rewritten(data: bytes, font: int) -> bytes:
    """Return ``data`` with its styling as the core knows it, where the pen has ``font`` before."""
    now = font

    def one(found: re.Match[bytes]) -> bytes:
        nonlocal now
        sequence, now = _rewritten(found[1], now)
        return sequence

    return STYLING.sub(one, data)


@functools.lru_cache(maxsize=2048)  # a program says the same few again and again
def _rewritten(parameters: bytes, font: int) -> tuple[bytes, int]:
    """Return what to write for one sequence, and the font behind it."""
    groups: list[bytes] = []
    given = parameters.split(b";")
    at = 0
    while at < len(given):
        group, font, taken = _group(given, at, font)
        groups += [group] if group else []
        at += taken
    if sum(1 + group.count(b";") + group.count(b":") for group in groups) <= _PARAMETERS:
        return b"\x1b[%sm" % b";".join(groups) if groups else b"", font
    return b"".join(b"\x1b[%sm" % group for group in groups), font


def _group(given: list[bytes], at: int, font: int) -> tuple[bytes, int, int]:
    """Return what to write for the parameter at ``at``, the font behind it, and how many parameters that took."""
    number, *more = (_number(part) for part in given[at].split(b":"))
    if number in {38, 48, 58}:
        if more:
            return _colour(number, more), font, 1
        return _colour_parted(number, [_number(part) for part in given[at + 1 : at + 5]], font)
    if number == 0:
        return b"0", 0, 1
    if number in _SET or number in _UNSET:
        font = font | _SET.get(number, 0) if number in _SET else font & ~_UNSET[number]
        return b"%s%d" % (b"22;" if number == 22 else b"", 10 + font), font, 1
    if number == 4 and more:
        return (_UNDERLINES[more[0]] if more[0] < len(_UNDERLINES) else b"4"), font, 1
    number = 5 if number == 6 else number
    return (b"%d" % number if number in _PASSED else b""), font, 1


def _colour_parted(number: int, following: list[int], font: int) -> tuple[bytes, int, int]:
    """Return a colour whose parts are parameters of their own; the last of them may be missing."""
    taken = {2: 4, 5: 2}.get(following[0] if following else 0, 1)
    return _colour(number, following[:taken]), font, 1 + min(taken, len(following))


def _colour(number: int, parts: list[int]) -> bytes:
    """Return a colour the core knows. An underline's is none of its: nothing is left of it."""
    form, values = (parts[0], parts[1:]) if parts else (0, [])
    if number == 58:
        return b""
    if form == 5 and values:
        return b"%d;5;%d" % (number, values[0]) if values[0] < 256 else b""
    if form == 2 and values:
        # In the form with colons a colour space may stand before the colour.
        red, green, blue = (values[1:4] if len(values) > 3 else [*values, 0, 0])[:3]
        return b"%d;2;%d;%d;%d" % (number, min(red, 255), min(green, 255), min(blue, 255))
    return b""


def _number(part: bytes) -> int:
    return int(part) if part.isdigit() and len(part) <= 4 else 0


def background(colour: int) -> bytes:
    """Return the sequence that sets a background as ``agents.vt.rows`` writes it."""
    if colour < 0:
        return b"\x1b[49m"
    if colour < 256:
        return b"\x1b[48;5;%dm" % colour
    return b"\x1b[48;2;%d;%d;%dm" % (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
