"""Paints a terminal on a grid of whole pixels and follows its end. Selecting, finding and typing come on top of it.

The picture is kept: what did not change is not painted again, what moved is moved. A hidden view keeps no terminal, no
picture and no timer; it asks for its terminal when it is shown (``wanted``).
"""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent
from shiboken6 import isValid

from agents.vt.rows import Row
from app.terminal.following import Following, eased
from ui.panes.terminal.metrics import Metrics
from ui.panes.terminal.paint import Caret, Look, RowPainter, Span
from ui.panes.terminal.palette import Colours
from ui.panes.terminal.port import Shown
from ui.panes.terminal.scroll import READING, TerminalScroll
from ui.theme import Theme

ZOOM = range(-5, 20)

#: Seconds of drawing into the core before a frame is shown.
BUDGET_S = 0.006

#: The same while more comes than that takes in, and the pause then, ms: a program prints faster than a third of a core
#: reads, and what Ctrl+C leaves is shown behind all that waits.
BEHIND_S = 0.012
BREATH_MS = 4

#: Milliseconds between looks for the echo of a key, and for how many seconds: a frame more would be felt.
ECHO_MS = 3
ECHO_S = 0.08

#: Milliseconds between frames, and the longest a synchronised update may hold one back.
FRAME_MS = 16
HOLD_S = 0.15


