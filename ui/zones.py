"""Which part of the window has the keyboard, the walk through the parts, and the ring that shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QWidget

from agents.model import AgentId
from app.commands import Zone
from ui.overlay import Overlay
from ui.port import Pane
from ui.theme import Theme


class Place(NamedTuple):
    """Where the keyboard is: the zone, the pane's agent when it is in a pane, the widget that is the zone."""

    zone: Zone
    agent: AgentId | None = None
    widget: QWidget | None = None


class Stop(NamedTuple):
    """A place F6 goes to."""

    zone: Zone
    agent: AgentId | None
    focus: Callable[[], object]


def place_of(widget: QWidget, panes: Sequence[tuple[AgentId, QWidget]]) -> Place:
    """Return where ``widget`` is; what is in no zone is treated as a text field: letters there are its own."""
    for agent, content in panes:
        if content is widget or content.isAncestorOf(widget):
            return Place(_pane_zone(content, widget), agent, content)
    if isinstance(widget, QLineEdit | QAbstractSpinBox) or overlay_of(widget):
        return Place(Zone.FIELD)
    above: QWidget | None = widget
    while above is not None:
        named = above.property("zone")
        if named:
            return Place(Zone(str(named)), None, above)
        above = above.parentWidget()
    return Place(Zone.FIELD)


def _pane_zone(content: QWidget, widget: QWidget) -> Zone:
    if isinstance(widget, QLineEdit):
        return Zone.FIELD
    return Zone(content.zone()) if isinstance(content, Pane) else Zone.TRANSCRIPT


def overlay_of(widget: QWidget) -> Overlay | None:
    """Return the overlay ``widget`` is in."""
    above: QWidget | None = widget
    while above is not None:
        if isinstance(above, Overlay):
            return above
        above = above.parentWidget()
    return None


def step(stops: Sequence[Stop], here: Place, steps: int) -> None:
    """Go to the stop after (or before) ``here``; stops that refuse the keyboard are passed over."""
    if not stops:
        return
    at = next((n for n, stop in enumerate(stops) if stop.zone is here.zone and stop.agent == here.agent), None)
    if at is None:
        at = -1 if steps > 0 else 0
    for distance in range(1, len(stops) + 1):
        if stops[(at + steps * distance) % len(stops)].focus() is not False:
            return


class FocusRing(QWidget):
    """A frame over the zone that has the keyboard; takes no clicks."""

    WIDTH = 1

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._target: QWidget | None = None
        self.theme = theme
        self.hide()

    @property
    def target(self) -> QWidget | None:
        """Return what the ring is around."""
        return self._target

    def put_around(self, widget: QWidget | None) -> None:
        """Frame ``widget``, or nothing."""
        if widget is not self._target:
            if self._target is not None:
                self._target.removeEventFilter(self)
            self._target = widget
            if widget is not None:
                widget.installEventFilter(self)
                widget.destroyed.connect(self._on_destroyed)
        self._follow()

    def _on_destroyed(self, gone: QObject) -> None:
        if gone is self._target:
            self._target = None
            self.hide()

    def _follow(self) -> None:
        target, parent = self._target, self.parentWidget()
        if target is None or parent is None or not target.isVisible():
            self.hide()
            return
        self.setGeometry(QRect(target.mapTo(parent, target.rect().topLeft()), target.size()))
        self.show()
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt: follow the zone when it moves."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self._follow()
        return super().eventFilter(watched, event)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Qt: draw the frame."""
        painter = QPainter(self)
        painter.setPen(QPen(self.theme.focus, self.WIDTH))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
