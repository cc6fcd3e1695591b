"""An agent as a function of its marks: process facts, protocol, conversation and transcript, replayed or live.

No file, no clock, no task: the same marks give the same state, whoever feeds them and however often the daemon was
replaced in between. A checkpoint is this state; ``load(dump())`` and the rest of the marks equal the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from agents.adapters.contract import Adapter, Fact, RequestOpened
from agents.adapters.registry import Family
from agents.model import Block, Decision, Kind, Mark, RequestKey, Spec, Stream
from agents.supervisor.conversation import Conversation
from agents.supervisor.vitals import Vitals
from agents.transcript.fold import TranscriptFold

#: Raised whenever the meaning of vitals or conversation in a checkpoint changes.
VERSION = 4

#: Deadlines ticked before one mark; an adapter that wants more has a timer that never ends.
MAX_TICKS = 1000


class Checkpoint(msgspec.Struct):
    """The saved state; of any other version it is of no use and the marks are replayed."""

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


class Taken(msgspec.Struct, frozen=True):
    """What one mark or tick meant: facts, changed blocks, and the write it says is complete."""

    facts: tuple[Fact, ...] = ()
    blocks: tuple[Block, ...] = ()
    wrote: str | None = None


class Replica:
    """Owned by one unit. ``decided`` tells who answered a request, for the transcript."""

    def __init__(
        self, kind: Kind, spec: Spec, family: Family, decided: Callable[[RequestKey], Decision | None]
    ) -> None:
        self._kind = kind
        self._spec = spec
        self._family = family
        self._decided = decided
        self.vitals = Vitals()
        self.conversation = Conversation()
        self.adapter: Adapter = family(kind, spec)
        self.fold = TranscriptFold()
        self._last: Mark | None = None
        self._line = 0  # where in the log of stdout its unfinished line begins

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
        facts += self._apply(self.adapter.feed(mark, data), self._whole_lines(mark, data), mark.wall)
        return Taken(tuple(facts), self.fold.take(), wrote)

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
                adapter_version=self._family.VERSION,
                family=self._spec.family,
                adapter=self.adapter.dump(),
                fold=self.fold.dump(),
                vitals=self.vitals,
                conversation=self.conversation,
                last=self._last,
                transcript_size=transcript_size,
                line=self._line,
            )
        )

    def restore(self, state: bytes, transcript_size: int) -> None:
        """Go to a saved state. Raises ValueError when it is of another version or does not fit the transcript."""
        try:
            saved = msgspec.msgpack.decode(state, type=Checkpoint)
        except msgspec.DecodeError as error:
            raise ValueError(f"no checkpoint: {error}") from error
        mine = (VERSION, self._family.VERSION, self._spec.family)
        if (saved.version, saved.adapter_version, saved.family) != mine:
            raise ValueError("checkpoint of another version")
        if saved.transcript_size > transcript_size:
            raise ValueError("the transcript is shorter than the checkpoint says")
        adapter = self._family.load(self._kind, self._spec, saved.adapter)
        fold = TranscriptFold.load(saved.fold)
        self.adapter, self.fold = adapter, fold
        self.vitals, self.conversation = saved.vitals, saved.conversation
        self._last, self._line = saved.last, saved.line

    def begin_at(self, seq: int, session_id: str | None, blocks: int, turns: int) -> None:
        """Begin at a mark as if all before it had been another daemon's: what lay there was deleted.

        What the agent once said in its ``turns`` is in its transcript of ``blocks`` blocks; its session can go on.
        """
        spec = self._spec if session_id is None else msgspec.structs.replace(self._spec, session_id=session_id)
        self.adapter = self._family(self._kind, spec)
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
