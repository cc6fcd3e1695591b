"""A keyboard: chords as they stand in the keymap file become key events on whatever has the focus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

_NAMED = (
    {
        "Esc": Qt.Key.Key_Escape,
        "Enter": Qt.Key.Key_Return,
        "Space": Qt.Key.Key_Space,
        "Tab": Qt.Key.Key_Tab,
    }
    | {
        name: getattr(Qt.Key, f"Key_{name}")
        for name in (
            "Up",
            "Down",
            "Left",
            "Right",
            "Home",
            "End",
            "PageUp",
            "PageDown",
            "Insert",
            "Delete",
            "Backspace",
        )
    }
    | {f"F{n}": getattr(Qt.Key, f"Key_F{n}") for n in range(1, 25)}
)
_MODIFIERS = {
    "Ctrl": Qt.KeyboardModifier.ControlModifier,
    "Alt": Qt.KeyboardModifier.AltModifier,
    "Shift": Qt.KeyboardModifier.ShiftModifier,
}


def press(chord: str) -> None:
    """Send the key events of a chord through the application, as a keyboard does."""
    *held, key = chord.split("+") if len(chord) > 1 else [chord]
    modifiers = Qt.KeyboardModifier.NoModifier
    for name in held:
        modifiers |= _MODIFIERS[name]
    target = QApplication.focusWidget()
    assert target is not None, f"nothing has the keyboard for {chord}"
    if key in _NAMED:
        QTest.keyClick(target, _NAMED[key], modifiers)
    elif held or not key.isascii():
        code = Qt.Key(ord(key.upper()))
        text = chr(ord(key.upper()) - 64) if key.isalpha() and "Ctrl" in held else key
        for kind in (QKeyEvent.Type.KeyPress, QKeyEvent.Type.KeyRelease):
            QApplication.sendEvent(target, QKeyEvent(kind, code, modifiers, text))
    else:
        QTest.keyClicks(target, key)
