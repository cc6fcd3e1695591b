"""Versions of programs and ranges of them, as rules name them.

Pure. A version nobody knows is in every range: rules are written for the newest programs first.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBER = re.compile(r"\d+(?:\.\d+){0,5}")
_PART = re.compile(r"(?P<sign>>=|<=|==|>|<)\s*(?P<number>\d{1,9}(?:\.\d{1,9}){0,5})")
_PARTS: Final = 6


def is_range(text: str) -> bool:
    """Tell whether ``text`` is a range such as ``>=2.1.300,<3``."""
    return all(_PART.fullmatch(part.strip()) for part in text.split(","))


def number(text: str) -> tuple[int, ...] | None:
    """Return the first version number in what a program says of itself, ``None`` when there is none."""
    found = _NUMBER.search(text[:200])
    return _padded(found[0]) if found else None


def within(version: str, wanted: str) -> bool:
    """Tell whether ``version`` lies in the range ``wanted``; an unknown version and an empty range always do."""
    own = number(version)
    if own is None or not wanted:
        return True
    return all(_holds(own, found) for part in wanted.split(",") if (found := _PART.fullmatch(part.strip())))


def _padded(text: str) -> tuple[int, ...]:
    numbers = [int(part[:9]) for part in text.split(".")]
    return tuple(numbers + [0] * (_PARTS - len(numbers)))


def _holds(own: tuple[int, ...], part: re.Match[str]) -> bool:
    other = _padded(part["number"])
    match part["sign"]:
        case ">=":
            return own >= other
        case "<=":
            return own <= other
        case ">":
            return own > other
        case "<":
            return own < other
        case _:
            return own == other
