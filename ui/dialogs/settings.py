"""The settings, made from their declarations; each change is kept at once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.settings import SETTINGS, Setting, Settings, Value
from ui.dialogs.toggle import Toggle
from ui.theme import Theme

_GROUPS = {
    "ui": "Window",
    "composer": "Message field",
    "triage": "Triage",
    "stage": "Stage",
    "keys": "Keys",
    "terminal": "Terminals",
}


class SettingsDialog(QDialog):
    """One field a setting; what cannot be kept is said below."""

    def __init__(self, parent: QWidget, theme: Theme, settings: Settings) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._theme = theme
        self._settings = settings
        self.fields: dict[str, QWidget] = {}
        self._error = QLabel(self)
        self._error.setProperty("role", "danger")
        self._error.setWordWrap(True)
        self._error.hide()
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for setting in SETTINGS:
            self._add(grid, setting)
        page = QWidget(self)
        page.setLayout(grid)
        scroll = QScrollArea(self, widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(page)
        where = QLabel(f"Kept in {settings.path}", self)
        where.setProperty("role", "muted")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QPushButton("Close   Esc", self)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.addWidget(scroll, 1)
        column.addWidget(self._error)
        column.addWidget(where)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.resize(600, 640)

    def _add(self, grid: QGridLayout, setting: Setting) -> None:
        row = grid.rowCount()
        first_of_group = next(s for s in SETTINGS if s.group == setting.group) is setting
        if first_of_group:
            title = QLabel(_GROUPS.get(setting.group, setting.group), self)
            title.setProperty("role", "title")
            grid.setRowMinimumHeight(row, 12)
            grid.addWidget(title, row + 1, 0, 1, 2)
            row += 2
        field = self._field(setting)
        field.setObjectName(setting.key)
        field.setAccessibleName(setting.doc)
        self.fields[setting.key] = field
        doc = QLabel(setting.doc, self)
        doc.setProperty("role", "muted")
        doc.setWordWrap(True)
        name = QLabel(setting.name.replace("_", " "), self)
        name.setBuddy(field)
        grid.addWidget(name, row, 0)
        grid.addWidget(field, row, 1, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(doc, row + 1, 0, 1, 2)
        grid.setRowMinimumHeight(row + 2, 6)

    def _field(self, setting: Setting) -> QWidget:
        value = self._settings.value(setting.key)
        if isinstance(setting.default, bool):
            return self._check(setting, is_on=bool(value))
        if setting.choices:
            return self._choice(setting, str(value))
        if isinstance(setting.default, int):
            return self._number(setting, int(value))
        line = QLineEdit(str(value), self)
        line.setMinimumWidth(220)
        line.editingFinished.connect(lambda: self._keep(setting, line.text()))
        return line

    def _check(self, setting: Setting, *, is_on: bool) -> QWidget:
        check = Toggle(self._theme, self)
        check.setChecked(is_on)
        check.toggled.connect(lambda now: self._keep(setting, now))
        return check

    def _choice(self, setting: Setting, value: str) -> QWidget:
        combo = QComboBox(self)
        combo.addItems(list(setting.choices))
        combo.setCurrentText(value)
        combo.currentTextChanged.connect(lambda now: self._keep(setting, now))
        return combo

    def _number(self, setting: Setting, value: int) -> QWidget:
        line = QLineEdit(str(value), self)
        line.setValidator(QIntValidator(int(setting.least or 0), int(setting.most or 99999), line))
        line.setFixedWidth(72)
        line.editingFinished.connect(lambda: self._keep(setting, int(line.text())))
        return line

    def _keep(self, setting: Setting, value: Value) -> None:
        try:
            self._settings.set(setting.key, value)
        except (ValueError, OSError) as error:
            self._error.setText(str(error))
            self._error.show()
        else:
            self._error.hide()
