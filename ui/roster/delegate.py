"""Paints a line of the roster: slot, glyph, name and facts, aligned to one grid. Knows looks, not agents."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QRegion
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.roster.entries import Key, Kind
from ui.roster.look import Look
from ui.roster.model import KEY_ROLE, LOOK_ROLE
from ui.strip import ICON, Ink, Strip
from ui.theme import Theme

#: Pixels: edges, and the column of the slot number.
_EDGE = 10
_SLOT = 12


class RosterDelegate(QStyledItemDelegate):
    """Owns fonts and metrics of one theme; all lines have one height."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_compact = False
        self.has_keyboard: Callable[[], bool] = lambda: False
        self.is_marked: Callable[[str], bool] = lambda _: False
        self.is_hidden: Callable[[str], bool] = lambda _: False
        self.rings: Callable[[str], bool] = lambda _: False
        #: What the view is about to paint; where that is but the time of a row, nothing else of it is set anew.
        self.exposed = QRegion()
        self.times: dict[Key, str] = {}  # the time each row shows: as painted last
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take fonts and colours from ``theme``."""
        self._theme = theme
        small = theme.ui(delta=-1)
        self._name = Ink(theme.ui(bold=True), theme.text)
        self._queue = Ink(theme.ui(bold=True), theme.attention)
        self._faint_name = Ink(theme.ui(bold=True), theme.muted)
        self._quiet = Ink(small, theme.muted)
        self._on_badge = Ink(theme.ui(delta=-2, bold=True), theme.on_fill)
        self._number = Ink(theme.ui(delta=-2), theme.muted)
        self._one = QFontMetrics(self._name.font).height()
        self._two = QFontMetrics(small).height()

    @property
    def background(self) -> QColor:
        """Return what the rows are painted on."""
        return self._theme.panel

    def row_height(self) -> int:
        """Return the height of every line in pixels."""
        return self._one + 10 if self.is_compact else self._one + self._two + 13

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
        rect: QRect = option.rect
        self._background(painter, rect, option.state, key)
        if key.agent:
            self.times[key] = look.when
        if key.agent and self._is_time(rect, look.when):
            self._strips(painter, rect, _EDGE - 2)[0].end(look.when, self._quiet)
        elif key.kind in (Kind.NEEDS, Kind.PROJECT):
            self._header(painter, rect, key, look)
        elif key.kind is Kind.FOLD:
            self._fold(painter, rect, look)
        else:
            self._agent(painter, rect, key, look)
        painter.restore()

    def time_box(self, row: QRect, words: str) -> QRect:
        """Return where ``words`` stand in a row as its time."""
        width = QFontMetrics(self._quiet.font).horizontalAdvance(words)
        # The first line alone: the words of the second may reach below it.
        height = row.height() if self.is_compact else (row.height() - self._one - self._two - 1) // 2 + self._one
        return QRect(row.right() - _EDGE - width, row.top(), width + 1, height)

    def _is_time(self, row: QRect, words: str) -> bool:
        shown = self.exposed.intersected(row).boundingRect()
        return bool(words) and not shown.isEmpty() and self.time_box(row, words).contains(shown)

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
        painter.setPen(theme.border)
        painter.drawLine(rect.left(), rect.top(), rect.right(), rect.top())
        first, second = self._strips(painter, rect, _EDGE - 2)
        first.icon(look.icon, look.role)
        second.left = first.left
        first.end(look.when, self._quiet)
        if look.unread:
            first.badge(str(look.unread), theme.attention_fill, self._on_badge)
        first.begin(look.title, self._queue if key.kind is Kind.NEEDS else self._name)
        first.begin(look.meta, self._quiet)
        if not self.is_compact:
            second.begin(look.status, self._quiet, Qt.TextElideMode.ElideMiddle)

    def _fold(self, painter: QPainter, rect: QRect, look: Look) -> None:
        strip = Strip(painter, self._theme, rect.adjusted(_EDGE + _SLOT - 2, 0, -_EDGE, 0))
        strip.icon(look.icon, "muted")
        strip.left += 2
        strip.begin(look.title, self._quiet)
        strip.begin(look.status, self._quiet)

    def _agent(self, painter: QPainter, rect: QRect, key: Key, look: Look) -> None:
        first, second = self._strips(painter, rect, _EDGE - 2)
        first.begin(look.slot, self._number)
        first.left = rect.left() + _EDGE + _SLOT - 2
        first.icon(look.icon, look.role)
        first.left += 2
        second.left = rect.left() + _EDGE + _SLOT + ICON + 4
        is_hidden = bool(key.agent and self.is_hidden(key.agent))
        first.end(look.when, self._quiet)
        if is_hidden:
            first.icon("eye-off", "muted", at_right=True)
        if key.agent and self.rings(key.agent):
            first.icon("bell", "attention", at_right=True)
        if self.is_compact and look.unread:
            first.badge(str(look.unread), self._theme.accent_fill, self._on_badge)
        first.begin(look.title, self._faint_name if is_hidden else self._name)
        if look.kind:
            first.icon(look.kind, "muted")
        status = Ink(self._quiet.font, self._theme.color(look.status_role))
        if self.is_compact:
            first.begin(look.status, status)
            return
        first.begin(look.meta, self._quiet)
        second.end(look.cost, self._quiet)
        if look.unread:
            second.badge(str(look.unread), self._theme.accent_fill, self._on_badge)
        second.begin(look.status, status)
        second.left -= 4
        second.begin(f"· {look.detail}" if look.detail else "", self._quiet)

    def _strips(self, painter: QPainter, rect: QRect, edge: int) -> tuple[Strip, Strip]:
        """Return the two lines of a row; in compact rows the first is the row."""
        inner = rect.adjusted(edge, 0, -_EDGE, 0)
        if self.is_compact:
            return Strip(painter, self._theme, inner), Strip(painter, self._theme, QRect())
        top = rect.top() + (rect.height() - self._one - self._two - 1) // 2
        first = QRect(inner.left(), top, inner.width(), self._one)
        second = QRect(inner.left(), top + self._one + 1, inner.width(), self._two)
        return Strip(painter, self._theme, first), Strip(painter, self._theme, second)
