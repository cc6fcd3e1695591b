"""The transcript pane: ``TranscriptReader`` with finding, hit by hit, over blocks that may still be at the daemon."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from agents.model import AgentId
from app.client.api import Caller, Spawner
from app.logsearch import Needle
from app.transcript import TranscriptSearch
from ui.panes.transcript.parts import Fold, Part
from ui.panes.transcript.reader import TranscriptReader
from ui.theme import Theme


class TranscriptView(TranscriptReader):
    """One agent's transcript to read and search. ``found`` tells that the state of the search changed."""

    found = Signal()

    def __init__(
        self, agent: AgentId, caller: Caller, spawner: Spawner, theme: Theme, parent: QWidget | None = None
    ) -> None:
        self.search: TranscriptSearch | None = None
        self._hit = (-1, 0)  # block, occurrence in it
        super().__init__(agent, caller, spawner, theme, parent)

    def ranges(self, n: int, index: int, part: Part) -> Iterator[tuple[int, int, QColor]]:
        """Yield hits and the selection in a part."""
        sheet = self._setter.sheet
        if self.search is not None:
            before = self._hits_before(n, index) if n == self._hit[0] else 0
            for number, (start, end) in enumerate(self.search.needle.in_text(part.text), before):
                yield start, end, sheet.found_here if (n, number) == self._hit else sheet.found
        yield from super().ranges(n, index, part)

    def look_for(self, text: str) -> None:
        """Search the whole transcript, newest first; an empty text ends the search."""
        if self.search is not None:
            self.search.cancel()
            self.search = None
        self._hit = (-1, 0)
        if text:
            search = self.search = TranscriptSearch(self.transcript, self._agent, self._caller, Needle(text))
            self._spawner.spawn(search.run(lambda: self._on_search(search)), "searching the transcript")
        self.viewport().update()
        self.found.emit()

    def _on_search(self, search: TranscriptSearch) -> None:
        if not isValid(self):
            search.cancel()
            return
        if search is not self.search:
            return
        if self._hit[0] < 0:
            # The hit nearest to what the reader sees, upwards: that is where a search begins here.
            self._to_block(search.before(self.reading + 1), last=True)
        self.found.emit()

    def _on_changed(self, numbers: frozenset[int]) -> None:
        if self.search is not None:
            self.search.changed(numbers)
        super()._on_changed(numbers)

    def find_next(self) -> None:
        """Go to the next hit, around the end."""
        if self.search is None:
            return
        n, occurrence = self._hit
        if n >= 0 and occurrence + 1 < self._count(n):
            self._to_hit(n, occurrence + 1)
        else:
            self._to_block(self.search.after(n), last=False)

    def find_previous(self) -> None:
        """Go to the hit before, around the begin."""
        if self.search is None:
            return
        n, occurrence = self._hit
        if n >= 0 and occurrence > 0:
            self._to_hit(n, occurrence - 1)
        else:
            self._to_block(self.search.before(max(n, 0)), last=True)

    @property
    def hit(self) -> int:
        """Return the block of the hit the reader is at, -1 for none."""
        return self._hit[0]

    def _to_block(self, n: int | None, *, last: bool) -> None:
        if n is None:
            return
        if self.transcript.block(n) is None:
            self._spawner.spawn(self._fetch_hit(n, last=last), "reading the transcript")
            return
        placed = self.place(n)
        if placed is not None and placed.foldable and not self._count(n):
            self._folds[n] = Fold.ALL
        count = self._count(n)
        self._to_hit(n, max(0, count - 1) if last else 0)

    async def _fetch_hit(self, n: int, *, last: bool) -> None:
        await self.transcript.need(n)
        if isValid(self) and self.transcript.block(n) is not None:
            self._to_block(n, last=last)

    def _to_hit(self, n: int, occurrence: int) -> None:
        self._hit = (n, occurrence)
        self.current = n
        self.show_block(n, self._hit_y(n, occurrence))
        self.found.emit()

    def _count(self, n: int) -> int:
        placed = self.place(n)
        return self._hits_before(n, len(placed.parts)) if placed else 0

    def _hits_before(self, n: int, index: int) -> int:
        placed = self._placed.get(n)
        if placed is None or self.search is None:
            return 0
        return sum(len(self.search.needle.in_text(part.text)) for part in placed.parts[:index])

    def _hit_y(self, n: int, occurrence: int) -> int:
        """Return where in its block an occurrence stands."""
        placed = self.place(n)
        for part in placed.parts if placed and self.search else ():
            spans = self.search.needle.in_text(part.text) if self.search else []
            if occurrence < len(spans):
                block = part.document.findBlock(spans[occurrence][0])
                rect = part.document.documentLayout().blockBoundingRect(block)
                line = block.layout().lineForTextPosition(spans[occurrence][0] - block.position())
                return round(part.y + rect.top() + (line.y() if line.isValid() else 0))
            occurrence -= len(spans)
        return 0
