"""Links in a terminal: looked for under the mouse only, said before they are opened, opened by Ctrl+click only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel

from agents.status.untrusted import one_line
from app.terminal.hyperlinks import Link, link_at, spoken
from ui.panes.terminal.finding import FindingCanvas
from ui.theme import Theme

_CONTROL = Qt.KeyboardModifier.ControlModifier

#: Most characters of a target that are shown.
_SHOWN = 160


class LinkingCanvas(FindingCanvas):
    """A terminal whose links are found, shown and, when asked for, told of."""

    link_activated = Signal(str)

    link: Link | None = None
    _pressed: Link | None = None

    def _set_up(self) -> None:
        super()._set_up()
        self._status = QLabel(self.viewport())
        self._status.setTextFormat(Qt.TextFormat.PlainText)
        self._status.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._status.setContentsMargins(6, 2, 6, 2)
        self._status.hide()
        self._dress()

    def _dress(self) -> None:
        theme = self._theme
        self._status.setStyleSheet(
            f"background: {theme.raised.name()}; color: {theme.text.name()}; border: 1px solid {theme.border.name()};"
        )

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        super().set_theme(theme)
        self._dress()

    def changed_terminal(self) -> None:
        """Forget the link of the former terminal."""
        super().changed_terminal()
        self._point_at(None)

    def hover(self, point: QPointF | None) -> None:
        """Look whether there is a link under the mouse."""
        terminal = self.terminal
        if terminal is None or point is None or not self.picture_rect().contains(point):
            self._point_at(None)
            return
        place = self.place_at(point, is_border=False)
        self._point_at(link_at(place, self.row_of, terminal.link, self._wrap_cols()))

    def _point_at(self, link: Link | None) -> None:
        if link == self.link:
            return
        self.link = link
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor if link is None else Qt.CursorShape.PointingHandCursor)
        self._status.setVisible(link is not None)
        if link is not None:
            self._status.setText(f"Ctrl+click opens {one_line(spoken(link.target), _SHOWN)}")
            self._place_status()
        self.draw()

    def _place_status(self) -> None:
        """Stand in the lower left corner, in the upper one where the link is below."""
        view = self.viewport()
        self._status.setMaximumWidth(view.width())
        self._status.adjustSize()
        top = view.height() - self._status.height()
        lines = [line for line, _, _ in self.link.spans] if self.link is not None else []
        is_under = any(self.cell_rect(line, 0).bottom() > top for line in lines)
        self._status.move(0, 0 if is_under else top)

    def press_on_link(self, event: QMouseEvent) -> bool:
        """Take a Ctrl+click on a link; false where there is none."""
        self._pressed = None
        if event.button() is Qt.MouseButton.LeftButton and event.modifiers() & _CONTROL:
            self.hover(event.position())
            self._pressed = self.link
        return self._pressed is not None

    def release_on_link(self, event: QMouseEvent) -> bool:
        """Open the link that was pressed, if the button was let go on it; false where none was pressed."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return False
        self.hover(event.position())
        if self.link == pressed:
            self.link_activated.emit(pressed.target)
        return True

    def ruled(self, number: int) -> tuple[tuple[int, int], ...]:
        """Return the columns of the link under the mouse."""
        return (*super().ruled(number), *(self.link.on_line(number) if self.link is not None else ()))

    def before_drawing(self) -> None:
        """Let go of a link whose text changed or moved under the mouse."""
        super().before_drawing()
        if self.link is not None:
            self.hover(QPointF(self.viewport().mapFromGlobal(self.cursor().pos())) if self.underMouse() else None)

    def viewportEvent(self, event: QEvent) -> bool:
        """Point at nothing once the mouse left."""
        if event.type() == QEvent.Type.Leave:
            self.hover(None)
        return super().viewportEvent(event)
