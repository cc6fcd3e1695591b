"""Text in columns of a terminal: widths in cells, cutting, and a table that fits. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import msgspec

from app.cli.output import Span


def cells(text: str) -> int:
    """Return how many columns ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` columns, with an ellipsis where it was cut."""
    if cells(text) <= width:
        return text
    kept, used = "", 1
    for character in text:
        used += _width(character)
        if used > width:
            break
        kept += character
    return kept.rstrip() + "…" if width > 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` filled with spaces to ``width`` columns."""
    fill = " " * max(0, width - cells(text))
    return fill + text if right else text + fill


class Column(msgspec.Struct, frozen=True):
    """One column of a table. ``least`` is how far it may shrink, ``drop`` the order in which it goes (0 = never)."""

    name: str
    least: int | None = None
    drop: int = 0
    is_right: bool = False


GAP = "  "


def table(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int | None) -> list[list[Span]]:
    """Return the lines of an aligned table of at most ``width`` columns; empty columns are left out."""
    widths = {column.name: max((cells(row[at][0]) for row in rows), default=0) for at, column in enumerate(columns)}
    shown = [column for column in columns if widths[column.name]]
    if width is not None:
        shown = _fit(shown, widths, width)
    return [_line(columns, shown, row, widths) for row in rows]


def _fit(shown: list[Column], widths: dict[str, int], width: int) -> list[Column]:
    """Drop what cannot fit even when shrunk, then shrink, at last to the bone. Changes ``widths``."""

    def least(column: Column) -> int:
        whole = widths[column.name]
        return whole if column.least is None else min(whole, column.least)

    while sum(map(least, shown)) + len(GAP) * (len(shown) - 1) > width:
        droppable = [column for column in shown if column.drop]
        if not droppable:
            break
        shown.remove(min(droppable, key=lambda column: column.drop))
    over = sum(widths[column.name] for column in shown) + len(GAP) * (len(shown) - 1) - width
    for floors in ({column.name: least(column) for column in shown}, {}):
        for column in reversed(shown):  # what stands first says most
            taken = max(0, min(over, widths[column.name] - floors.get(column.name, 1)))
            widths[column.name] -= taken
            over -= taken
    return shown


def _line(columns: Sequence[Column], shown: list[Column], row: Sequence[Span], widths: dict[str, int]) -> list[Span]:
    line: list[Span] = []
    for at, column in enumerate(columns):
        if column not in shown:
            continue
        text, role = row[at]
        text = pad(cut(text, widths[column.name]), widths[column.name], right=column.is_right)
        line += [(GAP, "")] if line else []
        line.append((text, role))
    return line
