"""Makes text of the clipboard fit to be given to a program in a terminal, and says what is dangerous about it.

Pure. It removes what no key could type and never asks anybody: whether a danger is worth a question is the pane's.
Source: xterm's ctlseqs, "Bracketed Paste Mode"; xterm too sends CR for the end of a line.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from agents.vt.modes import Modes

BEGIN, END = b"\x1b[200~", b"\x1b[201~"

#: Characters from which on a paste is called big.
BIG = 100_000

#: Controls other than tab and the ends of lines, which come as CR.
_CONTROL = re.compile("[\x00-\x08\x0a-\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile("\r\n|\n")
#: What makes a text read otherwise than it runs.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")

_NAMES = {
    0x00: "NUL",
    0x03: "^C",
    0x04: "^D",
    0x07: "BEL",
    0x08: "BS",
    0x1A: "^Z",
    0x1B: "ESC",
    0x7F: "DEL",
    0x9B: "CSI",
}
_NAMED = 4


class Paste(msgspec.Struct, frozen=True):
    """What to write to the program, and in words what one should know before."""

    data: bytes
    dangers: tuple[str, ...] = ()


def prepare(text: str, modes: Modes) -> Paste:
    """Return ``text`` as the program gets it: in brackets where it asked for them, nothing that could end them.

    Every ESC and every C1 control goes, so no end of the brackets can be in it, nor come to be by what is removed.
    """
    lines = _LINE_END.sub("\r", text)
    removed = _CONTROL.findall(lines)
    kept = _CONTROL.sub("", lines)
    if not kept:
        return Paste(b"", _removals(removed))
    data = kept.encode()
    dangers = (*_removals(removed), *_reorderings(kept), *_lines(kept, modes), *_size(kept))
    return Paste(BEGIN + data + END if modes.bracketed else data, dangers)


def _removals(removed: list[str]) -> tuple[str, ...]:
    names = list(dict.fromkeys(_name(character) for character in removed))
    if not names:
        return ()
    more = ", …" if len(names) > _NAMED else ""
    return (f"control characters ({', '.join(names[:_NAMED])}{more}) were removed",)


def _name(character: str) -> str:
    code = ord(character)
    if code in _NAMES:
        return _NAMES[code]
    return f"^{chr(code + 64)}" if code < 0x20 else f"U+{code:04X}"


def _reorderings(kept: str) -> tuple[str, ...]:
    found = sorted(set(_REORDERING.findall(kept)))
    if not found:
        return ()
    names = ", ".join(unicodedata.name(character).lower() for character in found[:_NAMED])
    return (f"characters that change the order it reads in ({names})",)


def _lines(kept: str, modes: Modes) -> tuple[str, ...]:
    """Name the lines of a program that takes each for typed: it runs them at once."""
    if modes.bracketed or "\r" not in kept:
        return ()
    count = len(kept.rstrip("\r").split("\r"))
    return (f"{count} lines, each runs at once",) if count > 1 else ("a line end: it runs at once",)


def _size(kept: str) -> tuple[str, ...]:
    if len(kept) < BIG:
        return ()
    return (f"{len(kept):,} characters",)
