"""Keys into a terminal of the real window: from the key event to the end of the paint that shows its echo."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from PySide6.QtCore import Qt

from app.bench.tty.window.seat import Seat
from app.bench.tty.window.watching import Failed, press

#: Milliseconds between two keys, and how far apart from a beat they are: in step with nothing.
PAUSE_MS, STEP_MS, STEPS = 90, 13, 7

#: Characters after which a line is ended, so that none is wrapped in a tile either.
_LINE = 12


async def echo(seat: Seat) -> dict[str, list[float]]:
    """Type ``times`` keys into a program that leaves the echo to its pty; return ms of each."""
    await asyncio.sleep(0.5)  # windows paint when they open
    watched, taken, typed = seat.watched, [], ""
    for number in range(seat.order.times):
        await asyncio.sleep((PAUSE_MS + number % STEPS * STEP_MS) / 1000)
        typed += chr(ord("a") + number % 26)
        taken.append(await _echoed(seat, typed))
        if len(typed) == _LINE:
            typed = ""
            enter = partial(press, seat.window, Qt.Key.Key_Return)
            await watched.painted(lambda: not watched.line(), "a new line", enter)
    return {"echo": taken}


async def _echoed(seat: Seat, typed: str) -> float:
    """Type the last character of ``typed`` and return the ms until all of it stands on the painted line."""
    watched, begun = seat.watched, 0.0

    def key() -> None:
        nonlocal begun
        if watched.line() == typed:
            raise Failed("an echo was on the screen before its key")
        begun = time.perf_counter()
        press(seat.window, Qt.Key(ord(typed[-1].upper())))

    ended = await watched.painted(lambda: watched.line() == typed, f"the echo of {typed!r}", key)
    return (ended - begun) * 1000
