"""Where the reader of a terminal is: the lines in view, the end, older output as one comes to it. Paints nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from shiboken6 import isValid

from agents.vt.rows import Row
from app.client.api import Spawner
from ui.panes.terminal.badge import Badge
from ui.panes.terminal.metrics import Metrics
from ui.panes.terminal.port import Shown
from ui.theme import Theme

#: Logical pixels around the cells.
MARGIN_X, MARGIN_Y = 6, 4

#: Lines above the screen that are remembered as rows: a few views of them.
ROWS_KEPT = 1000

#: What stands where lines are on their way.
READING = "reading older output…"

#: Older lines made known at once.
OLDER = 500


class TerminalScroll(QAbstractScrollArea):
    """The part of a terminal's lines that is in view; lives in the GUI thread."""

    follow_changed = Signal(bool)

    def __init__(
        self,
        spawner: Spawner,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.terminal: Shown | None = None
        self.follow = True
        self._spawner = spawner
        self._theme = theme
        self._clock = clock
        self._zoom = 0
        self._metrics = Metrics(theme, 0, self.devicePixelRatioF())
        self._loading = False
        self._is_settling = False
        self._seen = 0
        self._rows: dict[int, Row] = {}
        self._rows_epoch = 0
        self._badge = Badge(self.viewport(), theme, self.to_end)
        self._set_up()

    def _set_up(self) -> None:
        """Complete the widget; each layer on top adds its own."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        # Every pixel is painted here: else all that lies behind would be painted first, each time.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.viewport().setMouseTracking(True)
        self.setAutoFillBackground(True)
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._on_scrolled)
        bar.sliderMoved.connect(self._on_moved_by_user)
        bar.actionTriggered.connect(self._on_moved_by_user)

    def refresh(self) -> None:
        """Make everything agree with the terminal; the layer that paints does it."""

    def draw(self) -> None:
        """Show what is in view now; the layer that paints does it."""

    # -- places

    def fitting(self) -> tuple[int, int]:
        """Return how many rows and columns fit into the view."""
        metrics, view = self._metrics, self.viewport()
        rows = int((view.height() - 2 * MARGIN_Y) * metrics.ratio) // metrics.height
        cols = int((view.width() - 2 * MARGIN_X) * metrics.ratio) // metrics.cell
        return max(1, rows), max(2, cols)

    def picture_rect(self) -> QRectF:
        """Return where the cells lie in the viewport, in logical pixels."""
        ratio = self._metrics.ratio
        rows, cols = self.fitting()
        left, top = round(MARGIN_X * ratio) / ratio, round(MARGIN_Y * ratio) / ratio
        return QRectF(left, top, cols * self._metrics.width, rows * self._metrics.line_height)

    def _row_rect(self, row: int) -> QRect:
        box = self.picture_rect()
        top = box.top() + row * self._metrics.line_height
        return QRectF(box.left(), top, box.width(), self._metrics.line_height).toAlignedRect()

    def cell_rect(self, line: int, col: int) -> QRectF:
        """Return where a cell lies in the viewport, in logical pixels."""
        box, metrics = self.picture_rect(), self._metrics
        top = box.top() + (line - self.first_line()) * metrics.line_height
        return QRectF(box.left() + col * metrics.width, top, metrics.width, metrics.line_height)

    # -- lines

    def row_of(self, number: int) -> Row | None:
        """Return a line that is at hand. One that left the screen stays as it is: it is asked for once."""
        terminal = self.terminal
        if terminal is None or not terminal.first <= number <= terminal.bottom:
            return None
        if number >= terminal.top:
            return terminal.line(number)
        if terminal.epoch != self._rows_epoch:
            self._rows_epoch = terminal.epoch
            self._rows.clear()
        row = self._rows.get(number)
        if row is None:
            row = terminal.line(number)
            if row is not None:
                if len(self._rows) >= ROWS_KEPT:
                    self._rows.clear()
                self._rows[number] = row
        return row

    # -- scrolling

    def first_line(self) -> int:
        """Return the number of the line in the first row of the view."""
        return self.verticalScrollBar().value()

    def _last_first(self) -> int:
        """Return the line in the first row when the end is shown, with the cursor in sight."""
        terminal = self.terminal
        if terminal is None:
            return 0
        rows, _ = self.fitting()
        spare = terminal.grid.rows - rows
        if spare <= 0:
            return terminal.top
        return terminal.top + min(spare, max(0, terminal.grid.cursor.row - rows + 1))

    def _settle_scroll(self) -> None:
        if self.terminal is None:
            return
        bar = self.verticalScrollBar()
        bar.setPageStep(self.fitting()[0])
        lowest = self.terminal.first - (1 if self.note_above() else 0)
        last = self._last_first()
        self._is_settling = True  # whoever settles draws, once
        if (bar.minimum(), bar.maximum()) != (lowest, last):
            bar.setRange(lowest, max(lowest, last))
        if self.follow:
            self._seen = self.terminal.bottom
            bar.setValue(last)
        self._is_settling = False
        self._settle_badge()

    def _settle_badge(self) -> None:
        new = self.terminal.bottom - self._seen if self.terminal is not None else 0
        self._badge.say("" if self.follow else f"{new:,} new below" if new > 0 else "")

    def _on_scrolled(self) -> None:
        if self.terminal is None:
            return
        if not self.follow:
            self._seen = max(self._seen, min(self.terminal.bottom, self.first_line() + self.fitting()[0] - 1))
            self._settle_badge()
        self._want_older()
        if not self._is_settling:
            self.draw()

    def is_flowing(self) -> bool:
        """Tell whether output comes just now; the layer that looks for it knows."""
        return False

    def _want_older(self) -> None:
        """Make earlier lines known before the reader comes to them."""
        terminal = self.terminal
        if terminal is None or not terminal.has_older or (self.follow and self.is_flowing()):
            return  # at the end of a flood nobody reads older lines, and each part passed over has others
        if self.first_line() < terminal.first + self.fitting()[0]:
            self._load(terminal, terminal.load_older(OLDER))

    def _want_missing(self, first: int, count: int) -> None:
        """Bring the lines in view that are known of and not at hand."""
        if self.terminal is not None:
            self._load(self.terminal, self.terminal.load(first, count))

    def _load(self, terminal: Shown, loading: Coroutine[Any, Any, None]) -> None:
        if self._loading:
            loading.close()
            return
        self._loading = True

        async def work() -> None:
            try:
                await loading
            finally:
                self._loading = False
            if isValid(self) and self.terminal is terminal:
                self.refresh()
                self._want_older()

        self._spawner.spawn(work(), "reading older output")

    def _on_moved_by_user(self, _: int) -> None:
        bar = self.verticalScrollBar()
        self._set_follow(on=bar.sliderPosition() >= bar.maximum())

    def _set_follow(self, *, on: bool) -> None:
        if on == self.follow:
            return
        self.follow = on
        if self.terminal is not None:
            self._seen = self.terminal.bottom
        self._settle_badge()
        self.follow_changed.emit(on)

    def to_end(self) -> None:
        """Show the end and follow it."""
        self._set_follow(on=True)
        self.refresh()

    def to_begin(self) -> None:
        """Show the first line known; earlier ones are read meanwhile."""
        self._set_follow(on=False)
        self.verticalScrollBar().setValue(self.verticalScrollBar().minimum())

    def scroll_lines(self, lines: int) -> None:
        """Move by lines; up leaves the end, down to the end follows again."""
        bar = self.verticalScrollBar()
        if lines < 0 and bar.value() > bar.minimum():
            self._set_follow(on=False)
        bar.setValue(bar.value() + lines)
        if lines > 0 and bar.value() == bar.maximum():
            self._set_follow(on=True)

    def show_line(self, line: int) -> None:
        """Bring a line into the upper third unless it is in sight; stops following."""
        bar, rows = self.verticalScrollBar(), self.fitting()[0]
        if not bar.value() <= line < bar.value() + rows:
            self._set_follow(on=False)
            self._settle_scroll()  # a search may have made older lines known
            bar.setValue(line - rows // 3)
        self.draw()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Do nothing here: whoever moves the scroll bar is heard, and there are no child widgets to move."""

    def note_above(self) -> str:
        """Return what stands above the first line."""
        assert self.terminal is not None  # noqa: S101  (asked by look)
        if self.terminal.has_older:
            return READING
        return "older output was removed" if self.terminal.trimmed else ""
