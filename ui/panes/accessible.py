"""What a screen reader is told of widgets that paint themselves: their visible text, their role.

``install`` is called once by the composition root; a widget takes part by having ``accessible_text``, and
``accessible_interface`` where that is not all.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


@runtime_checkable
class Spoken(Protocol):
    """A widget that paints text itself and can say what is visible now."""

    def accessible_text(self) -> str:
        """Return the visible text, line by line. Called by assistive technology at any time."""


@runtime_checkable
class Interfaced(Protocol):
    """A widget that has more to say than its text, and brings what says it."""

    def accessible_interface(self) -> QAccessibleInterface:
        """Return a new interface of this widget. Called once by the factory, which keeps it."""


class _Spoken(QAccessibleWidget):
    """A document whose value is the text on the screen."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.Document)

    def text(self, which: QAccessible.Text) -> str:
        widget = self.widget()
        if which == QAccessible.Text.Value and isinstance(widget, Spoken):
            return widget.accessible_text()
        return super().text(which)


class Factory:
    """Makes interfaces; keeps their Python halves alive as long as their widgets."""

    def __init__(self) -> None:
        self._made: dict[int, QAccessibleInterface] = {}
        self._gone: list[int] = []

    def __call__(self, _: str, thing: QObject | None) -> QAccessibleInterface | None:
        """Return the interface of a widget that speaks; ``None`` lets Qt go on looking."""
        # Qt deletes the C++ half itself while the widget is destroyed: let go only afterwards.
        while self._gone:
            self._made.pop(self._gone.pop(), None)
        if not isinstance(thing, QWidget) or not isinstance(thing, Spoken):
            return None
        made = thing.accessible_interface() if isinstance(thing, Interfaced) else _Spoken(thing)
        key = id(made)
        self._made[key] = made
        thing.destroyed.connect(lambda *_: self._gone.append(key))
        return made


def install() -> Factory:
    """Let Qt ask us about our widgets, for the life of the application."""
    factory = Factory()
    QAccessible.installFactory(factory)
    return factory
