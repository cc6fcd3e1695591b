"""What the rules of one program are once they are compiled, and what reading its terminal by them says.

Values only: reads no file, looks at no clock. What these say is rank 4 and 5 evidence, which authorises nothing.
"""

from __future__ import annotations

import re
from typing import Protocol

import msgspec

from agents.model import Blocked, RequestOption, Turn


class Seen(Protocol):
    """A rendered screen, as ``agents.vt.screen.Snapshot`` is one: rows right-stripped, the cursor 0-based."""

    @property
    def lines(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def row(self) -> int: ...  # noqa: D102

    @property
    def col(self) -> int: ...  # noqa: D102


class Claim(msgspec.Struct, frozen=True):
    """What one rule says about the turn; ``rule`` names it for ``explain``."""

    turn: Turn
    blocked: Blocked | None = None
    detail: str = ""
    rule: str = ""


class Region(msgspec.Struct, frozen=True):
    """Which rows of a screen count: ``whole``, the ``bottom`` n of those in use, or n around the ``cursor``."""

    kind: str = "whole"
    rows: int = 0


class TextRule(msgspec.Struct, frozen=True):
    """A pattern on a title or the text of a notification."""

    name: str
    pattern: re.Pattern[str]
    turn: Turn
    blocked: Blocked | None = None
    detail: str = ""


class ReportRule(msgspec.Struct, frozen=True):
    """What a report of its own (OSC 7501) in ``state`` means when its message matches."""

    state: Turn
    text: TextRule


class ScreenRule(msgspec.Struct, frozen=True):
    """Patterns on rows of the screen: every one of ``every``, one of ``some`` (if any), none of ``none``.

    ``with_box`` demands that the input box is on the screen, or that it is not; ``None`` does not care.
    """

    name: str
    region: Region
    every: tuple[re.Pattern[str], ...]
    some: tuple[re.Pattern[str], ...]
    none: tuple[re.Pattern[str], ...]
    turn: Turn
    blocked: Blocked | None = None
    detail: str = ""
    priority: int = 0
    with_box: bool | None = None


class Box(msgspec.Struct, frozen=True):
    """The input box: how its first row looks, how those below, and what in it is not the user's.

    ``first`` and ``more`` hold the text in their group ``text``; the row before the first matches ``above``, those
    behind the last match ``below`` one by one. With any of ``none`` in the region there is no box. ``placeholders``
    are hints an empty box shows; ``pasted`` is what a collapsed paste looks like.
    """

    region: Region
    first: re.Pattern[str]
    more: re.Pattern[str] | None = None
    above: re.Pattern[str] | None = None
    below: tuple[re.Pattern[str], ...] = ()
    none: tuple[re.Pattern[str], ...] = ()
    placeholders: tuple[re.Pattern[str], ...] = ()
    pasted: re.Pattern[str] | None = None


class DialogOption(msgspec.Struct, frozen=True):
    """What an option of a dialog means by its words, and the keys that choose it; ``{n}`` is its number.

    With ``click`` it is chosen by a click on it, where the program listens to the mouse; elsewhere ``keys`` choose it
    only as long as nobody moved the highlight.
    """

    pattern: re.Pattern[str]
    kind: str
    keys: str
    click: bool = False


class Dialog(msgspec.Struct, frozen=True):
    """An approval on the screen: its text begins behind the last row that matches ``begin`` and ends at its options.

    An option row holds group ``name`` and, where they are numbered, ``n``; a name goes on over rows that match
    ``row_more``; with ``split`` one row holds several names. The command is what lies between two rows that match
    ``fence``, or group ``command`` of the first row that matches ``command`` and of those behind it that match
    ``command_more``; with ``command_if`` only where that is in the text. All of ``every`` must be in the region, and
    none of ``none``. Rows that match ``noise`` come and go while the same thing is asked.
    """

    name: str
    region: Region
    begin: re.Pattern[str]
    row: re.Pattern[str]
    options: tuple[DialogOption, ...]
    row_more: re.Pattern[str] | None = None
    split: re.Pattern[str] | None = None
    titles: tuple[re.Pattern[str], ...] = ()
    fence: re.Pattern[str] | None = None
    command: re.Pattern[str] | None = None
    command_more: re.Pattern[str] | None = None
    command_if: re.Pattern[str] | None = None
    every: tuple[re.Pattern[str], ...] = ()
    none: tuple[re.Pattern[str], ...] = ()
    noise: tuple[re.Pattern[str], ...] = ()


class Keys(msgspec.Struct, frozen=True):
    """The bytes of keys, as text."""

    submit: str = "\r"
    interrupt: str = "\x03"


class Program(msgspec.Struct, frozen=True):
    """All rules for one program in one version; empty ones claim nothing and read nothing."""

    name: str = ""
    titles: tuple[TextRule, ...] = ()
    notices: tuple[TextRule, ...] = ()
    reports: tuple[ReportRule, ...] = ()
    screens: tuple[ScreenRule, ...] = ()
    box: Box | None = None
    dialogs: tuple[Dialog, ...] = ()
    keys: Keys = Keys()

    @property
    def reads_screen(self) -> bool:
        """Tell whether there is anything to be read on its screen."""
        return bool(self.screens or self.dialogs) or self.box is not None


class BoxReading(msgspec.Struct, frozen=True):
    """What is in the input box: ``text`` without hints; ``has_placeholder`` tells that a collapsed paste is in it."""

    empty: bool
    text: str
    has_placeholder: bool = False


class DialogReading(msgspec.Struct, frozen=True):
    """An approval that is on the screen; ``key`` is the hash of what it says, ``options`` with the keys of each.

    ``rows`` is from where to where it goes, counted from the top of what was looked at; ``clicks`` are what clicks on
    each option instead, empty where keys do as well.
    """

    key: str
    title: str
    command: str | None
    detail: str
    options: tuple[tuple[RequestOption, bytes], ...]
    rows: tuple[int, int] = (0, 0)
    clicks: tuple[bytes, ...] = ()
