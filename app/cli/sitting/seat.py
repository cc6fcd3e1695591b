"""One's own terminal while another program is shown in it: its keyboard, its size, and that it is given back.

Knows no agent. Whatever ends the sitting, also a closed window or a signal, ends it through here.
"""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

#: What a program may have switched on in our terminal, switched off again: alternate screen, mouse, paste, focus, keys.
RESTORE: Final = b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?25h\x1b[0m"

#: What ends a program from outside: a closed window, a shutdown.
_ENDS: Final = (signal.SIGHUP, signal.SIGTERM)


class Ended(SystemExit):
    """Somebody ended this program by a signal; the code is the one a shell reports for that."""


@contextmanager
def keyboard(descriptor: int, *, is_raw: bool) -> Iterator[None]:
    """Pass every key on unchanged; a program on pipes gets whole lines instead, edited as usual."""
    before = termios.tcgetattr(descriptor)
    try:
        if is_raw:
            tty.setraw(descriptor, termios.TCSADRAIN)  # what was typed ahead is for the program
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal was closed: there is nothing to put back
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def forget_input(descriptor: int) -> None:
    """Drop what the terminal sent meanwhile: reports of the mouse and the like would be typed into the shell."""
    with contextlib.suppress(termios.error):  # it was closed
        termios.tcflush(descriptor, termios.TCIFLUSH)


@contextmanager
def ending_by_signal() -> Iterator[None]:
    """Turn signals that end a program into an exception, so that everything is given back. Raises Ended."""
    before = {number: signal.signal(number, _end) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    for each in _ENDS:  # what is given back is given back whole
        signal.signal(each, signal.SIG_IGN)
    raise Ended(128 + number)


def size(descriptor: int) -> tuple[int, int]:
    """Return rows and columns of the terminal itself: COLUMNS and LINES stay as they were when it changes."""
    found = os.get_terminal_size(descriptor)
    return found.lines or 24, found.columns or 80  # a terminal that does not know its size says 0


@contextmanager
def resizes() -> Iterator[int]:
    """Return a descriptor that becomes readable when the terminal changes its size."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    former = signal.signal(signal.SIGWINCH, lambda *_: None)
    try:
        yield reader
    finally:
        signal.signal(signal.SIGWINCH, former)
        signal.set_wakeup_fd(wakeup)
        os.close(reader)
        os.close(writer)


def drained(descriptor: int) -> bool:
    """Read what there is and tell whether there was anything."""
    try:
        return bool(os.read(descriptor, 4096))
    except BlockingIOError:
        return False
