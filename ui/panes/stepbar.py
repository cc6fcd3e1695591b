"""The line of a pane that says what to do about an agent that is held up, with the command to copy. Does nothing."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from agents.status.untrusted import one_line
from app.advice import Advice
from ui.theme import Theme

#: Pixels of the coloured edge.
EDGE = 3


class StepBar(QWidget):
    """Hidden while nothing is to be done."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._advice: Advice | None = None
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.command = QLabel()
        self.command.setTextFormat(Qt.TextFormat.PlainText)
        self.command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setAutoDefault(False)
        self.copy_button.setToolTip("Copy the command")
        self.copy_button.setAccessibleName("Copy the command")
        self.copy_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.copy_button.clicked.connect(self.copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 10, 6)
        row.setSpacing(10)
        row.addWidget(self.words, 1)
        row.addWidget(self.command)
        row.addWidget(self.copy_button)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self.command.setFont(theme.mono(delta=-1))
        self.update()

    def show_advice(self, advice: Advice | None) -> None:
        """Show what is to be done, or nothing."""
        if advice == self._advice:
            return
        self._advice = advice
        self.setVisible(advice is not None)
        if advice is None:
            return
        self.words.setText(one_line(advice.words, 400))
        self.command.setText(one_line(advice.command, 200))
        for widget in (self.command, self.copy_button):
            widget.setVisible(bool(advice.command))
        self.setAccessibleName(f"{advice.words} {advice.command}".strip())
        self.update()

    def copy(self) -> bool:
        """Put the command on the clipboard; tell whether there is one."""
        if self._advice is None or not self._advice.command:
            return False
        QGuiApplication.clipboard().setText(self._advice.command)
        return True

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt: a quiet ground with a coloured edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.raised)
        painter.fillRect(QRect(0, 0, self.width(), 1), self._theme.border)
        if self._advice is not None:
            painter.fillRect(QRect(0, 1, EDGE, self.height() - 1), self._theme.color(self._advice.role))
        painter.end()
