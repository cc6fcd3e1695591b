"""From Qt's key events to chords, and from chords to commands. Knows no command but by id.

Installed on whatever widget has the focus, so that only real key presses cost anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from app.commands import TYPING, Zone
from app.keymap import SEQUENCE_S, Keymap, chord
from ui import latin

_NAMES = {
    Qt.Key.Key_Return: "Enter",
    Qt.Key.Key_Enter: "Enter",
    Qt.Key.Key_Escape: "Esc",
    Qt.Key.Key_Space: "Space",
    Qt.Key.Key_Tab: "Tab",
    Qt.Key.Key_Backtab: "Tab",
    Qt.Key.Key_Backspace: "Backspace",
    Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Insert: "Insert",
    Qt.Key.Key_Home: "Home",
    Qt.Key.Key_End: "End",
    Qt.Key.Key_PageUp: "PageUp",
    Qt.Key.Key_PageDown: "PageDown",
    Qt.Key.Key_Up: "Up",
    Qt.Key.Key_Down: "Down",
    Qt.Key.Key_Left: "Left",
    Qt.Key.Key_Right: "Right",
} | {Qt.Key(int(Qt.Key.Key_F1) + n): f"F{n + 1}" for n in range(24)}

_MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, "Ctrl"),
    (Qt.KeyboardModifier.AltModifier, "Alt"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift"),
    (Qt.KeyboardModifier.MetaModifier, "Meta"),
)


def chord_of(event: QKeyEvent) -> str | None:
    """Return the chord of a key press, ``None`` for modifiers alone and keys that type nothing we can name.

    The character counts, not the key: layouts differ in where “?” is.
    """
    held = {name for flag, name in _MODIFIERS if event.modifiers() & flag}
    named = _NAMES.get(Qt.Key(event.key()))
    if named:
        return chord(held, named)
    text = event.text()
    if held >= {"Ctrl", "Alt"} and text.isprintable() and text:
        return chord((), text)  # AltGr as some platforms report it
    if not held & {"Ctrl", "Alt", "Meta"}:
        return chord((), text) if len(text) == 1 and text.isprintable() else None
    if latin.is_foreign(text or _character(event.key()) or ""):
        text = latin.on_board(event) or text
    character = _under_modifiers(event.key(), text)
    return chord(held, character) if character else None


def _under_modifiers(key: int, text: str) -> str | None:
    if len(text) == 1 and 1 <= ord(text) <= 26:
        return chr(ord(text) + 96)  # Ctrl with a letter, whatever the layout calls the key
    if len(text) == 1 and text.isprintable():
        return text
    return _character(key)


def _character(key: int) -> str | None:
    return chr(key) if 0x20 < key < 0x10000 else None


class KeyTarget(Protocol):
    """What the router needs of the window."""

    def zone_at(self, widget: QWidget) -> Zone | None:
        """Return the zone ``widget`` is in; ``None`` when keys there are none of the router's business."""

    def keeps(self, widget: QWidget, chord: str) -> bool:
        """Tell whether an overlay wants this chord for itself."""

    def run(self, command: str) -> None:
        """Run a command, or say why it cannot run now."""


class KeyRouter(QObject):
    """Turns the key presses of the focus widget into commands; one per window, in the GUI thread."""

    def __init__(self, target: KeyTarget, keymap: Keymap, parent: QObject, clock: Callable[[], float] = time.monotonic):
        super().__init__(parent)
        self._target = target
        self._clock = clock
        self.keymap = keymap
        self.slots_in_terminals = False
        self._pending: str | None = None
        self._pending_until = 0.0
        self._watched: QWidget | None = None
        #: When the last key was pressed, on ``clock``; lists hold still for a second after it.
        self.last_key = float("-inf")
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101  (a window without an application cannot be)
        app.focusChanged.connect(self._on_focus_changed)
        self._on_focus_changed(None, app.focusWidget())

    @property
    def pending(self) -> str | None:
        """Return the first chord of a sequence that may still be completed."""
        return self._pending if self._clock() <= self._pending_until else None

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        self._watched = now
        if now is not None:
            now.installEventFilter(self)
            now.destroyed.connect(self._on_destroyed)

    def _on_destroyed(self, gone: QObject) -> None:
        if gone is self._watched:
            self._watched = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a key press that means a command; let every other event pass."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            return self._pressed(watched, event)
        return False

    def _pressed(self, widget: QWidget, event: QKeyEvent) -> bool:
        zone = self._target.zone_at(widget)
        pressed = chord_of(event)
        if zone is None or pressed is None:
            return False
        self.last_key = self._clock()
        first, self._pending = self.pending, None
        if self._target.keeps(widget, pressed):
            return False
        if first:
            both = self.keymap.lookup(zone, (first, pressed))
            if both.command:
                self._target.run(both.command)
                return True
        found = self.keymap.lookup(zone, (pressed,))
        if found.is_prefix:
            self._pending, self._pending_until = pressed, self.last_key + SEQUENCE_S
        if found.command:
            if event.isAutoRepeat() and found.command.startswith("request."):
                return True  # a key held down must not answer what its first press only brought up
            if zone is Zone.TERMINAL and not self._may_leave_terminal(found.command):
                return False
            self._target.run(found.command)
            return True
        return self._slot(zone, pressed) or (found.is_prefix and zone not in TYPING)

    def _may_leave_terminal(self, command: str) -> bool:
        return not command.startswith("slot.") or self.slots_in_terminals

    def _slot(self, zone: Zone, pressed: str) -> bool:
        """In terminals, slot keys act only by setting: look them up as if outside."""
        if zone is not Zone.TERMINAL or not self.slots_in_terminals:
            return False
        outside = self.keymap.lookup(Zone.TRANSCRIPT, (pressed,)).command
        if outside is None or not outside.startswith("slot."):
            return False
        self._target.run(outside)
        return True
