"""Which modes the program in a terminal has set, read from the stream's pieces; draws nothing.

Pure. The screen's core keeps modes too but tells none of them; answers to queries and the way to paste depend on them.
"""

from __future__ import annotations

import functools

import msgspec

from agents.vt.stream import Csi, Piece, Reset, Text

#: DEC private modes of which the state is kept; any other is answered "not recognised".
KNOWN = frozenset(
    {1, 3, 5, 6, 7, 9, 12, 25, 45, 47, 66, 67, 69}
    | {1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1034, 1047, 1048, 1049, 2004, 2026}
)
#: Modes a terminal begins with: wrapping, a visible cursor, and the wheel for programs without a mouse.
DEFAULTS = (7, 25, 1007)
_ALTERNATE = frozenset({47, 1047, 1049})
#: What of the mouse is reported, what tells the most first: only one is in force.
_MOUSE = (1003, 1002, 1000, 9)
_CLICKS = frozenset(_MOUSE) - {9}

#: The keypad's mode, which the plain escapes DECKPAM and DECKPNM set too.
_KEYPAD = 66

#: ANSI modes: insert, line feed begins a line.
KNOWN_ANSI = frozenset({4, 20})

#: The kitty keyboard protocol: five flags, and as many entries as kitty itself keeps.
_FLAGS = 0b11111
_STACK = 8


class Modes(msgspec.Struct):
    """What is set in one terminal, in fields alone and in one order, so equal states are equal bytes.

    The keyboard flags are a stack for each of the two screens; the last entry is in force.
    """

    dec: tuple[int, ...] = DEFAULTS
    ansi: tuple[int, ...] = ()
    keyboard: tuple[int, ...] = (0,)
    alternate_keyboard: tuple[int, ...] = (0,)
    alternate: bool = False

    @property
    def bracketed(self) -> bool:
        """Whether text is to be pasted in brackets."""
        return 2004 in self.dec

    @property
    def focus(self) -> bool:
        """Whether the program wants to hear of focus gained and lost."""
        return 1004 in self.dec

    @property
    def clicks(self) -> bool:
        """Whether the program wants to hear of mouse buttons, in the form that goes for a screen of any size."""
        return 1006 in self.dec and not _CLICKS.isdisjoint(self.dec)

    @property
    def mouse(self) -> int:
        """The mode that says what of the mouse is reported, 0 for nothing."""
        return next((mode for mode in _MOUSE if mode in self.dec), 0)

    @property
    def updating(self) -> bool:
        """Whether the program is in the middle of a synchronised update: the screen is not to be read yet."""
        return 2026 in self.dec

    @property
    def flags(self) -> int:
        """The kitty keyboard flags in force."""
        return (self.alternate_keyboard if self.alternate else self.keyboard)[-1]

    def feed(self, piece: Piece) -> None:
        """Take what ``piece`` sets or resets."""
        if isinstance(piece, Csi):
            if piece.final in {"h", "l"}:
                self._set(piece, is_set=piece.final == "h")
            elif piece.final == "u":
                self._keyboard(piece)
            elif piece.final == "p" and piece.intermediate == "!":
                self._soft_reset()
        elif isinstance(piece, Text):
            self._keypad(piece.data)
        elif isinstance(piece, Reset):
            self._reset()

    def is_set(self, mode: int, *, private: bool = True) -> bool | None:
        """Return whether a mode is set, ``None`` for one that is not kept."""
        if not private:
            return mode in self.ansi if mode in KNOWN_ANSI else None
        if mode in _ALTERNATE:
            return self.alternate
        return mode in self.dec if mode in KNOWN else None

    def to_bytes(self) -> bytes:
        """Return the sequence that sets all this in a terminal that was just reset."""
        parts = [f"\x1b[?{mode}l" for mode in DEFAULTS if mode not in self.dec]
        parts += [f"\x1b[{mode}h" for mode in self.ansi]
        parts += _pushes(self.keyboard)
        if self.alternate:
            parts.append("\x1b[?1049h")
        parts += [f"\x1b[?{mode}h" for mode in self.dec if mode not in DEFAULTS]
        if self.alternate:
            parts += _pushes(self.alternate_keyboard)
        return "".join(parts).encode()

    def _set(self, piece: Csi, *, is_set: bool) -> None:
        for mode in _numbers(piece.params):
            if not piece.private:
                self.ansi = _changed(self.ansi, mode, is_set=is_set) if mode in KNOWN_ANSI else self.ansi
            elif mode in _ALTERNATE:
                self._switch(is_alternate=is_set)
            elif mode in KNOWN:
                self.dec = _changed(self.dec, mode, is_set=is_set)

    def _keypad(self, data: bytes) -> None:
        last = max(data.rfind(b"\x1b="), data.rfind(b"\x1b>"))
        if last >= 0:
            self.dec = _changed(self.dec, _KEYPAD, is_set=data[last + 1] == ord("="))

    def _switch(self, *, is_alternate: bool) -> None:
        self.alternate = is_alternate
        if not is_alternate:
            self.alternate_keyboard = (0,)

    def _keyboard(self, piece: Csi) -> None:
        stack = self.alternate_keyboard if self.alternate else self.keyboard
        numbers = _numbers(piece.params)
        first = numbers[0] if numbers else None
        if piece.private == ">":
            stack = (*stack, (first or 0) & _FLAGS)[-_STACK:]
        elif piece.private == "<":
            stack = stack[: -max(1, first or 1)] or (0,)
        elif piece.private == "=":
            stack = (*stack[:-1], _combined(stack[-1], (first or 0) & _FLAGS, numbers[1] if numbers[1:] else 1))
        if self.alternate:
            self.alternate_keyboard = stack
        else:
            self.keyboard = stack

    def _soft_reset(self) -> None:
        """Do as xterm does on DECSTR: cursor, wrapping, origin, keys and inserting; neither screen nor mouse."""
        kept = set(self.dec) - {1, 6, 66, 69} | {7, 25}
        self.dec = tuple(sorted(kept))
        self.ansi = ()

    def _reset(self) -> None:
        self.dec, self.ansi = DEFAULTS, ()
        self.keyboard = self.alternate_keyboard = (0,)
        self.alternate = False


@functools.lru_cache(maxsize=256)  # a program says the same few again and again, some with every frame
def _numbers(params: str) -> tuple[int, ...]:
    """Return at most 32 parameters; one that is empty or no number counts as 0."""
    parts = params.split(";")[:32] if params else ()
    return tuple([int(part) if part.isdigit() and len(part) < 10 else 0 for part in parts])


@functools.lru_cache(maxsize=256)
def _changed(modes: tuple[int, ...], mode: int, *, is_set: bool) -> tuple[int, ...]:
    return tuple(sorted({*modes, mode} if is_set else {*modes} - {mode}))


def _combined(old: int, new: int, how: int) -> int:
    return {1: new, 2: old | new, 3: old & ~new}.get(how, old)


def _pushes(stack: tuple[int, ...]) -> list[str]:
    first = [f"\x1b[={stack[0]}u"] if stack[0] else []
    return first + [f"\x1b[>{flags}u" for flags in stack[1:]]
