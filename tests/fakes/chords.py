"""Chords as text, as the terminal's encoder takes them: ``Ctrl+Shift+Up``, ``Alt+A``, of a US keyboard."""

from __future__ import annotations

import msgspec

from agents.vt.keys import Key

NAMED = ("Enter", "Tab", "Backspace", "Esc", "Space", "Up", "Down", "Left", "Right", "Home", "End", "Begin", "Menu")
NAMED += ("PageUp", "PageDown", "Insert", "Delete", *(f"F{n}" for n in range(1, 25)))

_UNSHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./", strict=True))


def split(chord: str) -> tuple[list[str], str]:
    """Return the modifiers of a chord and its key, which may be ``+``."""
    held, _, last = chord[:-1].rpartition("+")
    return held.split("+") if held else [], last + chord[-1]


def key(chord: str) -> Key:
    """Return the key of a chord; a capital letter and a character that needs Shift are typed with it."""
    held, last = split(chord)
    pressed = Key(**{name.lower(): True for name in held})
    if last in NAMED:
        return msgspec.structs.replace(pressed, name=last)
    shift = pressed.shift or last.isupper() or last in _UNSHIFTED
    return msgspec.structs.replace(pressed, text=last, base=_UNSHIFTED.get(last, last.lower()), shift=shift)
