"""What Quarterdeck would have said about a recorded agent, moment by moment, by the very code that runs live.

Pure: a recording in, judgements out; the same recording always gives the same. Knows only what lies in the recording:
hooks, processes, a full disk and what the user decided in Quarterdeck itself are not in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from agents.adapters.registry import Family
from agents.model import LIVE, AgentRow, Decision, Evidence, Headline, Lifecycle, Mark, RequestKey
from agents.recording import tape
from agents.recording.change import Change
from agents.recording.tape import Recording
from agents.spec import Kind, Spec
from agents.supervisor import row
from agents.supervisor.decisions import Decisions
from agents.supervisor.judging import Judge, Moment, View
from agents.supervisor.replica import MAX_TICKS, Replica


class Judgement(msgspec.Struct, frozen=True):
    """What was thought at one moment: the change it makes, and what a benchmark wants to know besides."""

    change: Change
    lifecycle: Lifecycle
    state: Headline
    evidence: tuple[Evidence, ...]


def changes(recording: Recording, kind: Kind, family: Family, until: float | None = None) -> Iterator[Change]:
    """Yield what is said first, and then whenever it differs."""
    said: Change | None = None
    for judgement in judgements(recording, kind, family, until):
        change = judgement.change
        if said is None or msgspec.structs.replace(change, t=said.t) != said:
            said = change
            yield change


def judgements(recording: Recording, kind: Kind, family: Family, until: float | None = None) -> Iterator[Judgement]:
    """Yield what is thought at every mark and at every moment at which time alone may change it.

    ``until`` is how long the recording is, seconds, where that is known better than by its last event.
    """
    watch = _Watch(recording, kind, family)
    for mark, data in tape.marks(recording):
        yield from watch.wait(mark.monotonic)
        yield watch.take(mark, data)
    yield from watch.wait(tape.BEGIN_S + max(recording.end, until or 0.0))


class _Watch:
    """One agent as its unit would hold it; lives for one replay."""

    def __init__(self, recording: Recording, kind: Kind, family: Family) -> None:
        self._kind = kind
        self._spec = Spec(
            id="recording",
            name=recording.path.stem,
            kind=kind.name,
            family=kind.family,
            argv=kind.command or ("program",),
            cwd="/",
            project="/",
            created_at=recording.wall,
            pty=recording.pty,
            version=recording.version,
            rows=recording.rows,
            cols=recording.cols,
        )
        self._replica = Replica(kind, self._spec, family, _undecided)
        self._judge = Judge()
        self._view = View()
        self._made = Decisions()
        self._base = recording.wall - tape.BEGIN_S
        self._looked_at = -math.inf
        self._begun = False

    def take(self, mark: Mark, data: bytes) -> Judgement:
        """Feed a mark and judge."""
        self._begun = True
        self._replica.take(mark, data)
        return self._look(mark.monotonic)

    def wait(self, end: float) -> Iterator[Judgement]:
        """Let time pass until ``end``: adapters' deadlines, expiries, the end of settling, silence."""
        ticks = 0
        while self._begun and (due := self._next(ticks)) is not None and due[0] <= end:
            at, is_deadline = due
            if is_deadline:
                ticks += 1
                self._replica.tick()
                if self._replica.adapter.next_deadline() == at:
                    ticks = MAX_TICKS  # a timer that does not go on: the next mark may free it
            yield self._look(at)

    def _next(self, ticks: int) -> tuple[float, bool] | None:
        is_live = self._replica.vitals.lifecycle in LIVE
        deadline = self._replica.adapter.next_deadline() if is_live and ticks < MAX_TICKS else None
        recheck = self._view.recheck if is_live else None
        if recheck is not None and recheck <= self._looked_at:
            recheck = None  # it was looked at then: nothing but a mark can change it
        if deadline is not None and (recheck is None or deadline <= recheck):
            return deadline, True
        return None if recheck is None else (recheck, False)

    def _look(self, now: float) -> Judgement:
        replica = self._replica
        self._looked_at = now
        evidence = tuple(replica.adapter.evidence())
        is_live = replica.vitals.lifecycle in LIVE
        moment = Moment(now=now if is_live else replica.vitals.monotonic, wall=self._base + now, is_live=is_live)
        self._view = self._judge.look(
            replica.adapter, self._kind, replica.vitals, replica.conversation, evidence, moment, self._view
        )
        found = self._row()
        said = Change(
            t=round(now - tape.BEGIN_S, 6),
            turn=found.turn,
            blocked=found.blocked,
            health=found.health,
            headline=found.headline,
            source=found.source,
        )
        return Judgement(said, found.lifecycle, found.state, evidence)

    def _row(self) -> AgentRow:
        view, replica = self._view, self._replica
        return row.build(
            row.Parts(
                spec=self._spec,
                kind=self._kind,
                decisions=self._made,
                vitals=replica.vitals,
                conversation=replica.conversation,
                verdict=view.verdict,
                requests=view.requests,
                capabilities=view.capabilities,
                health=view.health,
                health_since=view.health_since,
                trouble=view.trouble,
                blocks=replica.fold.total,
                is_starting=view.is_starting,
            )
        )


def _undecided(_key: RequestKey) -> Decision | None:
    """Return nothing: who answered what is not in a recording."""
    return None
