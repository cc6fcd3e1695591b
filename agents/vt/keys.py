"""Writes a key press as the bytes a program in a terminal expects: xterm's way, or kitty's where it was asked for.

Pure. Knows neither Qt nor any program; which keys are the shell's own is decided before.
Sources: xterm's ctlseqs ("PC-Style Function Keys", "VT220-Style Function Keys"), libX11's mapping of Ctrl, the kitty
keyboard protocol (flag 1, "Disambiguate escape codes").
"""

from __future__ import annotations

import msgspec

from agents.vt.modes import Modes

_ESC, _CSI, _SS3 = b"\x1b", b"\x1b[", b"\x1bO"

#: Kitty's flag "disambiguate escape codes".
_DISAMBIGUATE = 1

#: Cursor keys: the final of ``CSI``, in application mode of ``SS3``.
_CURSOR = {"Up": "A", "Down": "B", "Right": "C", "Left": "D", "Begin": "E", "End": "F", "Home": "H"}
_FIRST_F = {"F1": "P", "F2": "Q", "F3": "R", "F4": "S"}
#: The editing keys and the other function keys: ``CSI number ~``. xterm goes on at 42 behind the VT220's F20.
_TILDE = {"Insert": 2, "Delete": 3, "PageUp": 5, "PageDown": 6, "F5": 15, "F6": 17, "F7": 18, "F8": 19, "F9": 20}
_TILDE |= {"F10": 21, "F11": 23, "F12": 24, "F13": 25, "F14": 26, "F15": 28, "F16": 29, "F17": 31, "F18": 32}
_TILDE |= {"F19": 33, "F20": 34, "F21": 42, "F22": 43, "F23": 44, "F24": 45, "Menu": 29}

#: The keypad in application mode: the final of ``SS3`` by what the key types.
_APPLICATION = {"*": "j", "+": "k", ",": "l", "-": "m", ".": "n", "/": "o", "=": "X", "Enter": "M"}

#: Kitty's numbers of keys that type nothing, and of those on the keypad.
_KITTY = {"Esc": 27, "Enter": 13, "Tab": 9, "Backspace": 127, "Space": 32, "Menu": 57363}
_KITTY |= {f"F{n}": 57363 + n for n in range(13, 25)}
_KITTY_KEYPAD = {"Enter": 57414, "Left": 57417, "Right": 57418, "Up": 57419, "Down": 57420, "PageUp": 57421}
_KITTY_KEYPAD |= {"PageDown": 57422, "Home": 57423, "End": 57424, "Insert": 57425, "Delete": 57426, "Begin": 57427}
_KITTY_KEYPAD |= {str(n): 57399 + n for n in range(10)}
_KITTY_KEYPAD |= {".": 57409, "/": 57410, "*": 57411, "-": 57412, "+": 57413, "=": 57415, ",": 57416}

#: Keys whose byte is the same in every mode, so that a shell can be typed into after a crash.
_BYTES = {"Enter": b"\r", "Tab": b"\t", "Backspace": b"\x7f", "Esc": _ESC, "Space": b" "}


class Key(msgspec.Struct, frozen=True):
    """One key press: what the key is called and what it types, as the layout has it.

    ``name`` is ``Enter``, ``Tab``, ``Backspace``, ``Esc``, ``Space``, ``Up``, …, ``F24`` or empty for a key that types
    ``text``. ``base`` is the key without modifiers, a Latin letter where the layout has none. ``numlock`` matters to
    the keypad alone. ``meta`` is the key of the desktop (Super, Windows, Command).
    """

    name: str = ""
    text: str = ""
    base: str = ""
    shift: bool = False
    ctrl: bool = False
    alt: bool = False
    meta: bool = False
    keypad: bool = False
    numlock: bool = False

    @property
    def modifiers(self) -> int:
        """The modifiers as both ways to write them count: Shift 1, Alt 2, Ctrl 4, Super 8."""
        return self.shift + 2 * self.alt + 4 * self.ctrl + 8 * self.meta


def encode(key: Key, modes: Modes) -> bytes:
    """Return what ``key`` sends under ``modes``; nothing for a key that no program would understand."""
    if modes.flags & _DISAMBIGUATE:
        return _disambiguated(key)
    return _legacy(key, modes)


