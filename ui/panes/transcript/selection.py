"""Selecting and copying in a transcript: from anywhere to anywhere, as text or as the Markdown that was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QTextCursor,
)
from PySide6.QtWidgets import QWidget

from agents.model import AgentId
from app.client.api import Caller, Spawner
from app.transcript import block_markdown, block_text
from ui.panes.transcript.canvas import TranscriptCanvas
from ui.panes.transcript.parts import Part
from ui.theme import Theme

#: Blocks one copy holds at most.
COPY_LIMIT = 2000


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A text position: block, part of it, position in its document."""

    block: int
    part: int
    position: int


class TranscriptSelection(TranscriptCanvas):
    """One agent's transcript with a selection. What moves it comes on top of it."""

    def __init__(
        self, agent: AgentId, caller: Caller, spawner: Spawner, theme: Theme, parent: QWidget | None = None
    ) -> None:
        self._from: Spot | None = None
        self._to: Spot | None = None
        super().__init__(agent, caller, spawner, theme, parent)

    @property
    def reading(self) -> int:
        """Return the block the reader is at: the current one, else the last in sight."""
        if 0 <= self.current < self.transcript.total:
            return self.current
        return self._sight[-1][0] if self._sight else -1

    def _spot(self, point: QPoint) -> Spot | None:
        at = self.part_at(point)
        placed = self._placed.get(at[0]) if at else None
        if at is None or placed is None:
            return None
        n, index, inner = at
        return Spot(n, index, max(0, placed.parts[index].position_at(inner)))

    @property
    def has_selection(self) -> bool:
        """Tell whether any text is selected."""
        return self._from is not None and self._to is not None and self._from != self._to

    def _ends(self) -> tuple[Spot, Spot] | None:
        if self._from is None or self._to is None or self._from == self._to:
            return None
        return min(self._from, self._to), max(self._from, self._to)

    def select_all(self) -> None:
        """Select everything."""
        last = self.transcript.total - 1
        self._from, self._to = Spot(0, 0, 0), Spot(last, 1_000_000, 0)
        self.viewport().update()

    def ranges(self, n: int, index: int, part: Part) -> Iterator[tuple[int, int, QColor]]:
        """Yield the selection in a part."""
        selected = self._selected(n, index)
        if selected is not None:
            yield selected[0], selected[1], self._theme.selection

    def _selected(self, n: int, index: int) -> tuple[int, int] | None:
        ends = self._ends()
        if ends is None:
            return None
        first, last = ends
        if (n, index) < (first.block, first.part) or (n, index) > (last.block, last.part):
            return None
        start = first.position if (n, index) == (first.block, first.part) else 0
        end = last.position if (n, index) == (last.block, last.part) else 1 << 30
        return (start, end) if start < end else None

    def selected_text(self, *, markdown: bool = False) -> str:
        """Return the selection; blocks that are selected whole as the agent wrote them, unfolded or not."""
        ends = self._ends()
        if ends is None:
            return ""
        out = []
        for n in range(ends[0].block, min(ends[1].block, ends[0].block + COPY_LIMIT) + 1):
            block = self.transcript.block(n)
            if block is None:
                continue
            if ends[0].block < n < ends[1].block or (markdown and ends[0].block != ends[1].block):
                out.append(block_markdown(block) if markdown else block_text(block))
            else:
                out.append(self._cut(n))
        return ("\n\n" if markdown else "\n").join(text for text in out if text)

    def _cut(self, n: int) -> str:
        placed = self.place(n)
        parts = []
        for index, part in enumerate(placed.parts if placed else ()):
            span = self._selected(n, index)
            if span is not None:
                cursor = QTextCursor(part.document)
                last = part.document.characterCount() - 1
                cursor.setPosition(min(span[0], last))
                cursor.setPosition(min(span[1], last), QTextCursor.MoveMode.KeepAnchor)
                parts.append(cursor.selection().toPlainText())
        return "\n".join(parts)

    def copy(self, *, markdown: bool = False) -> None:
        """Put the selection on the clipboard; without one, the current block."""
        text = self.selected_text(markdown=markdown)
        block = self.transcript.block(self.reading)
        if not text and block is not None:
            text = block_markdown(block) if markdown else block_text(block)
        if text:
            QGuiApplication.clipboard().setText(text)
