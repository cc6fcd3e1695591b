"""Reading a transcript: what ``TranscriptCanvas`` paints, with walking, folding, selecting, copying and links.

Links never open by themselves: the target is shown while the mouse is over one, and a click asks the shell.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QMenu, QWidget

from agents.model import AgentId
from agents.status.untrusted import one_line
from app.client.api import Caller, Spawner
from ui.panes.transcript.parts import Fold, Placed
from ui.panes.transcript.selection import Spot, TranscriptSelection
from ui.panes.transcript.setter import MORE
from ui.theme import Theme

#: Side of the copy button of a code block.
COPY = 22


class TranscriptReader(TranscriptSelection):
    """One agent's transcript to read, fold, select and copy. Finding comes on top of it."""

    link_activated = Signal(str)

    def __init__(
        self, agent: AgentId, caller: Caller, spawner: Spawner, theme: Theme, parent: QWidget | None = None
    ) -> None:
        self._pressing = False
        self._moved = False
        self._link = ""
        self._copy_over: tuple[int, int] | None = None
        super().__init__(agent, caller, spawner, theme, parent)

    # -- reading by block

    def step(self, step: int) -> None:
        """Go to the next block with something to read (or the one before); a long one is scrolled through first."""
        at = self.reading
        if at < 0:
            return
        if self.current < 0:
            self._go(at)
            return
        if self._scrolled_inside(at, step):
            return
        target = at + step
        while 0 <= target < self.transcript.total and self._extents[target] == 0:
            target += step
        if 0 <= target < self.transcript.total:
            self._go(target)
        elif step > 0:
            self.to_end()

    def _scrolled_inside(self, n: int, step: int) -> bool:
        height = self.viewport().height()
        top = dict(self._sight).get(n)
        if top is None:
            return False
        bottom = top + self._extents[n]
        page = height * 3 // 4
        if step > 0 and bottom > height + 4:
            self.scroll_by(min(page, bottom - height + 12))
            return True
        if step < 0 and top < 0:
            self.scroll_by(-min(page, 12 - top))
            return True
        return False

    def _go(self, n: int) -> None:
        self.current = n
        self.show_block(n)

    def fold(self) -> None:
        """Fold the current block."""
        self._set_fold(self.reading, Fold.CLOSED)

    def unfold(self) -> None:
        """Unfold the current block; unfolded already, show all of it."""
        n = self.reading
        placed = self.place(n) if n >= 0 else None
        if placed is not None and placed.foldable:
            self._set_fold(n, Fold.ALL if placed.is_open and placed.fold is not Fold.AUTO else Fold.OPEN)

    def toggle(self) -> None:
        """Fold or unfold the current block."""
        placed = self.place(self.reading) if self.reading >= 0 else None
        if placed is not None:
            self._set_fold(self.reading, Fold.CLOSED if placed.is_open else Fold.OPEN)

    def _set_fold(self, n: int, fold: Fold) -> None:
        placed = self.place(n) if n >= 0 else None
        if placed is None or not placed.foldable:
            return
        if self._from and self._to and self._from.block <= n <= self._to.block:
            self._from = self._to = None
        self._folds[n] = fold
        self.current = n
        if self.follow and n < self.transcript.total - 1:
            # Unfolding is reading: the block stays where it is, the end may move out of sight.
            self._set_follow(on=False)
        self.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Fold, copy, zoom and scroll; letters are the shell's, by the keymap."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        page = self.viewport().height() - 40
        actions: dict[tuple[Qt.Key, bool], Callable[[], None]] = {
            (Qt.Key.Key_Space, False): self.toggle,
            (Qt.Key.Key_C, True): lambda: self.copy(markdown=shift),
            (Qt.Key.Key_A, True): self.select_all,
            (Qt.Key.Key_Plus, True): lambda: self.zoom(1),
            (Qt.Key.Key_Equal, True): lambda: self.zoom(1),
            (Qt.Key.Key_Minus, True): lambda: self.zoom(-1),
            (Qt.Key.Key_0, True): lambda: self.zoom(0),
            (Qt.Key.Key_PageUp, False): lambda: self.scroll_by(-page),
            (Qt.Key.Key_PageDown, False): lambda: self.scroll_by(page),
            (Qt.Key.Key_Up, True): lambda: self.scroll_by(-40),
            (Qt.Key.Key_Down, True): lambda: self.scroll_by(40),
        }
        action = actions.get((Qt.Key(event.key()), control))
        if action is None:
            event.ignore()
            return
        action()

    # -- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a selection and make the block current."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        point = event.position().toPoint()
        self._pressing, self._moved = True, False
        spot = self._spot(point)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._from is not None:
            self._to, self._moved = spot, True
        else:
            self._from = self._to = spot
        n, _ = self.block_at(point.y())
        self.current = n
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the selection, or show what is under the mouse."""
        point = event.position().toPoint()
        if not self._pressing:
            self._hover(point)
            return
        if point.y() < 0 or point.y() > self.viewport().height():
            self.scroll_by(-24 if point.y() < 0 else 24)
        spot = self._spot(point)
        if spot is not None and spot != self._to:
            self._to, self._moved = spot, True
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the selection; without one, a click folds, copies code or follows a link."""
        if not self._pressing:
            return
        self._pressing = False
        if not self._moved:
            self._clicked(event.position().toPoint())
            return
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection():
            clipboard.setText(self.selected_text(), clipboard.Mode.Selection)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the word."""
        spot = self._spot(event.position().toPoint())
        placed = self._placed.get(spot.block) if spot else None
        if spot is None or placed is None:
            return
        cursor = QTextCursor(placed.parts[spot.part].document)
        cursor.setPosition(spot.position)
        cursor.select(QTextCursor.SelectionType.WordUnderCursor)
        self._from = Spot(spot.block, spot.part, cursor.selectionStart())
        self._to = Spot(spot.block, spot.part, cursor.selectionEnd())
        self.viewport().update()

    def _clicked(self, point: QPoint) -> None:
        at = self.part_at(point)
        placed = self._placed.get(at[0]) if at else None
        if at is None or placed is None:
            return
        n, index, inner = at
        part = placed.parts[index]
        if self._copy_rect(placed, index).contains(inner.toPoint()):
            QGuiApplication.clipboard().setText(part.code)
            return
        link = part.anchor_at(inner)
        if link == MORE:
            self._set_fold(n, Fold.ALL)
        elif link:
            self.link_activated.emit(link)
        elif placed.foldable and inner.y() < 26:
            self._set_fold(n, Fold.CLOSED if placed.is_open else Fold.OPEN)

    def _hover(self, point: QPoint) -> None:
        n, _ = self.block_at(point.y())
        at = self.part_at(point)
        placed = self._placed.get(at[0]) if at else None
        link, over = "", None
        head = False
        if at is not None and placed is not None:
            part = placed.parts[at[1]]
            link = part.anchor_at(at[2])
            over = (at[0], at[1]) if part.code and part.frame.contains(at[2].toPoint()) else None
            on_button = over is not None and self._copy_rect(placed, at[1]).contains(at[2].toPoint())
            head = on_button or (placed.foldable and 0 <= at[2].y() < 26)
        if (n, link, over) != (self._hovered, self._link, self._copy_over):
            self._hovered, self._link, self._copy_over = n, link, over
            self.viewport().update()
        shape = Qt.CursorShape.PointingHandCursor if link or head else Qt.CursorShape.IBeamCursor
        if self.viewport().cursor().shape() is not shape:
            self.viewport().setCursor(shape)

    def leaveEvent(self, event: QEvent) -> None:
        """Take hover marks away."""
        super().leaveEvent(event)
        self._hovered, self._link, self._copy_over = -1, "", None
        self.viewport().update()

    def _copy_rect(self, placed: Placed, index: int) -> QRect:
        part = placed.parts[index]
        if not part.code:
            return QRect()
        return QRect(part.frame.right() - COPY - 4, part.frame.top() + 4, COPY, COPY)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what a mouse user looks for."""
        at = self.part_at(event.pos())
        placed = self._placed.get(at[0]) if at else None
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if at is not None:
            self.current = at[0]
        what = "selection" if self.has_selection else "block"
        menu.addAction(f"Copy {what}", self.copy)
        menu.addAction(f"Copy {what} as Markdown", lambda: self.copy(markdown=True))
        if at is not None and placed is not None:
            part = placed.parts[at[1]]
            link = part.anchor_at(at[2])
            if link and link != MORE:
                menu.addAction("Copy link", lambda: QGuiApplication.clipboard().setText(link))
            if part.code:
                menu.addAction("Copy this code", lambda: QGuiApplication.clipboard().setText(part.code))
            if placed.foldable:
                menu.addSeparator()
                menu.addAction("Fold" if placed.is_open else "Unfold", self.toggle)
        menu.addSeparator()
        menu.addAction("Select all", self.select_all)
        menu.addAction("Go to the end and follow", self.to_end)
        menu.popup(event.globalPos())

    # -- painting on top

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the blocks, then the copy button and the target of a link."""
        super().paintEvent(event)
        if self._copy_over is None and not self._link:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._copy_over is not None:
            self._paint_copy(painter, *self._copy_over)
        if self._link and self._link != MORE:
            self._paint_target(painter)
        painter.end()

    def _paint_copy(self, painter: QPainter, n: int, index: int) -> None:
        top, placed = dict(self._sight).get(n), self._placed.get(n)
        if top is None or placed is None or index >= len(placed.parts):
            return
        box = self._copy_rect(placed, index).translated(0, top)
        painter.setPen(self._theme.border_strong)
        painter.setBrush(self._theme.raised)
        painter.drawRoundedRect(box, 4, 4)
        pixmap = self._theme.pixmap("copy", "muted", 14, self.devicePixelRatioF())
        painter.drawPixmap(box.left() + 4, box.top() + 4, pixmap)

    def _paint_target(self, painter: QPainter) -> None:
        painter.setFont(self._setter.sheet.small)
        words = painter.fontMetrics().elidedText(
            one_line(self._link, 400), Qt.TextElideMode.ElideMiddle, self.viewport().width() - 40
        )
        size = painter.fontMetrics().size(0, words)
        box = QRect(6, self.viewport().height() - size.height() - 14, size.width() + 16, size.height() + 8)
        painter.setPen(self._theme.border_strong)
        painter.setBrush(self._theme.raised)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self._theme.text)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    # -- state kept while hidden

    def reading_place(self) -> tuple[bool, int, int]:
        """Return where the reader is, for ``restore_reading``."""
        return self.follow, *self._anchor

    def restore_reading(self, place: tuple[bool, int, int]) -> None:
        """Go back to where the reader was."""
        follow, n, y = place
        self._anchor = (n, y)
        self._set_follow(on=follow)
        self.refresh()
