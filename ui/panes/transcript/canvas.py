"""Paints the visible blocks of a transcript, in any theme and size; tells what stands where."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from agents.model import AgentId
from app.client.api import Caller, Spawner
from app.transcript import block_text
from ui.panes.transcript.brush import Brush
from ui.panes.transcript.parts import Part, Placed
from ui.panes.transcript.scroll import TranscriptScroll
from ui.panes.transcript.setter import Setter, clock
from ui.panes.transcript.sheet import GUTTER, Sheet
from ui.theme import Theme

ZOOM = range(-3, 9)


class TranscriptCanvas(TranscriptScroll):
    """One agent's transcript to look at. Selecting, finding and keys come on top of it."""

    def __init__(
        self, agent: AgentId, caller: Caller, spawner: Spawner, theme: Theme, parent: QWidget | None = None
    ) -> None:
        self._hovered = -1
        super().__init__(agent, caller, spawner, theme, parent)
        self._brush = Brush(self._setter.sheet)

    # -- looks

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self._restyle()

    def zoom(self, steps: int) -> None:
        """Make text larger or smaller; 0 is the usual size."""
        self._zoom = min(max(self._zoom + steps, ZOOM.start), ZOOM.stop - 1) if steps else 0
        self._restyle()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, zoom."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def _restyle(self) -> None:
        sheet = Sheet(self._theme, self._zoom)
        self._setter = Setter(sheet)
        self._brush = Brush(sheet)
        self._placed.clear()
        self.refresh()

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the blocks in sight."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._theme.panel)
        if not self.transcript.total:
            self._paint_empty(painter)
        for n, y in self._sight:
            placed = self._placed.get(n)
            height = self._extents[n]
            if y + height < event.rect().top() or y > event.rect().bottom():
                continue
            painter.save()
            painter.translate(0, y)
            if placed is None:
                self._paint_missing(painter, height)
            else:
                self._paint_block(painter, n, placed, (event.rect().top() - y, event.rect().bottom() - y))
            painter.restore()
        painter.end()

    def _paint_block(self, painter: QPainter, n: int, placed: Placed, sight: tuple[int, int]) -> None:
        width = self.viewport().width()
        self._brush.block(painter, placed, sight, lambda index, part: self.ranges(n, index, part))
        block = self.transcript.block(n)
        if n == self._hovered and placed.shows_time and block is not None:
            self._brush.time(painter, clock(block.at), width)
        if n == self.current and self.hasFocus():
            self._brush.ring(painter, width, placed.height)

    def ranges(self, n: int, index: int, part: Part) -> Iterator[tuple[int, int, QColor]]:
        """Yield what stands behind the text of a part; overridden where there is a selection and a search."""
        yield from ()

    def _paint_missing(self, painter: QPainter, height: int) -> None:
        painter.fillRect(QRect(GUTTER, 8, 180, max(4, min(height - 16, 12))), self._theme.hover)

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setFont(self._theme.font_ui)
        painter.setPen(self._theme.muted)
        words = self.empty_words if self.transcript.opened else "Reading the transcript …"
        box = QRectF(self.viewport().rect()).adjusted(24, 24, -24, -24)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)

    empty_words = "Nothing said yet. Write a message below to begin."

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.viewport().update()

    # -- places

    def block_at(self, y: int) -> tuple[int, int]:
        """Return the block at a height of the viewport and its top; the nearest one outside."""
        if not self._sight:
            return -1, 0
        for n, top in self._sight:
            if y < top + self._extents[n]:
                return n, top
        return self._sight[-1]

    def part_at(self, point: QPoint) -> tuple[int, int, QPointF] | None:
        """Return the block and part nearest to a point of the viewport, and the point within the block."""
        n, top = self.block_at(point.y())
        placed = self._placed.get(n)
        if placed is None or not placed.parts:
            return None
        inner = QPointF(point.x(), point.y() - top)
        best = min(
            range(len(placed.parts)),
            key=lambda i: _distance(inner.y(), placed.parts[i].y, placed.parts[i].y + placed.parts[i].height),
        )
        return n, best, inner

    def accessible_text(self) -> str:
        """Return the visible blocks as text."""
        shown = (self.transcript.block(n) for n, _ in self._sight)
        return "\n\n".join(f"{block.kind.value}: {block_text(block)}" for block in shown if block is not None)


def _distance(y: float, top: float, bottom: float) -> float:
    return max(top - y, y - bottom, 0)
