"""Draws stretches of a log onto a grid in the background, in short turns, and tells how many lines scroll off it.

Owns no grid and no log; touches no screen that a view shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from agents.vt.grid import Grid
from app.logsource import LogSource
from app.terminal.maintext import Span, read
from app.terminal.pace import TURN_S, Pace

#: Bytes read at once.
_READ = 256 * 1024

Clock = Callable[[], float]


class GridFactory(Protocol):
    """Makes the grids a terminal needs; the class ``Grid`` is one. Raises libvterm.Refused."""

    def __call__(self, rows: int, cols: int, *, keep: int = 1000) -> Grid:
        """Return an empty grid that keeps its last ``keep`` lines."""


class Turns:
    """One task's share of the loop: it goes on for a turn and then lets everybody else."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = clock() + TURN_S

    def now(self) -> float:
        """Return the time."""
        return self._clock()

    async def rest(self) -> None:
        """Let others run if this turn is over."""
        if self._clock() >= self._until:
            await self.over()

    async def over(self) -> None:
        """Let others run."""
        await asyncio.sleep(0)
        self._until = self._clock() + TURN_S


async def draw(
    grid: Grid, source: LogSource, spans: Sequence[Span], turns: Turns, check: Callable[[], None] | None = None
) -> None:
    """Feed ``spans`` to ``grid``. Raises Gone, and what ``check``, asked before each portion, and the source raise."""
    pace = Pace()
    for span in spans:
        for begin in range(span.begin, span.end, _READ):
            data = await read(source, begin, min(begin + _READ, span.end))
            at = 0
            while at < len(data):
                if check is not None:
                    check()
                end = pace.portion(data, at, grid.cols)
                began = turns.now()
                grid.feed(data[at:end])
                pace.took(turns.now() - began)
                at = end
                await turns.rest()
