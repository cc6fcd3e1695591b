"""Where in a terminal's output one may begin to draw and end up with the right screen; pure, over bytes alone."""

from __future__ import annotations

import re
from collections import deque

import msgspec

from agents.vt import repaint

#: The other screen taken and left; a full reset leaves it too.
SWITCH = re.compile(rb"\x1b\[\?(?:[0-9]*;)*(?:1049|1047|47)(?:;[0-9]*)*([hl])|\x1bc")

#: The longest of these that is looked for across two portions.
OVERLAP = 64

#: Nothing of the screen before is left behind these.
_CLEAN = re.compile(
    rb"\x1bc|\x1b\[(?:1?;1?)?[Hf]\x1b\[(?:2?J(?:\x1b\[3J)?|3J\x1b\[2?J)|\x1b\[2J(?:\x1b\[3J)?\x1b\[(?:1?;1?)?[Hf]"
)

#: The lines that scrolled off are erased.
FORGETS = re.compile(rb"\x1bc|\x1b\[0{0,3}3J")
LONGEST_FORGETTING = 7

#: What moves the cursor off its line or changes other lines than that, apart from a line feed.
_MOVES = re.compile(
    rb"\x1b(?:[78DEMc]|\[[0-9;:]*[ABEFHLMSTdefrsu]|\[\??[0-9;:]*J|\[\?(?:[0-9]*;)*(?:3|6|69|47|104[789])(?:;[0-9]*)*[hl])"
)

#: Styling, and styling that owes nothing to what came before.
_STYLE = re.compile(rb"\x1b\[[0-9;:]*m")
_PLAIN = re.compile(rb"\x1b\[0*(?:;[0-9;:]*)?m")

#: Styling sequences taken over at most, and how far back they are looked for.
_STYLES = 64
BEFORE = 64 * 1024

#: The screens of lines that are drawn before a line is trusted, and of which the drawing begins.
_SETTLED, _DRAWN = 2, 3

_SCREENS = re.compile(rb"\x1b\[\?1047[hl]")


class Ground(msgspec.Struct, frozen=True):
    """Drawing may begin at ``begin``; from ``settled`` on the screen is what it would be had all been drawn.

    ``at_top``: the cursor is at home then, else on the last row.
    """

    begin: int
    settled: int
    at_top: bool


def last(pattern: re.Pattern[bytes], data: bytes, end: int | None = None) -> re.Match[bytes] | None:
    """Return the last match of ``pattern`` that begins before ``end``."""
    found = deque((each for each in pattern.finditer(data) if end is None or each.start() < end), 1)
    return found[0] if found else None


def find(data: bytes, rows: int) -> Ground | None:
    """Return the last place from which drawing ``data`` leaves a screen of ``rows`` as it is, if there is one."""
    clean = last(_CLEAN, data)
    begin = 0 if clean is None else clean.start()
    moved = last(_MOVES, data[begin if clean is None else clean.end() :])
    plain = (begin if clean is None else clean.end()) + (0 if moved is None else moved.end())
    if data.count(b"\n", plain) > _SETTLED * rows + 1:
        return _lines(data, plain, rows)
    return None if clean is None else Ground(begin, begin, at_top=True)


def _lines(data: bytes, plain: int, rows: int) -> Ground:
    """Return the last lines that alone make the screen, of mere lines from ``plain`` on."""
    at = len(data)
    for _ in range(_DRAWN * rows):
        before = data.rfind(b"\n", plain, at)
        if before < 0:
            break
        at = before
    settled = at + 1
    for _ in range(_SETTLED * rows):
        settled = data.find(b"\n", settled) + 1
    return Ground(at + 1, settled, at_top=False)


def find_clean(data: bytes) -> int | None:
    """Return the last place behind which nothing is left of the screen before."""
    clean = last(_CLEAN, data)
    return None if clean is None else clean.start()


def line_start(data: bytes) -> int:
    """Return where the first whole line of ``data`` begins, 0 where it has no line end."""
    return data.find(b"\n") + 1


def carried(before: bytes) -> bytes:
    """Return the modes and the styling that ``before`` leaves in force, but not the choice of a screen."""
    before = before[-BEFORE:]
    return without_screens(repaint.modes(before)) + style(before)


def without_screens(settings: bytes) -> bytes:
    """Return what ``repaint.modes`` found without the choice of a screen."""
    return _SCREENS.sub(b"", settings)


def style(before: bytes) -> bytes:
    """Return the styling that ``before`` leaves in force."""
    reset = last(_PLAIN, before)
    if reset is None:
        return b"".join(deque(_STYLE.findall(before), _STYLES))
    return b"".join(deque(_STYLE.findall(before, reset.start()), _STYLES))
