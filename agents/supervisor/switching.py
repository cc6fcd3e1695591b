"""Has one agent go on as another kind: its session moves between a structured view and a vendor's own terminal.

The wish is a record, so that it outlives the daemon; it is carried out at a turn border: the process is stopped, then
another one is started in its place. The session's lease is never free in between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from agents import wire
from agents.adapters import chosen
from agents.adapters.kinds import launch_argv
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentRow, Capability, Turn
from agents.runtime.lease import LeaseHeld
from agents.sessions import stores
from agents.spec import Kind
from agents.supervisor import decisions, hooking, launching
from agents.supervisor.shapes import Running, Shape
from agents.supervisor.unit import Unit

#: Seconds until a switch is answered at the latest: the end of one process and the start of another.
SWITCH_S: Final = 45.0

_MID_TURN: Final = frozenset({Turn.WORKING, Turn.BLOCKED})


def plan(unit: Unit, kind: Kind, environ: Mapping[str, str]) -> Shape:
    """Return what the agent's next process is to run as. Raises RpcError saying why it cannot."""
    present = unit.shapes.at(unit.made.incarnation)
    if unit.broken or unit.catching_up:
        why = unit.broken or "it is catching up with its log; try again in a moment"
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{unit.name}: {why}")
    if kind.name == present.kind.name and unit.made.switch is None:
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{unit.name} runs as {kind.name} already")
    if _store(kind) != _store(present.kind):
        text = (
            f"{unit.name} cannot go on as {kind.name}: {present.kind.name} keeps its sessions in "
            f"“{_store(present.kind)}”, {kind.name} in “{_store(kind)}”; start a new agent instead"
        )
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)
    _check_way(unit, kind)
    argv = _argv(unit, kind)
    launching.check_program(argv[0], kind, {**environ, **kind.env, **unit.spec.env}, unit.spec.cwd)
    row, alike = unit.row(), argv[0] == present.spec.argv[0]
    shape = Shape(
        kind=kind.name,
        family=kind.family,
        argv=argv,
        pty=kind.pty,
        mode=row.mode if alike else None,
        model=row.model if alike and row.model in {model.id for model in row.models} else None,
    )
    return complete(unit, Running(kind, unit.spec, present.family), shape)


async def order(unit: Unit, hold: Holding, shape: Shape, *, wait: bool) -> wire.Started:
    """Have the agent go on as ``shape``; with ``wait`` as soon as its turn is over. Raises RpcError."""
    reason = border(unit)
    if reason and not wait:
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{reason}: let it end, interrupt it, or have it switch when it is idle")
    if not unit.is_live and unit.made.session_id is not None:
        try:
            hold.hold_for_resume(unit.made.session_id)
        except LeaseHeld as error:
            raise RpcError(ErrorCode.NOT_POSSIBLE, str(error)) from error
    try:
        unit.recorder.record(decisions.switch(unit.services.clock.wall(), shape), sync=True)
        await unit.recorder.durable()
    except OSError as error:
        text = f"{unit.name}: the disk does not take it ({error.strerror}); nothing was done"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text) from error
    unit.changed()
    unit.wake()
    vitals = unit.replica.vitals

    def now() -> tuple[AgentRow, str] | None:
        is_there = unit.made.switch is None and (vitals.pid is not None or not unit.is_live)
        return (unit.row(), "") if is_there else None

    if not reason:
        with contextlib.suppress(TimeoutError):  # it is still ending or starting: the row tells the rest
            await unit.waiters.until(now, SWITCH_S)
    return wire.Started(unit.id, unit.name, vitals.pid)


def _check_way(unit: Unit, kind: Kind) -> None:
    """Check that the kind can continue a session at all, and that there is no doubt which one."""
    if not kind.resume or (kind.family == "terminal" and not chosen.continues(kind)):
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{kind.name} cannot continue a session; start a new agent instead")
    if unit.made.incarnation and Capability.RESUME not in unit.view.capabilities:
        text = f"{unit.name} ({unit.kind.name}) has no session that could go on elsewhere"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)


def _store(kind: Kind) -> str:
    return kind.sessions or kind.name


