"""Writes what the mouse does, and focus, as the bytes a program in a terminal asked for; nothing where it did not ask.

Pure. Whether an event is the program's at all (Shift held selects text here) is the view's to decide.
Source: xterm's ctlseqs, "Mouse Tracking", "Extended coordinates", "FocusIn/FocusOut".
"""

from __future__ import annotations

from typing import Literal

import msgspec

from agents.vt import keys
from agents.vt.modes import Modes

#: Buttons as X11 numbers them, 4 to 7 for the wheel, in the code a report has.
_CODES = {1: 0, 2: 1, 3: 2, 4: 64, 5: 65, 6: 66, 7: 67, 8: 128, 9: 129, 10: 130, 11: 131}
_NO_BUTTON = 3
_MOTION = 32

#: The last place a single byte, and one of two bytes, has room for.
_BYTE_LIMIT = 0xFF - 33
_UTF8_LIMIT = 0x7FF - 33

#: Lines one notch of the wheel moves a program that has the alternate screen and no mouse.
WHEEL_LINES = 3


class Mouse(msgspec.Struct, frozen=True):
    """Something the mouse did over a cell; ``x`` and ``y`` are pixels from the corner of the first cell.

    ``button``: 1 left, 2 middle, 3 right, 0 none (a move), wheel 4 up, 5 down, 6 left, 7 right.
    """

    kind: Literal["press", "release", "move", "wheel"]
    button: int
    row: int
    col: int
    shift: bool = False
    ctrl: bool = False
    alt: bool = False
    x: int = 0
    y: int = 0


def encode_mouse(event: Mouse, modes: Modes) -> bytes:
    """Return the report of ``event``, arrow keys for a wheel on the alternate screen, or nothing."""
    if not modes.mouse:
        return _scrolled(event, modes)
    if not _is_wanted(event, modes.mouse) or min(event.row, event.col) < 0:
        return b""
    code = _code(event, with_modifiers=modes.mouse != 9)
    if code is None:
        return b""
    if modes.is_set(1016) or modes.is_set(1006):
        return _sgr(event, code, is_pixels=bool(modes.is_set(1016)))
    if event.kind == "release":
        code = code & ~0b11000011 | _NO_BUTTON
    if modes.is_set(1015):
        return f"\x1b[{code + 32};{event.col + 1};{event.row + 1}M".encode()
    return _bytes(event, code, is_utf8=bool(modes.is_set(1005)))


def encode_focus(gained: bool, modes: Modes) -> bytes:
    """Return what tells the program that its terminal got or lost the focus, nothing where it did not ask."""
    if not modes.focus:
        return b""
    return b"\x1b[I" if gained else b"\x1b[O"


def _is_wanted(event: Mouse, mode: int) -> bool:
    """Tell whether ``mode`` reports ``event``: 9 presses, 1000 buttons, 1002 drags too, 1003 every move."""
    if event.kind == "wheel":
        return mode != 9
    if event.kind == "press":
        return mode != 9 or event.button <= 3
    if event.kind == "release":
        return mode != 9
    return mode == 1003 or (mode == 1002 and event.button != 0)


def _code(event: Mouse, *, with_modifiers: bool) -> int | None:
    code = _NO_BUTTON if event.button == 0 and event.kind == "move" else _CODES.get(event.button)
    if code is None:
        return None
    if event.kind == "move":
        code += _MOTION
    if with_modifiers:
        code += 4 * event.shift + 8 * event.alt + 16 * event.ctrl
    return code


def _sgr(event: Mouse, code: int, *, is_pixels: bool) -> bytes:
    across, down = (event.x, event.y) if is_pixels else (event.col, event.row)
    final = "m" if event.kind == "release" else "M"
    return f"\x1b[<{code};{max(0, across) + 1};{max(0, down) + 1}{final}".encode()


def _bytes(event: Mouse, code: int, *, is_utf8: bool) -> bytes:
    """Return the oldest form; a place it has no room for is not told: a click elsewhere would be worse than none."""
    limit = _UTF8_LIMIT if is_utf8 else _BYTE_LIMIT
    if max(event.row, event.col) > limit:
        return b""
    numbers = (code + 32, event.col + 33, event.row + 33)
    if is_utf8:
        return b"\x1b[M" + "".join(map(chr, numbers)).encode()
    return b"\x1b[M" + bytes(numbers) if max(numbers) <= 0xFF else b""


def _scrolled(event: Mouse, modes: Modes) -> bytes:
    name = {4: "Up", 5: "Down"}.get(event.button)
    if event.kind != "wheel" or name is None or not (modes.alternate and modes.is_set(1007)):
        return b""
    return keys.encode(keys.Key(name=name), modes) * WHEEL_LINES
