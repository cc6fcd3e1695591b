"""The message field of a pane: writing, the queue of waiting messages, ``/`` commands, and why it is of no use now."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QToolButton, QVBoxLayout, QWidget

from agents.model import AgentRow, QueuedPrompt, SlashCommand
from agents.status.untrusted import one_line
from app.prompting import Kept, obstacle, on_the_way, steering_obstacle, takes_prompts
from ui.panes.editor import Editor
from ui.panes.queue import QueueList
from ui.theme import Theme

#: ``/`` commands offered at once.
OFFERED = 7


class Messaging(Protocol):
    """What a composer needs of the daemon; the agent pane implements it."""

    def send(self, text: str) -> None:
        """Send a message; when that fails, ``Composer.give_back`` gets the text."""

    def steer(self, text: str) -> None:
        """Put a message into the running turn; when that fails, ``Composer.give_back`` gets the text."""

    def edit_queued(self, turn: int, text: str | None) -> None:
        """Change or drop a waiting message."""


class Composer(QWidget):
    """Writes to one agent. Lives in the GUI thread; what must survive hiding is in ``Kept``."""

    def __init__(self, messaging: Messaging, kept: Kept, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messaging = messaging
        self._kept = kept
        self._theme = theme
        self._editing: QueuedPrompt | None = None
        self._queue_now: tuple[QueuedPrompt, ...] = ()
        self._commands: tuple[SlashCommand, ...] = ()
        self._obstacle = self._no_steering = ""
        self._build()
        self.editor.set_text(kept.draft, kept.caret)
        self.editor.textChanged.connect(self._on_text)
        self.editor.cursorPositionChanged.connect(self._on_caret)

    def _build(self) -> None:
        self.queue = QueueList(self._theme)
        self.queue.edit_wanted.connect(self._edit)
        self.queue.drop_wanted.connect(lambda prompt: self._messaging.edit_queued(prompt.turn, None))
        self.queue.retry_wanted.connect(self._retry)
        self._note = QLabel()
        self._note.setProperty("role", "muted")
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setWordWrap(True)
        self._note.hide()
        self._offers = QListWidget()
        self._offers.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._offers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._offers.setAccessibleName("commands of the agent")
        self._offers.itemClicked.connect(lambda _: self._accept())
        self._offers.hide()
        self.editor = Editor(self._kept)
        self.editor.setAccessibleName("Message")
        self.editor.submitted.connect(self.submit)
        self.editor.last_queued_wanted.connect(self._edit_last)
        self.editor.installEventFilter(self)
        self._button = QToolButton()
        self._button.setIconSize(QSize(18, 18))
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button.setToolTip("Send (Enter)")
        self._button.setAccessibleName("Send")
        self._button.clicked.connect(self.submit)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.editor, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 8, 8)
        column.setSpacing(4)
        for widget in (self.queue, self._note, self._offers):
            column.addWidget(widget)
        column.addLayout(row)
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self._button.setIcon(theme.icon("send", "accent", 18))
        self.queue.set_theme(theme)

    def set_sends_on_enter(self, *, on: bool) -> None:
        """Swap Enter and Shift+Enter."""
        self.editor.sends_on_enter = on
        self._button.setToolTip("Send (Enter)" if on else "Send (Shift+Enter)")

    # -- state of the agent

    def show_row(self, row: AgentRow | None, *, connected: bool) -> None:
        """Follow the agent: queue, commands, and whether it can take a message."""
        self._obstacle = obstacle(row, connected=connected)
        self._no_steering = steering_obstacle(row)
        if row is not None:
            self._queue_now = row.queue
            self._commands = row.commands
            self.queue.show_queue(self._queue_now)
            if self._editing is not None and self._editing.turn not in {
                p.turn for p in self._queue_now if p.state == "queued"
            }:
                self._end_editing("It was sent before your change; what you wrote is still here.")
        self.editor.setPlaceholderText(self._obstacle or _placeholder(row))
        self.editor.setAccessibleDescription(self._obstacle)
        self._button.setEnabled(not self._obstacle)

    @property
    def why_not(self) -> str:
        """Return why nothing can be sent now, or nothing."""
        return self._obstacle

    # -- writing

    def submit(self) -> None:
        """Send the text, or save the waiting message being edited."""
        text = self.editor.toPlainText().strip("\n")
        if not text.strip():
            return
        if self._obstacle:
            self.note(self._obstacle)
            return
        if self._editing is not None:
            turn = self._editing.turn
            self._editing = None
            self._messaging.edit_queued(turn, text)
        else:
            self._kept.wrote(text)
            self._messaging.send(text)
        self.editor.clear()
        self.note("")

    def steer(self) -> bool:
        """Put the text into the running turn; say why when that cannot be, and keep it."""
        text = self.editor.toPlainText().strip("\n")
        why = self._obstacle or self._no_steering
        if self._editing is not None:
            why = "This message waits already: Enter saves it."
        if why or not text.strip():
            self.note(why or "Write what shall go into the running turn first.")
            return False
        self._kept.wrote(text)
        self._messaging.steer(text)
        self.editor.clear()
        self.note("")
        return True

    def give_back(self, text: str, why: str) -> None:
        """Put a text back that could not be sent, in front of what was written since."""
        present = self.editor.toPlainText()
        self.editor.set_text(f"{text}\n{present}" if present.strip() else text)
        self.note(f"Not sent: {why}")

    def note(self, words: str) -> None:
        """Say something above the field; nothing takes it away."""
        self._note.setText(one_line(words, 400))
        self._note.setVisible(bool(words))

    def _edit(self, prompt: QueuedPrompt) -> None:
        draft = self.editor.toPlainText()
        if draft.strip() and self._editing is None:
            self._kept.wrote(draft)  # one Up away
        self._editing = prompt
        self.editor.set_text(prompt.text)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.note("Editing a waiting message: Enter saves, Esc leaves it as it is.")

    def _edit_last(self) -> None:
        waiting = [prompt for prompt in self._queue_now if prompt.state == "queued"]
        if waiting:
            self._edit(waiting[-1])

    def _end_editing(self, words: str) -> None:
        self._editing = None
        self.note(words)

    def leave(self) -> bool:
        """Take one step out: close the offers, give up editing; tell whether there was one to take."""
        if self._offers.isVisible():
            self._offers.hide()
            return True
        if self._editing is not None:
            self._editing = None
            self.editor.clear()
            self.note("")
            return True
        return False

    def _retry(self, prompt: QueuedPrompt) -> None:
        self._messaging.edit_queued(prompt.turn, None)
        self._messaging.send(prompt.text)

    def _on_text(self) -> None:
        if self._editing is None:
            self._kept.draft = self.editor.toPlainText()
        if self._note.isVisible() and self._editing is None:
            self.note("")
        self._offer()

    def _on_caret(self) -> None:
        self._kept.caret = self.editor.textCursor().position()

    # -- commands the agent announced

    def _offer(self) -> None:
        text = self.editor.toPlainText()
        matches = [c for c in self._commands if text.startswith("/") and c.name.lstrip("/").startswith(text[1:])]
        exact = len(matches) == 1 and matches[0].name.lstrip("/") == text[1:]
        self._offers.clear()
        for command in matches[:OFFERED] if not exact else ():
            name = one_line(command.name.lstrip("/"), 60)
            self._offers.addItem(f"/{name}   {one_line(command.description, 160)}")
        self._offers.setVisible(self._offers.count() > 0)
        if self._offers.count():
            self._offers.setCurrentRow(0)
            self._offers.setFixedHeight(self._offers.count() * self._offers.sizeHintForRow(0) + 4)

    def _accept(self) -> None:
        row = self._offers.currentRow()
        text = self.editor.toPlainText()
        matches = [c for c in self._commands if c.name.lstrip("/").startswith(text[1:])]
        if 0 <= row < len(matches):
            self.editor.set_text(f"/{matches[row].name.lstrip('/')} ")
        self._offers.hide()

    def offer_key(self, event: QKeyEvent) -> bool:
        """Walk and accept offers with the keyboard; tell whether the key was for them."""
        if not self._offers.isVisible() or event.modifiers():
            return False
        key, row = event.key(), self._offers.currentRow()
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._accept()
        elif key == Qt.Key.Key_Down:
            self._offers.setCurrentRow(min(row + 1, self._offers.count() - 1))
        elif key == Qt.Key.Key_Up:
            self._offers.setCurrentRow(max(row - 1, 0))
        else:
            return False
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give offers the first look at the editor's keys."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self.offer_key(event)
        return super().eventFilter(watched, event)


def _placeholder(row: AgentRow | None) -> str:
    if row is None:
        return ""
    if not takes_prompts(row):
        return f"Type into {row.name} …"
    waits = on_the_way(row)
    return f"Message {row.name} …" + (f"   ({waits})" if waits else "")
