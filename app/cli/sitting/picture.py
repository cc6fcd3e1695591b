"""How a sitting begins, and how a terminal of another size is shown: as bytes for one's own terminal. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agents.status.untrusted import clean
from agents.wire import TerminalState
from app.cli.columns import cut

#: Bytes of the past shown at first.
TAIL: Final = 32 * 1024

#: What places text by itself: at another size it would come out elsewhere.
_PLACES: Final = re.compile(rb"\x1b\[[0-9;]*[ABDEFGHJLMSTdfr]|\x1b[78DEM]")

_CLEAR: Final = b"\x1b[0m\x1b[2J\x1b[H"

Size = tuple[int, int]


def tail_at(state: TerminalState) -> int:
    """Return where the past that is shown begins."""
    return max(state.began, state.offset - TAIL)


def whole_lines(past: bytes, *, is_cut: bool) -> bytes:
    """Return the past from its first whole line on."""
    return past[past.find(b"\n") + 1 :] if is_cut else past


def needs_drawing(state: TerminalState, past: bytes, size: Size) -> bool:
    """Tell whether the screen is to be drawn as it is, and not to be had by printing the past once more."""
    if state.lines is None:
        return False
    return state.alternate or ((state.rows, state.cols) != size and _PLACES.search(past) is not None)


def screen(state: TerminalState, size: Size) -> bytes:
    """Return the bytes that draw the screen as text, where the cursor is too; on an alternate screen if it is one.

    The modes are to be set before.
    """
    lines = state.lines or ()
    if state.alternate:
        parts = [_CLEAR, *(_placed(row, line) for row, line in enumerate(lines[: size[0]]) if line)]
        row, col = min(state.row, size[0] - 1), min(state.col, size[1] - 1)
        return b"".join([b"\x1b[?7l", *parts, b"\x1b[%d;%dH" % (row + 1, col + 1), b"\x1b[?7h"])
    shown = max(state.row + 1, max((row + 1 for row, line in enumerate(lines) if line), default=1))
    first = max(0, shown - size[0])
    text = b"\r\n".join(_text(line) for line in lines[first:shown])
    up = shown - 1 - max(first, state.row)
    return text + b"\r" + (b"\x1b[%dA" % up if up else b"") + (b"\x1b[%dC" % state.col if state.col else b"")


def aside(state: TerminalState, size: Size, notice: str) -> bytes:
    """Return the bytes that show a terminal of another size: as much of it as there is room for, and why below."""
    rows, cols = size
    lines: Sequence[str] = state.lines or ()
    parts = [_placed(row, cut(clean(line), cols)) for row, line in enumerate(lines[: max(0, rows - 1)]) if line]
    bar = b"\x1b[%d;1H\x1b[7m" % rows + cut(clean(notice), cols).encode() + b"\x1b[0m"
    return b"".join([b"\x1b[?25l\x1b[?7l", _CLEAR, *parts, bar, b"\x1b[?7h"])


def _placed(row: int, line: str) -> bytes:
    return b"\x1b[%d;1H" % (row + 1) + _text(line)


def _text(line: str) -> bytes:
    return clean(line).encode(errors="replace")
