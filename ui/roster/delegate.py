"""Paints a line of the roster: slot, glyph, name and facts, aligned to one grid. Knows looks, not agents."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.roster.entries import Key, Kind
from ui.roster.look import Look
from ui.roster.model import KEY_ROLE, LOOK_ROLE
from ui.theme import Theme

_HEADERS = frozenset({Kind.NEEDS, Kind.PROJECT})

#: Pixels: edge, slot column, glyph with its gap, gap between words.
_EDGE = 10
_SLOT = 12
_GLYPH = 16
_GAP = 8


class RosterDelegate(QStyledItemDelegate):
    """Owns fonts and metrics of one theme; all lines have one height."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_compact = False
        self.has_keyboard: Callable[[], bool] = lambda: False
        self.is_marked: Callable[[str], bool] = lambda _: False
        self.is_hidden: Callable[[str], bool] = lambda _: False
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take fonts and colours from ``theme``."""
        self._theme = theme
        self._bold = theme.ui(bold=True)
        self._plain = theme.ui()
        self._small = theme.ui(delta=-1)
        self._tiny = theme.ui(delta=-2)

    def row_height(self) -> int:
        """Return the height of every line in pixels."""
        one = QFontMetrics(self._plain).height()
        return one + 10 if self.is_compact else one + QFontMetrics(self._small).height() + 13

    def sizeHint(self, _: QStyleOptionViewItem, __: QModelIndex | QPersistentModelIndex) -> QSize:
        """Qt: the one height."""
        return QSize(120, self.row_height())

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Qt: draw a line."""
        key, look = index.data(KEY_ROLE), index.data(LOOK_ROLE)
        if not isinstance(key, Key) or not isinstance(look, Look):
            return
        painter.save()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        self._background(painter, rect, state, key)
        if key.kind in _HEADERS:
            self._header(painter, rect, key, look)
        elif key.kind is Kind.FOLD:
            self._fold(painter, rect, look)
        else:
            self._agent(painter, rect, key, look)
        painter.restore()

    # -- parts

    def _background(self, painter: QPainter, rect: QRect, state: QStyle.StateFlag, key: Key) -> None:
        theme = self._theme
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.selection if self.has_keyboard() else theme.hover)
            if self.has_keyboard():
                painter.fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), theme.focus)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.hover)
        if key.agent and self.is_marked(key.agent):
            painter.fillRect(QRect(rect.left(), rect.top() + 3, 3, rect.height() - 6), theme.attention_fill)

    def _header(self, painter: QPainter, rect: QRect, key: Key, look: Look) -> None:
        theme = self._theme
        first, second = self._lines(rect)
        is_queue = key.kind is Kind.NEEDS
        painter.setPen(theme.border)
        painter.drawLine(rect.left(), rect.top(), rect.right(), rect.top())
        middle = first if not self.is_compact else rect
        self._icon(painter, rect.left() + _EDGE - 2, middle, look.icon, look.role)
        left = rect.left() + _EDGE + _GLYPH + 4
        right = rect.right() - _EDGE
        right = self._right(painter, right, middle, look.when, self._small, theme.muted)
        if look.unread:
            right = self._badge(painter, right, middle, str(look.unread), theme.attention_fill)
        color = theme.attention if is_queue else theme.text
        used = self._left(painter, left, right, middle, look.title, self._bold, color)
        self._left(painter, used + _GAP, right, middle, look.meta, self._small, theme.muted)
        if not self.is_compact:
            self._left(painter, left, rect.right() - _EDGE, second, look.status, self._small, theme.muted, middle=True)

    def _fold(self, painter: QPainter, rect: QRect, look: Look) -> None:
        theme = self._theme
        left = self._columns(rect)
        self._icon(painter, left - _GLYPH - 6, rect, look.icon, "muted")
        used = self._left(painter, left, rect.right() - _EDGE, rect, look.title, self._plain, theme.muted)
        self._left(painter, used + _GAP, rect.right() - _EDGE, rect, look.status, self._small, theme.muted)

    def _agent(self, painter: QPainter, rect: QRect, key: Key, look: Look) -> None:
        first, second = self._lines(rect)
        line = rect if self.is_compact else first
        left = self._columns(rect)
        hidden = bool(key.agent and self.is_hidden(key.agent))
        self._slot(painter, rect, line, look)
        self._icon(painter, left - _GLYPH - 6, line, look.icon, look.role)
        if self.is_compact:
            self._one_line(painter, rect, left, look, hidden=hidden)
        else:
            self._two_lines(painter, (first, second), left, look, hidden=hidden)

    def _two_lines(self, painter: QPainter, lines: tuple[QRect, QRect], left: int, look: Look, *, hidden: bool) -> None:
        theme = self._theme
        first, second = lines
        end = first.right() - _EDGE
        right = self._right(painter, end, first, look.when, self._small, theme.muted)
        right = self._eye(painter, right, first, hidden=hidden)
        used = self._left(painter, left, right, first, look.title, self._bold, theme.muted if hidden else theme.text)
        self._left(painter, used + _GAP, right, first, look.meta, self._small, theme.muted)
        right = self._right(painter, end, second, look.cost, self._small, theme.muted)
        if look.unread:
            right = self._badge(painter, right, second, str(look.unread), theme.accent_fill)
        used = self._left(painter, left, right, second, look.status, self._small, theme.color(look.status_role))
        detail = f"· {look.detail}" if look.detail and look.status else look.detail
        self._left(painter, used + 5, right, second, detail, self._small, theme.muted)

    def _one_line(self, painter: QPainter, rect: QRect, left: int, look: Look, *, hidden: bool) -> None:
        theme = self._theme
        right = self._right(painter, rect.right() - _EDGE, rect, look.when, self._small, theme.muted)
        if look.unread:
            right = self._badge(painter, right, rect, str(look.unread), theme.accent_fill)
        right = self._eye(painter, right, rect, hidden=hidden)
        used = self._left(painter, left, right, rect, look.title, self._bold, theme.muted if hidden else theme.text)
        self._left(painter, used + _GAP, right, rect, look.status, self._small, theme.color(look.status_role))

    def _slot(self, painter: QPainter, rect: QRect, line: QRect, look: Look) -> None:
        painter.setFont(self._tiny)
        painter.setPen(self._theme.muted)
        at = QRect(rect.left() + _EDGE - 2, line.top(), _SLOT, line.height())
        painter.drawText(at, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, look.slot)

    def _eye(self, painter: QPainter, right: int, line: QRect, *, hidden: bool) -> int:
        if not hidden:
            return right
        self._icon(painter, right - _GLYPH, line, "eye-off", "muted")
        return right - _GLYPH - 4

    # -- the grid

    def _columns(self, rect: QRect) -> int:
        return rect.left() + _EDGE + _SLOT + _GLYPH + 6

    def _lines(self, rect: QRect) -> tuple[QRect, QRect]:
        one, two = QFontMetrics(self._plain).height(), QFontMetrics(self._small).height()
        top = rect.top() + (rect.height() - one - two - 1) // 2
        return (
            QRect(rect.left(), top, rect.width(), one),
            QRect(rect.left(), top + one + 1, rect.width(), two),
        )

    def _icon(self, painter: QPainter, x: int, line: QRect, icon: str, role: str) -> None:
        device = painter.device()
        ratio = device.devicePixelRatio() if device else 1.0
        y = line.top() + (line.height() - _GLYPH) // 2
        painter.drawPixmap(x, y, self._theme.pixmap(icon, role, _GLYPH, ratio))

    def _right(self, painter: QPainter, right: int, line: QRect, text: str, font: QFont, color: QColor) -> int:
        """Draw right-aligned text; return where free space ends now."""
        if not text:
            return right
        width = QFontMetrics(font).horizontalAdvance(text)
        self._text(painter, QRect(right - width, line.top(), width, line.height()), text, font, color)
        return right - width - _GAP

    def _left(
        self, painter: QPainter, left: int, right: int, line: QRect, text: str, font: QFont, color: QColor,
        *, middle: bool = False,
    ) -> int:  # fmt: skip
        """Draw text, elided at ``right``; return where it ended."""
        room = right - left
        if not text or room < 16:
            return left
        metrics = QFontMetrics(font)
        mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        shown = metrics.elidedText(text, mode, room)
        width = min(room, metrics.horizontalAdvance(shown))
        self._text(painter, QRect(left, line.top(), room, line.height()), shown, font, color)
        return left + width

    def _badge(self, painter: QPainter, right: int, line: QRect, text: str, fill: QColor) -> int:
        metrics = QFontMetrics(self._tiny)
        width = max(15, metrics.horizontalAdvance(text) + 8)
        box = QRect(right - width, line.top() + (line.height() - 14) // 2, width, 14)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 7, 7)
        self._text(painter, box, text, self._tiny, self._theme.on_fill, Qt.AlignmentFlag.AlignHCenter)
        return right - width - _GAP

    @staticmethod
    def _text(
        painter: QPainter, box: QRect, text: str, font: QFont, color: QColor,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:  # fmt: skip
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | align | Qt.TextFlag.TextSingleLine, text)
