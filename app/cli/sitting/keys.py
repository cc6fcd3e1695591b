"""Finds the keys that leave: Ctrl-] then d, or Ctrl-backslash twice, in every way a terminal may write them. Pure."""

from __future__ import annotations

import re
from typing import Final

#: As said to the user, in help and when he sits down.
LEAVING: Final = "Ctrl-] d leaves (or Ctrl-\\ Ctrl-\\)"

#: Ctrl-backslash and Ctrl-]: as bytes, as the kitty protocol writes them (with whatever else it was asked to tell), and
#: as xterm's modifyOtherKeys does.
_LEAD: Final = re.compile(
    rb"[\x1c\x1d]|\x1b\[(9[23])(?::[0-9]*){0,2};([0-9]{1,3})(?::1)?(?:;[0-9:]*)?u|\x1b\[27;([0-9]{1,3});(9[23])~"
)
_D: Final = re.compile(rb"d|\x1b\[100(?::[0-9]*){0,2}(?:;[0-9]{1,3}(?::1)?)?(?:;[0-9:]*)?u")

#: What comes between two presses besides: keys let go, keys that only change others.
_BETWEEN: Final = re.compile(
    rb"(?:\x1b\[[0-9]+(?::[0-9]*){0,2};[0-9]{1,3}:3(?:;[0-9:]*)?u|\x1b\[(?:574(?:4[1-9]|5[0-4])|57358|57360)[;:0-9]*u)*"
)

#: Bits of the kitty protocol's modifiers: the one that counts, those that may be on besides (caps and number lock).
_CTRL, _LOCKS = 4, 64 | 128

_BACKSLASH: Final = 92


class Keys:
    """What is typed, on its way to the program; a key that may become a way out is held until the next one."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Return what is for the program, and whether the user leaves."""
        data, self._held = self._held + data, b""
        passed, at = b"", 0
        while found := _LEAD.search(data, at):
            key = _key(found)
            after = _end_of(_BETWEEN, data, found.end())
            if key and after == len(data):
                self._held = data[found.start() :]
                return passed + data[at : found.start()], False
            if key and _leaves(key, data, after):
                return passed + data[at : found.start()], True
            passed, at = passed + data[at : found.end()], found.end()
        return passed + data[at:], False


def _leaves(key: int, data: bytes, at: int) -> bool:
    if key != _BACKSLASH:
        return _D.match(data, at) is not None
    again = _LEAD.match(data, at)
    return again is not None and _key(again) == _BACKSLASH


def _key(found: re.Match[bytes]) -> int:
    """Return which of the two keys it is, 0 where more than Ctrl is held down."""
    code, bits, other_bits, other = found.groups()
    if code is None and other is None:
        return found[0][0] + 64
    held = int(bits or other_bits) - 1
    return int(code or other) if held & ~_LOCKS == _CTRL else 0


def _end_of(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return at if found is None else found.end()
