"""One line of painted text filled from both ends: what delegates draw rows with, so that all rows share one grid."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from ui.theme import Theme

ICON = 16
GAP = 8

#: Narrower than this nothing is drawn: a lone “…” says nothing.
_LEAST = 16


class Ink(NamedTuple):
    """How text is drawn."""

    font: QFont
    color: QColor


class Strip:
    """A line being filled; lives for one paint."""

    def __init__(self, painter: QPainter, theme: Theme, box: QRect) -> None:
        self._painter = painter
        self._theme = theme
        self._box = box
        self.left = box.left()
        self.right = box.right()

    def icon(self, name: str, role: str, *, at_right: bool = False) -> None:
        """Draw an icon at either end."""
        ratio = self._painter.device().devicePixelRatio()
        x = self.right - ICON if at_right else self.left
        y = self._box.top() + (self._box.height() - ICON) // 2
        self._painter.drawPixmap(x, y, self._theme.pixmap(name, role, ICON, ratio))
        if at_right:
            self.right -= ICON + GAP // 2
        else:
            self.left += ICON + GAP // 2

    def begin(self, text: str, ink: Ink, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        """Draw text from the left, elided where free space ends."""
        room = self.right - self.left
        if not text or room < _LEAST:
            return
        metrics = QFontMetrics(ink.font)
        shown = metrics.elidedText(text, mode, room)
        self._draw(QRect(self.left, self._box.top(), room, self._box.height()), shown, ink)
        self.left += min(room, metrics.horizontalAdvance(shown)) + GAP

    def end(self, text: str, ink: Ink) -> None:
        """Draw text at the right end; it is never elided, so keep it short."""
        if not text:
            return
        width = QFontMetrics(ink.font).horizontalAdvance(text)
        self._draw(QRect(self.right - width, self._box.top(), width + 1, self._box.height()), text, ink)
        self.right -= width + GAP

    def badge(self, text: str, fill: QColor, ink: Ink) -> None:
        """Draw a filled pill at the right end."""
        width = max(15, QFontMetrics(ink.font).horizontalAdvance(text) + 8)
        box = QRect(self.right - width, self._box.top() + (self._box.height() - 14) // 2, width, 14)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(fill)
        self._painter.drawRoundedRect(box, 7, 7)
        self._draw(box, text, ink, Qt.AlignmentFlag.AlignHCenter)
        self.right -= width + GAP

    def _draw(self, box: QRect, text: str, ink: Ink, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
        self._painter.setFont(ink.font)
        self._painter.setPen(ink.color)
        self._painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | align | Qt.TextFlag.TextSingleLine, text)
