"""A checkpoint and the rest of the marks equal the whole, at every cut point of every recorded session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import msgspec
import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import Adapter, Fact, Noted, TurnEnded
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.model import Block, Decision, Mark, Stream
from agents.spec import Kind, Spec
from agents.supervisor.replica import MAX_TICKS, Replica
from tests.unit.agents.adapters.dialogue import CORPUS, Dialogue, recordings
from tests.unit.agents.adapters.dialogue import spec_of as recorded_as
from tests.unit.agents.adapters.tape import Tape, kind, spec
from tests.unit.agents.adapters.test_acp_corpus import KIND, LOADED

SESSIONS = recordings("opencode")
RECORDED = recorded_as("opencode")


def marks_of(name: str) -> list[tuple[Mark, bytes]]:
    """Return the marks of a recording; a resumed session is the second process of the one that was killed."""
    dialogue = Dialogue(spec=spec_of(name), can_resume=name != "opencode-loaded")
    if name == "opencode-resumed":
        dialogue.play("opencode-killed")
        dialogue.drive.ctl("exit", code=None, signal=9)
    dialogue.play(name, 2 if name == "opencode-resumed" else 1)
    return dialogue.drive.tape.marks


def spec_of(name: str) -> Spec:
    return LOADED if name == "opencode-loaded" else RECORDED


def nobody(_: str) -> Decision | None:
    return None


def fresh(own: Spec = RECORDED) -> Replica:
    return Replica(KIND, own, AcpAdapter, nobody)


def feed(replica: Replica, marks: Sequence[tuple[Mark, bytes]]) -> dict[int, Block]:
    blocks: dict[int, Block] = {}
    for mark, data in marks:
        blocks |= {block.n: block for block in replica.take(mark, data).blocks}
    return blocks


def state(replica: Replica) -> tuple[Any, ...]:
    return (
        replica.vitals,
        replica.conversation,
        replica.adapter.dump(),
        msgspec.json.decode(replica.fold.dump()) | {"dirty": None},
        replica.adapter.evidence(),
    )


@pytest.mark.parametrize("name", SESSIONS)
def test_every_cut_point_of_a_recorded_session(name: str) -> None:
    marks = marks_of(name)
    own = spec_of(name)
    whole = fresh(own)
    blocks = feed(whole, marks)
    step = max(1, len(marks) // 60)
    for cut in range(0, len(marks) + 1, step):
        before, after = fresh(own), fresh(own)
        early = feed(before, marks[:cut])
        after.restore(before.dump(0), 0)
        late = feed(after, marks[cut:])
        assert state(after) == state(whole), f"cut before mark {cut}"
        assert {**early, **late} == blocks


def test_a_checkpoint_of_another_version_family_or_transcript_is_refused() -> None:
    replica = fresh()
    feed(replica, marks_of(SESSIONS[0]))
    saved = replica.dump(100)
    with pytest.raises(ValueError, match="no checkpoint"):
        fresh().restore(b"garbage", 100)
    with pytest.raises(ValueError, match="shorter"):
        fresh().restore(saved, 99)
    other = Replica(kind(family="terminal"), spec(family="terminal"), TerminalAdapter, nobody)
    with pytest.raises(ValueError, match="another version"):
        other.restore(saved, 100)
    fresh().restore(saved, 100)


class Ticking(Adapter):
    """Reports the end of a turn two seconds after the last output."""

    VERSION: ClassVar[int] = 1
    step: ClassVar[float] = 2.0

    def __init__(self, kind: Kind, spec: Spec) -> None:
        self.due: float | None = None
        self.log: list[tuple[str, float]] = []

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        self.log.append((data.decode(), mark.monotonic))
        if data == b"fail":
            raise ZeroDivisionError
        self.due = mark.monotonic + self.step
        return ()

    def tick(self, now: float) -> Sequence[Fact]:
        self.log.append(("tick", now))
        self.due = now if self.step == 0 else None
        return (TurnEnded(1, "settled", ok=True), Noted("tick"))

    def next_deadline(self) -> float | None:
        return self.due

    def dump(self) -> bytes:
        return msgspec.json.encode((self.due, self.log))

    @classmethod
    def load(cls, kind: Kind, spec: Spec, state: bytes) -> Self:
        adapter = cls(kind, spec)
        adapter.due, adapter.log = msgspec.json.decode(state, type=tuple[float | None, list[tuple[str, float]]])
        return adapter


class Endless(Ticking):
    step = 0.0


def ticking(cls: type[Ticking] = Ticking) -> Replica:
    return Replica(kind(), spec(), cls, nobody)


def test_deadlines_are_ticked_before_later_marks_with_exactly_their_time() -> None:
    tape, replica = Tape(), ticking()
    replica.take(*tape.add(Stream.OUT, b"a"))  # at 100
    taken = replica.take(*tape.add(Stream.OUT, b"b"))  # at 101: nothing is due
    assert taken.facts == ()
    tape.now = 110.0
    taken = replica.take(*tape.add(Stream.OUT, b"c"))
    assert isinstance(replica.adapter, Ticking)
    assert replica.adapter.log == [("a", 100.0), ("b", 101.0), ("tick", 103.0), ("c", 110.0)]
    assert isinstance(taken.facts[0], TurnEnded)
    assert taken.blocks[0].at == pytest.approx(tape.marks[1][0].wall + 2.0)


def test_a_live_tick_and_a_replayed_one_are_the_same() -> None:
    tape, live, replayed = Tape(), ticking(), ticking()
    first = tape.add(Stream.OUT, b"a")
    live.take(*first)
    live.tick()
    tape.now = 200.0
    second = tape.add(Stream.OUT, b"b")
    live.take(*second)
    for mark, data in (first, second):
        replayed.take(mark, data)
    assert live.adapter.dump() == replayed.adapter.dump()
    assert live.conversation == replayed.conversation


def test_a_deadline_survives_a_checkpoint() -> None:
    tape, before, after = Tape(), ticking(), ticking()
    before.take(*tape.add(Stream.OUT, b"a"))
    after.restore(before.dump(0), 0)
    tape.now = 110.0
    assert isinstance(after.take(*tape.add(Stream.OUT, b"b")).facts[0], TurnEnded)


def test_a_timer_that_never_moves_on_does_not_hold_the_loop() -> None:
    tape, replica = Tape(), ticking(Endless)
    replica.take(*tape.add(Stream.OUT, b"a"))
    replica.take(*tape.add(Stream.OUT, b"b"))
    assert isinstance(replica.adapter, Ticking)
    assert len(replica.adapter.log) < MAX_TICKS


def test_process_facts_are_taken_even_from_the_mark_an_adapter_fails_at() -> None:
    tape, replica = Tape(), ticking()
    replica.take(*tape.add(Stream.OUT, b"a"))
    with pytest.raises(ZeroDivisionError):
        replica.take(*tape.add(Stream.OUT, b"fail"))
    assert (replica.vitals.seq, replica.vitals.out_size) == (2, 5)


def test_the_corpus_is_there() -> None:
    assert len(SESSIONS) >= 5
    assert CORPUS.is_dir()
