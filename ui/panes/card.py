"""The card of an open request: what the agent wants to do, and the keys that answer it.

Safety is the point (ui.md, "Triage"): a card takes no key right after it appeared, never queues one, answers only the
request it shows, and never takes the focus by itself. What it asks the daemon goes through ``Answering``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from agents.model import Blocked, Request, RequestOption
from agents.status.risk import marks
from agents.status.untrusted import one_line
from app.guard import Guard, appeared, later
from ui.panes.flow import FlowLayout
from ui.panes.keyboard import holds
from ui.panes.questions import QuestionForm
from ui.panes.requestbox import GRAVE, RequestBox, Shown
from ui.theme import Theme

#: Milliseconds the border stays bright after a key came too early.
BLINK_MS = 160

#: Milliseconds an outcome that somebody else brought about stays readable.
TOLD_MS = 8000

#: Pixels of a button and the card around its words, and the least that is left to them.
_AROUND = 64
_LEAST = 80

Clock = Callable[[], float]


class Answering(Protocol):
    """What a card needs to answer; the agent pane implements it."""

    def is_pending(self, key: str) -> bool:
        """Tell whether a request is still open."""

    def answer(self, request: Request, decision: str, *, reason: str, answers: dict[str, str]) -> None:
        """Ask the daemon to answer; the outcome comes back through ``Card.tell`` or by the request going away."""


class Card(QWidget):
    """Shows the oldest open request of one agent; hidden when there is none. Lives in the GUI thread."""

    answered = Signal(str)

    def __init__(
        self, answering: Answering, theme: Theme, clock: Clock = time.monotonic, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.request: Request | None = None
        self._answering = answering
        self._clock = clock
        self._guard: Guard = appeared(clock(), after_next=False)
        self._theme = theme
        self._busy = False
        self._bright = False
        self._asked_for = False
        self._is_failure = False
        self._keys: dict[str, str] = {
            "request.allow": "y",
            "request.always": "Y",
            "request.deny": "x",
            "request.reply": "r",
        }
        self._blink = QTimer(self)
        self._blink.setSingleShot(True)
        self._blink.timeout.connect(self._on_blink_over)
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.timeout.connect(self._on_told)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._build()
        self.hide()

    def _build(self) -> None:
        self._icon = QLabel()
        self._title = QLabel()
        self._title.setWordWrap(True)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._title.setProperty("role", "title")
        self._more = QLabel()
        self._more.setProperty("role", "muted")
        self.body = RequestBox(self._theme)
        self.form = QuestionForm()
        self.form.submitted.connect(lambda: self.decide("answer"))
        self._told = QLabel()
        self._told.setWordWrap(True)
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("Deny, and tell the agent why or what to do instead  (Enter sends)")
        self.reason.setAccessibleName("Reason for denying")
        self.reason.returnPressed.connect(self._on_reason)
        self._buttons = {
            "allow": self._button("allow", "primary"),
            "always": self._button("always", ""),
            "deny": self._button("deny", ""),
            "reply": self._button("reply", "flat"),
        }
        self._buttons["reply"].clicked.disconnect()
        self._buttons["reply"].clicked.connect(self.reply)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        head.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        actions = FlowLayout()
        for button in self._buttons.values():
            actions.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 11, 14, 12)
        column.setSpacing(9)
        column.addLayout(head)
        column.addWidget(self.body)
        column.addWidget(self.form)
        column.addWidget(self._told)
        column.addLayout(actions)
        column.addWidget(self.reason)
        self.set_theme(self._theme)

    def _button(self, decision: str, role: str) -> QPushButton:
        button = QPushButton()
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if role:
            button.setProperty("role", role)
        button.clicked.connect(lambda: self.decide(decision))
        return button

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self._icon.setPixmap(theme.pixmap("diamond", "attention", 16, self.devicePixelRatioF()))
        self._icon.setFixedSize(QSize(16, 18))
        self.body.set_theme(theme)
        self.update()

    def set_keys(self, keys: dict[str, str]) -> None:
        """Say which key does what, by command id; shown on the buttons."""
        self._keys = {**self._keys, **keys}
        self._label()

    # -- showing

    def show_request(self, request: Request | None, worktree: str, waiting: int) -> None:
        """Show the oldest open request; another one than before starts the guard anew."""
        if request is None:
            self.request = None
            if not self._telling.isActive():
                self.hide()
            for button in self._buttons.values():
                button.setEnabled(False)  # what is told stays readable; there is nothing to press any more
            return
        self._more.setText(f"1 of {waiting}" if waiting > 1 else "")
        if self.request is not None and self.request.key == request.key:
            return
        # Why an answer was not given is said also when what is asked instead is there sooner than it could be read.
        if not (self._telling.isActive() and self._is_failure):
            self._telling.stop()
            self._told.hide()
        self.request = request
        self._busy = False
        self._guard = appeared(self._clock(), after_next=False)
        self._title.setText(_title(request))
        self.reason.hide()
        self.reason.clear()
        found = marks(request, worktree)
        self.body.show_request(Shown(request, found, worktree))
        # What cannot be taken back is no button to press in passing.
        self._dress("allow", "" if any(mark.risk in GRAVE for mark in found) else "primary")
        self.body.setVisible(not self.body.is_empty)
        self.form.show_questions(request.questions)
        self.form.setVisible(bool(request.questions))
        self._label()
        self.setAccessibleName(f"{_title(request)} {request.command or ''}")
        self.setAccessibleDescription(self.body.accessible_text())
        self.show()
        self.update()

    def _dress(self, decision: str, role: str) -> None:
        button = self._buttons[decision]
        if button.property("role") != role:
            button.setProperty("role", role)
            button.style().unpolish(button)
            button.style().polish(button)

    def _label(self) -> None:
        request = self.request
        if request is None:
            return
        asks = bool(request.questions)
        always = option(request, "allow_always")
        words = {
            "allow": "Answer" if asks else _name(option(request, "allow_once"), "Allow once"),
            "always": _always_words(always),
            "deny": "Skip" if asks else _name(option(request, "reject_once"), "Deny"),
            "reply": "Reply",
        }
        for decision, button in self._buttons.items():
            key = "Enter" if asks and decision == "allow" else self._keys.get(f"request.{decision}", "")
            button.setText(self._fitting(f"{key}  {words[decision]}".strip()))
            button.setAccessibleName(f"{words[decision]}, key {key}")
            button.setToolTip(f"{words[decision]} ({key})")
            button.setEnabled(not self._busy)
        self._buttons["always"].setVisible(always is not None and not asks)
        self._buttons["reply"].setVisible(not asks)

    def _fitting(self, text: str) -> str:
        """Return the words of a button, cut at their end where the card is narrow: the key must stay."""
        room = self.contentsRect().width() - _AROUND
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(room, _LEAST))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Write the buttons anew for another width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._label()

    def tell(self, words: str, *, failed: bool = False) -> None:
        """Say what became of the request when it was not this answer that decided it."""
        self._busy = False
        self._is_failure = failed
        self._told.setText(one_line(words, 300))
        self._told.setStyleSheet(f"color: {(self._theme.danger if failed else self._theme.info).name()}")
        self._told.show()
        self._label()
        self.show()
        self._telling.start(TOLD_MS)

    def _on_told(self) -> None:
        self._told.hide()
        if self.request is None:
            self.hide()

    # -- answering

    def focus(self, *, after_next: bool) -> None:
        """Take the keyboard because the user asked for it; *next* shortens the guard."""
        guard = appeared(self._clock(), after_next=True)
        self._guard = guard if after_next else later(self._guard, guard)
        self._asked_for = True
        if self.form.isVisibleTo(self) and self.form.first_field() is not None:
            self.form.focus_first()
        else:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._asked_for = False

    def decide(self, decision: str) -> bool:
        """Answer the request shown: allow, always, deny or answer. Too early, nothing happens but a blink."""
        request = self.request
        if request is None or self._busy:
            return False
        if not self._guard.takes(self._clock()):
            self._blink_now()
            return False
        if request.questions and decision == "allow":
            decision = "answer"
        if decision == "always" and option(request, "allow_always") is None:
            return False
        if decision == "answer" and not self.form.is_complete:
            self.form.focus_first_open()
            self._blink_now()
            return False
        if not self._answering.is_pending(request.key):
            self.tell("This is no longer asked; nothing was sent.")
            return False
        self._busy = True
        self._label()
        answers = self.form.answers() if decision == "answer" else {}
        self._answering.answer(request, decision, reason=self._reason_for(decision), answers=answers)
        self.answered.emit(decision)
        return True

    def _reason_for(self, decision: str) -> str:
        return self.reason.text().strip() if decision == "deny" and self.reason.isVisibleTo(self) else ""

    def reply(self) -> bool:
        """Open the line whose text goes to the agent with the denial."""
        if self.request is None or self.request.questions:
            return False
        if not self._guard.takes(self._clock()):
            self._blink_now()
            return False
        self.reason.show()
        self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def leave_field(self) -> bool:
        """Close the reason line or leave a form field; tell whether there was one to leave."""
        if self.hasFocus() or not holds(self):
            return False
        if self.reason.hasFocus():
            self.reason.hide()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _on_reason(self) -> None:
        if self.reason.text().strip():
            self.decide("deny")

    # -- looks

    @property
    def is_bright(self) -> bool:
        """Tell whether the blink shows now."""
        return self._bright

    def _blink_now(self) -> None:
        self._bright = True
        self.update()
        self._blink.start(BLINK_MS)

    def _on_blink_over(self) -> None:
        self._bright = False
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll a long body; choose and submit in a question. Letters are the shell's, by the keymap."""
        steps = {Qt.Key.Key_Down: 40, Qt.Key.Key_Up: -40, Qt.Key.Key_PageDown: 240, Qt.Key.Key_PageUp: -240}
        key = Qt.Key(event.key())
        if key in steps:
            self.body.scroll_by(steps[key])
        elif self._asks and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.decide("answer")
        elif not (self._asks and event.text().isdecimal() and self.form.choose(int(event.text()))):
            super().keyPressEvent(event)

    @property
    def _asks(self) -> bool:
        return self.request is not None and bool(self.request.questions)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Paint the box: an attention bar at the left, the focus ring when the keys act here."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        focused = holds(self)
        box = self.rect().adjusted(1, 1, -1, -1)
        color = theme.attention if self._bright else theme.focus if focused else theme.border_strong
        painter.setPen(QPen(color, 3 if self._bright else 1.5 if focused else 1))
        painter.setBrush(theme.raised)
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.attention_fill)
        painter.drawRoundedRect(box.left() + 4, box.top() + 8, 3, box.height() - 16, 1.5, 1.5)
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring. Focus that came by itself (another widget went away) begins with closed ears."""
        super().focusInEvent(event)
        if not self._asked_for:
            self._guard = later(self._guard, appeared(self._clock(), after_next=False))
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.update()


def option(request: Request, kind: str) -> RequestOption | None:
    """Return the option of a kind, if the agent offers it."""
    return next((one for one in request.options if one.kind == kind), None)


def _name(one: RequestOption | None, otherwise: str) -> str:
    """Return the agent's own words where they say more than ours."""
    name = one_line(one.name, 60) if one else ""
    return name if name and name.lower() not in ("allow", "yes", "no", "reject", "deny") else otherwise


def _always_words(one: RequestOption | None) -> str:
    name = one_line(one.name, 80) if one else ""
    if not name or name.lower() in ("always", "allow always", "always allow"):
        return "Allow always"
    return name if "always" in name.lower() else f"Always: {name}"


def _title(request: Request) -> str:
    if request.questions:
        said = request.title in {question.text for question in request.questions}
        return "The agent asks" if said else one_line(request.title, 300) or "The agent asks"
    if request.kind is Blocked.AUTH:
        return f"Log in: {one_line(request.title, 300)}"
    title = one_line(request.title, 300).rstrip("?")
    if request.command and (not title or request.command.startswith(title)):
        return "Run this command?"
    return f"{title or 'Allow this'}?"
