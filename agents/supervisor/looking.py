"""Looks at what is around an agent when something changed: its branch, processes it left running, CPU use.

Off the loop, seldom, and never in a tight poll.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from agents.model import Health, Turn
from agents.supervisor import decisions, surroundings
from agents.supervisor.unit import Unit

#: Seconds after a turn's end until its leftovers are counted, and until they are counted again while there are any.
SETTLE_S = 0.5
AGAIN_S = 30.0

#: Seconds between two readings of CPU time, and how much of it is called busy.
CPU_SPAN_S = 1.0
BUSY_CPU_S = 0.02

#: Seconds until a silent agent's CPU time is read again.
MEASURE_AGAIN_S = 60.0


class Looking:
    """Owned by one unit's life; tasks belong to ``tasks``."""

    def __init__(self, unit: Unit, tasks: asyncio.TaskGroup) -> None:
        self._unit = unit
        self._tasks = tasks
        self._look_at: float | None = None
        self._measure_at = 0.0

    def refresh_branch(self) -> None:
        """Read which branch its directory is on, if it is there."""
        self._unit.branch = surroundings.branch(self._unit.spec.worktree or self._unit.spec.cwd)
        self._unit.has_directory = Path(self._unit.spec.cwd).is_dir()

    def turn_ended(self, now: float) -> None:
        """Look soon: a turn just ended."""
        self.refresh_branch()
        self._look_at = now + SETTLE_S

    def step(self, now: float) -> float | None:
        """Start what is due; return when to look again."""
        if self._look_at is not None and now >= self._look_at:
            self._look_at = None
            if self._unit.is_live:
                self._tasks.create_task(self._guarded(self._count(now)))
        if self._unit.view.health is Health.STALLED and now >= self._measure_at and self._unit.is_live:
            self._measure_at = now + MEASURE_AGAIN_S
            self._tasks.create_task(self._guarded(self._measure()))
        return self._look_at

    async def baseline(self) -> None:
        """Note which helper processes the program has before its first turn."""
        unit = self._unit
        pid = unit.replica.vitals.pid
        found = await asyncio.to_thread(surroundings.helpers, pid) if pid else frozenset()
        unit.record(decisions.baseline(unit.services.clock.wall(), found))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        with self._unit.firewall("looking around it"):
            await work

    async def _count(self, now: float) -> None:
        unit = self._unit
        pid = unit.replica.vitals.pid
        if pid is None:
            return
        found = await asyncio.to_thread(surroundings.helpers, pid)
        working = unit.view.verdict.turn in (Turn.WORKING, Turn.BLOCKED)
        background = 0 if working else len(found - (unit.made.baseline or frozenset()))
        if background:
            self._look_at = now + AGAIN_S
        if background != unit.background:
            unit.background = background
            unit.changed()
        unit.wake()

    async def _measure(self) -> None:
        """Take the mark of silence back while a process of the agent uses the CPU."""
        unit = self._unit
        pid = unit.replica.vitals.pid
        if pid is None:
            return
        before = await asyncio.to_thread(surroundings.cpu_seconds, pid)
        await asyncio.sleep(CPU_SPAN_S)
        if await asyncio.to_thread(surroundings.cpu_seconds, pid) - before > BUSY_CPU_S:
            unit.quiet_since = unit.services.clock.monotonic()
            unit.changed()
            unit.wake()
