"""Paints the visible lines of a raw log of any length and follows its end. Selecting and finding come on top of it.

All it holds is what ``LogDocument`` holds. Reading goes on in slices between frames; a hidden view does nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QPushButton, QWidget
from shiboken6 import isValid

from app.client.api import Spawner
from app.logdocument import LogDocument
from app.logline import EMPTY, Line, width
from app.logsource import LogSource
from ui.panes.logpaint import LinePainter, Span, column_of, index_at
from ui.panes.logpicture import Picture, step
from ui.theme import Theme

#: Pixels left of the text.
MARGIN = 10

ZOOM = range(-5, 13)


class LogCanvas(QAbstractScrollArea):
    """One raw log; lives in the GUI thread. ``close_source`` must be called before it goes."""

    follow_changed = Signal(bool)

    def __init__(self, source: LogSource, spawner: Spawner, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = LogDocument(source)
        self.follow = True
        self._spawner = spawner
        self._theme = theme
        self._zoom = 0
        self._painter = LinePainter(theme, 0)
        self._wrap = False
        self._numbers = False
        self._widest = 0
        self._seen = 0
        self._busy = False
        self._loading = False
        self._picture: Picture | None = None  # what is painted, or about to be; None when that is of no use
        self._badge = QPushButton(self.viewport())
        self._badge.setProperty("role", "primary")
        self._badge.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._badge.clicked.connect(self.to_end)
        self._badge.hide()
        self._stop_listening: Callable[[], None] = source.listen(self.grow)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        # Every pixel is painted here: else all that lies behind would be painted first, each time.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAutoFillBackground(True)  # the same for what lies behind the scroll bars
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.horizontalScrollBar().valueChanged.connect(self._show_place)
        self.verticalScrollBar().sliderMoved.connect(self._on_moved_by_user)
        self.verticalScrollBar().actionTriggered.connect(self._on_moved_by_user)
        self.setAccessibleName("raw log")
        self.grow()

    # -- growth

    def grow(self) -> None:
        """Take note of new text: little of it at once, much of it in a task."""
        if not self.document.catch_up_now() and not self._busy:
            self._busy = True
            self._spawner.spawn(self._catch_up(), "reading the log")
        self._settle()

    async def _catch_up(self) -> None:
        try:
            await self.document.catch_up(self._settle)
        finally:
            self._busy = False
        self._settle()

    def close_source(self) -> None:
        """Let go of the source; called once, when the pane goes."""
        self._stop_listening()
        self._stop_listening = _nothing

    def _settle(self) -> None:
        """Make scroll bars, badge and picture agree with the document; costs nothing while hidden."""
        if not isValid(self):
            self.document.close()
            return
        if not self.isVisible():
            return
        rows = self._rows()
        bar = self.verticalScrollBar()
        bar.setPageStep(rows)
        self._settle_range(max(0, self.document.count - (self._rows_at_end() if self._wrap else rows)))
        if self.follow:
            bar.setValue(bar.maximum())
            self._seen = self.document.count
        self._settle_width()
        self._settle_badge()
        self._show_place()

    def _settle_range(self, last: int) -> None:
        """Let the bar reach line ``last``; while it only grows, the scroll area need not lay out its bars again."""
        bar = self.verticalScrollBar()
        blocker = QSignalBlocker(bar) if 0 < bar.maximum() <= last else None
        bar.setRange(0, last)
        if blocker is not None:
            blocker.unblock()

    def _show_place(self) -> None:
        """Move what is painted to where it is now and have the rest painted."""
        view, bar = self.viewport(), self.horizontalScrollBar()
        first, count = self.verticalScrollBar().value(), self.document.count
        now = Picture(first, count, self._left(), bar.value(), view.width(), view.height())
        before, self._picture = self._picture, now
        moved = step(before, now, self._rows()) if before is not None and not self._wrap else None
        # Between device pixels nothing can be moved, and the badge would be moved along.
        is_fixed = self._badge.isVisible() or not view.devicePixelRatioF().is_integer()
        if moved is None or (moved.lines and is_fixed):
            view.update()
            return
        height = self._painter.height
        if moved.lines:
            view.scroll(0, -moved.lines * height, view.rect())
        top = (moved.dirty - first) * height
        view.update(0, top, view.width(), view.height() - top)

    def _repaint(self) -> None:
        """Have everything painted anew: looks, selection or hits changed."""
        self._picture = None
        self._settle()

    def _settle_width(self) -> None:
        room = self.viewport().width() - self._left() - MARGIN
        wide = round(self._widest * self._painter.cell)
        self.horizontalScrollBar().setPageStep(max(1, room))
        self.horizontalScrollBar().setRange(0, 0 if self._wrap else max(0, wide - room))
        self.horizontalScrollBar().setSingleStep(round(self._painter.cell * 4))

    def _settle_badge(self) -> None:
        new = self.document.count - self._seen
        if self.follow or new <= 0:
            self._badge.hide()
            return
        self._badge.setText(f"{new:,} new below")
        self._badge.setIcon(self._theme.icon("arrow-down", "on_fill"))
        self._badge.setToolTip("Go to the end and follow (G)")
        self._badge.adjustSize()
        area = self.viewport().rect()
        self._badge.move(area.center().x() - self._badge.width() // 2, area.bottom() - self._badge.height() - 10)
        self._badge.show()

    # -- looks

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self._painter = LinePainter(theme, self._zoom)
        self._repaint()

    @property
    def wraps(self) -> bool:
        """Tell whether long lines go on below."""
        return self._wrap

    def set_wrap(self, *, on: bool) -> None:
        """Wrap long lines, or scroll sideways."""
        self._wrap = on
        self.horizontalScrollBar().setValue(0)
        self._repaint()

    def set_numbers(self, *, on: bool) -> None:
        """Show line numbers."""
        self._numbers = on
        self._repaint()

    def zoom(self, steps: int) -> None:
        """Make text larger or smaller; 0 is the usual size."""
        wanted = min(max(self._zoom + steps, ZOOM.start), ZOOM.stop - 1) if steps else 0
        if wanted != self._zoom:
            self._zoom = wanted
            self._painter = LinePainter(self._theme, wanted)
            self._repaint()

    def _rows(self) -> int:
        return max(1, self.viewport().height() // self._painter.height)

    def _columns(self) -> int:
        return max(8, int((self.viewport().width() - self._left() - MARGIN) / self._painter.cell))

    def _left(self) -> int:
        if not self._numbers:
            return MARGIN
        return MARGIN + round((len(f"{max(1, self.document.count):,}") + 2) * self._painter.cell)

    def _folds(self, line: Line) -> list[int]:
        """Return where the rows of a line begin, as character indexes."""
        if not self._wrap:
            return [0]
        columns = self._columns()
        text = line.text
        if text.isascii():
            return list(range(0, max(1, len(text)), columns))
        starts, used = [0], 0
        for index, char in enumerate(text):
            cells = width(char)
            if used + cells > columns:
                starts.append(index)
                used = 0
            used += cells
        return starts

    def _rows_at_end(self) -> int:
        """Return how many of the last lines fill the view when wrapped."""
        rows = self._rows()
        lines = self.document.lines(self.document.count - rows, rows)
        used = shown = 0
        for line in reversed(lines):
            used += len(self._folds(line or EMPTY))
            if used > rows:
                break
            shown += 1
        return max(1, shown)

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines of which something is to be painted; ask for those that must be loaded."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._theme.code)
        if not self.document.count:
            self._paint_empty(painter)
            return
        above = 0 if self._wrap else event.rect().top() // self._painter.height
        below = (event.rect().bottom() if not self._wrap else self.viewport().height()) // self._painter.height
        first, rows = self.verticalScrollBar().value() + above, below - above + 1
        lines = self.document.lines(first, rows)
        if any(line is None for line in lines):
            self._load(first, rows)
        left = self._left()
        painter.setClipRect(QRect(left - 2, 0, self.viewport().width(), self.viewport().height()))
        top, widest = above * self._painter.height, self._widest
        for number, line in enumerate(lines, first):
            shown = line or EMPTY
            if self._numbers:
                self._paint_number(painter, number, top, left)
            top += self._paint_line(painter, number, shown, top)
            widest = max(widest, width(shown.text))
            if top > event.rect().bottom():
                break
        painter.end()
        if widest > self._widest:
            self._widest = widest
            self._settle_width()

    def _paint_line(self, painter: QPainter, number: int, line: Line, top: int) -> int:
        spans = self.spans(number, line)
        folds = self._folds(line)
        shift = self.horizontalScrollBar().value()
        x: float = self._left() - (0 if self._wrap else shift)
        height = self._painter.height
        if not self._wrap:
            # Only the columns in sight: a line may have thousands.
            first = index_at(line.text, shift / self._painter.cell - 2)
            last = index_at(line.text, (shift + self.viewport().width()) / self._painter.cell + 2)
            x += column_of(line.text, first) * self._painter.cell
            self._painter.draw(painter, line, (first, last), QPointF(x, top), spans)
            return height
        for row, start in enumerate(folds):
            end = folds[row + 1] if row + 1 < len(folds) else len(line.text)
            self._painter.draw(painter, line, (start, end), QPointF(x, top + row * height), spans)
        return height * len(folds)

    def spans(self, number: int, line: Line) -> list[Span]:
        """Return what stands behind the text of a line; overridden where there is a selection and a search."""
        return []

    def _paint_number(self, painter: QPainter, number: int, top: int, left: int) -> None:
        painter.save()
        painter.setClipping(False)
        painter.setFont(self._theme.mono(delta=self._zoom - 1))
        painter.setPen(self._theme.muted)
        box = QRectF(0, top, left - 1.5 * self._painter.cell, self._painter.height)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{number + 1:,}")
        painter.restore()

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setFont(self._theme.font_ui)
        painter.setPen(self._theme.muted)
        words = "Nothing written yet. What the program writes appears here as it comes."
        if self.document.deleted:
            words = "This raw log was deleted: raw logs are kept for a while only. The transcript stays."
        if self._busy:
            words = "Reading the log …"
        box = QRectF(self.viewport().rect()).adjusted(24, 24, -24, -24)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)

    def _load(self, first: int, rows: int) -> None:
        if self._loading:
            return
        self._loading = True

        async def work() -> None:
            try:
                await self.document.load(first, rows)
            finally:
                self._loading = False
            if isValid(self):
                self.viewport().update()

        self._spawner.spawn(work(), "reading the log")

    # -- scrolling

    def to_end(self) -> None:
        """Show the end and follow it."""
        self._set_follow(on=True)
        self._settle()

    def to_begin(self) -> None:
        """Show the first line."""
        self._set_follow(on=False)
        self.verticalScrollBar().setValue(0)

    def scroll_lines(self, lines: int) -> None:
        """Move by lines; up leaves the end, down to the end follows again."""
        bar = self.verticalScrollBar()
        if lines < 0:
            self._set_follow(on=False)
        bar.setValue(bar.value() + lines)
        if lines > 0 and bar.value() == bar.maximum():
            self._set_follow(on=True)

    def show_line(self, line: int) -> None:
        """Bring a line into the upper third unless it is in sight; stops following."""
        bar = self.verticalScrollBar()
        self._set_follow(on=False)
        if not bar.value() <= line < bar.value() + self._rows() - 1:
            bar.setValue(line - self._rows() // 3)
        self.viewport().update()

    def _set_follow(self, *, on: bool) -> None:
        if on == self.follow:
            return
        self.follow = on
        self._seen = self.document.count
        self._settle_badge()
        self.follow_changed.emit(on)

    def _on_scrolled(self) -> None:
        bar = self.verticalScrollBar()
        self._seen = max(self._seen, min(self.document.count, bar.value() + self._rows()))
        self._settle_badge()
        self._show_place()

    def _on_moved_by_user(self, _: int) -> None:
        bar = self.verticalScrollBar()
        self._set_follow(on=bar.sliderPosition() >= bar.maximum())

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Do nothing here: whoever moves a scroll bar is heard, and there are no child widgets to move."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, zoom."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        up = event.angleDelta().y() > 0
        super().wheelEvent(event)
        bar = self.verticalScrollBar()
        self._set_follow(on=not up and bar.value() == bar.maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the end in sight when following."""
        super().resizeEvent(event)
        self._repaint()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self._repaint()

    # -- for assistive technology

    def accessible_text(self) -> str:
        """Return the visible lines."""
        return "\n".join(self.document.text(self.verticalScrollBar().value(), self._rows()))


def _nothing() -> None:
    pass
