"""Updates of a screen in the real window: fed into its core, read, painted and flushed, one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent

from app.bench.tty.texts import COLS, ROWS, full_screen, small_change
from app.bench.tty.window.seat import Seat
from app.bench.tty.window.watching import Failed, by_qt

#: Runs of colour in a row of the full screen.
_RUNS = 24

#: Updates that are not counted: the first of their kind fill caches.
_WARM = 20


async def drawing(seat: Seat) -> dict[str, list[float]]:
    """Draw ``times`` small updates and as many full screens; return ms of each, by the clock and of the processor."""
    await asyncio.sleep(0.5)  # windows paint when they open
    seat.watched.grid.resize(ROWS, COLS)
    values: dict[str, list[float]] = {}
    kinds: dict[str, Callable[[int], bytes]] = {
        "full": lambda turn: full_screen(ROWS, COLS, _RUNS, turn),
        "small": lambda turn: small_change(turn, ROWS, COLS),
    }
    for name, made in kinds.items():
        values[f"{name} wall"], values[f"{name} cpu"] = [], []
        for turn in range(seat.order.times + _WARM):
            wall, cpu = await by_qt(partial(_drawn, seat, made(turn)))
            if turn >= _WARM:
                values[f"{name} wall"].append(wall)
                values[f"{name} cpu"].append(cpu)
    return values


def _drawn(seat: Seat, data: bytes) -> tuple[float, float]:
    watched, view = seat.watched, seat.watched.view
    painted = len(watched.paints)
    begun, cpu = time.perf_counter(), time.process_time()
    watched.grid.feed(data)
    view.refresh()
    QCoreApplication.sendPostedEvents(seat.window, QEvent.Type.UpdateRequest.value)
    taken = (time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000
    if len(watched.paints) == painted:
        raise Failed("an update was not painted")
    return taken
