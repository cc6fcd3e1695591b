"""What a view needs of a terminal, as the narrowest protocol; ``app.terminal`` implements it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Protocol

from agents.vt.grid import Grid
from agents.vt.rows import Row


class Finder(Protocol):
    """One search over all lines: yields line, column and width. Owned by who asked for it."""

    @property
    def progress(self) -> float:
        """Return the share that was searched, 0 to 1."""

    def __aiter__(self) -> AsyncIterator[tuple[int, int, int]]:
        """Return itself: hits as they are found."""

    async def aclose(self) -> None:
        """End the search."""


class Shown(Protocol):
    """The lines and the screen of one program. Owned by one visible view; lives in the loop of the GUI."""

    @property
    def grid(self) -> Grid:
        """Return the screen."""

    @property
    def epoch(self) -> int:
        """Return a number that changes when line numbers lose their meaning."""

    @property
    def first(self) -> int:
        """Return the lowest line number known, 0 or less."""

    @property
    def top(self) -> int:
        """Return the number of the screen's first row."""

    @property
    def bottom(self) -> int:
        """Return the number of the screen's last row."""

    @property
    def has_older(self) -> bool:
        """Tell whether the log holds more before ``first``."""

    @property
    def trimmed(self) -> bool:
        """Tell whether the log was cut: the first line is not the first there ever was."""

    def pump(self, budget_s: float) -> bool:
        """Draw what came, for no longer than this; true when more is waiting."""

    @property
    def starved(self) -> bool:
        """Tell whether what came is not at hand: ``fetch`` gets it."""

    async def fetch(self) -> None:
        """Get what ``pump`` was short of."""

    def grew(self, size: int, rows: int, cols: int) -> None:
        """Take note of a longer log and the size of the terminal there."""

    def look(self) -> bool:
        """Notice growth no event told of; true when there was some."""

    def line(self, number: int) -> Row | None:
        """Return a line, ``None`` for one that must be loaded first."""

    def link(self, link: int, line: int) -> str | None:
        """Return where a link in a line leads."""

    async def load(self, first: int, count: int) -> None:
        """Bring lines that are known of and not at hand."""

    async def load_older(self, lines: int) -> None:
        """Make earlier lines known."""

    def search(self, pattern: re.Pattern[str]) -> Finder:
        """Look for what matches, newest first: screen, memory, log."""

    def close(self) -> None:
        """Let go of the screen and the log."""
