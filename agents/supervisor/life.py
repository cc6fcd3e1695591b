"""Runs one unit: launch or adoption, then rounds of reading, writing and looking, until the daemon ends.

Everything it waits for has an end; between rounds it sleeps until something happens or a deadline is due.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time

from agents.model import Lifecycle
from agents.runtime.directory import DirectoryDamaged, KeeperState
from agents.runtime.lease import LeaseHeld, Owner
from agents.runtime.tree import VARIABLE
from agents.supervisor import decisions
from agents.supervisor.ending import Ending
from agents.supervisor.looking import Looking
from agents.supervisor.row import can_resume
from agents.supervisor.tether import NoKeeper, Tether
from agents.supervisor.unit import Unit
from agents.wire import BlocksChanged, LogGrew

log = logging.getLogger(__name__)

#: Seconds between two tellings of transcript and log changes to those who watch (20 a second).
TELL_S = 0.05

#: Blocks in one event.
TELL_BLOCKS = 50

#: Seconds until a full disk, a full keeper or a lost connection is tried again.
DISK_RETRY_S = 1.0
FULL_RETRY_S = 0.1
RECONNECT_S = 0.5

#: Seconds a launch recorded long ago is still waited for: beyond that its keeper was never started.
LAUNCH_S = 30.0


class Life:
    """Owned by the supervisor, one per unit; also the listener of its keeper's connection."""

    def __init__(self, unit: Unit, tasks: asyncio.TaskGroup) -> None:
        self.unit = unit
        self.tether = Tether(unit.directory, unit.services.places, self)
        self._ending = Ending(unit, self.tether)
        self._looking = Looking(unit, tasks)
        self._tasks = tasks
        self._is_launch_wanted = False
        self._is_lost = False
        self._is_end_seen = False
        self._lease: tuple[str, Owner] | None = None
        self._told_at = 0.0
        self._told_sizes = (0, 0)
        self._full: set[str] = set()  # intents the keeper had no room for

    # -- from the keeper's connection

    def on_marks(self, next_seq: int) -> None:
        """Wake: there are new marks."""
        self.unit.wake()

    def on_ack(self, write_id: str, status: str, reason: str | None) -> None:
        """Take the keeper's word about a write."""
        unit = self.unit
        if status == "refused" and reason == "full":
            self._full.add(write_id)
            asyncio.get_running_loop().call_later(FULL_RETRY_S, unit.wake)
            return
        if status == "accepted":
            return
        intent = unit.intents.settle(write_id, "written" if status == "written" else f"refused: {reason}")
        if intent is None:
            return
        if status == "written":
            unit.outflow.written(intent, unit.adapter)
        else:
            unit.outflow.refused(intent, f"its input is {reason}")
        unit.changed()

    def on_exit(self, state: KeeperState) -> None:
        """Wake: the agent ended."""
        self.unit.wake()

    def on_disk(self, full: bool, error: str | None) -> None:
        """Take the keeper's word about its logs."""
        self.unit.on_disk("its log", (error or "disk full") if full else "")

    def on_lost(self) -> None:
        """Wake: the connection is gone."""
        self._is_lost = True
        self.unit.wake()

    # -- the loop

    async def run(self, *, launch: bool) -> None:
        """Launch or adopt, then keep up until cancelled."""
        unit = self.unit
        with unit.firewall("taking it over"):
            self._is_launch_wanted = launch
            if not launch:
                await self._adopt()
        while True:
            due = None
            with unit.firewall("keeping up with it"):
                await self._round()
                due = self._next_alarm(unit.services.clock.monotonic())
            await self._sleep(due)

    def want_launch(self) -> None:
        """Start a process as soon as possible."""
        self._is_launch_wanted = True
        self._is_end_seen = False
        self.unit.replica.vitals.launching(self.unit.made.incarnation + 1, self.unit.services.clock.wall())
        self.unit.changed()
        self.unit.wake()

    def queue_first(self, prompt: str) -> int:
        """Record the message a new agent begins with; return its turn. Raises OSError."""
        unit = self.unit
        unit.catching_up = False
        turn, now = unit.made.next_turn, unit.services.clock.wall()
        unit.recorder.record(decisions.queued(now, turn, prompt), sync=True, hold=f"queued:{turn}")
        return turn

    def hold_for_resume(self, session: str) -> None:
        """Take the lease on a session in the daemon's name, until its new keeper is there. Raises LeaseHeld."""
        self.take_lease(session, os.getpid())
        self._lease = None

    def pids(self) -> tuple[int, ...]:
        """Return the processes that are the agent: its keeper's and its own."""
        if not self.unit.is_live or self.tether.keeper_pid is None:
            return ()
        child = self.unit.replica.vitals.pid
        return (self.tether.keeper_pid,) if child is None else (self.tether.keeper_pid, child)

    def save(self) -> None:
        """Save what a next daemon would have to replay."""
        with self.unit.firewall("saving it"):
            if not self.unit.catching_up:
                self._save()

    def close(self) -> None:
        """Save and let go; the agent goes on."""
        unit = self.unit
        self.save()
        self.tether.drop()
        unit.recorder.close()
        unit.intake.transcript.close()

    async def _sleep(self, due: float | None) -> None:
        now = self.unit.services.clock.monotonic()
        try:
            async with asyncio.timeout(None if due is None else max(0.001, due - now)):
                await self.unit.woken.wait()
        except TimeoutError:
            pass
        self.unit.woken.clear()

    def _next_alarm(self, now: float) -> float | None:
        unit = self.unit
        alarms = [unit.view.recheck, self._looking.step(now)]
        if unit.adapter is not None and unit.is_live:
            alarms.append(unit.adapter.next_deadline())
        if unit.made.want and unit.is_live:
            alarms.append(self._ending.step(now))
        if unit.disk:
            alarms.append(now + DISK_RETRY_S)
        if self._has_news():
            alarms.append(self._told_at + TELL_S)
        return min((alarm for alarm in alarms if alarm is not None), default=None)

    async def _round(self) -> None:
        unit = self.unit
        if self._is_launch_wanted:
            self._is_launch_wanted = False
            await self._launch()
        await self._read()
        if self._is_lost:
            self._is_lost = False
            await self._recover()
            await self._read()
        if unit.is_live:
            self._tick()
            if self.tether.link is not None:
                await self._write()
        elif not self._is_end_seen:
            self._on_end()
        if unit.turn_over:
            unit.turn_over = False
            self._looking.turn_ended(unit.services.clock.monotonic())
            self._save()
        self._tell()
        unit.changed(lazy=not unit.stirred)
        unit.stirred = False

    # -- in

    async def _read(self) -> None:
        """Take all marks there are, a slice at a time; a replay leaves the loop to others half of the time."""
        unit, intake = self.unit, self.unit.intake
        while True:
            begun = time.perf_counter()
            if not intake.slice():
                break
            self._store()
            if intake.checkpoint_due:
                self._save()
            self._tell()
            unit.changed(lazy=not unit.stirred)
            await asyncio.sleep(time.perf_counter() - begun if unit.catching_up else 0)
        self._store()

    def _tick(self) -> None:
        unit = self.unit
        if unit.adapter is None or unit.catching_up:
            return
        for _ in range(100):
            due = unit.adapter.next_deadline()
            if due is None or due > unit.services.clock.monotonic():
                return
            unit.intake.tick()
            if unit.adapter.next_deadline() == due:
                return

    def _store(self) -> None:
        unit = self.unit
        try:
            unit.intake.store()
            unit.on_disk("its transcript", "")
            if unit.recorder.held_back:
                unit.recorder.retry()
        except OSError as error:
            unit.on_disk("its transcript", error.strerror or str(error))

    def _save(self) -> None:
        try:
            self.unit.intake.checkpoint()
            self.unit.on_disk("its checkpoint", "")
        except OSError as error:
            self.unit.on_disk("its checkpoint", error.strerror or str(error))

    # -- out

    async def _write(self) -> None:
        unit = self.unit
        full, self._full = self._full, set()
        for write_id in full:
            unit.intents.resend(write_id)
        self._ending.step(unit.services.clock.monotonic())
        adapter = unit.adapter
        if adapter is None or unit.catching_up:
            return
        self._hold_session()
        may_prompt = not unit.made.want
        if may_prompt and unit.made.waiting and unit.made.baseline is None and adapter.ready():
            await self._looking.baseline()
        try:
            unit.outflow.pump(adapter, unit.replica.conversation, may_prompt=may_prompt)
            unit.on_disk("what it is told", "")
        except OSError as error:
            unit.on_disk("what it is told", error.strerror or str(error))

    def _hold_session(self) -> None:
        """Take the lease on its session once that is known; who holds it already keeps it."""
        unit = self.unit
        session = unit.made.session_id
        if session is None or (self._lease is not None and self._lease[0] == session):
            return
        state = self.tether.keeper(unit.made.incarnation)
        if state is None:
            return
        try:
            self.take_lease(session, state.pid)
        except LeaseHeld as error:
            unit.notice("error", f"{error}; this one is stopped")
            unit.record(decisions.want(unit.services.clock.wall(), "stop", "the session lease"))

    def take_lease(self, session: str, pid: int) -> None:
        """Take the lease on a session for as long as ``pid`` lives. Raises LeaseHeld."""
        unit = self.unit
        try:
            owner = Owner.of(unit.services.places.state, unit.id, pid)
        except ProcessLookupError:
            return
        unit.services.leases.acquire(unit.kind.name, session, owner)
        self._lease = (session, owner)

    def _tell(self) -> None:
        """Tell those who watch what is new, at most 20 times a second."""
        unit, services = self.unit, self.unit.services
        if not services.watched.is_watched(unit.id):
            unit.intake.fresh.clear()
            return
        now = services.clock.monotonic()
        if now - self._told_at < TELL_S or not self._has_news():
            return
        self._told_at = now
        fresh, unit.intake.fresh = unit.intake.fresh, {}
        blocks = unit.shown([fresh[n] for n in sorted(fresh)])
        for begin in range(0, len(blocks), TELL_BLOCKS):
            services.bus.publish(BlocksChanged(unit.id, blocks[begin : begin + TELL_BLOCKS]))
        sizes = (unit.replica.vitals.out_size, unit.replica.vitals.err_size)
        if sizes != self._told_sizes:
            self._told_sizes = sizes
            services.bus.publish(LogGrew(unit.id, *sizes))

    def _has_news(self) -> bool:
        unit = self.unit
        sizes = (unit.replica.vitals.out_size, unit.replica.vitals.err_size)
        return unit.services.watched.is_watched(unit.id) and bool(unit.intake.fresh or sizes != self._told_sizes)

    # -- beginning

    async def _launch(self) -> None:
        unit, clock = self.unit, self.unit.services.clock
        incarnation, nonce = unit.made.incarnation + 1, secrets.token_hex(8)
        self._forget_process()
        unit.replica.vitals.launching(incarnation, clock.wall())
        try:
            unit.recorder.record(decisions.launch(clock.wall(), incarnation, nonce), sync=True)
            unit.services.steps.reached("launching", unit.id, "launch")
            env = {**unit.services.environ, **unit.kind.env, **unit.spec.env, VARIABLE: f"{unit.id}:{nonce}"}
            await self.tether.launch(unit.spec, incarnation, env)
            unit.intents.writer = self.tether.link
        except (OSError, NoKeeper) as error:
            reason = f"its keeper could not be started: {error}"
            unit.record(decisions.lost(clock.wall(), reason, is_failure=True))
            unit.replica.vitals.enter(Lifecycle.FAILED, clock.wall(), reason)
        unit.catching_up = False
        self._looking.refresh_branch()

    def _forget_process(self) -> None:
        self._is_end_seen = False
        self._is_lost = False
        self._ending.forget()
        self.unit.outflow.forget()
        self.unit.background = 0
        self.unit.quiet_since = 0.0

    async def _adopt(self) -> None:
        unit, clock = self.unit, self.unit.services.clock
        for problem in unit.recorder.load():
            unit.notice("warning", f"its journal: {problem}; skipped")
        useless = unit.intake.restore()
        if useless:
            log.info("%s: %s; its log is replayed", unit.id, useless)
        unit.quiet_since = clock.monotonic()
        self._looking.refresh_branch()
        incarnation = unit.made.incarnation
        if incarnation == 0:
            unit.replica.vitals.enter(Lifecycle.FAILED, clock.wall(), "it was not started before the daemon ended")
        elif self._may_live(incarnation):
            try:
                await self.tether.connect(incarnation)
                unit.intents.writer = self.tether.link
            except (NoKeeper, DirectoryDamaged) as error:
                log.info("%s: %s", unit.id, error)
        while unit.intake.is_behind:
            await self._read()
        if unit.replica.vitals.incarnation < incarnation:
            unit.replica.vitals.launching(incarnation, clock.wall())
        if unit.is_live and self.tether.link is None:
            await self._gone()
        unit.catching_up = False
        unit.stirred = True

    def _may_live(self, incarnation: int) -> bool:
        unit = self.unit
        if unit.made.lost:
            return False
        if self.tether.keeper(incarnation) is not None:
            return self.tether.is_keeper_alive(incarnation)
        # A launch is recorded, its keeper has not spoken yet: it may be on its way.
        launched = unit.directory.events_file.stat().st_mtime
        return unit.services.clock.wall() - launched < LAUNCH_S

    # -- ending

    async def _recover(self) -> None:
        """Find out why the connection is gone: reach the keeper again, or clear up after it."""
        unit = self.unit
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
                self._ending.forget()
                unit.outflow.forget()
                return
        await self._read()
        if unit.is_live:
            await self._gone()

    async def _gone(self) -> None:
        """Take a vanished keeper's word from keeper.json; where it left none, end what it left behind."""
        unit, clock = self.unit, self.unit.services.clock
        incarnation = unit.made.incarnation
        state = self.tether.keeper(incarnation)
        if state is not None and state.finished:
            when = state.ended or clock.wall()
            if state.state == "failed":
                unit.replica.vitals.enter(Lifecycle.FAILED, when, state.error or "it could not be started")
            else:
                unit.replica.vitals.ended(state.exit_code, state.exit_signal, when)
            return
        if not unit.made.lost:
            killed = await self.tether.sweep(incarnation, unit.made.nonce)
            what = f"; killed what it left: {', '.join(map(str, killed))}" if killed else "; nothing of it was left"
            reason = f"its keeper was killed{what}"
            unit.record(decisions.lost(clock.wall(), reason))
            unit.notice("error", reason)
        lifecycle = Lifecycle.FAILED if unit.made.is_failure else Lifecycle.LOST
        unit.replica.vitals.enter(lifecycle, unit.made.lost_at, unit.made.lost)

    def _on_end(self) -> None:
        """Do once what follows from an ended process."""
        self._is_end_seen = True
        unit = self.unit
        if self._lease is not None:
            unit.services.leases.release(unit.kind.name, *self._lease)
            self._lease = None
        if not can_resume(unit.kind, unit.view.capabilities):
            unit.outflow.lose_all("it ended before this could be delivered")
        unit.background = 0
        unit.intents.writer = None
        self._save()
        self.tether.release()
        self._looking.refresh_branch()
