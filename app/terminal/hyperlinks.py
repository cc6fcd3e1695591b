"""What in a terminal's text can be opened: links the program set (OSC 8), and addresses that merely stand there. Pure.

Looked for only where somebody points. What a target is allowed to be is judged here; opening it is somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from agents.vt.rows import Row
from app.terminal.selection import Place, RowOf, flat_line

#: What may be opened at all; anything else, a file too, could run something.
SCHEMES = frozenset({"http", "https", "mailto"})

#: Longest target followed.
LIMIT = 2048

#: Rows above and below a link of the program's that are looked at for its other parts.
_REACH = 50

_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"'`\u2500-\u259f\u3000-\u3002\uff00-\uff60]+", re.IGNORECASE)
_CLOSING = {")": "(", "]": "[", "}": "{"}
_TRAILING = ".,;:!?'\"*_~"

#: Gives the target of a link by its number and the line it is in.
LinkOf = Callable[[int, int], str | None]


class Link(msgspec.Struct, frozen=True):
    """A target, and the columns it stands in by line. ``is_shown``: its text is the target itself."""

    target: str
    spans: tuple[tuple[int, int, int], ...]
    is_shown: bool = True

    def on_line(self, line: int) -> tuple[tuple[int, int], ...]:
        """Return the columns of a line that belong to it."""
        return tuple((first, last) for number, first, last in self.spans if number == line)


def link_at(place: Place, row_of: RowOf, link_of: LinkOf, cols: int = 0) -> Link | None:
    """Return the link under a cell, ``None`` where there is none or none that may be opened."""
    number = _number_at(row_of(place.line), place.col)
    if number:
        target = link_of(number, place.line)
        return Link(target, tuple(_parts(place.line, number, row_of)), False) if target and may_open(target) else None
    return _plain(place, row_of, cols)


def may_open(target: str) -> bool:
    """Tell whether a target is of a kind that may be opened, and nothing in it is hidden."""
    if len(target) > LIMIT or not target.isprintable():
        return False
    try:
        parts = urlsplit(target)
        # What stands before an "@" is no part of where it leads, and made to look as if it were.
        return parts.scheme.lower() in SCHEMES and "@" not in parts.netloc and bool(spoken(target))
    except ValueError:
        return False


def spoken(target: str) -> str:
    """Return a target as it is said before it is opened: letters of other scripts in its host as what they are.

    Raises ValueError for what is no host.
    """
    netloc = urlsplit(target).netloc
    return target if netloc.isascii() else target.replace(netloc, netloc.encode("idna").decode(), 1)


def _number_at(row: Row | None, col: int) -> int:
    for run in row.runs if row is not None else ():
        if run.col <= col < run.col + run.width:
            return run.style.link
    return 0


def _parts(line: int, number: int, row_of: RowOf) -> list[tuple[int, int, int]]:
    """Return where a link of the program's stands, on the lines around ``line`` that all have a part of it."""
    found = _on_row(line, number, row_of(line))
    for step in (-1, 1):
        for other in range(line + step, line + step * _REACH, step):
            more = _on_row(other, number, row_of(other))
            if not more:
                break
            found += more
    return sorted(found)


def _on_row(line: int, number: int, row: Row | None) -> list[tuple[int, int, int]]:
    runs = row.runs if row is not None else ()
    return [(line, run.col, run.col + run.width) for run in runs if run.style.link == number]


def _plain(place: Place, row_of: RowOf, cols: int) -> Link | None:
    flat = flat_line(place.line, row_of, cols)
    at = flat.index(place)
    for found in _ADDRESS.finditer(flat.text):
        target = _trimmed(found[0])
        begin, end = flat.cell_of(found.start()), flat.cell_of(found.start() + len(target))
        if begin <= at < end and may_open(target):
            return Link(target, tuple(flat.spans(begin, end)))
    return None


def _trimmed(address: str) -> str:
    """Return an address without what belongs to the sentence around it."""
    while address:
        last = address[-1]
        opening = _CLOSING.get(last)
        if last in _TRAILING or (opening is not None and address.count(last) > address.count(opening)):
            address = address[:-1]
        else:
            break
    return address
