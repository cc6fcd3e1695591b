"""What passes from a program to one's own terminal: what is drawn, and how to undo what it changed there. Pure.

Only the daemon answers what a program asks its terminal: a second answer would be typed into it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agents.vt.modes import Modes
from agents.vt.stream import Csi, Osc, Piece, Reset, Splitter, Text, written
from app.cli.sitting import acting

#: Modes whose change is remembered: any program sets a handful.
_MOST: Final = 256

#: The modes a terminal begins with, and those that are the screen's.
_ON: Final = frozenset({7, 25, 1007})
_SCREENS: Final = frozenset({47, 1047, 1048, 1049})

#: Attributes, cursor's shape, character sets, keypad, and (the cursor stays where it is) the part that scrolls.
_PLAIN: Final = b"\x1b[0m\x1b[0 q\x1b(B\x0f\x1b>\x1b7\x1b[r\x1b8\x1b[?25h"

_OTHER_KEYS: Final = re.compile(rb"\x1b\[>4[;m]")
_COLOURS: Final = {4: b"\x1b]104\x1b\\", 10: b"\x1b]110\x1b\\", 11: b"\x1b]111\x1b\\", 12: b"\x1b]112\x1b\\"}


class Passage:
    """Follows one sitting; fed everything that reaches the terminal."""

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._modes = Modes()
        self._set: dict[int, bool] = {}
        self._undo: dict[bytes, None] = {}

    def live(self, data: bytes) -> bytes:
        """Return what of new output reaches the terminal, and remember what it changes there."""
        pieces = [acting.drawn(piece) for piece in self._splitter.feed(data)]
        return b"".join(self._noted(piece) for piece in pieces if piece is not None)

    def past(self, data: bytes) -> bytes:
        """Return what of old output may be shown: text and its styling; nothing in it acts once more."""
        pieces = Splitter().feed(data)
        return b"".join(piece.data if isinstance(piece, Text) else b"" for piece in pieces)

    @property
    def changes_input(self) -> bool:
        """Tell whether the terminal may send by itself what nobody typed: the mouse, focus, long forms of keys."""
        return bool(self._set or self._modes.flags)

    def undo(self) -> bytes:
        """Return what brings the terminal back to how it was."""
        modes = self._modes
        parts = [_pops(modes.alternate_keyboard), b"\x1b[?1049l"] if modes.alternate else []
        parts.append(_pops(modes.keyboard))
        parts += [b"\x1b[%dl" % mode for mode in modes.ansi]
        parts += [
            b"\x1b[?%d%s" % (mode, b"h" if mode in _ON else b"l")
            for mode, is_set in self._set.items()
            if is_set is not (mode in _ON)
        ]
        return b"".join([*parts, *self._undo, _PLAIN])

    def _noted(self, piece: Piece) -> bytes:
        self._modes.feed(piece)
        if isinstance(piece, Text) and _OTHER_KEYS.search(piece.data):
            self._undo[b"\x1b[>4m"] = None
        elif isinstance(piece, Osc) and piece.code in _COLOURS:
            self._undo[_COLOURS[piece.code]] = None
        elif isinstance(piece, Reset):
            self._set.clear()
        elif isinstance(piece, Csi) and piece.private == "?" and piece.final in {"h", "l"}:
            self._switched(piece.params.split(";"), is_set=piece.final == "h")
        return written(piece)

    def _switched(self, params: Sequence[str], *, is_set: bool) -> None:
        numbers = [int(param) for param in params if param.isdigit() and len(param) < 6]
        for number in numbers:
            if number not in _SCREENS and (number in self._set or len(self._set) < _MOST):
                self._set[number] = is_set


def _pops(stack: Sequence[int]) -> bytes:
    """Return what takes a program's keyboard flags away again."""
    pops = b"\x1b[<%du" % (len(stack) - 1) if stack[1:] else b""
    return pops + (b"\x1b[=0u" if stack[0] else b"")
