"""A terminal for assistive technology: the text in view, the cursor in it, what is selected, and that it changed.

Changes are told in batches and only while somebody listens: a program may write a thousand lines a second.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, QPoint, QRect, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleInterface,
    QAccessibleTextCursorEvent,
    QAccessibleTextInterface,
    QAccessibleTextUpdateEvent,
)
from PySide6.QtWidgets import QAccessibleWidget, QWidget
from shiboken6 import VoidPtr

#: Milliseconds between two tellings of changes.
BATCH_MS = 150


class Visible(Protocol):
    """What is asked of a view. Offsets count characters of ``accessible_text``."""

    def accessible_text(self) -> str:
        """Return the lines in view."""

    def caret_offset(self) -> int:
        """Return where the cursor is, -1 when it is not in view."""

    def offset_rect(self, offset: int) -> QRect:
        """Return where a character is on the desktop."""

    def offset_at(self, point: QPoint) -> int:
        """Return the character at a point of the desktop, -1 outside."""

    def select_offsets(self, first: int, last: int) -> None:
        """Select characters of the lines in view."""


class _Text(QAccessibleTextInterface):
    """The text of one view; nothing can be written by it, keys are for that."""

    def __init__(self, view: Visible) -> None:
        super().__init__()
        self._view = view

    def characterCount(self) -> int:
        return len(self._view.accessible_text())

    def text(self, start: int, end: int) -> str:
        whole = self._view.accessible_text()
        return whole[max(0, start) : len(whole) if end < 0 else end]

    def cursorPosition(self) -> int:
        return max(0, self._view.caret_offset())

    def setCursorPosition(self, _: int) -> None:
        """Leave it: the cursor is the program's."""

    def characterRect(self, offset: int) -> QRect:
        return self._view.offset_rect(offset)

    def offsetAtPoint(self, point: QPoint) -> int:
        return self._view.offset_at(point)

    def selectionCount(self) -> int:
        # WORKAROUND PySide6 6.11: what is told by pointers (selection, attributes) never reaches Python, so that a
        # reader who learned of a selection would be given what happened to be in memory for its ends.
        return 0

    def addSelection(self, start: int, end: int) -> None:
        self._view.select_offsets(start, end)

    def setSelection(self, index: int, start: int, end: int) -> None:
        if index == 0:
            self._view.select_offsets(start, end)

    def removeSelection(self, index: int) -> None:
        if index == 0:
            self._view.select_offsets(0, 0)

    def scrollToSubstring(self, _start: int, _end: int) -> None:
        """Do nothing: all there is to tell is in view."""


class _Interface(QAccessibleWidget):
    """What Qt asks about one view."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.Terminal)
        self._text = _Text(cast("Visible", widget))

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        """Return what else the view can be asked for: its text."""
        if kind == QAccessible.InterfaceType.TextInterface:
            return self._text
        # WORKAROUND PySide6 6.11: it gives None for a null pointer, and ends the process when it is given None for one.
        found: Any = super().interface_cast(kind)
        return VoidPtr(0) if found is None else found

    def text(self, which: QAccessible.Text) -> str:
        widget = self.widget()
        if which == QAccessible.Text.Value:
            return cast("Visible", widget).accessible_text()
        return super().text(which)


def interface_of(widget: QWidget) -> QAccessibleInterface:
    """Return what Qt asks about a view, which must be ``Visible``."""
    return _Interface(widget)


class Telling(QObject):
    """Tells of changed text and a moved cursor, at most every ``BATCH_MS``. Owned by its view."""

    def __init__(self, widget: QWidget, view: Visible) -> None:
        super().__init__(widget)
        self._widget = widget
        self._view = view
        self._text = ""
        self._caret = -1
        self._timer = QTimer(self, singleShot=True, interval=BATCH_MS)
        self._timer.timeout.connect(self._on_due)

    def changed(self) -> None:
        """Take note that something may be another than it was."""
        if QAccessible.isActive() and not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Tell nothing any more until something changes again."""
        self._timer.stop()

    def _on_due(self) -> None:
        text, caret = self._view.accessible_text(), self._view.caret_offset()
        if text != self._text:
            start, removed, inserted = difference(self._text, text)
            self._text = text
            QAccessible.updateAccessibility(QAccessibleTextUpdateEvent(self._widget, start, removed, inserted))
        if caret != self._caret:
            self._caret = caret
            QAccessible.updateAccessibility(QAccessibleTextCursorEvent(self._widget, max(0, caret)))


def difference(before: str, now: str) -> tuple[int, str, str]:
    """Return where two texts begin to differ, and what stands there in each up to where they agree again."""
    most = min(len(before), len(now))
    start = next((at for at in range(most) if before[at] != now[at]), most)
    end = 0
    while end < most - start and before[len(before) - 1 - end] == now[len(now) - 1 - end]:
        end += 1
    return start, before[start : len(before) - end], now[start : len(now) - end]
