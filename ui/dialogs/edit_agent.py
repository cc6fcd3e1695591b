"""Name, note and labels of an agent."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from agents.model import AgentRow
from agents.wire import Annotate
from app.commands import SLOTS
from ui.dialogs.form import FormDialog
from ui.dialogs.prompt import PromptEdit


class Edited(msgspec.Struct, frozen=True):
    """What the dialog changes: a new name, and an annotation (``None`` = as before)."""

    name: str
    annotation: Annotate | None


class EditAgentDialog(FormDialog):
    """Collects an ``Edited``."""

    def __init__(self, parent: QWidget, row: AgentRow, on_submit: Callable[[Edited], None], *, at_note: bool) -> None:
        super().__init__(parent, f"Edit {row.name}", "Save", width=480)
        self._row = row
        self._on_submit = on_submit
        self.name = QLineEdit(row.name, self)
        self.name.selectAll()
        self.note = PromptEdit("What you want to remember about it", 4, self)
        self.note.setPlainText(row.note)
        self.labels = QLineEdit(", ".join(row.labels), self, placeholderText="separated by commas")
        self.slot = QComboBox(self)
        self.slot.addItem("none", 0)
        for number in SLOTS:
            self.slot.addItem(f"Alt+{number}", number)
        self.slot.setCurrentIndex(row.slot or 0)
        self.form.addRow("Name", self.name)
        self.form.addRow("Note", self.note)
        self.form.addRow("Labels", self.labels)
        self.form.addRow("Slot", self.slot)
        (self.note if at_note else self.name).setFocus()

    def submit(self) -> None:
        """Check and hand over what differs."""
        name = self.name.text().strip()
        if not name:
            self.refuse("an agent needs a name", self.name)
            return
        row = self._row
        note = self.note.toPlainText().strip()
        labels = tuple(label for part in self.labels.text().split(",") if (label := part.strip()))
        slot = int(self.slot.currentData())
        change = Annotate(
            row.id,
            note=note if note != row.note else None,
            labels=labels if labels != row.labels else None,
            slot=slot if slot != (row.slot or 0) else None,
        )
        self._on_submit(Edited(name, None if change == Annotate(row.id) else change))
        self.accept()
