"""From Qt's key, mouse and input method events to what a terminal's encoders take. Decides nothing about either.

The character counts, not the key: layouts differ. Facts of the platform are used only where Qt tells too little: which
key of the keyboard it was under a layout without Latin letters, and whether NumLock is on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QMouseEvent, QWheelEvent

from agents.vt.keys import Key
from agents.vt.mouse import Mouse
from ui import latin

IS_MAC = sys.platform == "darwin"

_K = Qt.Key
_MOD = Qt.KeyboardModifier

_NAMES: dict[int, str] = {
    _K.Key_Return: "Enter",
    _K.Key_Enter: "Enter",
    _K.Key_Escape: "Esc",
    _K.Key_Space: "Space",
    _K.Key_Tab: "Tab",
    _K.Key_Backtab: "Tab",
    _K.Key_Backspace: "Backspace",
    _K.Key_Delete: "Delete",
    _K.Key_Insert: "Insert",
    _K.Key_Home: "Home",
    _K.Key_End: "End",
    _K.Key_PageUp: "PageUp",
    _K.Key_PageDown: "PageDown",
    _K.Key_Up: "Up",
    _K.Key_Down: "Down",
    _K.Key_Left: "Left",
    _K.Key_Right: "Right",
    _K.Key_Clear: "Begin",
    _K.Key_Menu: "Menu",
} | {int(_K.Key_F1) + n: f"F{n + 1}" for n in range(24)}

#: What Shift makes of the keys of a US keyboard.
_SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))

#: The bit of NumLock in what X11 and Wayland call the modifiers.
_NUMLOCK = 0x10

_BUTTONS = (
    (Qt.MouseButton.LeftButton, 1),
    (Qt.MouseButton.MiddleButton, 2),
    (Qt.MouseButton.RightButton, 3),
    (Qt.MouseButton.BackButton, 8),
    (Qt.MouseButton.ForwardButton, 9),
)

#: What one notch of a wheel counts in Qt.
NOTCH = 120

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_LINE_END = re.compile("\r\n|\n")


def key_of(event: QKeyEvent, *, is_mac: bool = IS_MAC) -> Key | None:
    """Return the key of a key press, ``None`` for modifiers alone, dead keys and keys no program could hear of."""
    name = _NAMES.get(event.key(), "")
    shift, ctrl, alt, meta = _modifiers(event.modifiers(), is_mac=is_mac)
    shift = shift or event.key() == _K.Key_Backtab
    text = event.text()
    is_typed = bool(text) and not _CONTROL.search(text)
    if name == "Space" and is_typed and text != " ":
        name = ""  # a no-break space, say: AltGr made another character of it
    if not name:
        if is_typed and alt and _is_composed(event, text, ctrl=ctrl, is_mac=is_mac):
            ctrl = alt = False
        text = text if is_typed else _under_control(event, shift=shift)
        if not text:
            return None
    keypad = bool(event.modifiers() & _MOD.KeypadModifier) and not (is_mac and name in {"Up", "Down", "Left", "Right"})
    return Key(
        name=name,
        text=" " if name == "Space" else "" if name else text,
        base="" if name else _base(event, text, is_mac=is_mac),
        shift=shift,
        ctrl=ctrl,
        alt=alt,
        meta=meta,
        keypad=keypad,
        numlock=is_mac or bool(event.nativeModifiers() & _NUMLOCK),
    )


def committed(event: QInputMethodEvent) -> Key | None:
    """Return what an input method or a dead key made as a key that types it, ``None`` while it is being made."""
    lines = _LINE_END.sub("\r", event.commitString()).split("\r")
    text = "\r".join(_CONTROL.sub("", line) for line in lines)
    return Key(text=text) if text else None


def mouse_of(
    event: QMouseEvent,
    kind: Literal["press", "release", "move"],
    cell: tuple[int, int],
    *,
    is_mac: bool = IS_MAC,
    pixel: tuple[int, int] = (0, 0),
) -> Mouse | None:
    """Return a mouse event over ``cell`` (row, column), ``pixel`` (x, y) from the first cell's corner.

    A move tells the button held, 0 for none. ``None`` for a button no program could hear of.
    """
    if kind == "move":
        button = next((number for flag, number in _BUTTONS if event.buttons() & flag), 0)
    else:
        button = next((number for flag, number in _BUTTONS if event.button() == flag), 0)
        if not button:
            return None
    shift, ctrl, alt, _ = _modifiers(event.modifiers(), is_mac=is_mac)
    return Mouse(kind, button, *cell, shift=shift, ctrl=ctrl, alt=alt, x=pixel[0], y=pixel[1])


class Wheel:
    """Counts the notches of one view's wheel; touch pads send small parts of one."""

    def __init__(self) -> None:
        self._rest = {"x": 0, "y": 0}

    def turned(
        self, event: QWheelEvent, cell: tuple[int, int], *, is_mac: bool = IS_MAC, pixel: tuple[int, int] = (0, 0)
    ) -> tuple[Mouse, ...]:
        """Return a wheel event for every whole notch there is now, up and down before left and right."""
        shift, ctrl, alt, _ = _modifiers(event.modifiers(), is_mac=is_mac)
        across, down = event.angleDelta().x(), event.angleDelta().y()
        if alt and not down:
            across, down = 0, across  # Qt turns the wheel to the side under Alt
        buttons = [*self._whole("y", down, 4, 5), *self._whole("x", across, 6, 7)]
        return tuple(
            Mouse("wheel", button, *cell, shift=shift, ctrl=ctrl, alt=alt, x=pixel[0], y=pixel[1]) for button in buttons
        )

    def _whole(self, axis: str, delta: int, positive: int, negative: int) -> Iterable[int]:
        if delta * self._rest[axis] < 0:
            self._rest[axis] = 0  # turned back: what was left of the other direction is no part of this one
        total = self._rest[axis] + delta
        notches = int(total / NOTCH)
        self._rest[axis] = total - notches * NOTCH
        return [positive if notches > 0 else negative] * abs(notches)