def _legacy(key: Key, modes: Modes) -> bytes:
    keypad = _application_keypad(key, modes)
    if keypad:
        return keypad
    if key.name in _CURSOR or key.name in _FIRST_F:
        final = _CURSOR.get(key.name) or _FIRST_F[key.name]
        is_single = key.name in _FIRST_F or modes.is_set(1)
        return _lettered(final, key.modifiers, _SS3 if is_single else _CSI)
    if key.name in _TILDE:
        return _numbered(_TILDE[key.name], key.modifiers, "~")
    if key.meta:
        return b""  # of the desktop's key xterm tells nothing with text, and without it the text would be another key
    prefix = _ESC if key.alt else b""
    if key.name in _BYTES and key.name != "Space":
        return prefix + _control_key(key, modes)
    return prefix + (_controlled(key) if key.ctrl else _typed(key))


def _application_keypad(key: Key, modes: Modes) -> bytes:
    """Return what a key of the keypad sends in application mode; digits and the rest under NumLock are text."""
    if not key.keypad or key.numlock or key.modifiers or not modes.is_set(66):
        return b""
    final = _APPLICATION.get(key.name or key.text)
    return _SS3 + final.encode() if final else b""


def _control_key(key: Key, modes: Modes) -> bytes:
    if key.name == "Tab":
        return _CSI + b"Z" if key.shift else b"\t"
    if key.name == "Backspace":
        return b"\x08" if key.ctrl != bool(modes.is_set(67)) else b"\x7f"
    if key.name == "Enter" and modes.is_set(20, private=False):
        return b"\r\n"
    return _BYTES[key.name]


def _controlled(key: Key) -> bytes:
    """Return the control character of a key as X11 has it; of a key of another script that of its Latin letter."""
    text = _typed(key).decode()
    character = text if text.isascii() else key.base
    if len(character) != 1 or not character.isascii():
        return text.encode()
    code = ord(character)
    if character == " " or "@" <= character <= "~":
        return bytes([code & 0x1F])
    if "3" <= character <= "7":
        return bytes([code - ord("3") + 0x1B])
    return {"2": b"\x00", "8": b"\x7f", "/": b"\x1f", "?": b"\x7f"}.get(character, character.encode())


def _typed(key: Key) -> bytes:
    text = " " if key.name == "Space" else key.text
    return text.encode("utf-8", "ignore")


def _disambiguated(key: Key) -> bytes:
    """Return a key under kitty's flag 1: text as ever, all else as one sequence no other key has."""
    has_command = key.ctrl or key.alt or key.meta
    on_keypad = _KITTY_KEYPAD.get(key.name or key.base or key.text) if key.keypad else None
    if on_keypad and (key.name or has_command):
        return _numbered(on_keypad, key.modifiers, "u")
    if key.name and key.name not in _KITTY:
        return _function(key)
    if key.name in _BYTES and not (key.modifiers or key.name == "Esc"):
        return _BYTES[key.name]
    if key.name in _KITTY and (has_command or key.name != "Space"):
        return _numbered(_KITTY[key.name], key.modifiers, "u")
    if not has_command:
        return _typed(key)
    base = key.base or key.text.lower()
    return _numbered(ord(base[0]) if base else 0, key.modifiers, "u")


def _function(key: Key) -> bytes:
    """Return a key kitty has in the form it has elsewhere, F3 apart: ``CSI R`` is a report of the cursor's place."""
    if key.name == "F3":
        return _numbered(13, key.modifiers, "~")
    final = _CURSOR.get(key.name) or _FIRST_F.get(key.name)
    return _lettered(final, key.modifiers, _CSI) if final else _numbered(_TILDE.get(key.name, 0), key.modifiers, "~")


def _lettered(final: str, modifiers: int, bare: bytes) -> bytes:
    return f"\x1b[1;{modifiers + 1}{final}".encode() if modifiers else bare + final.encode()


def _numbered(number: int, modifiers: int, final: str) -> bytes:
    if not number:
        return b""
    return f"\x1b[{number};{modifiers + 1}{final}".encode() if modifiers else f"\x1b[{number}{final}".encode()
