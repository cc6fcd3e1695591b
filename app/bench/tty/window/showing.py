"""A terminal on show for who looks at the display from outside: tells where it is, measures nothing."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QPoint

from app.bench.tty.window.seat import Seat, until


async def show(seat: Seat) -> dict[str, list[float]]:
    """Return where on the display the terminal is (x, y, width, height) once the window has the keyboard."""
    await until(seat.window.isActiveWindow, "the window to have the keyboard")
    await asyncio.sleep(1.0)  # windows paint when they open
    viewport = seat.watched.view.viewport()
    corner = viewport.mapToGlobal(QPoint(0, 0))
    return {"area": [float(n) for n in (corner.x(), corner.y(), viewport.width(), viewport.height())]}
