"""Paints a terminal on a grid of whole pixels and follows its end. Selecting, finding and typing come on top of it.

The picture is kept: what did not change is not painted again, what moved is moved. A hidden view keeps no terminal, no
picture and no timer; it asks for its terminal when it is shown (``wanted``).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHideEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget
from shiboken6 import isValid

from agents.vt.rows import Row
from app.client.api import Spawner
from app.terminal.following import Following
from ui.panes.ansi import mix
from ui.panes.terminal.badge import Badge
from ui.panes.terminal.metrics import Metrics
from ui.panes.terminal.paint import Caret, Look, RowPainter, Span
from ui.panes.terminal.palette import Colours
from ui.panes.terminal.port import Shown
from ui.theme import Theme

#: Logical pixels around the cells.
MARGIN_X, MARGIN_Y = 6, 4

ZOOM = range(-5, 20)

#: Seconds of drawing into the core before a frame is shown.
BUDGET_S = 0.006

#: Milliseconds between frames, and the longest a synchronised update may hold one back.
FRAME_MS = 16
HOLD_S = 0.15

#: Older lines made known at once.
OLDER = 500


class TerminalCanvas(QAbstractScrollArea):
    """One terminal to look at; lives in the GUI thread."""

    wanted = Signal()
    sized = Signal(int, int)
    bell = Signal()
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
        self.owns_size = False
        self._spawner = spawner
        self._theme = theme
        self._clock = clock
        self._zoom = 0
        self._following = Following()
        self._colours = Colours(theme)
        self._metrics = Metrics(theme, 0, self.devicePixelRatioF())
        self._painter = RowPainter(self._metrics, self._colours)
        self._picture: QPixmap | None = None
        self._looks: list[Look | None] = []
        self._drawn: tuple[int, ...] = ()
        self._drawn_first = 0
        self._held_since: float | None = None
        self._loading = False
        self._seen = 0
        self._bells = 0
        self._size_told: tuple[int, int] = (0, 0)
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._on_frame)
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(FRAME_MS * 2)
        self._resized.timeout.connect(self.tell_size)
        self._badge = Badge(self.viewport(), theme, self.to_end)
        self._set_up()

    def _set_up(self) -> None:
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
        self.setAccessibleName("terminal")
        self.setAccessibleDescription("What the program shows. Keys go to the program; F6 leaves.")

    # -- the terminal

    def show_terminal(self, terminal: Shown | None) -> None:
        """Show another terminal, or none; the former one is closed."""
        if self.terminal is not None and self.terminal is not terminal:
            self.terminal.close()
        self.terminal = terminal
        self._looks, self._picture = [], None
        self._held_since = None
        self._bells = terminal.grid.bells if terminal is not None else 0
        self._set_follow(on=True)
        self.changed_terminal()
        if terminal is not None and not self.isVisible():
            self.show_terminal(None)
            return
        if self.hasFocus():
            self.claim_size()
        self.wake()
        self.viewport().update()

    def changed_terminal(self) -> None:
        """Forget what was about the former terminal; overridden by what comes on top."""

    def grew(self, size: int, rows: int, cols: int) -> None:
        """Take note of more output, and of the size of the terminal there."""
        if self.terminal is None:
            return
        self.terminal.grew(size, rows, cols)
        if rows and (rows, cols) != self._size_told and not self.hasFocus():
            self.owns_size = False
        self.wake()

    def wake(self) -> None:
        """Have the next frame come at once; costs nothing while hidden."""
        if self.terminal is not None and self.isVisible() and (not self._frame.isActive() or self._frame.interval()):
            self._frame.start(0)

    def typed_now(self) -> None:
        """Look for the echo of a key that was just sent."""
        self._following.typed(self._clock())
        if self.terminal is not None and not self._frame.isActive():
            self._frame.start(FRAME_MS // 4)

    def _on_frame(self) -> None:
        terminal = self.terminal
        if terminal is None or not self.isVisible():
            return
        has_more = terminal.look()
        is_behind = terminal.pump(BUDGET_S)
        now = self._clock()
        if has_more or is_behind:
            self._following.flowed(now)
        self.refresh()
        pause = self._following.next_look(now)
        if is_behind or self._held_since is not None:
            pause = FRAME_MS / 1000
        if pause is not None:
            self._frame.start(round(pause * 1000))

    # -- painting the picture

    def refresh(self) -> None:
        """Make scroll bar, badge and picture agree with the terminal; costs nothing while hidden."""
        if self.terminal is None or not self.isVisible() or self._is_held():
            return
        grid = self.terminal.grid
        self._colours.follow(grid.palette, is_reversed=bool(grid.modes.is_set(5)))
        if grid.bells != self._bells:
            self._bells = grid.bells
            self.bell.emit()
        self.before_drawing()
        self._settle_scroll()
        self.draw()

    def before_drawing(self) -> None:
        """Follow what changed; overridden by what comes on top."""

    def _is_held(self) -> bool:
        """Tell whether the program is in the middle of an update that is to appear as one."""
        terminal = self.terminal
        if terminal is None or not terminal.grid.updating:
            self._held_since = None
            return False
        now = self._clock()
        if self._held_since is None:
            self._held_since = now
        if now - self._held_since <= HOLD_S:
            return True
        self._held_since = now  # shown once; the next part of it is held again
        return False

    def draw(self) -> None:
        """Bring the picture up to date and have what changed in it shown."""
        if self.terminal is None or not self.isVisible():
            return
        rows, cols = self.fitting()
        first = self.first_line()
        self._prepare(rows, cols)
        picture, metrics = self._picture, self._metrics
        assert picture is not None  # noqa: S101  (just made)
        moved = first - self._drawn_first
        self._drawn_first = first
        if moved and abs(moved) < rows and any(look is not None for look in self._looks):
            picture.scroll(0, -moved * metrics.height, picture.rect())
            blank: list[Look | None] = [None] * abs(moved)
            self._looks = self._looks[moved:] + blank if moved > 0 else blank + self._looks[:moved]
        fresh = [self.look(first + row) for row in range(rows)]
        changed = [row for row in range(rows) if fresh[row] != self._looks[row]]
        if changed:
            self._paint_rows(picture, fresh, changed, min(cols, self.terminal.grid.cols))
        self._looks = list(fresh)
        if moved or len(changed) > rows // 2:
            self.viewport().update()
        else:
            for row in changed:
                self.viewport().update(self._row_rect(row))

    def _paint_rows(self, picture: QPixmap, fresh: list[Look], changed: list[int], cols: int) -> None:
        painter = QPainter(picture)
        painter.setClipRect(0, 0, cols * self._metrics.cell, picture.height())
        for row in changed:
            self._painter.draw(painter, fresh[row], row * self._metrics.height, cols)
        painter.end()

    def _prepare(self, rows: int, cols: int) -> None:
        """Begin a new picture where size, density, fonts or colours are others than those of the last."""
        ratio = self.viewport().devicePixelRatioF()
        if ratio != self._metrics.ratio:
            self._renew_metrics(ratio)
            rows, cols = self.fitting()
        assert self.terminal is not None  # noqa: S101  (asked by draw)
        grid = self.terminal.grid
        state = (rows, cols, self._metrics.cell, self._colours.version, grid.cols, id(self._metrics))
        if self._picture is not None and state == self._drawn:
            return
        self._drawn = state
        self._picture = QPixmap(max(1, cols * self._metrics.cell), max(1, rows * self._metrics.height))
        self._picture.fill(self._outside)
        self._looks = [None] * rows
        self.viewport().update()

    @property
    def _outside(self) -> QColor:
        return mix(self._colours.background, self._colours.foreground, 0.06)

    def look(self, number: int) -> Look:
        """Return what the row of a line shows."""
        terminal = self.terminal
        assert terminal is not None  # noqa: S101  (asked by draw)
        if number < terminal.first:
            return Look(None, note=self.note_above() if number == terminal.first - 1 else "")
        row = terminal.line(number) if number <= terminal.bottom else None
        caret = self._caret(number)
        if row is None and number < terminal.top:
            return Look(None, note="reading older output…")
        spans = tuple(self.spans(number, row)) if row is not None else ()
        return Look(row, spans, caret, self.ruled(number), self.preedit if caret is not None else "")

    preedit = ""

    def note_above(self) -> str:
        """Return what stands above the first line."""
        assert self.terminal is not None  # noqa: S101  (asked by look)
        return "reading older output…" if self.terminal.has_older else ""

    def spans(self, number: int, row: Row) -> list[Span]:
        """Return what stands behind the text of a line; overridden where there is a selection and a search."""
        return []

    def ruled(self, number: int) -> tuple[tuple[int, int], ...]:
        """Return the columns of a line that are underlined as a link; overridden where links are found."""
        return ()

    def _caret(self, number: int) -> Caret | None:
        terminal = self.terminal
        assert terminal is not None  # noqa: S101  (asked by look)
        cursor = terminal.grid.cursor
        if number != terminal.top + cursor.row or not (cursor.visible or self.preedit):
            return None
        return Caret(min(cursor.col, terminal.grid.cols - 1), cursor.shape, self.hasFocus())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show the picture; nothing is drawn here but its borders."""
        painter = QPainter(self.viewport())
        if self.viewport().devicePixelRatioF() != self._metrics.ratio:
            self.draw()
        box = self.picture_rect()
        if self._picture is None or not box.contains(QRectF(event.rect())):
            painter.fillRect(event.rect(), self._colours.background)
        if self._picture is not None:
            ratio = self._metrics.ratio
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawPixmap(round(box.left() * ratio), round(box.top() * ratio), self._picture)
        painter.end()

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
        assert self.terminal is not None  # noqa: S101  (asked by refresh)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.fitting()[0])
        lowest = self.terminal.first - (1 if self.note_above() else 0)
        last = self._last_first()
        if (bar.minimum(), bar.maximum()) != (lowest, last):
            bar.setRange(lowest, max(lowest, last))
        if self.follow:
            self._seen = self.terminal.bottom
            bar.setValue(last)
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
        self.draw()

    def _want_older(self) -> None:
        """Make earlier lines known before the reader comes to them."""
        terminal = self.terminal
        if terminal is None or self._loading or not terminal.has_older:
            return
        if self.first_line() >= terminal.first + self.fitting()[0]:
            return
        self._loading = True

        async def work() -> None:
            try:
                await terminal.load_older(OLDER)
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
            bar.setValue(line - rows // 3)
        self.draw()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Do nothing here: whoever moves the scroll bar is heard, and there are no child widgets to move."""

    # -- looks and size

    def set_theme(self, theme: Theme) -> None:
        """Take new colours and fonts."""
        self._theme = theme
        self._colours.set_theme(theme)
        self._badge.set_theme(theme)
        self._renew_metrics(self._metrics.ratio)
        self.refresh()

    def set_bold_is_bright(self, *, on: bool) -> None:
        """Draw bold text in one of the first eight colours in its bright fellow, or not."""
        self._colours.set_bold_is_bright(on=on)
        self.refresh()

    def zoom(self, steps: int) -> None:
        """Make text larger or smaller; 0 is the usual size. The program is told of its new size."""
        wanted = min(max(self._zoom + steps, ZOOM.start), ZOOM.stop - 1) if steps else 0
        if wanted != self._zoom:
            self._zoom = wanted
            self._renew_metrics(self._metrics.ratio)
            self.refresh()
            self.claim_size()

    def _renew_metrics(self, ratio: float) -> None:
        self._metrics = Metrics(self._theme, self._zoom, ratio)
        self._painter = RowPainter(self._metrics, self._colours)
        self._picture = None

    def claim_size(self) -> None:
        """Have the program's terminal be as large as this view."""
        self.owns_size = True
        self.tell_size()

    def tell_size(self) -> None:
        """Say which size this view wants, where it is the one that says so."""
        if self.owns_size and self.isVisible() and self.terminal is not None:
            self._size_told = self.fitting()
            self.sized.emit(*self._size_told)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Take the size over and fill the cursor."""
        super().focusInEvent(event)
        self.claim_size()
        self.draw()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Make the cursor hollow."""
        super().focusOutEvent(event)
        self.draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the end in sight when following; tell the size once it stays."""
        super().resizeEvent(event)
        self._badge.place()
        self.refresh()
        if self.owns_size:
            self._resized.start()

    def event(self, event: QEvent) -> bool:
        """Draw anew for a screen of another density."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.refresh()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the terminal: a hidden view has none."""
        super().showEvent(event)
        if self.terminal is None:
            self.wanted.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of everything that costs anything."""
        super().hideEvent(event)
        self._frame.stop()
        self._resized.stop()
        self._following.stop()
        self.show_terminal(None)

    # -- for assistive technology

    def accessible_text(self) -> str:
        """Return the visible lines."""
        if self.terminal is None:
            return ""
        first = self.first_line()
        rows = [self.terminal.line(first + n) for n in range(self.fitting()[0]) if first + n <= self.terminal.bottom]
        return "\n".join(row.text if row is not None else "" for row in rows)
