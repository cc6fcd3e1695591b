"""Scrolling through ten thousand lines of a terminal in the real window, at 60 frames a second."""

from __future__ import annotations

import asyncio
import itertools
import time

from PySide6.QtCore import Qt, QTimer

from app.bench.tty.window.seat import Seat
from app.bench.tty.window.watching import Failed

#: Lines a frame, as a wheel moves them, and ms between frames.
_STEP, _FRAME_MS = 5, 16


async def scroll(seat: Seat) -> dict[str, list[float]]:
    """Scroll up through what the ordered command printed; return ms of each frame, and between two of them."""
    view, watched = seat.watched.view, seat.watched
    taken: list[float] = []
    ends: list[float] = []
    moved: list[int] = []
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def step() -> None:
        begun, seen, place = time.perf_counter(), len(watched.paints), view.first_line()
        view.scroll_lines(-_STEP)
        view.viewport().repaint()
        if len(watched.paints) == seen:
            raise Failed("nothing was painted after scrolling")
        ends.append(watched.paints[-1][1])
        taken.append((ends[-1] - begun) * 1000)
        moved.append(place - view.first_line())
        if sum(moved) >= seat.order.times and not done.done():
            done.set_result(None)

    timer = QTimer(interval=_FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(step)
    timer.start()
    try:
        await done
    finally:
        timer.stop()
    waits = float(sum(lines <= 0 for lines in moved))
    between = [(later - sooner) * 1000 for sooner, later in itertools.pairwise(ends)]
    return {"waits": [waits], "frames": taken, "between": between}
