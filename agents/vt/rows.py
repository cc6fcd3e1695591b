"""What is to be seen of a terminal, as values: rows of styled runs, the cursor, and what nobody did; no core."""

from __future__ import annotations

from typing import Literal

import msgspec

#: A colour that the program left to whoever shows it.
DEFAULT = -1

#: Added to ``0xrrggbb``: smaller numbers are the palette's.
TRUE_COLOUR = 0x1000000

Shape = Literal["block", "underline", "bar"]
NoteKind = Literal["clipboard", "notification", "open", "other"]


# Made by the thousand for every frame and never part of a circle: watched by the collector of garbage, they brought on
# collections of 15 ms in the middle of a frame.


class Style(msgspec.Struct, frozen=True, gc=False):
    """How cells look: colours as -1 (default), 0..255 (palette) or ``TRUE_COLOUR | rgb``.

    ``underline``: 0 none, 1 single, 2 double, 3 curly. ``link``: number of a hyperlink, 0 for none.
    """

    fg: int = DEFAULT
    bg: int = DEFAULT
    bold: bool = False
    faint: bool = False
    italic: bool = False
    blink: bool = False
    reverse: bool = False
    strike: bool = False
    conceal: bool = False
    overline: bool = False
    underline: int = 0
    link: int = 0


PLAIN = Style()


class Run(msgspec.Struct, frozen=True, gc=False):
    """Neighbouring cells of one style: one character a cell, or one cluster, wide or with accents, alone."""

    col: int
    width: int
    text: str
    style: Style


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row without the unstyled blanks behind it; ``wraps``: its text goes on in the next one."""

    runs: tuple[Run, ...] = ()
    wraps: bool = False

    @property
    def text(self) -> str:
        """The text alone, gaps as blanks, none behind it."""
        parts: list[str] = []
        col = 0
        for run in self.runs:
            parts.append(" " * (run.col - col) + run.text)
            col = run.col + run.width
        return "".join(parts).rstrip(" ")


class Cursor(msgspec.Struct, frozen=True):
    """Where the program's cursor stands, from 0, and how it wants it to look."""

    row: int
    col: int
    shape: Shape = "block"
    blinks: bool = False
    visible: bool = True


class Note(msgspec.Struct, frozen=True):
    """Something the program asked for that is not done for it; ``text`` is one line of what can be printed."""

    kind: NoteKind
    text: str
