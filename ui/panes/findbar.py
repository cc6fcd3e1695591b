"""The find bar of a pane: what is looked for, how far the search is, and where the reader is among the hits."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from ui.theme import Theme


class FindField(QLineEdit):
    """A text field in which Enter goes on and Shift+Enter goes back."""

    next_wanted = Signal()
    previous_wanted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Shift+Enter walk; everything else is typing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            (self.previous_wanted if back else self.next_wanted).emit()
            return
        super().keyPressEvent(event)


class FindBar(QWidget):
    """Owned by a pane, hidden until asked for. Searches nothing itself."""

    text_changed = Signal(str)
    next_wanted = Signal()
    previous_wanted = Signal()
    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = FindField()
        self.field.setPlaceholderText("Find  (a capital letter makes case count)")
        self.field.setAccessibleName("Find in this pane")
        self.field.setClearButtonEnabled(True)
        self._count = QLabel()
        self._count.setProperty("role", "muted")
        self._buttons = {
            "arrow-up": self._button("Previous hit (N)", self.previous_wanted),
            "arrow-down": self._button("Next hit (n)", self.next_wanted),
            "close": self._button("Close (Esc)", self.dismissed),
        }
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 6, 4)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addSpacing(4)
        row.addWidget(self._count)
        for button in self._buttons.values():
            row.addWidget(button)
        self.field.textChanged.connect(self.text_changed)
        self.field.next_wanted.connect(self.next_wanted)
        self.field.previous_wanted.connect(self.previous_wanted)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        for name, button in self._buttons.items():
            button.setIcon(theme.icon(name, "muted"))
        self._theme = theme
        self.show_count(self._count.text())

    def open(self) -> None:
        """Show the bar with its text selected and the keyboard in it."""
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_count(self, words: str) -> None:
        """Say where the reader is among the hits, in a few words."""
        self._count.setText(words)
        self._count.setAccessibleName(words)

    def _button(self, tip: str, signal: object) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(signal)
        return button


def count_words(*, place: int | None, hits: int, progress: float, done: bool, capped: bool) -> str:
    """Return the words of the find bar: ``3 of 17``, ``17 …42 %``, ``none``."""
    if not hits:
        return "none" if done else f"… {progress:.0%}"
    total = f"{hits:,}+" if capped else f"{hits:,}"
    words = f"{place + 1:,} of {total}" if place is not None else total
    return words if done or capped else f"{words} … {progress:.0%}"
