"""One agent in the daemon: its files, its keeper, its replica, and the task that keeps them in step.

A unit touches no other unit, and whatever goes wrong in it becomes a state of it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from agents.adapters.contract import Adapter, Noted, PromptFailed, SessionStarted, TextAppended, TurnEnded, TurnStarted
from agents.events import Noticed
from agents.jsonrpc import RpcError
from agents.model import (
    LIVE,
    AgentRow,
    Block,
    Capability,
    Decision,
    Evidence,
    Lifecycle,
    RequestKey,
    Turn,
    has_turns,
)
from agents.runtime.directory import AgentDirectory
from agents.runtime.rawlog import LogTrimmed
from agents.runtime.redact import Redactor
from agents.spec import Kind, Spec
from agents.status import explaining
from agents.status.reduce import why
from agents.supervisor import decisions, hooking, row
from agents.supervisor.decisions import Decisions, Record
from agents.supervisor.intake import Intake
from agents.supervisor.intents import Intents
from agents.supervisor.judging import Judge, Moment, View
from agents.supervisor.outflow import Outflow
from agents.supervisor.recorder import Outbox, Recorder
from agents.supervisor.replica import Replica, Taken
from agents.supervisor.services import Services
from agents.supervisor.shapes import Running, Wardrobe
from agents.supervisor.sizing import Sizing
from agents.supervisor.waiters import Waiters
from agents.supervisor.waits import Progress
from agents.transcript.file import TranscriptFile
from agents.wire import Explained

log = logging.getLogger(__name__)


class Unit:
    """Owns one agent; lives in the supervisor's loop. ``agents.supervisor.life`` runs it."""

    def __init__(self, services: Services, directory: AgentDirectory, spec: Spec, kind: Kind) -> None:
        self.services = services
        self.directory = directory
        own = Running(kind, spec, services.families[spec.family])
        self.redactor = Redactor(secrets_of({**services.environ, **kind.env, **spec.env}))
        self.made = Decisions()
        self.shapes = Wardrobe(own, self.made.launched, services.families, services.kinds)
        self.recorder = Recorder(
            directory.events_file,
            Outbox(directory.path / "outbox.jsonl"),
            self.redactor,
            self.made,
            lambda error: self.on_disk("its journal", error),
            syncer=services.syncer,
        )
        self.intents = Intents(spec.id, self.recorder, self.made, services.steps, services.clock.wall)
        self.outflow = Outflow(self.intents, self.made, self.recorder, services.clock.wall, self.notice)
        replica = Replica(kind, spec, own.family, self._decided, self.shapes)
        transcript = TranscriptFile(directory.transcript_file, self.redactor.text)
        self.intake = Intake(directory, replica, transcript, self._on_taken, self._on_stored, self._on_gap)
        self.sizing = Sizing(asyncio.get_running_loop, lambda: self.intents.writer, lambda: self.cells)
        self.waiters: Waiters[tuple[AgentRow, str]] = Waiters()
        self.woken = asyncio.Event()
        self.view = View()
        self.disk: dict[str, str] = {}  # what cannot be written, and why
        self.catching_up = True
        self.broken = ""
        self.undrawn = ""  # why its screen is not drawn, though it has one
        self.branch: str | None = None
        self.has_directory = True
        self.background = 0
        self.quiet_since = 0.0  # monotonic; silence before this does not count (adoption, a busy child)
        self.still_at = -math.inf  # monotonic; when its processes were last found to use no CPU
        self.processes: Evidence | None = None  # what the last look at them says
        self.judged: dict[RequestKey, int] = {}  # requests, and the revision of the rules that were asked about them
        self.turn_over = False  # a turn ended since the life loop last looked
        self.stirred = False  # something but more text came since then
        self._judge = Judge()

    @property
    def spec(self) -> Spec:
        """Return what was asked for, as its present process runs it."""
        return self.shapes.at(self.made.incarnation).spec

    @property
    def kind(self) -> Kind:
        """Return the kind its present process is of."""
        return self.shapes.at(self.made.incarnation).kind

    @property
    def id(self) -> str:
        """Return the agent's id."""
        return self.spec.id

    @property
    def name(self) -> str:
        """Return its present name."""
        return self.made.name or self.spec.name

    @property
    def replica(self) -> Replica:
        """Return the state that follows from the marks."""
        return self.intake.replica

    @property
    def adapter(self) -> Adapter | None:
        """Return the adapter, ``None`` once it failed."""
        return None if self.broken else self.replica.adapter

    @property
    def is_live(self) -> bool:
        """Tell whether a process of it may be alive."""
        return self.replica.vitals.lifecycle in LIVE

    @property
    def cells(self) -> tuple[int, int]:
        """Return rows and columns of its terminal as of what was taken in, zeros where it has none."""
        vitals = self.replica.vitals
        if vitals.rows and vitals.cols:
            return vitals.rows, vitals.cols
        known = None if self.adapter is None else self.adapter.size()
        return known or (0, 0)

    @property
    def is_expectant(self) -> bool:
        """Tell whether somebody may be waiting for what its next marks say; mere output is not urgent."""
        return (
            self.replica.adapter.is_pressing(self.services.clock.monotonic())
            or self.replica.vitals.lifecycle is not Lifecycle.RUNNING
            or bool(self.made.want)
            or bool(self.intents.pending())
            or bool(self.made.waiting)
        )

    @property
    def reads_output(self) -> bool:
        """Tell whether its mere output says something about it."""
        return self.replica.adapter.reads_output()

    @property
    def is_watched(self) -> bool:
        """Tell whether a client follows its transcript and its log."""
        return self.services.watched.is_watched(self.id)

    @property
    def is_looked_at(self) -> bool:
        """Tell whether its mere output is of interest soon: to a client that shows it, or to one that waits."""
        return self.is_watched or bool(self.waiters)

    @property
    def taken(self) -> int:
        """Return the number of the next mark to be taken."""
        return self.replica.vitals.seq

    @property
    def is_behind(self) -> bool:
        """Tell whether the disk holds marks that were not taken."""
        return self.intake.is_behind

    @property
    def progress(self) -> Progress:
        """Return how far its turns are."""
        talk, made = self.replica.conversation, self.made
        lost = frozenset(p.turn for p in made.waiting if p.state == "undelivered")
        return Progress(
            delivered=made.delivered,
            taken=talk.taken,
            begun=talk.begun,
            started=talk.started,
            ended=talk.ended,
            waiting=len(made.waiting) > len(lost),
            undelivered=lost,
            dropped=frozenset(made.dropped),
            ends=talk.ends,
            typed=talk.typed,
            has_turns=has_turns(self.view.capabilities),
        )

    # -- saying

    def row(self) -> AgentRow:
        """Return its row."""
        view, replica = self.view, self.replica
        requests = tuple(r for r in view.requests if r.key not in self.made.given)
        return row.build(
            row.Parts(
                spec=self.spec,
                kind=self.kind,
                decisions=self.made,
                vitals=replica.vitals,
                conversation=replica.conversation,
                verdict=view.verdict,
                requests=requests,
                is_answered=bool(view.requests) and not requests,
                capabilities=view.capabilities,
                health=view.health,
                health_since=view.health_since,
                trouble=view.trouble,
                background=self.background,
                branch=self.branch,
                has_directory=self.has_directory,
                blocks=replica.fold.total,
                catching_up=self.catching_up,
                is_starting=view.is_starting,
                broken=self.broken,
                undrawn=self.undrawn,
                disk=next(iter(self.disk.values()), ""),
            )
        )

    def explain(self) -> Explained:
        """Return why its status is what it is."""
        verdict = self.view.verdict
        evidence: tuple[Evidence, ...] = ()
        with self.firewall("explaining its status"):
            evidence = tuple(sorted(self._evidence(self.adapter), key=lambda e: e.rank)) if self.adapter else ()
        ignored = (*verdict.ignored, *filter(None, (self.broken, self.undrawn)))
        file = self.kind.status.get("name", "")
        chosen = None if verdict.chosen is None else explaining.with_file(verdict.chosen, file)
        named = tuple(explaining.with_file(each, file) for each in evidence)
        return Explained(self.row(), chosen, named, ignored, why=why(verdict, evidence))

    def notice(self, level: str, text: str) -> None:
        """Tell the user something to read later."""
        log.info("%s (%s): %s", self.name, self.id, text)
        self.services.bus.publish(Noticed(level, f"{self.name}: {text}", self.services.clock.wall(), self.id))

    def changed(self, *, lazy: bool = False) -> None:
        """Look at the agent anew, and tell whoever waits or watches."""
        before = self.view
        self.refresh()
        self._end_snooze()
        # A program that takes raw keys has no transcript that could have grown besides.
        if lazy and Capability.INPUT in self.view.capabilities and self.view == before:
            self.services.bus.grew(self.id)
        else:
            self.services.bus.touch(self.id, lazy=lazy)
        self.waiters.check()

    def _end_snooze(self) -> None:
        """Wake it for good once what it was snoozed for is over; the same headline later is another matter."""
        if self.made.snoozed_until is None or self.catching_up:
            return
        if self.row().state.value != self.made.snoozed_state:
            self.record(decisions.snoozed(self.services.clock.wall(), 0.0, ""))

    def wake(self) -> None:
        """Have the life loop look again soon."""
        self.woken.set()

    def record(self, record: Record) -> None:
        """Record a fact of ours; while the disk is full it is kept and written later."""
        self.recorder.record(record, sync=False)

    # -- the firewall

    @contextmanager
    def firewall(self, what: str) -> Iterator[None]:
        """Turn any failure of adapter or fold into the state failed; the process and all siblings go on."""
        try:
            yield
        except RpcError:
            raise
        # Firewall: one agent's failure is a state, not an exception (house style, rule 5).
        except Exception as error:
            log.exception("%s (%s): %s failed", self.name, self.id, what)
            self._break(f"Quarterdeck failed at {what}: {str(error) or type(error).__name__}")

    def _break(self, why: str) -> None:
        if self.broken:
            return
        self.broken = why
        self.intake.is_broken = True
        self.catching_up = False
        again = frozenset({Capability.RESUME}) if self.kind.resume else frozenset()
        self.view = View(capabilities=self.view.capabilities | again)
        then = ", and `resume` then goes on with its session" if self.kind.resume else ""
        self.notice("error", f"{why}. Its process was left alone; `stop` and `kill` still work{then}")
        self.services.bus.touch(self.id)
        self.waiters.check()

    def renew(self) -> None:
        """Begin anew behind all that is recorded: a fresh adapter, the same session. Raises OSError.

        For an agent that ended while nothing it said was understood any more; it is on record, so that a later
        daemon does not fall over the same bytes again.
        """
        begin = self.intake.end_here()
        self.recorder.record(decisions.dropped(self.services.clock.wall(), 0, self.broken, begin), sync=True)
        ended = self.replica.vitals
        self.intake.begin_at(begin, self.made.session_id, self.made.incarnation)
        self.replica.vitals = ended
        ended.seq = begin.seq
        self.broken = ""
        self.view = View()

    # -- what comes in

    def on_disk(self, what: str, error: str) -> None:
        """Note that something cannot be written, or (empty error) can again."""
        if error and what not in self.disk:
            self.notice("warning", f"{what} cannot be written ({error}); it waits, nothing is lost")
        if self.disk.get(what, "") != error:
            self.disk = {k: v for k, v in self.disk.items() if k != what}
            if error:
                self.disk[what] = error
                self.services.room.press(error)
            self.services.bus.touch(self.id)
            self.wake()

    def _decided(self, key: RequestKey) -> Decision | None:
        given = self.made.given.get(key)
        if given is None:
            return None
        return Decision(key, given.outcome, "", given.by, given.at, given.reason)

    def _on_taken(self, taken: Taken) -> None:
        if taken.wrote is not None:
            self.stirred = True
            intent = self.intents.settle(taken.wrote, "written")
            if intent is not None:
                self.outflow.written(intent, self.adapter)
        for fact in taken.facts:
            self.stirred = self.stirred or not isinstance(fact, TextAppended | Noted)
            if isinstance(fact, TurnStarted):
                self.outflow.started(fact.turn)
            elif isinstance(fact, PromptFailed):
                self.outflow.lose(fact.turn, fact.reason)
            elif isinstance(fact, TurnEnded):
                self.turn_over = True
            elif isinstance(fact, SessionStarted) and fact.session_id != self.made.session_id:
                self.record(decisions.session(self.services.clock.wall(), fact.session_id))

    def _on_gap(self, gap: LogTrimmed) -> None:
        """Go on behind a part of the log that is gone, if what is left can be understood without it."""
        text = f"the first {gap.start} bytes of its log are gone, and no checkpoint covers them"
        if self.adapter is not None and Capability.INPUT in self.adapter.capabilities():
            self.notice("warning", f"{text}; it goes on with the rest")
        else:  # a protocol begins at its beginning: half of one may mean anything
            self._break(f"{text}: what it says is not understood any more")

    def _on_stored(self, blocks: tuple[Block, ...]) -> None:
        self.services.index.put(self.id, blocks)

    # -- what is thought of it

    def refresh(self) -> None:
        """Ask the adapter anew; tells nobody."""
        adapter = self.adapter
        if adapter is None:
            return
        with self.firewall("reading its status"):
            replica, clock = self.replica, self.services.clock
            at = Moment(
                now=clock.monotonic() if self.is_live else replica.vitals.monotonic,
                wall=clock.wall(),
                is_live=self.is_live,
                quiet_since=max(self.quiet_since, self.services.pulse.unbroken_since),
                still_at=self.still_at,
                disk_error=next(iter(self.disk.values()), ""),
            )
            evidence = self._evidence(adapter)
            self.view = self._judge.look(
                adapter, self.kind, replica.vitals, replica.conversation, evidence, at, self.view
            )

    @property
    def types_at(self) -> float | None:
        """Return from when on its hooks have nothing against a message, ``None`` for not now.

        Where its input box is read, that tells better than hooks when it listens.
        """
        if Capability.TURNS in self.view.capabilities:
            return None if self.view.verdict.turn in (Turn.WORKING, Turn.BLOCKED) else 0.0
        shape = self.shapes.of(self.made.incarnation)
        return hooking.types_at(self.made, shape, self.view.verdict.turn, self.replica.vitals.monotonic)

    def _evidence(self, adapter: Adapter) -> list[Evidence]:
        """Return what every source says: its protocol or its terminal, its own hooks, its processes."""
        shape = self.shapes.of(self.made.incarnation)
        around = (hooking.evidence(self.made, self.kind, shape), self.processes) if self.is_live else ()
        return [*adapter.evidence(), *(said for said in around if said is not None)]

    def shown(self, blocks: list[Block]) -> tuple[Block, ...]:
        """Return blocks as they may leave the daemon: redacted."""
        return tuple(self._redacted(block) for block in blocks)

    def _redacted(self, block: Block) -> Block:
        if not self.redactor.may_touch_json(msgspec.json.encode(block)):
            return block
        value: Callable[[object], object] = self.redactor.value
        return msgspec.convert(value(msgspec.to_builtins(block)), Block)


def secrets_of(environ: dict[str, str]) -> frozenset[str]:
    """Return the values of variables whose names say that they are secret."""
    words = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")
    return frozenset(
        value for name, value in environ.items() if len(value) >= 8 and any(word in name.upper() for word in words)
    )
