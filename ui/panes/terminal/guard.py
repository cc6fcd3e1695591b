"""The question before a paste that could do harm; harmless ones go straight through. Sends nothing to any program."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from agents.status.untrusted import reveal
from agents.vt.modes import Modes
from agents.vt.paste import prepare
from ui.theme import Theme

#: Pixels around it; its width at most.
_EDGE, _WIDE = 20, 640

#: Characters and lines of a paste that are shown.
_EXCERPT, _LINES = 400, 4


class PasteGuard(QFrame):
    """Over the lower end of the screen: what is dangerous about a paste. Enter pastes, Esc does not."""

    pasted = Signal(bytes)  # for the program, as it wants it
    closed = Signal()

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Paste?")
        self._data = b""
        self._title = QLabel()
        self._text = QLabel()
        for label in (self._title, self._text):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._yes, self._no = QPushButton("Paste  Enter"), QPushButton("Don't  Esc")
        self._yes.setProperty("role", "primary")
        for button, answer in ((self._yes, True), (self._no, False)):
            button.setAutoDefault(False)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, answer=answer: self.answer(is_wanted=answer))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._no)
        row.addWidget(self._yes)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addLayout(row)
        self.set_theme(theme)
        self.hide()
        parent.installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._text.setFont(theme.mono(delta=-1))
        self._text.setStyleSheet(f"color: {theme.muted.name()}; border: none;")
        self._title.setStyleSheet("border: none;")
        self.setStyleSheet(
            f"PasteGuard {{ background: {theme.raised.name()}; border: 1px solid {theme.warning.name()};"
            " border-radius: 6px; }"
        )

    def paste(self, text: str, modes: Modes) -> None:
        """Have a text pasted into a program in these modes, after a question where it could do harm."""
        paste = prepare(text, modes)
        if paste.dangers:
            self._data = paste.data
            self._ask(paste.dangers, text)
        elif paste.data:
            self.pasted.emit(paste.data)

    def answer(self, *, is_wanted: bool) -> None:
        """Paste or do not, and give the keyboard back."""
        data, self._data = self._data, b""
        self.hide()
        self.closed.emit()
        if is_wanted and data:
            self.pasted.emit(data)

    def _ask(self, dangers: tuple[str, ...], text: str) -> None:
        """Show what is dangerous and take the keyboard."""
        words = "; ".join(dangers)
        self._title.setText(f"Paste this? {words[:1].upper()}{words[1:]}.")
        self._text.setText(excerpt(text))
        self.setAccessibleDescription(self._title.text())
        self.show()
        self._fit()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def question(self) -> str:
        """Return what is asked."""
        return self._title.text()

    def _fit(self) -> None:
        above = self.parentWidget()
        if above is None or self.isHidden():
            return
        width = max(120, min(above.width() - 2 * _EDGE, _WIDE))
        height = min(above.height() - 2 * _EDGE, max(self.sizeHint().height(), self.heightForWidth(width)))
        self.setGeometry((above.width() - width) // 2, above.height() - height - _EDGE, width, height)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Qt: stay at the lower end."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt: Enter and Esc answer; no other key does anything, and none reaches the program."""
        if event.isAutoRepeat():
            return  # the key that asked for the paste may still be held down
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.answer(is_wanted=True)
        elif event.key() == Qt.Key.Key_Escape:
            self.answer(is_wanted=False)


def excerpt(text: str) -> str:
    """Return the beginning of what would be pasted, its deceptive characters made visible."""
    lines = reveal(text[:_EXCERPT]).split("\n")
    more = len(lines) > _LINES or len(text) > _EXCERPT
    return "\n".join(lines[:_LINES]) + ("\n…" if more else "")
