"""How much output is drawn at once, so that a loop that also paints is never held up for long; pure."""

from __future__ import annotations

import re
from itertools import islice

#: Bytes drawn at once, one line feed for so many of them (to scroll takes longest), and seconds that should take.
MOST, LEAST = 16 * 1024, 128
_FED = 32
_SLOW_S, _QUICK_S = 0.003, 0.0012

#: What makes the core go through the whole screen, or draw a thousand characters, for a few bytes. So many at most are
#: drawn at once: the first portion of a flood of them is drawn before anybody knows how long that takes.
_HEAVY = re.compile(rb"\x1b(?:\[[?!0-9;]*+[JLMSTbhlpu']|[Mc8]|#8)")
_MOST_HEAVY = 40

#: What one turn of a background task may take.
TURN_S = 0.005


class Pace:
    """Owned by one who draws: it learns from how long the last portions took, for few bytes can ask for much."""

    def __init__(self) -> None:
        self._size = MOST // 4

    def portion(self, data: bytes, at: int, cols: int) -> int:
        """Return where the next portion of ``data`` ends, for a screen as wide as ``cols``."""
        end = min(len(data), at + min(self._size, MOST // _FED * cols))
        if heavy := next(islice(_HEAVY.finditer(data, at, end), _MOST_HEAVY, None), None):
            end = heavy.start()
        feeds, most = data.count(b"\n", at, end), max(1, self._size // _FED)
        return end if feeds <= most else at + max(LEAST, (end - at) * most // feeds)

    def took(self, seconds: float) -> None:
        """Take note of how long the last portion took to draw."""
        if seconds > _SLOW_S:
            self._size = max(LEAST, self._size // (4 if seconds > 4 * _SLOW_S else 2))
        elif seconds < _QUICK_S:
            self._size = min(MOST, self._size * 2)
