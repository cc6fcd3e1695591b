"""A check box that is visible on dark surfaces (Fusion draws its outline darker than the window)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from ui.theme import Theme

_SIZE = 16


class Toggle(QCheckBox):
    """Without text; the label stands beside it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self) -> QSize:
        """Qt: the box alone."""
        return QSize(_SIZE + 4, _SIZE + 4)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt: a box, filled and ticked when on, framed when it has the keyboard."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1.5, (self.height() - _SIZE) / 2 + 0.5, _SIZE - 1, _SIZE - 1)
        painter.setBrush(theme.accent_fill if self.isChecked() else theme.panel)
        painter.setPen(QPen(theme.focus if self.hasFocus() else theme.border_strong, 1.5 if self.hasFocus() else 1))
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            tick = theme.pixmap("check", "on_fill", 14, self.devicePixelRatioF())
            painter.drawPixmap(int(box.left()) + 1, int(box.top()) + 1, tick)

    def hitButton(self, pos: object) -> bool:  # noqa: N802  (Qt's name)
        """Qt: the whole widget is the box."""
        return self.rect().contains(pos)  # type: ignore[call-overload, no-any-return]
