"""An agent as a function of its marks: process facts, protocol, conversation and transcript, replayed or live.

No file, no clock, no task: the same marks give the same state, whoever feeds them and however often the daemon was
replaced in between. A checkpoint is this state; ``load(dump())`` and the rest of the marks equal the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from agents.adapters.contract import Adapter, Fact, Noted, ProcessStarted, RequestOpened
from agents.adapters.process import read_control
from agents.adapters.registry import Family
from agents.model import Block, Decision, Mark, RequestKey, Stream
from agents.spec import Kind, Spec
from agents.supervisor.conversation import Conversation
from agents.supervisor.shapes import Running, Shape, Shapes, Unshaped
from agents.supervisor.vitals import Vitals
from agents.transcript.fold import TranscriptFold

#: Raised whenever the meaning of vitals or conversation in a checkpoint changes.
VERSION = 7

#: Deadlines ticked before one mark; an adapter that wants more has a timer that never ends.
MAX_TICKS = 1000


class Parked(msgspec.Struct, frozen=True):
    """What the adapter of a kind knew about a session when the agent went on as another kind."""

    session: str | None
    version: int
    state: bytes


class Checkpoint(msgspec.Struct):
    """The saved state; of any other version it is of no use and the marks are replayed.

    ``shape`` is what the process ran as that ``adapter`` last heard of.
    """

    version: int
    adapter_version: int
    family: str
    adapter: bytes
    fold: bytes
    vitals: Vitals
    conversation: Conversation
    last: Mark | None = None
    transcript_size: int = 0
    line: int = 0
    shape: Shape | None = None
    parked: dict[str, Parked] = {}


class Taken(msgspec.Struct, frozen=True):
    """What one mark or tick meant: facts, changed blocks, and the write it says is complete."""

    facts: tuple[Fact, ...] = ()
    blocks: tuple[Block, ...] = ()
    wrote: str | None = None


class Replica:
    """Owned by one unit. ``decided`` tells who answered a request, for the transcript; ``shapes`` what ran as what."""

    def __init__(
        self,
        kind: Kind,
        spec: Spec,
        family: Family,
        decided: Callable[[RequestKey], Decision | None],
        shapes: Shapes | None = None,
    ) -> None:
        self._shapes = shapes or Unshaped(Running(kind, spec, family))
        self._shape: Shape | None = None
        self._running = Running(kind, spec, family)
        self._parked: dict[str, Parked] = {}
        self._decided = decided
        self.vitals = Vitals()
        self.conversation = Conversation()
        self.adapter: Adapter = family(kind, spec)
        self.fold = TranscriptFold()
        self._last: Mark | None = None
        self._line = 0  # where in the log of stdout its unfinished line begins

    @property
    def shape(self) -> Shape | None:
        """Return what the process ran as that the adapter last heard of."""
        return self._shape

    def take(self, mark: Mark, data: bytes) -> Taken:
        """Feed one mark, after the deadlines that lie before it."""
        wrote = self.vitals.feed(mark, data)
        facts: list[Fact] = []
        for _ in range(MAX_TICKS):
            due = self.adapter.next_deadline()
            if due is None or due > mark.monotonic or self._last is None:
                break
            facts += self._apply(self.adapter.tick(due), self._last, self._wall(due, self._last))
            if self.adapter.next_deadline() == due:
                break
        self._last = mark
        if mark.stream is Stream.CTL:
            facts += self._change(mark, data)
        facts += self._apply(self.adapter.feed(mark, data), self._whole_lines(mark, data), mark.wall)
        return Taken(tuple(facts), self.fold.take(), wrote)

    def _change(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        """Before a process that runs as something else: let the adapter so far close what is open, take the other."""
        control = read_control(data)
        shape = self._shapes.of(control.incarnation) if control is not None and control.ev == "start" else self._shape
        if shape == self._shape:
            return ()
        closing = [fact for fact in self.adapter.feed(mark, data) if not isinstance(fact, ProcessStarted)]
        former = self._running
        if self.conversation.started:  # else there is nothing yet that it could know
            known = Parked(self.conversation.session_id, former.family.VERSION, self.adapter.dump())
            self._parked[former.kind.name] = known
        self._shape, self._running = shape, self._shapes.running(shape)
        kind = self._running.kind
        self.adapter = self._unparked() or self._running.family(kind, self._running.spec)
        if kind.name != former.kind.name:
            words = (
                f"From here it runs as {kind.title or kind.name}, so far as {former.kind.title or former.kind.name}."
            )
            closing.append(Noted(words, level="note"))
        return self._apply(closing, mark, mark.wall)

    def _unparked(self) -> Adapter | None:
        """Return the adapter the kind had before, if it still is about the same session: totals go on in it."""
        known, running = self._parked.pop(self._running.kind.name, None), self._running
        if known is None or known.session != running.spec.session_id or known.version != running.family.VERSION:
            return None
        return running.family.load(running.kind, running.spec, known.state)

    def _whole_lines(self, mark: Mark, data: bytes) -> Mark:
        """Return the mark from where its first line begins: a long message comes in many marks, its facts in one."""
        if mark.stream is not Stream.OUT:
            return mark
        begun, end = min(self._line, mark.offset), mark.offset + mark.length
        newline = data.rfind(b"\n")
        if newline >= 0:
            self._line = mark.offset + newline + 1
        return msgspec.structs.replace(mark, offset=begun, length=end - begun)

    def tick(self) -> Taken:
        """Reach the adapter's next deadline: with exactly that time, so that a replay does the same."""
        due = self.adapter.next_deadline()
        if due is None or self._last is None:
            return Taken()
        facts = self._apply(self.adapter.tick(due), self._last, self._wall(due, self._last))
        return Taken(tuple(facts), self.fold.take())

    def decide(self, decision: Decision) -> None:
        """Say who answered, before the agent's stream says that it was answered."""
        self.fold.decide(decision)

    def dump(self, transcript_size: int) -> bytes:
        """Return the whole state."""
        return msgspec.msgpack.encode(
            Checkpoint(
                version=VERSION,
                adapter_version=self._running.family.VERSION,
                family=self._running.spec.family,
                adapter=self.adapter.dump(),
                fold=self.fold.dump(),
                vitals=self.vitals,
                conversation=self.conversation,
                last=self._last,
                transcript_size=transcript_size,
                line=self._line,
                shape=self._shape,
                parked=self._parked,
            )
        )

    def restore(self, state: bytes, transcript_size: int) -> None:
        """Go to a saved state. Raises ValueError when it is of another version or does not fit the transcript."""
        try:
            saved = msgspec.msgpack.decode(state, type=Checkpoint)
        except msgspec.DecodeError as error:
            raise ValueError(f"no checkpoint: {error}") from error
        if saved.version != VERSION:
            raise ValueError("checkpoint of another version")
        running = self._shapes.running(saved.shape)
        if (saved.adapter_version, saved.family) != (running.family.VERSION, running.spec.family):
            raise ValueError("checkpoint of another version")
        if saved.transcript_size > transcript_size:
            raise ValueError("the transcript is shorter than the checkpoint says")
        adapter = running.family.load(running.kind, running.spec, saved.adapter)
        fold = TranscriptFold.load(saved.fold)
        self._shape, self._running, self._parked = saved.shape, running, saved.parked
        self.adapter, self.fold = adapter, fold
        self.vitals, self.conversation = saved.vitals, saved.conversation
        self._last, self._line = saved.last, saved.line

    def begin_at(self, seq: int, session_id: str | None, blocks: int, turns: int, incarnation: int) -> None:
        """Begin at a mark as if all before it had been another daemon's: what lay there was deleted.

        What the agent once said in its ``turns`` is in its transcript of ``blocks`` blocks; its session can go on.
        ``incarnation`` is the newest one that was launched.
        """
        self._shape, self._parked = self._shapes.of(incarnation), {}
        running = self._running = self._shapes.running(self._shape)
        spec = running.spec if session_id is None else msgspec.structs.replace(running.spec, session_id=session_id)
        self.adapter = running.family(running.kind, spec)
        self.fold = TranscriptFold.after(blocks)
        self.vitals = Vitals(seq=seq)
        self.conversation = Conversation(session_id=session_id, started=turns, ended=turns)
        self._last, self._line = None, 0

    def _apply(self, facts: Sequence[Fact], mark: Mark, wall: float) -> Sequence[Fact]:
        if facts:
            self.fold.feed(facts, mark, wall)
        for fact in facts:
            self.conversation.apply(fact, mark.seq, wall)
            if isinstance(fact, RequestOpened):
                decision = self._decided(fact.request.key)
                if decision is not None:
                    self.fold.decide(decision)
        return facts

    @staticmethod
    def _wall(due: float, last: Mark) -> float:
        return last.wall + max(0.0, due - last.monotonic)
