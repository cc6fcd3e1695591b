"""What terminals take of the window: memory of those on show, and what is left of those that no longer are."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence

import psutil
from PySide6.QtCore import QTimer
from shiboken6 import isValid

from agents.model import AgentId
from agents.vt.grid import Grid
from app.bench.tty.window.seat import Seat, until, view_of
from ui.panes.terminal.view import TerminalView


async def memory(seat: Seat) -> dict[str, list[float]]:
    """Show all but the first two terminals too, in tiles, then hide them; return MB each, and cores and timers left.

    The second is shown and hidden before: it fills the caches that stay filled.
    """
    second, *others = (AgentId(agent) for agent in seat.order.agents[1:])
    await _hide(seat, (second, *others))
    await _show(seat, (second,))
    await _hide(seat, (second,))
    before, cores, timers = await _settled(), _cores(), _timers()
    await _show(seat, others)
    shown = await _settled()
    await _hide(seat, others)
    hidden = await _settled()
    each = [(shown - before) / len(others)], [(hidden - before) / len(others)]
    left = [float(_cores() - cores)], [float(_timers() - timers)]
    return dict(zip(("shown", "hidden", "cores", "timers"), (*each, *left), strict=True))


async def _show(seat: Seat, agents: Sequence[AgentId]) -> None:
    stage = seat.window.stage
    for agent in agents:
        stage.show_agent(agent)
    while stage.next_layout((AgentId(seat.order.agents[0]), *agents)) != "grid":
        pass
    for agent in agents:
        await view_of(seat.shell, agent)


async def _hide(seat: Seat, agents: Sequence[AgentId]) -> None:
    for agent in agents:
        seat.window.stage.hide_agent(agent)
    await until(lambda: len(_views()) == 1, "the other terminals to be hidden")


async def _settled() -> float:
    """Return MB of private memory once nothing is left to be painted and collected."""
    await asyncio.sleep(0.7)
    gc.collect()
    return float(psutil.Process().memory_full_info().uss) / 1e6


def _views() -> list[TerminalView]:
    return [thing for thing in gc.get_objects() if isinstance(thing, TerminalView) and isValid(thing)]


def _cores() -> int:
    return sum(isinstance(thing, Grid) for thing in gc.get_objects())


def _timers() -> int:
    found = [thing for thing in gc.get_objects() if isinstance(thing, QTimer)]
    return sum(isValid(timer) and timer.isActive() for timer in found)
