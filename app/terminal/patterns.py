"""What is looked for in a terminal: a text or a pattern, made ready so that looking takes bounded time; reads nothing.

Python's matcher can take for ever on a pattern whose repeats can share the same text in many ways, and cannot be
interrupted: such patterns are refused, and lines are looked through in stretches as short as the pattern demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

#: Longest text or pattern, in characters.
LONGEST = 1000

#: Characters matched at once, by how many repeats can share a text: a few hundredths of a second at worst.
_WINDOWS = (4000, 1500, 150, 50)

#: What may be there or not, each of which doubles what is tried.
_OPTIONAL = 8

#: One part of a pattern: an escape, a set, the beginning or end of a group, a choice, or a character; then how often.
_PART = re.compile(
    r"(?P<zero>\\[AbBZ]|[\^$])|(?P<back>\\[1-9]|\(\?P=|\(\?\()|(?P<open>\((?:\?(?:P<\w+>|[:=!>]|<[=!]|[aiLmsux-]+:?))?)"
    r"|(?P<close>\))|(?P<choice>\|)|(?P<atom>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\])",
    re.DOTALL,
)
_QUANTIFIER = re.compile(r"(?P<sign>[*+?]|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\})[?+]?")

#: By what of these they match, sets of characters are compared.
_SAMPLE = [chr(code) for code in range(0x20, 0x7F)] + list("\té漢\u2500")


class BadPattern(ValueError):
    """The pattern cannot be looked for; the text says why, for the user."""


class Needle:
    """A pattern made ready. ``window``: how many characters are matched at once, 0 for any number."""

    def __init__(self, pattern: re.Pattern[str], window: int = 0) -> None:
        self.pattern = pattern
        self.window = window
        self._anywhere = re.compile(pattern.pattern, pattern.flags | re.MULTILINE)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in the text of one line it stands; matches of nothing are none."""
        return [span for some in self.each(text) for span in some]

    def each(self, text: str) -> Iterator[list[tuple[int, int]]]:
        """Yield the same stretch by stretch, so that others may run in between."""
        step = self.window // 2 if self.window else len(text)
        last = 0
        for begin in range(0, max(1, len(text) - (self.window - step)), max(1, step)):
            end = begin + self.window if self.window else len(text)
            spans = [found.span() for found in self.pattern.finditer(text, begin, end)]
            spans = [span for span in spans if span[1] > span[0] and span[0] >= last]
            last = spans[-1][1] if spans else last
            yield spans

    def is_in_lines(self, text: str) -> bool:
        """Tell whether it may stand in one of many lines."""
        return bool(self.window) or self._anywhere.search(text) is not None


def plain(text: str) -> Needle:
    """Return a text to look for; without an upper-case letter, case does not matter."""
    text = text[:LONGEST]
    return Needle(re.compile(re.escape(text), _flags(text)))


def pattern(text: str) -> Needle:
    """Return a pattern to look for; without an upper-case letter, case does not matter. Raises BadPattern."""
    if len(text) > LONGEST:
        raise BadPattern(f"longer than {LONGEST} characters")
    try:
        made = re.compile(text, _flags(re.sub(r"\\.", "", text)))
    except (re.error, OverflowError, RecursionError) as wrong:
        raise BadPattern(f"not a pattern: {wrong}") from None
    repeats = _shared(_parts(text))
    if repeats >= len(_WINDOWS):
        raise BadPattern("too many repeats that could match the same text: put something between them")
    return Needle(made, _WINDOWS[repeats])


def _flags(text: str) -> re.RegexFlag:
    return re.IGNORECASE if text == text.lower() else re.NOFLAG


# ---------------------------------------------------------------- how long it can take


class _Part(msgspec.Struct, frozen=True):
    """One part in its place: the characters it can match, and whether it repeats, and has to be there."""

    characters: frozenset[str]
    repeats: bool
    needed: bool


class _Group(msgspec.Struct):
    """What was seen of a group that is not closed yet: a repeat in it, or a choice."""

    begin: int
    varies: bool = False


def _parts(text: str) -> list[_Part]:
    """Return the parts of a pattern that compiles, groups dissolved. Raises BadPattern."""
    parts: list[_Part] = []
    groups = [_Group(0)]
    at = optional = 0
    while (found := _PART.match(text, at)) is not None:
        least, most, at = _quantity(text, found.end())
        if found["back"]:
            raise BadPattern("references to what was matched before take too long to look for")
        if found["open"]:
            groups.append(_Group(len(parts)))
            continue
        optional += most == 1 and least == 0
        group = groups[-1]
        if found["close"]:
            groups.pop()
            _check_group(group, most)
            if least == 0:
                parts[group.begin :] = [_Part(part.characters, part.repeats, False) for part in parts[group.begin :]]
            groups[-1].varies |= group.varies or least != most
        elif found["atom"]:
            parts.append(_Part(_matched(found["atom"]), most > 1 and least != most, least > 0))
            group.varies |= least != most
        group.varies |= bool(found["choice"])
    if optional > _OPTIONAL:
        raise BadPattern("too many parts that may be missing")
    return parts


def _check_group(group: _Group, most: float) -> None:
    if group.varies and most > 1:
        raise BadPattern("a repeated group with repeats or choices in it can take for ever: take one of them out")


def _quantity(text: str, at: int) -> tuple[int, float, int]:
    """Return how often what stands before ``at`` may be there, and where the next part begins."""
    found = _QUANTIFIER.match(text, at)
    if found is None or found["sign"] == "{}":
        return 1, 1, at
    least, most = {"*": (0, float("inf")), "+": (1, float("inf")), "?": (0, 1)}.get(found["sign"], (0, 0))
    if found["sign"][0] == "{":
        least = int(found["least"] or 0)
        most = int(found["most"]) if found["most"] else float("inf") if found["comma"] else least
    return least, most, found.end()


def _matched(atom: str) -> frozenset[str]:
    known = re.compile(atom, re.IGNORECASE | re.DOTALL)
    return frozenset(character for character in _SAMPLE if known.fullmatch(character))


def _shared(parts: list[_Part]) -> int:
    """Return how many repeats at most can share one text: nothing that has to stand between parts them."""
    longest = [0] * len(parts)
    for at, part in enumerate(parts):
        if not part.repeats:
            continue
        longest[at] = 1
        for before in range(at):
            if parts[before].repeats and _share(parts[before], parts[before + 1 : at], part):
                longest[at] = max(longest[at], longest[before] + 1)
    return max(longest, default=0)


def _share(first: _Part, between: list[_Part], second: _Part) -> bool:
    both = first.characters & second.characters
    return bool(both) and all(not part.needed or part.characters & both for part in between)
