"""The application style sheet, made from role colours. Only what the palette cannot say; no geometry of widgets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

_SHEET = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $border_strong; padding: 4px 6px; }
QMainWindow, QDialog { background: $panel; }
QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }

QLineEdit, QPlainTextEdit[frame="input"], QTextEdit[frame="input"], QComboBox {
    background: $panel; color: $text; border: 1px solid $border_strong; border-radius: 4px;
    padding: 4px 6px; selection-background-color: $selection; selection-color: $text;
}
QLineEdit:focus, QPlainTextEdit[frame="input"]:focus, QTextEdit[frame="input"]:focus, QComboBox:focus {
    border: 1px solid $focus;
}
QLineEdit:disabled, QComboBox:disabled { color: $muted; border-color: $border; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url("$arrow"); width: 16px; height: 16px; }
QComboBox QAbstractItemView {
    background: $raised; color: $text; border: 1px solid $border_strong; selection-background-color: $selection;
    selection-color: $text; outline: none;
}

QPushButton {
    background: $raised; color: $text; border: 1px solid $border_strong; border-radius: 4px; padding: 4px 12px;
}
QPushButton:hover { background: $hover; }
QPushButton:focus { border: 1px solid $focus; }
QPushButton:disabled { color: $muted; border-color: $border; }
QPushButton[role="primary"] { background: $accent_fill; color: $on_fill; border-color: $accent_fill; }
QPushButton[role="primary"]:focus { border: 1px solid $text; }
QPushButton[role="primary"]:disabled { background: $raised; color: $muted; border-color: $border; }
QPushButton[role="danger"] { color: $danger; }
QPushButton[role="flat"] { background: transparent; border: 1px solid transparent; padding: 3px 8px; }
QPushButton[role="flat"]:hover { background: $hover; }
QPushButton[role="flat"]:checked { background: $selection; }
QPushButton[role="flat"]:focus { border: 1px solid $focus; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 2px; color: $text; }
QToolButton:hover { background: $hover; }
QToolButton:focus { border: 1px solid $focus; }

QRadioButton::indicator, QCheckBox::indicator {
    width: 12px; height: 12px; border: 1px solid $muted; background: $panel;
}
QRadioButton::indicator { border-radius: 7px; }
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator:checked, QCheckBox::indicator:checked {
    background: $accent_fill; border: 3px solid $panel; width: 8px; height: 8px;
}
QRadioButton::indicator:focus, QCheckBox::indicator:focus { border-color: $focus; }

QMenu { background: $raised; color: $text; border: 1px solid $border_strong; padding: 4px; }
QMenu::item { padding: 4px 16px 4px 8px; border-radius: 3px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 0; }

QScrollBar { background: transparent; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $border_strong; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QTreeView, QListView { border: none; outline: none; background: $panel; }
QListView[frame="input"] { border: 1px solid $border_strong; border-radius: 4px; padding: 3px; }
QListView[frame="input"]:focus { border: 1px solid $focus; }
QListView[frame="input"]::item { padding: 3px 4px; }
QListView[frame="input"]::item:selected { background: $selection; color: $text; border-radius: 3px; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="danger"] { color: $danger; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="title"] { font-weight: 600; }
""")


def stylesheet(colors: Mapping[str, str], arrow: Path) -> str:
    """Return the sheet for colours by role name (``#rrggbb``). Raises KeyError for a missing role."""
    return _SHEET.substitute(colors, arrow=arrow.as_posix())
