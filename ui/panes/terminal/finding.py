"""Finding text in a terminal: hits marked where they stand, newest first, the one the reader is at in sight."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer, Signal
from shiboken6 import isValid

from agents.vt.rows import Row
from app.terminal.selection import flat_line, goes_on
from ui.panes.ansi import mix
from ui.panes.terminal.paint import Span
from ui.panes.terminal.port import Finder
from ui.panes.terminal.selecting import SelectingCanvas

#: Longest text looked for, and hits remembered: one more and the search stops.
NEEDLE_LIMIT = 1000
HIT_LIMIT = 20_000

#: Milliseconds between two tellings of how far a search is.
PROGRESS_MS = 150

#: Line, column and width of a hit.
Hit = tuple[int, int, int]


class TerminalSearch:
    """One search: hits come from the end of the output on backwards. Owned by a view."""

    def __init__(self, text: str) -> None:
        self.text = text[:NEEDLE_LIMIT]
        #: Without an upper-case letter, case does not matter.
        self.pattern = re.compile(re.escape(self.text), re.IGNORECASE if self.text == self.text.lower() else 0)
        self.hits: list[Hit] = []
        self.done = False
        self.capped = False
        self.is_canceled = False
        self.ended = False  # also where it failed
        self._finder: Finder | None = None
        self._work: asyncio.Task[Any] | None = None

    @property
    def progress(self) -> float:
        """Return the share of the output that was searched, 0 to 1."""
        return 1.0 if self.done or self._finder is None else self._finder.progress

    def cancel(self) -> None:
        """End ``run`` where it is."""
        self.is_canceled = True
        if self._work is not None:
            self._work.cancel()

    def place(self, number: int) -> int | None:
        """Return the rank of a hit among all, from 0 at the oldest, ``None`` when there is no such hit."""
        return len(self.hits) - 1 - number if 0 <= number < len(self.hits) else None

    async def run(self, finder: Finder, progress: Callable[[], None]) -> None:
        """Take hits until there are no more, telling after each. Raises what reading the log raises."""
        if self.is_canceled:
            return
        self._finder, self._work = finder, asyncio.current_task()
        try:
            async for hit in finder:
                if len(self.hits) >= HIT_LIMIT:
                    self.capped = True
                    break
                self.hits.append((hit[0], hit[1], hit[2]))
                progress()
        finally:
            self._work, self.ended = None, True
            await finder.aclose()
        self.done = True
        progress()


class FindingCanvas(SelectingCanvas):
    """A terminal in which text can be found. ``found`` tells that the state of the search changed."""

    found = Signal()

    search: TerminalSearch | None = None
    _hit = -1
    _searched_epoch = 0

    def _set_up(self) -> None:
        super()._set_up()
        self._progress = QTimer(self, interval=PROGRESS_MS)
        self._progress.timeout.connect(self._on_progress)

    @property
    def hit(self) -> int:
        """Return the number of the hit the reader is at, -1 for none."""
        return self._hit

    def changed_terminal(self) -> None:
        """End the search of the former terminal; the same text is looked for in the new one."""
        super().changed_terminal()
        text = self.search.text if self.search is not None else ""
        self.look_for(text if self.terminal is not None else "", go=False)

    def look_for(self, text: str, *, go: bool = True) -> None:
        """Search for a text from the end backwards; an empty one ends the search."""
        had_any = self.search is not None
        if self.search is not None:
            self.search.cancel()
            self.search = None
        self._progress.stop()
        self._hit = -1
        terminal = self.terminal
        if text and terminal is not None:
            search = self.search = TerminalSearch(text)
            self._searched_epoch = terminal.epoch
            work = search.run(terminal.search(search.pattern), lambda: self._on_search(search, go=go))
            self._spawner.spawn(work, "searching the terminal")
            self._progress.start()
        if had_any or text:
            self.draw()
            self.found.emit()

    def _on_search(self, search: TerminalSearch, *, go: bool) -> None:
        if not isValid(self):
            search.cancel()
            return
        if search is not self.search:
            return
        if go and self._hit < 0 and search.hits:
            self._go_to_hit(0)
        if search.done or len(search.hits) == 1:
            self.found.emit()

    def _on_progress(self) -> None:
        if self.search is None or self.search.ended:
            self._progress.stop()
        self.found.emit()

    def before_drawing(self) -> None:
        """Search anew when the lines lost their numbers."""
        super().before_drawing()
        if self.search is not None and self.terminal is not None and self.terminal.epoch != self._searched_epoch:
            self.look_for(self.search.text, go=False)

    def find_next(self) -> None:
        """Go to the next newer hit, around the end."""
        if self.search is not None and self.search.hits:
            self._go_to_hit((self._hit - 1) % len(self.search.hits) if self._hit >= 0 else 0)

    def find_previous(self) -> None:
        """Go to the next older hit, around the begin."""
        if self.search is not None and self.search.hits:
            self._go_to_hit((self._hit + 1) % len(self.search.hits))

    def _go_to_hit(self, number: int) -> None:
        assert self.search is not None  # noqa: S101  (asked by all callers)
        self._hit = number
        self.show_line(self.search.hits[number][0])
        self.found.emit()

    def spans(self, number: int, row: Row) -> list[Span]:
        """Return the hits on a line, the selection over them."""
        spans: list[Span] = []
        if self.search is not None:
            at = self.search.hits[self._hit] if 0 <= self._hit < len(self.search.hits) else None
            for start, first, last in self._matches(number, row, self.search.pattern):
                share = 0.6 if at is not None and at[:2] == start else 0.28
                spans.append(Span(first, last, mix(self._colours.background, self._theme.attention_fill, share)))
        return spans + super().spans(number, row)

    def _matches(self, number: int, row: Row, pattern: re.Pattern[str]) -> list[tuple[tuple[int, int], int, int]]:
        """Return where matches on a line begin, and their columns in it; one may have begun in the row above."""
        cols = self._wrap_cols()
        is_alone = not goes_on(row, cols) and not goes_on(self.row_of(number - 1), cols)
        if is_alone and not pattern.search(row.text):
            return []
        flat = flat_line(number, self.row_of, cols)
        out = []
        for found in pattern.finditer(flat.text):
            begin, end = flat.cell_of(found.start()), flat.cell_of(found.end())
            start = flat.place(begin)
            out += [((start.line, start.col), a, b) for line, a, b in flat.spans(begin, end) if line == number]
        return out