class TerminalCanvas(TerminalScroll):
    """One terminal to look at; lives in the GUI thread."""

    wanted = Signal()
    sized = Signal(int, int)
    bell = Signal()

    preedit = ""

    def _set_up(self) -> None:
        super()._set_up()
        self.owns_size = False
        self._following = Following()
        self._colours = Colours(self._theme)
        self._painter = RowPainter(self._metrics, self._colours)
        self._picture: QPixmap | None = None
        self._looks: list[Look | None] = []
        self._drawn: tuple[int, ...] = ()
        self._drawn_first = 0
        self._held_since: float | None = None
        self._bells = 0
        self._fetching = self._is_cut_off = False
        self._is_stale = True
        self._is_behind = False
        self._echo_until = float("-inf")
        self._due, self._late_s = math.inf, 0.0
        self._size_told: tuple[int, int] = (0, 0)
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._on_frame)
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(FRAME_MS * 2)
        self._resized.timeout.connect(self.tell_size)

    # -- the terminal

    def show_terminal(self, terminal: Shown | None) -> None:
        """Show another terminal, or none; the former one is closed."""
        if self.terminal is not None and self.terminal is not terminal:
            self.terminal.close()
        self.terminal = terminal
        self._looks, self._picture = [], None
        self._is_cut_off = False
        self._rows.clear()
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
        self._is_cut_off = self._fetching
        if rows and (rows, cols) != self._size_told and not self.hasFocus():
            self.owns_size = False
        self.wake()

    def wake(self) -> None:
        """Have the next frame come at once; costs nothing while hidden."""
        self._is_stale = True
        if self.terminal is not None and self.isVisible() and (not self._frame.isActive() or self._frame.interval()):
            self._frame.start(0)

    def typed_now(self) -> None:
        """Look for the echo of a key that was just sent, often for a moment."""
        self._following.typed(self._clock())
        self._echo_until = self._clock() + ECHO_S
        is_soon = self._frame.isActive() and self._frame.remainingTime() <= ECHO_MS
        if self.terminal is not None and self.isVisible() and not is_soon:
            self._frame.start(ECHO_MS)

    def _on_frame(self) -> None:
        terminal = self.terminal
        if terminal is None or not self.isVisible():
            return
        began = self._clock()
        if began >= self._due:  # not one that came at once because there was an event
            self._late_s, self._due = began - self._due, math.inf
        has_more = terminal.look()
        is_behind = terminal.pump(BEHIND_S if self._is_behind else BUDGET_S)
        self._is_behind = is_behind
        now = self._clock()
        if has_more or is_behind:
            self._following.flowed(now)
        if terminal.starved:
            self._fetch(terminal)
        if has_more or is_behind or self._is_stale or self._held_since is not None:
            self._is_stale = False
            self.refresh()
        if has_more and now < self._echo_until:
            # At once: the frames of other views that are due come before what is to be painted later.
            QCoreApplication.sendPostedEvents(self.window(), QEvent.Type.UpdateRequest.value)
        self._come_again(now, is_behind=is_behind)

    def _come_again(self, now: float, *, is_behind: bool) -> None:
        """Have the next frame when there may be something to show; never while nothing is going on."""
        pause = self._following.next_look(now)
        if is_behind and not self._is_cut_off:
            self._frame.start(BREATH_MS)
        elif self._held_since is not None:
            self._frame.start(FRAME_MS)
        elif pause is not None and now < self._echo_until:
            self._frame.start(ECHO_MS)
        elif pause is not None:
            pause = eased(pause, self._late_s, is_typed_into=self.hasFocus())
            self._due = now + pause
            self._frame.start(round(pause * 1000))
        else:
            self._want_older()

    def is_flowing(self) -> bool:
        """Tell whether output comes just now, or may: older lines wait until it does not."""
        return self._following.next_look(self._clock()) is not None

    def _fetch(self, terminal: Shown) -> None:
        """Get the output that is not at hand, of a log elsewhere; when that fails, not again before there is more."""
        if self._fetching or self._is_cut_off:
            return
        self._fetching = self._is_cut_off = True

        async def work() -> None:
            try:
                await terminal.fetch()
                self._is_cut_off = False
            finally:
                self._fetching = False
                if isValid(self):
                    self.wake()  # also where another terminal waits for its turn by now

        self._spawner.spawn(work(), "reading the output of a terminal")

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
        if any(look.note == READING and first + row >= self.terminal.first for row, look in enumerate(fresh)):
            self._want_missing(first, rows)
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
        self._picture.fill(self._colours.outside)
        self._looks = [None] * rows
        self.viewport().update()

    def look(self, number: int) -> Look:
        """Return what the row of a line shows."""
        terminal = self.terminal
        assert terminal is not None  # noqa: S101  (asked by draw)
        if number < terminal.first:
            return Look(None, note=self.note_above() if number == terminal.first - 1 else "")
        if number > terminal.bottom:
            return Look(None, is_outside=True)
        row = self.row_of(number)
        caret = self._caret(number)
        if row is None and number < terminal.top:
            return Look(None, note=READING)
        spans = tuple(self.spans(number, row)) if row is not None else ()
        return Look(row, spans, caret, self.ruled(number), self.preedit if caret is not None else "")

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
            self._paint_beyond(painter, box)
        if self._picture is not None:
            ratio = self._metrics.ratio
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawPixmap(round(box.left() * ratio), round(box.top() * ratio), self._picture)
        painter.end()

    # -- looks and size

    def set_theme(self, theme: Theme) -> None:
        """Take new colours and fonts."""
        self._theme = theme
        self._colours.set_theme(theme)
        self._badge.set_theme(theme)
        self._renew_metrics(self._metrics.ratio)
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

    def _paint_beyond(self, painter: QPainter, box: QRectF) -> None:
        """Give the borders beside cells that are no part of the screen the colour of these."""
        if self.terminal is None:
            return
        view, (rows, cols), grid = self.viewport().rect(), self.fitting(), self.terminal.grid
        if grid.cols < cols:
            painter.fillRect(
                view.adjusted(round(box.left() + grid.cols * self._metrics.width), 0, 0, 0), self._colours.outside
            )
        below = self.terminal.bottom + 1 - self.first_line()
        if below < rows:
            painter.fillRect(
                view.adjusted(0, round(box.top() + below * self._metrics.line_height), 0, 0), self._colours.outside
            )

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
