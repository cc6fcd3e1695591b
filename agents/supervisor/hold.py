"""The daemon's responsibility for one agent's process: launched or adopted, held by a lease, its end dealt with.

Also the listener of the keeper's connection. What the agent says is not read here (``agents.supervisor.life``).
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from agents.model import Lifecycle
from agents.runtime.directory import DirectoryDamaged, KeeperState
from agents.runtime.lease import LeaseHeld, Owner
from agents.runtime.tree import VARIABLE, boot, is_same
from agents.supervisor import decisions, hooking, switching
from agents.supervisor.ending import Ending
from agents.supervisor.heeding import Heeding
from agents.supervisor.rehearsal import UNDRAWN, Rehearsal
from agents.supervisor.row import can_resume
from agents.supervisor.shapes import Shape
from agents.supervisor.tether import NoKeeper, Tether
from agents.supervisor.unit import Unit

log = logging.getLogger(__name__)

#: Seconds until a keeper that had no room, or that did not answer, is tried again.
FULL_RETRY_S = 0.1
RECONNECT_S = 0.5

#: Tells an agent's hooks where the daemon listens (``app.hook``).
SOCKET_VARIABLE = "QUARTERDECK_SOCKET"

#: Seconds between two looks at a keeper that goes; it takes a few milliseconds.
GOING_S = 0.01

#: Seconds a recorded launch is waited for: beyond that its keeper was never started.
LAUNCH_S = 30.0

Read = Callable[[], Awaitable[None]]


class Hold:
    """Owned by one unit's life. ``read`` takes all marks there are."""

    def __init__(self, unit: Unit, read: Read) -> None:
        self._unit = unit
        self._read = read
        self.tether = Tether(unit.directory, unit.services.places, self)
        self.ending = Ending(unit, self.tether)
        self.heeding = Heeding(unit, asyncio.get_running_loop(), lambda: self.tether.link)
        self.rehearsal = Rehearsal(unit.directory.path / "drawing")
        self.is_lost = False
        self._is_end_seen = False
        self.let_go = asyncio.Event()  # set once the keeper of an ended process was told that it may go
        self._lease: tuple[str, Owner] | None = None
        self._full: set[str] = set()  # intents the keeper had no room for

    # -- from the keeper's connection

    def on_marks(self, next_seq: int) -> None:
        """Have the new marks taken, now or with those of others (how many there are, the disk says)."""
        self.heeding.poked(next_seq)

    def on_ack(self, ident: str, status: str, reason: str) -> None:
        """Take the keeper's word about a write."""
        unit = self._unit
        if status == "refused" and reason == "full":
            self._full.add(ident)
            asyncio.get_running_loop().call_later(FULL_RETRY_S, unit.wake)
            return
        if status == "accepted":
            return
        if status == "written":
            # Settled by its mark, after the adapter saw the bytes: on this word alone a prompt would be gone from
            # the queue while the turn has not begun, and the agent would look idle.
            self.heeding.written()
            unit.wake()
            return
        intent = unit.intents.settle(ident, f"refused: {reason}")
        if intent is None:
            return
        unit.outflow.refused(intent, f"its input is {reason}")
        unit.changed()

    def on_exit(self, state: KeeperState) -> None:
        """Wake: the agent ended (the exit is also a mark)."""
        self._unit.wake()

    def on_disk(self, full: bool, error: str) -> None:
        """Take the keeper's word about its logs."""
        self._unit.on_disk("its log", (error or "disk full") if full else "")

    def on_lost(self) -> None:
        """Wake: the connection is gone."""
        self.is_lost = True
        self._unit.wake()

    # -- while it lives

    def pids(self) -> tuple[int, ...]:
        """Return the processes that are the agent: its keeper's and its own."""
        if not self._unit.is_live or self.tether.keeper_pid is None:
            return ()
        child = self._unit.replica.vitals.pid
        return (self.tether.keeper_pid,) if child is None else (self.tether.keeper_pid, child)

    def step(self) -> None:
        """Write again what the keeper had no room for, work towards a wanted end, keep the session leased."""
        unit = self._unit
        full, self._full = self._full, set()
        for write_id in full:
            unit.intents.resend(write_id)
        self.ending.step(unit.services.clock.monotonic())
        if not unit.catching_up:
            self._hold_session()

    def hold_for_resume(self, session: str) -> None:
        """Take the lease on a session in the daemon's name, until its new keeper is there. Raises LeaseHeld."""
        self._take_lease(session, os.getpid())
        self._lease = None

    def _hold_session(self) -> None:
        unit = self._unit
        session, keeper = unit.made.session_id, self.tether.keeper_pid
        if session is None or keeper is None or (self._lease is not None and self._lease[0] == session):
            return
        try:
            self._take_lease(session, keeper)
        except LeaseHeld as error:
            unit.notice("error", f"{error}; this one is stopped")
            unit.record(decisions.want(unit.services.clock.wall(), "stop", "the session lease"))

    @property
    def _sessions(self) -> str:
        """Return whose sessions these are: several kinds may run those of one vendor."""
        return self._unit.kind.sessions or self._unit.kind.name

    def _take_lease(self, session: str, pid: int) -> None:
        unit = self._unit
        try:
            owner = Owner.of(unit.services.places.state, unit.id, pid)
        except ProcessLookupError:
            return  # its end is on its way
        unit.services.leases.acquire(self._sessions, session, owner)
        if self._lease is not None and self._lease[0] != session:
            unit.services.leases.release(self._sessions, *self._lease)
        self._lease = (session, owner)

    # -- beginning

    async def launch(self) -> None:
        """Start a keeper with a new process under it."""
        unit, clock = self._unit, self._unit.services.clock
        incarnation, nonce = unit.made.incarnation + 1, secrets.token_hex(8)
        self._is_end_seen = self.is_lost = False
        self.let_go.clear()
        self.ending.forget()
        unit.outflow.forget()
        unit.sizing.forget()
        self.rehearsal.forget()
        unit.undrawn = ""
        unit.background, unit.quiet_since, unit.processes = 0, 0.0, None
        unit.replica.vitals.launching(incarnation, clock.wall())
        wanted = unit.made.want
        shape = await self._versioned(switching.next_shape(unit))
        if unit.made.want != wanted:
            self._not_started("it was ended before it was started")
            return
        argv = self._argv(shape)
        try:
            unit.recorder.record(decisions.launch(clock.wall(), incarnation, nonce, boot(), shape), sync=True)
            await unit.recorder.durable()
            unit.services.steps.reached("launching", unit.id, "launch")
            env = {**unit.services.environ, **unit.kind.env, **unit.spec.env, **self._marks(nonce)}
            rows, cols = unit.cells  # the size it had: a view that is open goes on with it
            sized = {"rows": rows, "cols": cols} if rows and cols else {}
            await self.tether.launch(msgspec.structs.replace(unit.spec, argv=argv, **sized), incarnation, env)
            unit.intents.writer = self.tether.link
        except OSError as error:
            self._not_started(f"its keeper could not be started: {error}")
        except NoKeeper as error:
            # It was started and does not answer yet (a busy machine): giving it up would leave an agent nobody owns.
            log.info("%s: %s", unit.id, error)
            self.is_lost = True
        unit.catching_up = False

    async def _versioned(self, shape: Shape | None) -> Shape | None:
        """Return the shape with the program's version, where its terminal is read by version."""
        unit, running = self._unit, self._unit.shapes.running(shape)
        spec, kind = running.spec, running.kind
        env = {**unit.services.environ, **kind.env, **spec.env}
        version = await unit.services.versions.of(kind, spec.argv, spec.cwd, env)
        if not version:
            return shape if shape is None else msgspec.structs.replace(shape, version="")
        if shape is None:
            shape = Shape(spec.kind, spec.family, spec.argv, spec.pty, mode=spec.mode, model=spec.model)
        return msgspec.structs.replace(shape, version=version)

    def _marks(self, nonce: str) -> dict[str, str]:
        """Return the variables that say whose process it is, and where it reports its hooks."""
        socket = str(self._unit.services.places.daemon_socket)
        return {VARIABLE: f"{self._unit.id}:{nonce}", SOCKET_VARIABLE: socket}

    def _argv(self, shape: Shape | None) -> tuple[str, ...]:
        """Return the whole argv of the next process: its command, its session, its hooks."""
        unit, running = self._unit, self._unit.shapes.running(shape)
        adapter = unit.adapter
        if shape != unit.replica.shape:
            adapter = running.family(running.kind, running.spec)
        own = () if adapter is None else adapter.arguments()
        hooks = () if shape is None else hooking.arguments(shape.hooks, unit.services.hook)
        return (*running.spec.argv, *own, *hooks)

    def _not_started(self, reason: str) -> None:
        unit, now = self._unit, self._unit.services.clock.wall()
        unit.record(decisions.lost(now, reason, is_failure=True))
        if unit.made.switch is not None:
            unit.record(decisions.switch(now, None))  # else it would be tried for ever
        unit.replica.vitals.enter(Lifecycle.FAILED, now, reason)

    async def adopt(self) -> None:
        """Find out what a former daemon left: fold the journal, reach the keeper, replay what is new since then."""
        unit, clock = self._unit, self._unit.services.clock
        for problem in unit.recorder.load():
            unit.notice("warning", f"its journal: {problem}; skipped")
        useless = unit.intake.restore()
        if useless:
            log.info("%s: %s; its log is replayed", unit.id, useless)
        if unit.replica.vitals.seq < unit.made.beginning.seq:
            unit.intake.begin_at(unit.made.beginning, unit.made.session_id, unit.made.incarnation)
        unit.quiet_since = clock.monotonic()
        incarnation = unit.made.incarnation
        self._guard(incarnation)
        if incarnation and self._may_live(incarnation):
            try:
                await self.tether.connect(incarnation)
                unit.intents.writer = self.tether.link
            except (NoKeeper, DirectoryDamaged) as error:
                log.info("%s: %s", unit.id, error)
        await self._catch_up()
        self._rehearse()
        unit.outflow.tidy(unit.replica.conversation, unit.adapter)
        if incarnation == 0:
            self._not_started("the daemon ended before it was started; resume it to start it")
        elif unit.replica.vitals.incarnation < incarnation:
            unit.replica.vitals.launching(incarnation, clock.wall())
        if unit.is_live and self.tether.link is None:
            await self._gone()
        unit.catching_up = False
        unit.stirred = True

    def _guard(self, incarnation: int) -> None:
        """Leave a screen undrawn over which daemons died."""
        unit = self._unit
        self.rehearsal.begin(has_screen=unit.spec.pty)
        if self.rehearsal.is_left_undrawn and unit.adapter is not None:
            unit.adapter.leave_undrawn(incarnation)
            unit.undrawn = UNDRAWN
            unit.notice("error", UNDRAWN)

    def _rehearse(self) -> None:
        """Draw its screen once under the mark, so that nobody who looks at it later draws anything unproven."""
        unit = self._unit
        if self.rehearsal.is_left_undrawn or unit.adapter is None:
            self.rehearsal.close()
            return
        with unit.firewall("drawing its screen"), self.rehearsal.marked():
            unit.adapter.rehearse()
        self.rehearsal.forget()

    async def _catch_up(self) -> None:
        """Take all marks there are; once the adapter fell over one, the process facts behind it are still taken."""
        unit = self._unit
        for _ in range(2):
            with unit.firewall("reading its log"):
                while unit.intake.is_behind:
                    await self._read()
                return

    def _may_live(self, incarnation: int) -> bool:
        unit = self._unit
        if unit.made.lost or self.is_of_another_boot:
            return False
        if self.tether.keeper(incarnation) is not None:
            return self.tether.is_keeper_alive(incarnation)
        # A launch is recorded, its keeper has not spoken yet: it may be on its way.
        return unit.services.clock.wall() - unit.directory.events_file.stat().st_mtime < LAUNCH_S

    @property
    def is_of_another_boot(self) -> bool:
        """Tell whether the machine was restarted since: recorded pids and sessions may be anybody's now."""
        return self._unit.made.boot not in ("", boot())

    # -- ending

    async def recover(self) -> None:
        """Find out why the connection is gone: reach the keeper again, or clear up after it."""
        unit = self._unit
        self.is_lost = False
        self.tether.drop()
        unit.intents.writer = None
        incarnation = unit.made.incarnation
        while unit.is_live and self.tether.is_keeper_alive(incarnation):
            try:
                await self.tether.connect(incarnation)
            except NoKeeper as error:
                unit.notice("warning", str(error))
                await asyncio.sleep(RECONNECT_S)
            else:
                unit.intents.writer = self.tether.link
                self.ending.forget()
                unit.outflow.forget()
                unit.sizing.forget()
                return
        await self._read()
        if unit.is_live:
            await self._gone()

    async def _gone(self) -> None:
        """Take a vanished keeper's word from keeper.json; where it left none, end what it left behind."""
        unit, vitals, clock = self._unit, self._unit.replica.vitals, self._unit.services.clock
        incarnation = unit.made.incarnation
        state = self.tether.keeper(incarnation)
        if state is not None and state.finished:
            when = state.ended or clock.wall()
            if state.state == "failed":
                vitals.enter(Lifecycle.FAILED, when, state.error or "it could not be started")
            else:
                vitals.ended(state.exit_code, state.exit_signal, when)
            return
        if not unit.made.lost:
            reason = "the machine was restarted"
            if not self.is_of_another_boot:
                killed = await self.tether.sweep(incarnation, unit.made.nonce)
                what = f"killed what it left: {', '.join(map(str, killed))}" if killed else "nothing of it was left"
                reason = f"its keeper was killed; {what}"
            unit.record(decisions.lost(clock.wall(), reason))
            unit.notice("error", reason)
        lifecycle = Lifecycle.FAILED if unit.made.is_failure else Lifecycle.LOST
        vitals.enter(lifecycle, unit.made.lost_at, unit.made.lost)

    def settle_end(self) -> bool:
        """Do once what follows from an ended process; tell whether this was the time."""
        if self._is_end_seen:
            return False
        self._is_end_seen = True
        unit = self._unit
        if self._lease is not None and unit.made.switch is None:  # else it goes on right away
            unit.services.leases.release(self._sessions, *self._lease)
            self._lease = None
        if not can_resume(unit.kind, unit.view.capabilities):
            unit.outflow.lose_all("it ended before this could be delivered")
        unit.background = 0
        unit.intents.writer = None
        self.tether.release()
        self.let_go.set()
        return True

    async def farewell(self) -> None:
        """Wait until the keeper of an ended agent was told that it may go, and went: it writes to its directory yet."""
        await self.let_go.wait()
        try:
            keeper = self._unit.directory.keeper_state()
        except DirectoryDamaged:
            return
        while keeper is not None and is_same(keeper.pid, keeper.start):  # noqa: ASYNC110  no child: its end is told to nobody
            await asyncio.sleep(GOING_S)
