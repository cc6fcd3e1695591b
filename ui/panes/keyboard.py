"""Where the keyboard is, as panes ask it."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QWidget


def holds(widget: QWidget | None) -> bool:
    """Tell whether ``widget`` or something in it has the keyboard."""
    focused = QApplication.focusWidget()
    if widget is None or focused is None:
        return False
    return focused is widget or widget.isAncestorOf(focused)
