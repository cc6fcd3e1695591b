"""New agent: which program, where, and what it shall do. Last choices are offered again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from agents.spec import KindInfo
from agents.wire import Run
from app.layout import NewAgentChoices
from ui.dialogs.form import FormDialog
from ui.dialogs.prompt import PromptEdit
from ui.roster.look import place
from ui.theme import Theme

#: Pixels of the hint below the programs, at least.
_HINT_WIDTH = 500

_NAME = Qt.ItemDataRole.UserRole

Submit = Callable[[Run, NewAgentChoices], None]


class NewAgentDialog(FormDialog):
    """Collects a ``Run``; ``on_submit`` gets it with the choices to remember."""

    def __init__(
        self, parent: QWidget, theme: Theme, kinds: Sequence[KindInfo], projects: Sequence[str], on_submit: Submit
    ) -> None:
        super().__init__(parent, "New agent", "Start", width=620)
        self._theme = theme
        self._on_submit = on_submit
        self._kinds = {kind.name: kind for kind in kinds if not kind.hidden}
        self.kinds = QListWidget(self)
        self.kinds.setAccessibleName("Program")
        self.kinds.setProperty("frame", "input")
        self.project = QComboBox(self, editable=True)
        self.project.addItems([place(project) for project in projects])
        self.name = QLineEdit(self, placeholderText="named by its prompt or kind")
        self.prompt = PromptEdit("What shall it do? Leave it empty to write later.", 5, self)
        self.mode = QLineEdit(self, placeholderText="the kind's own default")
        self.model = QLineEdit(self, placeholderText="the program's own default")
        self.command = QLineEdit(self, placeholderText="program and arguments")
        self.command.setFont(theme.font_mono)
        self._hint = QLabel(self, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        self._hint.setWordWrap(True)
        self._hint.setProperty("role", "muted")
        self._hint.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._fill_kinds()
        self._lay_out()
        self.kinds.currentItemChanged.connect(lambda *_: self._on_kind())
        self._on_kind()

    def _fill_kinds(self) -> None:
        # What can be started as it is comes first, what wants a command of the user's own after it.
        ordered = sorted(self._kinds.values(), key=lambda kind: (not kind.available, kind.demo, not kind.program))
        for kind in ordered:
            text = kind.title or kind.name
            state = "" if kind.available else "   not installed"
            item = QListWidgetItem(self._theme.icon("agent", "success" if kind.available else "muted"), text + state)
            item.setData(_NAME, kind.name)
            item.setToolTip(kind.description)
            self.kinds.addItem(item)
        height = (self.kinds.sizeHintForRow(0) + 2) * min(6, max(2, len(ordered))) + 10
        self.kinds.setFixedHeight(height)
        self.kinds.setCurrentRow(0)

    def _show_hint(self, text: str) -> None:
        """Show the hint whole; two lines are always there, so that little moves."""
        metrics = self.fontMetrics()
        needed = metrics.boundingRect(QRect(0, 0, _HINT_WIDTH, 10_000), Qt.TextFlag.TextWordWrap, text).height()
        self._hint.setFixedHeight(max(needed, 2 * metrics.lineSpacing()))
        self._hint.setText(text)

    def _lay_out(self) -> None:
        browse = QPushButton("Browse…", self)
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(self.project, 1)
        where.addWidget(browse)
        self.form.addRow("Program", self.kinds)
        self.form.addRow("", self._hint)
        self.form.addRow("Project", where)
        self.form.addRow("Command", self.command)
        self.form.addRow("Prompt", self.prompt)
        self.form.addRow("Name", self.name)
        self.form.addRow("Mode", self.mode)
        self.form.addRow("Model", self.model)

    def choose(self, choices: NewAgentChoices) -> None:
        """Offer what was chosen last."""
        for row in range(self.kinds.count()):
            if self.kinds.item(row).data(_NAME) == choices.kind:
                self.kinds.setCurrentRow(row)
        if choices.project:
            self.project.setCurrentText(place(choices.project))
        self.mode.setText(choices.mode)

    def kind(self) -> KindInfo | None:
        """Return the selected kind."""
        index = self.kinds.currentIndex()
        return self._kinds.get(str(index.data(_NAME))) if index.isValid() else None

    def _on_kind(self) -> None:
        kind = self.kind()
        self.form.setRowVisible(self.command, kind is not None and _takes_command(kind))
        for field in (self.prompt, self.mode, self.model):
            self.form.setRowVisible(field, kind is not None and _takes_prompt(kind))
        self._show_hint(_hint(kind))
        self._hint.setStyleSheet("" if kind and kind.available else f"color: {self._theme.warning.name()};")
        self.accept_button.setEnabled(kind is not None and kind.available)

    def _browse(self) -> None:
        chosen = QFileDialog(self, "Project directory", str(Path(self.project.currentText()).expanduser()))
        chosen.setFileMode(QFileDialog.FileMode.Directory)
        chosen.setOption(QFileDialog.Option.ShowDirsOnly)
        chosen.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen.fileSelected.connect(self.project.setCurrentText)
        chosen.open()

    def submit(self) -> None:
        """Check and hand over."""
        kind = self.kind()
        if kind is None or not kind.available:
            self.refuse(_hint(kind), self.kinds)
            return
        project = Path(self.project.currentText().strip()).expanduser()
        if not self.project.currentText().strip() or not project.is_dir():
            self.refuse(f"“{self.project.currentText().strip()}” is no directory on this machine", self.project)
            return
        try:
            argv = tuple(shlex.split(self.command.text())) if _takes_command(kind) else ()
        except ValueError as error:
            self.refuse(f"the command cannot be read: {error}", self.command)
            return
        if not argv and _takes_command(kind) and _takes_prompt(kind):
            self.refuse("say which program speaks the protocol", self.command)
            return
        is_talking = _takes_prompt(kind)
        prompt = self.prompt.toPlainText().strip() if is_talking else ""
        mode, model = (field.text().strip() if is_talking else "" for field in (self.mode, self.model))
        run = Run(
            kind=kind.name,
            project=str(project.resolve()),
            name=self.name.text().strip() or None,
            prompt=prompt or None,
            argv=argv,
            mode=mode or None,
            model=model or None,
        )
        self._on_submit(run, NewAgentChoices(kind.name, run.project, mode))
        self.accept()

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: begin with what differs most from time to time."""
        super().showEvent(event)
        kind = self.kind()
        (self.command if kind is not None and _takes_command(kind) else self.prompt).setFocus()


def _takes_command(kind: KindInfo) -> bool:
    """Tell whether the user names the program: a terminal runs any, and so does a kind without one of its own."""
    return kind.family == "terminal" or not kind.program


def _takes_prompt(kind: KindInfo) -> bool:
    return kind.family != "terminal"


def _hint(kind: KindInfo | None) -> str:
    if kind is None:
        return "No program is known: see the kinds in the guide."
    if kind.available:
        pays = f"Paid by: {kind.pool}" if kind.pool else ""
        return "\n".join(filter(None, (kind.description or kind.program, kind.problem, pays)))
    problem = (kind.problem or f"{kind.program} was not found").partition("; install:")[0]
    return f"{problem}.\nTo install: {kind.install}" if kind.install else f"{problem}."
