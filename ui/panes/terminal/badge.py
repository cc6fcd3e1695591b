"""The button over the end of a terminal that is scrolled up: how much is new below, and the way there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from ui.theme import Theme

_GAP = 10


class Badge(QPushButton):
    """Lies over a viewport; hidden while it has nothing to say."""

    def __init__(self, viewport: QWidget, theme: Theme, on_click: Callable[[], None]) -> None:
        super().__init__(viewport)
        self._theme = theme
        self.setProperty("role", "primary")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setToolTip("Go to the end and follow (Shift+End)")
        self.clicked.connect(on_click)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self.setIcon(theme.icon("arrow-down", "on_fill"))

    def say(self, words: str) -> None:
        """Show a few words, or nothing."""
        if words == (self.text() if not self.isHidden() else ""):
            return
        self.setText(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        if words:
            self.setIcon(self._theme.icon("arrow-down", "on_fill"))
            self.adjustSize()
            self.place()

    def place(self) -> None:
        """Stand at the lower end of the view."""
        view = self.parentWidget()
        if view is not None:
            self.move((view.width() - self.width()) // 2, view.height() - self.height() - _GAP)
