"""What is typed into a program: how a message is pasted, and what came back of it.

Pure over the state. A message is text: nothing in it may end the paste it is in, or press a key.
"""

from __future__ import annotations

import re
from typing import Final

from agents.adapters.terminal.state import Typing

#: Bracketed paste (xterm control sequences), and what must not end it early.
BEGIN: Final = b"\x1b[200~"
END: Final = b"\x1b[201~"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

#: Bytes of a paste that are kept; of a longer one only both ends are, and it cannot be pasted again.
LONGEST: Final = 256 * 1024
_ENDS: Final = 4096


def pasted(text: str) -> bytes:
    """Return the bytes that paste ``text``."""
    return BEGIN + plain(text).encode() + END


def plain(text: str) -> str:
    """Return ``text`` without what is no text."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").strip())


def heard(typing: Typing, data: bytes) -> None:
    """Take bytes that reached the program, however they are cut."""
    typing.open += data
    typing.size += len(data)
    while (begin := typing.open.find(BEGIN)) >= 0:
        typing.open, typing.size = typing.open[begin:], typing.size - begin
        end = typing.open.find(END)
        if end < 0:
            _shorten(typing)
            return
        typing.pasted = typing.open[len(BEGIN) : end]
        rest = typing.open[end + len(END) :]
        typing.pasted_size = typing.size - len(rest) - len(BEGIN) - len(END)
        typing.open, typing.size = rest, len(rest)
    typing.open = _begun(typing.open)
    typing.size = len(typing.open)


def _begun(data: bytes) -> bytes:
    """Return the end of ``data`` that may be the beginning of a paste."""
    return next((data[-n:] for n in range(min(len(BEGIN) - 1, len(data)), 0, -1) if BEGIN.startswith(data[-n:])), b"")


def _shorten(typing: Typing) -> None:
    if len(typing.open) > LONGEST:
        typing.open = typing.open[: len(BEGIN) + _ENDS] + typing.open[-_ENDS:]
