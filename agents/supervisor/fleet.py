"""The supervisor: all agents of one home, found again at start, started, resumed, ended and told about.

One asyncio loop, no Qt. What happens inside one agent is its unit's; who there is, the roster's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import shutil
import sqlite3
import time
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from agents import events, wire
from agents.adapters.registry import Family
from agents.events import Noticed
from agents.index.store import IndexStore
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentId, Block
from agents.runtime.directory import AgentDirectory
from agents.runtime.lease import LeaseHeld, Leases
from agents.runtime.places import Places
from agents.sessions.stores import READERS
from agents.spec import Kind, Spec
from agents.supervisor import asking, companions, launching, names, orders, pulse, sessions, switching
from agents.supervisor.bus import EventBus
from agents.supervisor.catalog import Catalog
from agents.supervisor.finding import find
from agents.supervisor.intents import NoSteps, Steps
from agents.supervisor.life import Life
from agents.supervisor.resuming import Resuming, started
from agents.supervisor.retention import Limits
from agents.supervisor.roster import Roster
from agents.supervisor.rulebook import Rulebook
from agents.supervisor.services import Clock, Services, SystemClock
from agents.supervisor.sweep import Sweep
from agents.supervisor.syncing import Threaded
from agents.supervisor.unit import Unit
from agents.transcript.file import TranscriptFile

log = logging.getLogger(__name__)

#: Notices kept for clients that come later.
NOTICES = 200

#: Seconds the end of a stopped agent may take to be read.
RELEASE_S = 5.0

T = TypeVar("T")


class Supervisor:
    """Owns every unit of one home; ``run`` is its life."""

    def __init__(  # noqa: PLR0913  what the composition root decides
        self,
        places: Places,
        families: Mapping[str, Family],
        environ: Mapping[str, str],
        *,
        steps: Steps | None = None,
        clock: Clock | None = None,
        limits: Limits | None = None,
        hook: tuple[str, ...] = (),
    ) -> None:
        self.places = places
        self._clock = clock or SystemClock()
        self._pulse = pulse.Pulse(self._clock)
        self.roster = Roster(self._clock)
        self.resuming = Resuming(self.roster, self._own)
        self.bus = EventBus(self.roster.row, asyncio.get_running_loop())
        self.index = IndexStore(places.index, self._transcripts, self._on_index_problem)
        self.watched: frozenset[AgentId] = frozenset()
        self._environ = dict(environ)
        self._catalog = Catalog(places.kinds, environ.get("PATH"), environ)
        self._sweep = Sweep(places.state, self.roster.units, self._clock, limits or Limits(), self._notice)
        self.rules = Rulebook(places.rules, self._clock.wall)
        self._services = Services(
            places=places,
            families=families,
            leases=Leases(places.leases),
            bus=self.bus,
            index=self.index,
            watched=self,
            steps=steps or NoSteps(),
            clock=self._clock,
            pulse=self._pulse,
            room=self._sweep,
            lane=asyncio.Lock(),
            syncer=Threaded(asyncio.get_running_loop()),
            rules=self.rules,
            environ=self._environ,
            kinds=self._catalog.known,
            hook=hook,
        )
        self._jobs: dict[AgentId, asyncio.Task[None]] = {}
        self._notices: list[Noticed] = []
        self._tasks: asyncio.TaskGroup | None = None
        self._making = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    # -- life

    async def run(self, ready: asyncio.Event) -> None:
        """Adopt every agent there is, say ``ready`` once all are listed, and go on until cancelled."""
        unsubscribe = self.bus.subscribe(self._remember)
        self._catalog.reload()
        self.rules.load()
        for problem in self.rules.problems:
            self._notice("error", problem)
        self.index.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                self._find()
                ready.set()
                tasks.create_task(self._announce())
                tasks.create_task(self._tidy())
                tasks.create_task(self._sweep.relieve())
                tasks.create_task(self._beat())
                await self._loop.create_future()
        finally:
            self._tasks = None
            for life in self.roster.lives():
                life.close()
            await asyncio.to_thread(self.index.stop)
            unsubscribe()

    def save(self) -> None:
        """Save every unit (before a hand-over); nothing is let go."""
        for life in self.roster.lives():
            life.save()

    async def _beat(self) -> None:
        """Restart all silence timers when the machine slept or was paused: nobody was silent then."""
        while True:
            await asyncio.sleep(pulse.BEAT_S)
            unseen = self._pulse.beat()
            if unseen is not None:
                log.info("the clock jumped by %.0f s; silence timers begin anew", unseen)
                for life in self.roster.lives():
                    life.unit.changed()
                    life.unit.wake()

    def _find(self) -> None:
        """Take over every agent directory there is."""
        for directory, spec in find(self.places.state, self._services.families, self._clock.wall(), self._notice):
            life = self._make(directory, spec, self._catalog.of(spec))
            self.bus.publish(events.AgentAdded(life.unit.row()))
            self._begin(life, launch=False)

    def _make(self, directory: AgentDirectory, spec: Spec, kind: Kind) -> Life:
        return Life(Unit(self._services, directory, spec, kind), self._group())

    def _begin(self, life: Life, *, launch: bool) -> None:
        agent = life.unit.id
        self.roster.add(life)
        self._jobs[agent] = self._group().create_task(life.run(launch=launch), name=f"agent {agent}")

    # -- reading

    def snapshot(self) -> events.Snapshot:
        """Return fleet facts and open requests as of the newest event."""
        self.bus.flush()
        return events.Snapshot(self.bus.seq, self.roster.rows(), tuple(self._notices), self._catalog.infos())

    def kinds(self) -> wire.Kinds:
        """Return the kinds there are now, read anew."""
        return self._catalog.listing()

    def watch(self, agents: frozenset[AgentId]) -> None:
        """Set whose transcripts and logs are followed; the new ones' output is looked at now."""
        fresh, self.watched = agents - self.watched, agents
        for unit in self.roster.units():
            if unit.id in fresh:
                unit.wake()

    def is_watched(self, agent: AgentId) -> bool:
        """Tell whether a client follows the transcript and the log of an agent."""
        return agent in self.watched

    # -- starting

    async def run_agent(self, params: wire.Run) -> wire.Started:
        """Start an agent; the answer comes when its process is there, or could not be started."""
        return await self._own(self._run_agent(params))

    async def fork(self, params: wire.Fork) -> wire.Started:
        """Start an agent that begins with a copy of another one's conversation."""
        run, session = launching.fork(self.roster.resolve(params.id), params)
        return await self._own(self._run_agent(run, fork_of=session))

    async def switch(self, params: wire.Switch) -> wire.Started:
        """Have an agent go on as another kind, with the same session."""
        life = self.roster.life(params.id)
        shape = switching.plan(life.unit, self._catalog.find(params.kind), self._environ)
        return await self._own(switching.order(life.unit, life.hold, shape, wait=params.wait))

    async def sessions(self, params: wire.ListSessions) -> wire.FoundSessions:
        """Return the saved sessions of a project that can be continued."""
        wanted = None if params.kind is None else self._catalog.find(params.kind)
        if wanted is not None and asking.can_be_asked(wanted):
            store = sessions.Store(wanted.sessions or wanted.name, {}, (wanted.name,))
            told = await asking.ask(wanted, params.project, self._environ)
            return sessions.listing([(store, session) for session in told], [], self.roster.units())
        stores = sessions.stores(self._catalog.all(), wanted, self._environ)
        found, problems = await asyncio.to_thread(sessions.read, params, stores)
        return sessions.listing(found, problems, self.roster.units())

    async def adopt(self, params: wire.AdoptSession) -> wire.Started:
        """Start an agent that continues a saved session."""
        kind = self._catalog.find(params.kind)
        is_listed = (kind.sessions or kind.name) in READERS
        found = await self.sessions(wire.ListSessions(params.project, params.kind)) if is_listed else None
        run = sessions.adoption(params, kind, found)
        return await self._own(self._run_agent(run, session_id=params.session))

    async def _run_agent(self, params: wire.Run, **begins: str) -> wire.Started:
        async with self._making:  # what is taken must still be so once its spec is on the disk
            life, turn = await self._new(params, begins)
        self.bus.publish(events.AgentAdded(life.unit.row()))
        return await started(life.unit, turn)

    async def _new(self, params: wire.Run, begins: Mapping[str, str]) -> tuple[Life, int | None]:
        kind = self._catalog.find(params.kind)
        taken = {unit.id: msgspec.structs.replace(unit.spec, name=unit.name) for unit in self.roster.units()}
        new_id = names.new_id(taken, secrets.choice)
        spec = launching.plan(params, kind, taken, self._environ, new_id)
        slots = [row.slot for row in self.roster.rows()]
        slot = names.free_slot(slots) if spec.terminal_of is None else None
        spec = msgspec.structs.replace(spec, created_at=self._clock.wall(), slot=slot, **begins)
        directory = AgentDirectory(self.places.agent(spec.id))
        turn = None
        try:
            await asyncio.to_thread(directory.write_spec, spec)
            life = self._make(directory, spec, kind)
            if spec.session_id is not None:
                life.hold.hold_for_resume(spec.session_id)
            if params.prompt:
                turn = life.queue_first(params.prompt)
                await life.unit.recorder.durable()
        except OSError as error:
            shutil.rmtree(directory.path, ignore_errors=True)
            self._sweep.press(error.strerror or "")
            text = f"nothing was started: {error.strerror} ({directory.path})"
            raise RpcError(ErrorCode.NOT_POSSIBLE, text) from error
        except LeaseHeld as error:
            shutil.rmtree(directory.path, ignore_errors=True)
            raise RpcError(ErrorCode.NOT_POSSIBLE, f"nothing was started: {error}") from error
        if spec.terminal_of is not None and self.roster.get(spec.terminal_of) is None:
            life.close()
            shutil.rmtree(directory.path, ignore_errors=True)
            raise RpcError(ErrorCode.NOT_FOUND, "nothing was started: its agent was removed meanwhile")
        self._begin(life, launch=True)
        return life, turn

    async def _tidy(self) -> None:
        """Delete old logs and trash now and then, once it is known what is needed."""
        await self.resuming.adopted()
        for agent in companions.orphans(self.roster.specs()):
            with contextlib.suppress(RpcError):  # it is tried again by the next daemon
                await self.remove(agent, force=True)
        await self._sweep.run()

    async def _announce(self) -> None:
        """Say once who was cut off: after a crash of everything or a reboot that is the first thing to know."""
        await self.resuming.adopted()
        advice = self.resuming.advice()
        if advice:
            self._notice("warning", advice)

    def rules_changed(self) -> None:
        """Have every agent look anew whether a rule decides what it asks."""
        for unit in self.roster.units():
            unit.wake()

    # -- ending

    async def remove(self, ref: str, *, force: bool) -> str:
        """Forget an ended agent; its files go to the trash."""
        return await self._own(self._remove(self.roster.life(ref), force=force))

    async def _remove(self, life: Life, *, force: bool) -> str:
        unit = life.unit
        if unit.is_live:
            if not force:
                raise RpcError(
                    ErrorCode.NOT_POSSIBLE,
                    f"{unit.name} is running ({unit.row().headline}): stop it first, or use force",
                )
            await orders.end(unit, "kill")
            if unit.is_live:
                raise RpcError(ErrorCode.NOT_POSSIBLE, f"{unit.name} could not be killed; it was kept")
        await self._remove_beside(unit.id)  # first: a daemon that dies in between leaves none that stands beside nobody
        await _let_go([life])
        job = self._jobs.pop(unit.id, None)
        if job is None:
            raise RpcError(ErrorCode.NOT_FOUND, f"{unit.name} was removed already")
        job.cancel()
        await asyncio.wait([job])
        life.close()
        self.roster.drop(unit.id)
        target = self.places.state / "trash" / f"{unit.id}-{int(self._clock.wall())}"
        target.parent.mkdir(mode=0o700, exist_ok=True)
        unit.directory.path.rename(target)
        self.index.drop(unit.id)
        self.bus.publish(events.AgentRemoved(unit.id))
        await self._remove_beside(unit.id)  # one may have been opened meanwhile
        return f"{unit.name} was removed; its files are in {target}"

    async def _remove_beside(self, agent: AgentId) -> None:
        for beside in companions.of(agent, self.roster.specs()):
            life = self.roster.get(beside)
            if life is not None:  # else somebody removed it meanwhile
                await self._remove(life, force=True)

    async def stop_agents(self) -> None:
        """Stop every live agent, wait for it, and let its keeper go."""
        live = [unit for unit in self.roster.units() if unit.is_live]
        await asyncio.gather(*(orders.end(unit, "stop") for unit in live))
        await _let_go([life for life in self.roster.lives() if not life.unit.is_live])

    # -- the index

    async def reindex(self) -> wire.Rebuilt:
        """Build the search index anew from the transcripts."""
        begun = time.perf_counter()
        try:
            agents, blocks = await asyncio.wrap_future(self.index.rebuild())
        except (OSError, sqlite3.Error) as error:
            raise RpcError(ErrorCode.NOT_POSSIBLE, f"the index cannot be built: {error}") from error
        return wire.Rebuilt(agents, blocks, time.perf_counter() - begun)

    def _transcripts(self) -> Iterator[tuple[AgentId, Iterable[Block]]]:
        """Read all transcripts from their files; called in the index's thread."""
        folder = self.places.state / "agents"
        for path in sorted(folder.iterdir()) if folder.exists() else ():
            file = TranscriptFile(AgentDirectory(path).transcript_file, str)
            try:
                yield path.name, _all_blocks(file)
            finally:
                file.close()

    def _on_index_problem(self, problem: str) -> None:
        self._loop.call_soon_threadsafe(self._notice, "warning", problem)

    # -- shared

    def _group(self) -> asyncio.TaskGroup:
        if self._tasks is None:
            raise RpcError(ErrorCode.NOT_POSSIBLE, "the daemon is ending")
        return self._tasks

    async def _own(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry out ``work`` to its end even if who asked for it goes away."""
        # gather hands a failure over as a value: it is the caller's, and must not end the group.
        task = self._group().create_task(_settled(work))
        outcome = await asyncio.shield(task)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _notice(self, level: str, text: str) -> None:
        log.info("%s", text)
        self.bus.publish(Noticed(level, text, self._clock.wall()))

    def _remember(self, numbered: events.NumberedEvent) -> None:
        if isinstance(numbered.event, Noticed):
            self._notices = [*self._notices[-NOTICES + 1 :], numbered.event]


async def _let_go(lives: Sequence[Life]) -> None:
    """Wait until the keepers of ended agents are gone: one whose directory goes first waits two days for a reader."""
    with contextlib.suppress(TimeoutError):  # of one that stays, the next daemon of this home reads the end instead
        async with asyncio.timeout(RELEASE_S):
            await asyncio.gather(*(life.hold.farewell() for life in lives))


async def _settled(work: Coroutine[Any, Any, T]) -> T | BaseException:
    return (await asyncio.gather(work, return_exceptions=True))[0]


def _all_blocks(file: TranscriptFile) -> Iterator[Block]:
    before: int | None = None
    while blocks := file.page(before, 200):
        yield from blocks
        before = blocks[0].n
