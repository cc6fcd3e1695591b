"""Finds output that is nothing but lines, of which most scroll through the screen unseen; draws nothing.

Pure. To scroll is what takes the native core longest; lines nobody has seen yet need not be drawn before they leave.
"""

from __future__ import annotations

import re

import msgspec

from agents.vt.cells import SIMPLE

#: Lines that have to pass for it to be worth it, in parts of a screen.
_WORTH = 2

#: What lines may hold beside text: styling, and erasing within the line.
_SEQUENCES = re.compile(rb"\x1b\[(?:[0-9;:]{0,64}m|[012]?K)")
_STYLING = re.compile(rb"\x1b\[[0-9;:]*m")
_MOVING = re.compile(rb"\x1b(?!\[(?:[0-9;:]{0,64}m|[012]?K))")

#: Bytes that print, and the controls that move within a line.
_HARMLESS = bytes([*range(0x20, 0x7F), *range(0x80, 0x100), 0x08, 0x09, 0x0A, 0x0D])

_CONTROLS = re.compile("[\b\t\r\n]+")

#: A background that is set: lines that scroll in are filled with it.
_FILLED = re.compile(rb"[\[;:]0*(?:4[0-8]|10[0-7])[;:m]")
_RESETS = (b"\x1b[m", b"\x1b[0m")


class Flow(msgspec.Struct, frozen=True):
    """Output parted: ``head`` ends the present line, ``passing`` makes ``lines`` rows, ``tail`` fills the screen.

    ``styling`` is what the passing lines leave of the pen.
    """

    head: bytes
    passing: bytes
    styling: bytes
    tail: bytes
    lines: int


def parted(data: bytes, rows: int, cols: int) -> Flow | None:
    """Return ``data`` parted for a screen of that size, None where it is too short or more than lines."""
    if data.count(b"\n") <= rows + rows // _WORTH or rows < 2:
        return None
    head = data.find(b"\n") + 1
    if _MOVING.search(data, head):
        return None
    tail = len(data)
    for _ in range(rows):
        tail = data.rfind(b"\n", 0, tail)
    tail += 1
    text = _SEQUENCES.sub(b"", data[head:])
    if text.translate(None, _HARMLESS) or text.count(b"\n") != text.count(b"\r\n"):
        return None
    passing = data[head:tail]
    styling = b"".join(_STYLING.findall(passing, max(0, *(passing.rfind(reset) for reset in _RESETS))))
    if _FILLED.search(styling) or _FILLED.search(data, tail):
        return None
    lines = _rows(_SEQUENCES.sub(b"", passing).decode("utf-8", "replace"), cols)
    return None if lines is None else Flow(data[:head], passing, styling, data[tail:], lines)


def _rows(text: str, cols: int) -> int | None:
    """Return how many rows lines of mere text take, None where only drawing them tells."""
    if not text.isascii() and not SIMPLE.fullmatch(_CONTROLS.sub("", text)):
        return None
    lines = text.expandtabs(8).split("\r\n")[:-1]
    if max(map(len, lines)) <= cols:
        return len(lines)
    if "\t" in text or "\b" in text or text.count("\r") != len(lines):
        return None
    return sum(max(1, -(-len(line) // cols)) for line in lines)
