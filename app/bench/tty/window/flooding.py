"""A flood in a visible terminal of the real window: how long its loop stalls, and when Ctrl+C shows."""

from __future__ import annotations

import asyncio
import time

from PySide6.QtCore import Qt

from app.bench.tty.window.seat import Seat
from app.bench.tty.window.watching import Stalls, by_qt, press, type_text


async def flood(seat: Seat) -> dict[str, list[float]]:
    """Run the ordered command ``times`` over, with Ctrl+C after ``seconds`` (0: to its end).

    Returns ms: every gap of a 5 ms timer beyond its own, by run the longest, the most the loop's thread worked in one,
    from the key (or the start) to the paint of the prompt, and how long the paints took.
    """
    longest, busiest, gaps, paints, prompts = [], [], [], [], []
    for _ in range(seat.order.times):
        stalls = Stalls()
        seen = len(seat.watched.paints)
        prompts.append(await _one(seat, stalls))
        found = stalls.end()
        longest.append(max(found))
        busiest.append(max(stalls.busy))
        gaps += found
        paints += [(end - begin) * 1000 for begin, end in seat.watched.paints[seen:]]
    return {"longest": longest, "busiest": busiest, "gaps": gaps, "paints": paints, "prompts": prompts}


async def _one(seat: Seat, stalls: Stalls) -> float:
    window, order = seat.window, seat.order
    number = await seat.prompt()
    await by_qt(lambda: type_text(window, order.command))
    await asyncio.sleep(0.3)
    stalls.begin()
    begun = time.perf_counter()

    def interrupt() -> None:
        nonlocal begun
        begun = time.perf_counter()
        press(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    if order.seconds:
        await by_qt(lambda: press(window, Qt.Key.Key_Return))
        await asyncio.sleep(order.seconds)
        act = interrupt
    else:
        act = lambda: press(window, Qt.Key.Key_Return)  # noqa: E731
    ended = await seat.watched.painted(lambda: seat.at_prompt() > number, "the prompt after the flood", act)
    return (ended - begun) * 1000
