"""The form of an agent's questions: choices or free text, one answer each."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from agents.model import Question
from agents.status.untrusted import clean, one_line


class _Field:
    """One question's widgets and its answer."""

    def __init__(self, question: Question, parent: QWidget) -> None:
        self.question = question
        self.label = QLabel(clean(question.text), parent)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.buttons: list[QAbstractButton] = []
        self.line: QLineEdit | None = None
        self.group = QButtonGroup(parent)
        self.group.setExclusive(not question.multiple)
        for number, choice in enumerate(question.choices, 1):
            made = (QCheckBox if question.multiple else QRadioButton)(parent)
            made.setText(f"{number}  {one_line(choice, 300)}" if number < 10 else one_line(choice, 300))
            made.setAccessibleDescription(clean(question.text))
            self.group.addButton(made)
            self.buttons.append(made)
        if not question.choices:
            self.line = QLineEdit(parent)
            self.line.setPlaceholderText("Your answer")
            self.line.setAccessibleName(clean(question.text))

    @property
    def widgets(self) -> list[QWidget]:
        return [self.label, *self.buttons, *([self.line] if self.line else [])]

    @property
    def answer(self) -> str:
        if self.line is not None:
            return self.line.text().strip()
        pairs = zip(self.buttons, self.question.choices, strict=True)
        return ", ".join(choice for button, choice in pairs if button.isChecked())


class QuestionForm(QWidget):
    """The questions of one request. ``submitted`` is Enter with everything answered."""

    submitted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: list[_Field] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 0, 0, 0)
        self._column.setSpacing(5)

    def show_questions(self, questions: tuple[Question, ...]) -> None:
        """Replace the form."""
        for field in self._fields:
            for widget in field.widgets:
                self._column.removeWidget(widget)
                widget.deleteLater()
            field.group.deleteLater()
        self._fields = [_Field(question, self) for question in questions]
        for field in self._fields:
            for widget in field.widgets:
                self._column.addWidget(widget)
            if field.line is not None:
                field.line.returnPressed.connect(self._on_enter)

    @property
    def is_complete(self) -> bool:
        """Tell whether every question has an answer."""
        return all(field.answer for field in self._fields)

    def answers(self) -> dict[str, str]:
        """Return the answers by the text of their question, as the agent wrote it."""
        return {field.question.text: field.answer for field in self._fields}

    def first_field(self) -> QWidget | None:
        """Return what the keyboard goes to first."""
        for field in self._fields:
            return field.line or field.buttons[0]
        return None

    def focus_first(self) -> None:
        """Put the keyboard into the first field."""
        first = self.first_field()
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_first_open(self) -> None:
        """Put the keyboard into the first question without an answer."""
        for field in self._fields:
            if not field.answer:
                (field.line or field.buttons[0]).setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def choose(self, number: int) -> bool:
        """Choose by number in the first question that has so many choices and no answer yet, else in the first."""
        fields = [field for field in self._fields if 0 < number <= len(field.buttons)]
        field = next((f for f in fields if not f.answer), fields[0] if fields else None)
        if field is None:
            return False
        button = field.buttons[number - 1]
        button.setChecked(not button.isChecked() if field.question.multiple else True)
        button.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter submits, digits choose; a field keeps its own typing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_enter()
        elif not (event.text().isdecimal() and self.choose(int(event.text()))):
            super().keyPressEvent(event)

    def _on_enter(self) -> None:
        if self.is_complete:
            self.submitted.emit()
        else:
            self.focus_first_open()