def _argv(unit: Unit, kind: Kind) -> tuple[str, ...]:
    """Return the argv; what the user added to the first one goes along where the program is the same."""
    own = unit.shapes.own
    if kind.name == own.kind.name:
        return own.spec.argv
    added = own.spec.argv[len(own.kind.command) :] if own.kind.command else ()
    is_same = bool(kind.command and own.kind.command) and kind.command[0] == own.kind.command[0]
    try:
        return launch_argv(kind, added if is_same else ())
    except ValueError as error:
        raise RpcError(ErrorCode.NOT_POSSIBLE, str(error)) from error


def complete(unit: Unit, running: Running, shape: Shape) -> Shape:
    """Return ``shape`` with the session as it is known now, and the hooks its program will be told to report."""
    session = unit.made.session_id or unit.replica.conversation.session_id or unit.shapes.own.spec.session_id
    is_begun = session is not None and is_begun_session(unit, session)
    if not is_begun:
        # Under the id of ours it would have had anyway, whichever kind begins it.
        session = chosen.session_id(unit.shapes.own.spec)
    hooks = hooking.wanted(running.kind, shape.argv, unit.services.hook)
    return msgspec.structs.replace(shape, session=session, begun=is_begun, hooks=hooks)


def is_begun_session(unit: Unit, session: str) -> bool:
    """Tell whether the vendor has this session on its disk, so that it can be continued."""
    made, talk = unit.made, unit.replica.conversation
    is_there = stores.exists(_store(unit.kind), {**unit.services.environ, **unit.kind.env, **unit.spec.env}, session)
    if is_there is not None:
        return is_there
    if session == unit.shapes.own.spec.session_id or (made.session_id == session and made.is_session_begun):
        return True
    return talk.session_id == session and talk.started > 0


def next_shape(unit: Unit) -> Shape | None:
    """Return what the next process runs as: what was ordered, else as before with its session as it is known now."""
    shape = unit.made.switch or unit.shapes.of(unit.made.incarnation)
    running = unit.shapes.running(shape)
    if running.kind.family != "terminal" or not (chosen.chooses(running.kind) or chosen.continues(running.kind)):
        return shape
    if shape is None:
        spec = running.spec
        shape = Shape(spec.kind, spec.family, spec.argv, spec.pty, mode=spec.mode, model=spec.model)
    return complete(unit, running, shape)


class Holding(Protocol):
    """The daemon's hold on the agent's process, as far as a switch needs it."""

    @property
    def is_of_another_boot(self) -> bool:
        """Tell whether the machine was restarted since the process was started."""

    def hold_for_resume(self, session: str) -> None:
        """Keep the session until its next process is there. Raises LeaseHeld."""


class Switching:
    """Works towards a wanted switch; owned by one unit's life."""

    def __init__(self, unit: Unit, hold: Holding) -> None:
        self._unit = unit
        self._hold = hold

    def step(self) -> None:
        """Stop the process once its turn is over."""
        unit = self._unit
        if unit.made.switch is None or unit.made.want or unit.catching_up or border(unit):
            return
        unit.record(decisions.want(unit.services.clock.wall(), "stop", decisions.SWITCH))

    def is_due(self) -> bool:
        """Tell whether the process of before ended and the next one may be started; keeps the session until then."""
        unit = self._unit
        if unit.made.switch is None or unit.is_live or unit.catching_up or self._hold.is_of_another_boot:
            return False
        session = unit.made.session_id
        if session is not None:
            try:
                self._hold.hold_for_resume(session)
            except LeaseHeld as error:
                unit.notice("error", f"{error}; it was not switched")
                unit.record(decisions.switch(unit.services.clock.wall(), None))
                return False
        return True


def border(unit: Unit) -> str:
    """Return why a switch would come in the middle of something, empty when it would not."""
    adapter, row = unit.adapter, unit.row()
    if not unit.is_live or adapter is None:
        return ""
    if row.turn in _MID_TURN or row.requests:
        return f"{unit.name} is in the middle of a turn ({row.headline})"
    waiting = [prompt for prompt in unit.made.waiting if prompt.state != "undelivered"]
    if waiting:
        return f"{len(waiting)} message(s) wait for {unit.name}"
    if Capability.INPUT not in unit.view.capabilities and not adapter.ready() and not unit.replica.conversation.failure:
        return f"{unit.name} is not ready yet ({row.headline})"
    return ""
