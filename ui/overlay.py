"""A panel over the window that has the keyboard while it is open and gives it back: palette, key help, messages.

No window of its own, so no window manager can put it elsewhere, and nothing blocks while it is open.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget
from shiboken6 import isValid

from ui.theme import Theme


class Overlay(QFrame):
    """A framed panel centred over ``parent``, closed by Esc, a click beside it, or a command."""

    closed = Signal()

    #: Chords the overlay's own widgets take before any command.
    own_keys = frozenset({"Esc", "Enter", "Up", "Down", "PageUp", "PageDown", "Tab", "Shift+Tab", "Home", "End"})

    def __init__(self, parent: QWidget, theme: Theme, *, width: int, height: int) -> None:
        super().__init__(parent)
        self._wanted = (width, height)
        self._came_from: QWidget | None = None
        self._shade = _Shade(parent)
        self._shade.pressed.connect(self.close_overlay)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(1, 1, 1, 1)
        self.column.setSpacing(0)
        self.hide()
        self.set_theme(theme)
        parent.installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        self._shade.color = QColor(theme.window)
        self._shade.color.setAlphaF(0.55)
        name = type(self).__name__
        self.setStyleSheet(
            f"{name} {{ background: {theme.raised.name()}; border: 1px solid {theme.border_strong.name()};"
            " border-radius: 6px; }"
        )

    def open_overlay(self, keyboard: QWidget) -> None:
        """Show over the window and give the keyboard to ``keyboard``."""
        if not self.isVisible():
            self._came_from = QApplication.focusWidget()
        self._fit()
        self._shade.show()
        self._shade.raise_()
        self.show()
        self.raise_()
        keyboard.setFocus()

    def close_overlay(self, *, restores_focus: bool = True) -> None:
        """Hide; the keyboard goes back to where it was unless a command is about to move it."""
        if not self.isVisible():
            return
        came_from, self._came_from = self._came_from, None
        # Before hiding: else the keyboard would go through whatever stands next in the tab order.
        if restores_focus and came_from is not None and isValid(came_from) and came_from.isVisible():
            came_from.setFocus()
        self._shade.hide()
        self.hide()
        self.closed.emit()

    def set_height(self, height: int) -> None:
        """Want another height."""
        self._wanted = (self._wanted[0], height)
        if self.isVisible():
            self._fit()

    def _fit(self) -> None:
        parent = self.parentWidget()
        assert parent is not None  # noqa: S101  (made with one)
        self._shade.setGeometry(parent.rect())
        width = min(self._wanted[0], parent.width() - 48)
        height = min(self._wanted[1], parent.height() - 96)
        self.setGeometry(QRect(QPoint((parent.width() - width) // 2, 56), self.size()))
        self.resize(width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: stay centred when the window changes its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._fit()
        return super().eventFilter(watched, event)


class _Shade(QWidget):
    """What lies between an overlay and the window: dims, and takes the click that closes."""

    pressed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.color = QColor(Qt.GlobalColor.black)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt: dim."""
        QPainter(self).fillRect(event.rect(), self.color)

    def mousePressEvent(self, _: object) -> None:
        """Qt: a click beside the overlay."""
        self.pressed.emit()
