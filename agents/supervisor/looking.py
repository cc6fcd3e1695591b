"""Looks at what is around an agent when something changed: its branch, processes it left running, CPU use.

Off the loop, seldom, and never in a tight poll: nobody looks at the processes of an agent at rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from agents.model import Turn
from agents.runtime import activity
from agents.runtime.activity import Member, Sample
from agents.status import processes
from agents.supervisor import decisions, surroundings
from agents.supervisor.health import LOOK_S
from agents.supervisor.unit import Unit

#: Seconds after a turn's end until its leftovers are counted, and until it is looked whether they are there yet.
SETTLE_S = 0.5
AGAIN_S = 30.0

#: Seconds until those of a turn that ended before the daemon began are counted: first everybody's row is there.
ADOPTED_S = 3.0

#: Seconds within which a turn's beginning is known: its first process may be there before its mark is.
BEGIN_S = 0.5

#: Seconds until a silent agent's CPU time is read again.
MEASURE_AGAIN_S = 60.0

#: Seconds over which CPU time is read for somebody who asks for an explanation, and for which that will do.
GLANCE_S = 0.2
FRESH_S = 2.0

_BUSY = frozenset({Turn.WORKING, Turn.BLOCKED})
_OVER = frozenset({Turn.IDLE, Turn.DONE, Turn.ERROR})


class Looking:
    """Owned by one unit's life; tasks belong to ``tasks``."""

    def __init__(self, unit: Unit, tasks: asyncio.TaskGroup) -> None:
        self._unit = unit
        self._tasks = tasks
        self._look_at: float | None = None
        self._left: tuple[Member, ...] = ()  # what the last turn left running
        self._process: int | None = None  # whose turn is followed
        self._turn = Turn.UNKNOWN
        self._is_early = False  # its helpers were noted before any turn
        self._is_measuring = False
        self._measured_for: float | None = None  # the moment of silence it was measured for, and when again
        self._measure_again = 0.0

    def refresh_branch(self) -> None:
        """Read which branch its directory is on, if it is there."""
        self._unit.branch = surroundings.branch(self._unit.spec.worktree or self._unit.spec.cwd)
        self._unit.has_directory = Path(self._unit.spec.cwd).is_dir()

    def turn_ended(self, now: float) -> None:
        """Look soon: a turn just ended."""
        self.refresh_branch()
        self._left = ()
        self._look_at = now + SETTLE_S

    def step(self, now: float) -> float | None:
        """Start what is due; return when to look again."""
        unit = self._unit
        if unit.catching_up or not unit.is_live or unit.replica.vitals.pid is None:
            self._look_at = None
            return None
        self._follow(now)
        if self._look_at is not None and now >= self._look_at:
            self._look_at = None
            self._tasks.create_task(self._guarded(self._count(now)))
        measure_at = self._measure_at()
        if measure_at is not None and now >= measure_at and not self._is_measuring:
            self._is_measuring = True
            self._tasks.create_task(self._guarded(self._measure()))
        due = (self._look_at, None if self._is_measuring else measure_at)
        return min((at for at in due if at is not None), default=None)

    def _follow(self, now: float) -> None:
        """Notice a turn's beginning and end, whoever told of them: also one that ended before the daemon began."""
        unit, turn = self._unit, self._unit.view.verdict.turn
        is_first = self._process != unit.replica.vitals.pid
        if is_first:
            self._process, self._turn, self._left = unit.replica.vitals.pid, Turn.UNKNOWN, ()
        before, self._turn = self._turn, turn
        is_new = unit.made.baseline is None
        if turn in _BUSY and before not in _BUSY and (is_new or self._is_early):
            self._is_early = False
            self._tasks.create_task(self._guarded(self.baseline(now - unit.view.verdict.since)))
        elif turn in _OVER and before not in _OVER and is_new:
            self._is_early = True  # some helpers start late: it is taken again once a turn begins
            self._tasks.create_task(self._guarded(self.baseline()))
        elif turn in _OVER and before not in _OVER:
            self.turn_ended(now)
            if is_first:
                self._look_at = now + ADOPTED_S

    async def baseline(self, age: float | None = None) -> None:
        """Note which helper processes the program has before its first turn, or had: it began ``age`` seconds ago."""
        unit = self._unit
        sample = await self._sample()
        if sample is None:
            return
        found = processes.older(sample, 0.0 if age is None else age + BEGIN_S)
        former = unit.made.baseline or frozenset()
        unit.record(decisions.baseline(unit.services.clock.wall(), found | former))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        with self._unit.firewall("looking around it"):
            await work

    async def _sample(self) -> Sample | None:
        pid = self._unit.replica.vitals.pid
        return None if pid is None else await asyncio.to_thread(activity.sample, pid)

    async def _count(self, now: float) -> None:
        unit = self._unit
        if self._left and await asyncio.to_thread(activity.alive, self._left) == self._left:
            self._look_at = now + AGAIN_S
            return
        async with unit.services.lane:  # a process table is read in no time, a hundred of them are not
            sample = await self._sample()
        baseline = unit.made.baseline
        if sample is None or baseline is None or unit.view.verdict.turn in _BUSY:
            self._left = ()
        else:
            self._left = processes.leftovers(sample, baseline)
        if self._left:
            self._look_at = now + AGAIN_S
        if len(self._left) != unit.background:
            unit.background = len(self._left)
            unit.changed()
        unit.wake()

    def _measure_at(self) -> float | None:
        """Return when its CPU time is to be read: just before it would be called silent, and now and then after."""
        due = self._unit.view.silent_from
        if due is None:
            return None
        return self._measure_again if due == self._measured_for else due - LOOK_S

    async def _measure(self) -> None:
        """Find out whether a process of the agent works: only if none does, its silence counts."""
        unit, due = self._unit, self._unit.view.silent_from
        try:
            found = await watch(unit, LOOK_S)
            now = unit.services.clock.monotonic()
            if found is not None and found.is_busy:
                unit.quiet_since = now
            else:
                unit.still_at = now
                self._measured_for, self._measure_again = due, now + MEASURE_AGAIN_S
        finally:
            self._is_measuring = False
        unit.changed()
        unit.wake()


async def glance(unit: Unit) -> None:
    """Look at an agent's processes for somebody who asks why its status is what it is."""
    seen = unit.processes
    if unit.is_live and (seen is None or unit.services.clock.monotonic() - seen.since > FRESH_S):
        with unit.firewall("looking at its processes"):
            await watch(unit, GLANCE_S)
            unit.refresh()


async def watch(unit: Unit, span: float) -> processes.Use | None:
    """Watch an agent's processes for ``span`` seconds; what was seen becomes evidence. ``None`` when they are gone."""
    pid, clock = unit.replica.vitals.pid, unit.services.clock
    if pid is None:
        return None
    before = await asyncio.to_thread(activity.sample, pid)
    began = clock.monotonic()
    await asyncio.sleep(span)
    after = await asyncio.to_thread(activity.sample, pid)
    if before is None or after is None or pid != unit.replica.vitals.pid:
        return None
    found = processes.use(before, after, max(span, clock.monotonic() - began))
    unit.processes = processes.claim(after, found, clock.monotonic(), clock.wall())
    return found
