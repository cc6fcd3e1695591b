"""The messages that wait for their turn, one line each: how far each got, with edit, drop and send again."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from agents.model import QueuedPrompt
from agents.status.untrusted import one_line
from app.prompting import delivery
from ui.theme import Theme
from ui.tip import tip_of

#: Lines shown; the rest is counted.
SHOWN = 5


class _Elided(QLabel):
    """A label that cuts its text to its width; ``greedy`` takes all room there is, else what the text needs."""

    def __init__(self, text: str, *, greedy: bool) -> None:
        super().__init__()
        self._whole = text
        self.setTextFormat(Qt.TextFormat.PlainText)
        policy = QSizePolicy.Policy.Ignored if greedy else QSizePolicy.Policy.Preferred
        self.setSizePolicy(policy, QSizePolicy.Policy.Preferred)
        self.setToolTip(tip_of(text))
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))


class QueueList(QWidget):
    """Owned by the composer; asks nothing of the daemon itself."""

    edit_wanted = Signal(QueuedPrompt)
    drop_wanted = Signal(QueuedPrompt)
    retry_wanted = Signal(QueuedPrompt)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[QueuedPrompt, ...] = ()
        self._lines: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(4, 0, 0, 2)
        self._column.setSpacing(0)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        shown, self._shown = self._shown, ()
        self.show_queue(shown)

    def show_queue(self, prompts: tuple[QueuedPrompt, ...]) -> None:
        """Show these messages; nothing is rebuilt when they are the same."""
        if prompts == self._shown:
            return
        self._shown = prompts
        for line in self._lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = [self._line(prompt) for prompt in prompts[:SHOWN]]
        if len(prompts) > SHOWN:
            more = QLabel(f"and {len(prompts) - SHOWN} more")
            more.setProperty("role", "muted")
            self._lines.append(more)
        for line in self._lines:
            self._column.addWidget(line)
        self.setVisible(bool(prompts))

    def _line(self, prompt: QueuedPrompt) -> QWidget:
        state = delivery(prompt)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        icon = QLabel()
        icon.setPixmap(self._theme.pixmap(state.icon, state.role, 14, self.devicePixelRatioF()))
        icon.setFixedSize(QSize(14, 22))
        row.addWidget(icon)
        words = _Elided(one_line(state.words, 160), greedy=False)
        words.setProperty("role", "danger" if state.failed else "muted")
        row.addWidget(words)
        row.addWidget(_Elided(one_line(prompt.text, 600), greedy=True), 1)
        if state.waits:
            row.addWidget(self._tool("message", "Edit this message", lambda: self.edit_wanted.emit(prompt)))
        if state.failed:
            row.addWidget(self._tool("send", "Send again", lambda: self.retry_wanted.emit(prompt)))
        if state.waits or state.failed:
            row.addWidget(self._tool("close", "Drop this message", lambda: self.drop_wanted.emit(prompt)))
        return line

    def _tool(self, icon: str, tip: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setIcon(self._theme.icon(icon, "muted"))
        button.setIconSize(QSize(14, 14))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(act)
        return button
