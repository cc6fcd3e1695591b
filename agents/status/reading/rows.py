"""Which rows of a screen a rule looks at, and how patterns are tried on them.

Pure. A pattern sees one row at a time, cut to a length, so that no rule takes more than a moment on any screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from agents.status.reading.rules import Region, Seen

#: No terminal that somebody reads is wider; what lies behind is not looked at.
ROW_LIMIT: Final = 400


def select(screen: Seen, region: Region) -> list[str]:
    """Return the rows of ``region`` from top to bottom."""
    first, last = span(screen, region)
    return [row[:ROW_LIMIT] for row in screen.lines[first:last]]


def span(screen: Seen, region: Region) -> tuple[int, int]:
    """Return from where to where ``region`` goes."""
    used = len(screen.lines)
    while used and not screen.lines[used - 1].strip():
        used -= 1
    first, last = 0, used
    if region.kind == "bottom":
        first = max(0, used - region.rows)
    elif region.kind == "cursor":
        first = max(0, screen.row - region.rows)
        last = screen.row + region.rows + 1
    return first, last


def has(pattern: re.Pattern[str], rows: Iterable[str]) -> bool:
    """Tell whether a row matches."""
    return any(pattern.search(row) for row in rows)


def has_all(patterns: Iterable[re.Pattern[str]], rows: Sequence[str]) -> bool:
    """Tell whether each of the patterns matches a row."""
    return all(has(pattern, rows) for pattern in patterns)


def has_any(patterns: Iterable[re.Pattern[str]], rows: Sequence[str]) -> bool:
    """Tell whether one of the patterns matches a row."""
    return any(has(pattern, rows) for pattern in patterns)


def first_of(patterns: Iterable[re.Pattern[str]], rows: Sequence[str]) -> re.Match[str] | None:
    """Return the match of the first pattern that matches any row."""
    for pattern in patterns:
        for row in rows:
            found = pattern.search(row)
            if found is not None:
                return found
    return None
