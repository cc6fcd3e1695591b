"""The common shape of dialogs: labelled fields, an error line, buttons; Ctrl+Enter accepts. Opened, never run."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget


class FormDialog(QDialog):
    """Subclasses add rows to ``form`` and override ``submit``."""

    def __init__(self, parent: QWidget | None, title: str, action: str, *, width: int = 520) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(12)
        self.form.setVerticalSpacing(8)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._error = QLabel(self)
        self._error.setProperty("role", "danger")
        self._error.setWordWrap(True)
        self._error.hide()
        self.accept_button = QPushButton(f"{action}   Ctrl+Enter", self)
        self.accept_button.setProperty("role", "primary")
        self.accept_button.setDefault(True)
        self.accept_button.clicked.connect(self.submit)
        cancel = QPushButton("Cancel   Esc", self)
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self._error, 1)
        buttons.addStretch(0)
        buttons.addWidget(cancel)
        buttons.addWidget(self.accept_button)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 16, 20, 16)
        self.column.setSpacing(12)
        self.column.addLayout(self.form)
        self.column.addLayout(buttons)
        self.resize(width, self.sizeHint().height())

    def words(self, text: str, lines: int, role: str = "muted") -> QLabel:
        """Return a label with room for that many lines, whatever text it will hold: nothing moves when it changes."""
        label = QLabel(text, self)
        label.setWordWrap(True)
        label.setProperty("role", role)
        label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        label.setFixedHeight(label.fontMetrics().lineSpacing() * lines + 2)
        return label

    def refuse(self, why: str, field: QWidget) -> None:
        """Say what is wrong and go to the field."""
        self._error.setText(why)
        self._error.show()
        field.setFocus()

    def submit(self) -> None:
        """Check the fields and act; subclasses override it."""
        self.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt: Ctrl+Enter accepts from every field."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.submit()
            return
        super().keyPressEvent(event)
