"""Continuing ended agents: one that the user names, or after a crash of everything all that were cut off.

Starts nothing itself; what is started is the life's, and who must not be cut off meanwhile is the supervisor's to hold.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentId, AgentRow, Recovery
from agents.runtime.lease import LeaseHeld
from agents.status import recovery
from agents.supervisor.life import Life
from agents.supervisor.roster import Roster
from agents.supervisor.row import can_resume
from agents.supervisor.unit import Unit

#: Seconds between two launches of ``resume --all``.
STAGGER_S = 0.3

#: Seconds a launch may take until its process is there.
LAUNCH_S = 15.0

#: The family of programs that are nothing but their terminal (or pipes): another process is as good as the first.
TERMINAL = "terminal"

#: Carries work out to its end even if who asked for it goes away.
Own = Callable[[Coroutine[Any, Any, wire.Started]], Awaitable[wire.Started]]


class Resuming:
    """Owned by the supervisor."""

    def __init__(self, roster: Roster, own: Own) -> None:
        self._roster = roster
        self._own = own

    async def one(self, ref: str) -> wire.Started:
        """Continue an ended agent in a new process. Raises RpcError when that cannot work."""
        return await self._own(_resume(self._roster.life(ref)))

    async def restart(self, ref: str) -> wire.Started:
        """Run the program of an ended terminal again. Raises RpcError when that makes no sense."""
        return await self._own(_restart(self._roster.life(ref)))

    async def all(self) -> wire.Resumed:
        """Resume every agent that was cut off and can go on, one after the other, and say what is left to do."""
        await self.adopted()
        rows = self._roster.rows()
        resumed: list[AgentId] = []
        problems: list[str] = []
        for row in rows:
            life = self._roster.get(row.id)
            if life is None or row.recovery not in (Recovery.RESUME, Recovery.NEEDS_YOU):
                continue
            try:
                await self._own(_resume(life))
            except RpcError as error:
                problems.append(error.message)
                continue
            resumed.append(row.id)
            await asyncio.sleep(STAGGER_S)
        left = [f"{row.name}: {row.recovery_note}" for row in rows if row.recovery and row.recovery_note]
        return wire.Resumed(tuple(resumed), tuple(problems), recovery.sentence(rows), tuple(left))

    async def adopted(self) -> None:
        """Wait until every agent a former daemon left is known as it is."""
        for life in self._roster.lives():
            with contextlib.suppress(TimeoutError):  # a long log: it is left out, and says that it is catching up
                await life.unit.waiters.until(partial(_caught_up, life.unit), LAUNCH_S)

    def advice(self) -> str:
        """Return who was cut off and what to do about it, empty when nobody was."""
        rows = self._roster.rows()
        if not recovery.is_worth_resuming(rows):
            return ""
        return f"{recovery.sentence(rows)}; `quarterdeck resume --all` or “Resume all” brings back those that can"


async def started(unit: Unit, turn: int | None = None) -> wire.Started:
    """Wait until a process that was ordered is there, or could not be started."""
    vitals = unit.replica.vitals

    def now() -> tuple[AgentRow, str] | None:
        return (unit.row(), "") if vitals.pid is not None or not unit.is_live else None

    with contextlib.suppress(TimeoutError):  # it is still starting: the row tells the rest
        await unit.waiters.until(now, LAUNCH_S)
    return wire.Started(unit.id, unit.name, vitals.pid, turn)


async def _resume(life: Life) -> wire.Started:
    _check(life.unit)
    return await _go_on(life)


async def _restart(life: Life) -> wire.Started:
    _check_restart(life.unit)
    return await _go_on(life)


async def _go_on(life: Life) -> wire.Started:
    unit = life.unit
    if unit.broken:
        try:
            unit.renew()
        except OSError as error:
            text = f"{unit.name} cannot begin anew: {error.strerror}; nothing was done"
            raise RpcError(ErrorCode.NOT_POSSIBLE, text) from error
    if unit.made.session_id is not None:
        try:
            life.hold.hold_for_resume(unit.made.session_id)
        except LeaseHeld as error:
            raise RpcError(ErrorCode.NOT_POSSIBLE, str(error)) from error
    life.want_launch()
    return await started(unit)


def _check(unit: Unit) -> None:
    _check_ended(unit)
    never_spoke = unit.made.session_id is None and unit.kind.resume
    if not never_spoke and not can_resume(unit.kind, unit.view.capabilities):
        again = "`restart` runs it again" if unit.kind.family == TERMINAL else "run it again instead"
        raise RpcError(
            ErrorCode.NOT_POSSIBLE,
            f"{unit.name} cannot be resumed: {unit.kind.name} cannot continue a session; {again}",
        )
    _check_directory(unit)


def _check_restart(unit: Unit) -> None:
    if unit.kind.family != TERMINAL:
        text = f"{unit.name} ({unit.kind.name}) is no terminal: resume it, it then goes on with its session"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)
    _check_ended(unit, "stop it first, then restart it")
    _check_directory(unit)


def _check_ended(unit: Unit, then: str = "") -> None:
    if unit.is_live:
        text = f"{unit.name} is running already ({unit.row().headline})"
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{text}: {then}" if then else text)
    if unit.catching_up:
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{unit.name} is catching up with its log; try again in a moment")


def _check_directory(unit: Unit) -> None:
    if not Path(unit.spec.cwd).is_dir():
        raise RpcError(ErrorCode.NOT_FOUND, f"the working directory {unit.spec.cwd} of {unit.name} does not exist")


def _caught_up(unit: Unit) -> tuple[AgentRow, str] | None:
    return None if unit.catching_up else (unit.row(), "")