def _modifiers(held: Qt.KeyboardModifier, *, is_mac: bool) -> tuple[bool, bool, bool, bool]:
    """Return Shift, Ctrl, Alt and Super; on macOS Qt calls Command Ctrl, and Ctrl Meta."""
    ctrl, meta = bool(held & _MOD.ControlModifier), bool(held & _MOD.MetaModifier)
    if is_mac:
        ctrl, meta = meta, ctrl
    return bool(held & _MOD.ShiftModifier), ctrl, bool(held & _MOD.AltModifier), meta


def _is_composed(event: QKeyEvent, text: str, *, ctrl: bool, is_mac: bool) -> bool:
    """Tell whether Alt took part in making the character: AltGr told as Ctrl+Alt, or Option on macOS."""
    return (ctrl or is_mac) and text.lower() != _character(event.key()).lower()


def _under_control(event: QKeyEvent, *, shift: bool) -> str:
    """Return the character of a key the text of which is a control character or nothing."""
    text, character = event.text(), _character(event.key())
    if not event.modifiers() & (_MOD.ControlModifier | _MOD.MetaModifier | _MOD.AltModifier):
        return ""
    if not character.isascii() and len(text) == 1 and 1 <= ord(text) <= 26:
        character = chr(ord(text) + 96)  # a layout without Latin letters: the platform knows which one this key has
    return character if shift else character.lower()


def _character(key: int) -> str:
    """Return the character Qt names ``key`` by, which is in upper case; empty for a key without one."""
    return chr(key) if 0x20 < key <= sys.maxunicode and chr(key).isprintable() else ""


def _base(event: QKeyEvent, text: str, *, is_mac: bool) -> str:
    """Return the key's own character: without Shift, and a Latin one where the layout is of another script."""
    if len(text) != 1:
        return text
    on_board = latin.on_board(event, is_mac=is_mac)
    if latin.is_foreign(text):
        named = _character(event.key())
        return named.lower() if named.isascii() and named else on_board or text.lower()
    if on_board and _SHIFTED.get(text) == on_board:
        return on_board
    return text.lower()
