"""The terminal to work in: keys, input methods and the mouse go to the program, what it shows is painted below.

Sends nothing itself: ``typed`` are bytes for the program, ``sized`` the size it should have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QClipboard,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu

from agents.status.untrusted import one_line
from agents.vt import mouse as mice
from agents.vt.keys import encode
from agents.vt.mouse import Mouse, encode_focus, encode_mouse
from ui.keys import chord_of
from ui.panes.terminal.spoken import SpokenCanvas
from ui.panes.terminal.typing import NOTCH, Wheel, committed, key_of, mouse_of

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier

#: Input methods are not to guess, correct or remember what is typed into a program.
_HINTS = (
    Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhNoAutoUppercase | Qt.InputMethodHint.ImhSensitiveData
)

#: Focus goes there and comes back without the user having left.
_PASSING = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.MenuBarFocusReason)


class TerminalView(SpokenCanvas):
    """One terminal with the keyboard and the mouse. ``paste_wanted`` is a text somebody wants pasted, not sent yet."""

    typed = Signal(bytes)
    paste_wanted = Signal(str)

    _grabbed = False
    _last_cell = (-1, -1)
    _scrolled = 0.0
    _zoomed = 0
    _cursor_at = QRect()

    def _set_up(self) -> None:
        super()._set_up()
        self._wheel = Wheel()
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)

    # -- to the program

    def send(self, data: bytes) -> None:
        """Give bytes to the program as typed: its echo is looked for, the end is shown."""
        if not data:
            return
        if not self.owns_size:
            self.claim_size()
        self.typed.emit(data)
        self.typed_now()
        if not self.follow:
            self.to_end()

    def paste(self) -> None:
        """Ask for the clipboard's text to be pasted: what is dangerous in it is not judged here."""
        self._paste(QClipboard.Mode.Clipboard)

    def paste_selected(self) -> None:
        """Ask for what was selected last, anywhere, to be pasted; the clipboard's text where there is no such thing."""
        has_own = QGuiApplication.clipboard().supportsSelection()
        self._paste(QClipboard.Mode.Selection if has_own else QClipboard.Mode.Clipboard)

    def _paste(self, mode: QClipboard.Mode) -> None:
        text = QGuiApplication.clipboard().text(mode)
        if text:
            self.paste_wanted.emit(text)

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what is the terminal's own; give every other key to the program."""
        own = self._own_keys().get(chord_of(event) or "")
        if own is not None:
            own()
            return
        key = key_of(event)
        if key is None or self.terminal is None:
            event.ignore()
            return
        self.send(encode(key, self.terminal.grid.modes))

    def _own_keys(self) -> dict[str, Callable[[], object]]:
        """Return what each chord does that the program does not get: such as it could not tell from a plain key."""
        own: dict[str, Callable[[], object]] = {
            "Ctrl+Shift+C": self.copy,
            "Ctrl+Shift+V": self.paste,
            "Ctrl+Shift+A": self.select_all,
            "Shift+Insert": self.paste_selected,
            "Ctrl++": lambda: self.zoom(1),
            "Ctrl+Shift++": lambda: self.zoom(1),
            "Ctrl+-": lambda: self.zoom(-1),
            "Ctrl+0": lambda: self.zoom(0),
        }
        if self.terminal is not None and not self.terminal.grid.alternate:  # that screen has nothing to scroll back to
            page = max(1, self.fitting()[0] - 1)
            own["Shift+PageUp"] = lambda: self.scroll_lines(-page)
            own["Shift+PageDown"] = lambda: self.scroll_lines(page)
            own["Shift+Home"], own["Shift+End"] = self.to_begin, self.to_end
        return own

    def focusNextPrevChild(self, _: bool) -> bool:
        """Keep Tab: it is the program's."""
        return False

    def event(self, event: QEvent) -> bool:
        """Keep keys from being taken for shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell the program, where it wants to know."""
        super().focusInEvent(event)
        if event.reason() not in _PASSING:
            self._tell_focus(gained=True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell the program, where it wants to know; what was being composed is dropped."""
        super().focusOutEvent(event)
        if event.reason() not in _PASSING:
            self._tell_focus(gained=False)
            self._compose("")

    def _tell_focus(self, *, gained: bool) -> None:
        data = encode_focus(gained, self.terminal.grid.modes) if self.terminal is not None else b""
        if data:
            self.typed.emit(data)

    # -- input methods

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Type what was composed; show what is being composed at the cursor."""
        key = committed(event)
        if key is not None and self.terminal is not None:
            self.send(encode(key, self.terminal.grid.modes))
        self._compose(one_line(event.preeditString(), 400))
        event.accept()

    def _compose(self, text: str) -> None:
        if text != self.preedit:
            self.preedit = text
            self.draw()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> Any:
        """Tell an input method where the cursor is, and that it is not to remember anything."""
        match query:
            case Qt.InputMethodQuery.ImEnabled:
                return True
            case Qt.InputMethodQuery.ImHints:
                return _HINTS
            case Qt.InputMethodQuery.ImCursorRectangle:
                return self._cursor_rect()
            case Qt.InputMethodQuery.ImFont:
                return self._theme.mono(delta=self._zoom)
        return super().inputMethodQuery(query)

    def draw(self) -> None:
        """Let an input method follow the cursor."""
        super().draw()
        if self.hasFocus():
            box = self._cursor_rect()
            if box != self._cursor_at:
                self._cursor_at = box
                self.updateMicroFocus(Qt.InputMethodQuery.ImCursorRectangle)

    def _cursor_rect(self) -> QRect:
        if self.terminal is None:
            return QRect()
        cursor = self.terminal.grid.cursor
        box = self.cell_rect(self.terminal.top + cursor.row, cursor.col).toAlignedRect()
        return box.translated(self.viewport().pos())

    # -- the mouse

    def _is_programs(self, event: QMouseEvent | QWheelEvent) -> bool:
        """Tell whether the program wants the mouse; Shift takes it back."""
        return self.terminal is not None and bool(self.terminal.grid.modes.mouse) and not event.modifiers() & _SHIFT

    def _program_cell(self, point: QPointF) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the cell on the program's screen under a point, and the pixel from the corner of its first one."""
        assert self.terminal is not None  # noqa: S101  (asked where there is one)
        row, col = self.cell_at(point)
        row = row + self.first_line() - self.terminal.top
        corner = self.cell_rect(self.terminal.top, 0).topLeft()
        pixel = (point - corner) * self._metrics.ratio
        return (min(max(row, 0), self.terminal.grid.rows - 1), col), (round(pixel.x()), round(pixel.y()))

    def _report(self, made: Mouse | None) -> None:
        data = encode_mouse(made, self.terminal.grid.modes) if made is not None and self.terminal is not None else b""
        if data:
            self.typed.emit(data)
            self.typed_now()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Give the button to the program that wants it, else select or paste."""
        if self.terminal is None:
            return
        if not self.owns_size:
            self.claim_size()
        if self.press_on_link(event):
            return
        if self._is_programs(event):
            self._grabbed = True
            cell, pixel = self._program_cell(event.position())
            self._last_cell = cell
            self._report(mouse_of(event, "press", cell, pixel=pixel))
        elif event.button() is Qt.MouseButton.LeftButton:
            self.press_to_select(event)
        elif event.button() is Qt.MouseButton.MiddleButton:
            self.paste_selected()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take the second click as one more."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Give moves to the program that wants them, else draw the selection out."""
        if self.terminal is None:
            return
        if self._is_dragging:
            self.drag_to_select(event)
        elif self._grabbed or self._is_programs(event):
            cell, pixel = self._program_cell(event.position())
            if cell != self._last_cell or self.terminal.grid.modes.is_set(1016):
                self._last_cell = cell
                self._report(mouse_of(event, "move", cell, pixel=pixel))
        if not self._is_dragging and event.buttons() == Qt.MouseButton.NoButton:
            self.hover(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what the press began."""
        if self.release_on_link(event):
            return
        if self._is_dragging:
            if event.button() is Qt.MouseButton.LeftButton:
                self.end_selecting()
        elif self._grabbed and self.terminal is not None:
            self._grabbed = event.buttons() != Qt.MouseButton.NoButton
            cell, pixel = self._program_cell(event.position())
            self._report(mouse_of(event, "release", cell, pixel=pixel))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, or give the wheel to the program; with Ctrl, zoom."""
        event.accept()
        if self.terminal is None:
            return
        if event.modifiers() & _CONTROL and not self._is_programs(event):
            self._zoom_by_wheel(event.angleDelta().y())
            return
        modes = self.terminal.grid.modes
        if self._is_programs(event) or (modes.alternate and modes.is_set(1007) and not event.modifiers() & _SHIFT):
            cell, pixel = self._program_cell(event.position())
            for made in self._wheel.turned(event, cell, pixel=pixel):
                self._report(made)
            return
        self._scroll_by_wheel(event)

    def _zoom_by_wheel(self, angle: int) -> None:
        """Zoom by a step a notch; a touch pad sends many small parts of one."""
        if angle * self._zoomed < 0:
            self._zoomed = 0
        self._zoomed += angle
        if abs(self._zoomed) >= NOTCH:
            self.zoom(1 if self._zoomed > 0 else -1)
            self._zoomed = 0

    def _scroll_by_wheel(self, event: QWheelEvent) -> None:
        """Scroll by whole lines; what a touch pad leaves over counts the next time."""
        pixels = event.pixelDelta().y()
        angle = event.angleDelta().y() or event.angleDelta().x()
        lines = pixels / self._metrics.line_height if pixels else angle / NOTCH * mice.WHEEL_LINES
        if lines * self._scrolled < 0:
            self._scrolled = 0.0
        self._scrolled += lines
        whole = int(self._scrolled)
        self._scrolled -= whole
        if whole:
            self.scroll_lines(-whole)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what a mouse user looks for, where the right button is not the program's."""
        if self.terminal is not None and self.terminal.grid.modes.mouse and not event.modifiers() & _SHIFT:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy", self.copy).setEnabled(bool(self.selection))
        menu.addAction("Paste", self.paste)
        menu.addAction("Select all", self.select_all)
        menu.addSeparator()
        menu.addAction("Go to the end and follow", self.to_end)
        menu.popup(event.globalPos())
