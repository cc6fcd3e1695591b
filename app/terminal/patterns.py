"""What is looked for in a terminal: a text or a pattern, made ready so that looking takes bounded time; reads nothing.

Python's matcher can take for ever on a pattern whose repeats can match the same text in many ways, and cannot be
interrupted: such patterns are refused, and lines are looked through in stretches as long as the pattern allows.
"""

from __future__ import annotations

import re

#: Longest text or pattern, in characters.
LONGEST = 1000


class BadPattern(ValueError):
    """The pattern cannot be looked for; the text says why, for the user."""


class Needle:
    """A pattern made ready. ``window``: how many characters are matched at once, 0 for any number."""

    def __init__(self, pattern: re.Pattern[str], window: int = 0) -> None:
        self.pattern = pattern
        self.window = window
        self._anywhere = re.compile(pattern.pattern, pattern.flags | re.MULTILINE)

    def may_show(self, text: str) -> bool:
        """Tell whether it is worth to look closer."""
        return bool(self.window) or self.pattern.search(text) is not None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in the text of one line it stands; matches of nothing are none."""
        if not self.window or len(text) <= self.window:
            return [found.span() for found in self.pattern.finditer(text) if found.end() > found.start()]
        spans: list[tuple[int, int]] = []
        for begin in range(0, len(text), max(1, self.window // 2)):
            part = text[begin : begin + self.window]
            for found in self.pattern.finditer(part):
                span = begin + found.start(), begin + found.end()
                if found.end() > found.start() and (not spans or span[0] >= spans[-1][1]):
                    spans.append(span)
        return spans

    def is_in_lines(self, text: str) -> bool:
        """Tell whether it may stand in one of many lines."""
        return bool(self.window) or self._anywhere.search(text) is not None


def plain(text: str) -> Needle:
    """Return a text to look for; without an upper-case letter, case does not matter."""
    text = text[:LONGEST]
    return Needle(re.compile(re.escape(text), _flags(text)))


def _flags(text: str) -> re.RegexFlag:
    return re.IGNORECASE if text == text.lower() else re.NOFLAG
