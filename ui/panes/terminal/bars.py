"""What a terminal pane says besides the screen: a quiet corner, the end of the program, why there is no screen.

Shows words and passes keys on; knows neither screen nor daemon. Words come from programs and are plain text.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from agents.status.untrusted import one_line
from ui.theme import Theme

#: Pixels between the corner and the edges, beside the scroll bar.
_EDGE, _SCROLL_BAR = 8, 12

#: Characters of a line in the corner.
_LINE = 120


class Corner(QFrame):
    """Short lines at the top right, over the screen: its size must not change with what is said. Takes no keys."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._labels: dict[str, QLabel] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 3, 8, 3)
        self._column.setSpacing(1)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.set_theme(theme)
        self.hide()
        parent.installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self.setStyleSheet(
            f"Corner {{ background: {theme.raised.name()}; border: 1px solid {theme.border.name()};"
            " border-radius: 4px; }"
        )
        for label in self._labels.values():
            self._style(label)

    def say(self, about: str, words: str, role: str = "muted") -> None:
        """Show a line about something, or take it away; another line about the same replaces it."""
        label = self._labels.get(about)
        if label is None:
            if not words:
                return
            label = self._labels[about] = QLabel()
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._column.addWidget(label)
        text = one_line(words, _LINE)
        if (label.text(), label.property("tint")) == (text, role):
            return  # asked with every frame, and to set a style sheet takes longer than to paint one
        label.setProperty("tint", role)
        label.setText(text)
        label.setVisible(bool(words))
        self._style(label)
        self._fit()

    def said(self, about: str) -> str:
        """Return what is said about something."""
        label = self._labels.get(about)
        return label.text() if label is not None else ""

    def _style(self, label: QLabel) -> None:
        label.setFont(self._theme.ui(delta=-1))
        label.setStyleSheet(f"color: {self._theme.color(str(label.property('tint'))).name()};")

    def _fit(self) -> None:
        shown = [label for label in self._labels.values() if label.text()]
        self.setVisible(bool(shown))
        self.setAccessibleName(", ".join(label.text() for label in shown))
        above = self.parentWidget()
        if not shown or above is None:
            return
        most = max(80, above.width() - 2 * _EDGE - _SCROLL_BAR)
        size = self._column.sizeHint()
        self.resize(min(most, size.width() + 2), size.height() + 2)
        self.move(QPoint(above.width() - self.width() - _EDGE - _SCROLL_BAR, _EDGE))
        self.raise_()

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Qt: stay in the corner."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False


class ExitBar(QWidget):
    """Below the screen of a program that ended: how, and the key that lets it go on."""

    again = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self.again)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 10, 6)
        row.setSpacing(10)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.raised)
        self.setPalette(palette)

    def show_end(self, words: str, button: str) -> None:
        """Say how it ended, and what the button does; nothing takes the bar away."""
        self.words.setText(one_line(words, 200))
        self.setAccessibleName(words)
        self.button.setText(button)
        self.setVisible(bool(words))


class Unread(QWidget):
    """In place of a screen that could not be read: why, and the way to try again."""

    again = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = QPushButton("Try again  Enter")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.addStretch(1)
        column.addWidget(self._words)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._words.setStyleSheet(f"color: {theme.muted.name()};")

    def say(self, words: str) -> None:
        """Say why there is no screen."""
        self._words.setText(one_line(words, 400))
        self.setAccessibleName(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt: Enter tries again."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.again.emit()
        else:
            super().keyPressEvent(event)
