"""Which Latin character a key has under a layout of another script, so that Ctrl+C is where it always was.

Qt on X11 tells such a key by the layout's character alone, under Ctrl too (measured: ``с`` with the text ``с``). Then
the key's place on the keyboard decides. Layouts of the Latin script are never looked through: their ``ü`` is no ``[``.
"""

from __future__ import annotations

import sys
import unicodedata

from PySide6.QtGui import QKeyEvent

#: Characters of the keys of a PC-101 keyboard by the codes X11 and Wayland give them; macOS numbers keys otherwise.
_ROWS = {10: "1234567890-=", 24: "qwertyuiop[]", 38: "asdfghjkl;'`", 51: "\\zxcvbnm,./"}
_PC101 = {first + n: character for first, row in _ROWS.items() for n, character in enumerate(row)}


def on_board(event: QKeyEvent, *, is_mac: bool = sys.platform == "darwin") -> str:
    """Return the character a US keyboard has in the key's place, without Shift; empty where that is not known."""
    return "" if is_mac else _PC101.get(event.nativeScanCode(), "")


def is_foreign(character: str) -> bool:
    """Tell whether ``character`` is a letter of another script than the Latin one."""
    return (
        character.isalpha() and not character.isascii() and not unicodedata.name(character, "LATIN").startswith("LATIN")
    )
