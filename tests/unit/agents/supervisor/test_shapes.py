"""One agent, several kinds: its log is read with the adapter each part was spoken to, at every cut the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.registry import families
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.model import Block, BlockKind, Capability, Mark, Stream
from agents.supervisor.replica import Replica
from agents.supervisor.shapes import Running, Shape, Wardrobe
from tests.unit.agents.adapters.dialogue import KINDS, Dialogue, session_of, spec_of
from tests.unit.agents.adapters.tape import kind

Marks = tuple[tuple[Mark, bytes], ...]

TUI = kind(name="opencode-tui", family="terminal", command=("opencode",), pty=True, sessions="opencode", title="TUI")
KIND, SPEC = KINDS["opencode"], spec_of("opencode")
SESSION = session_of("opencode-killed")
AS_TUI = Shape("opencode-tui", "terminal", ("opencode",), pty=True, session=SESSION, begun=True)
AS_ACP = Shape("opencode", "acp", SPEC.argv, session=SESSION, begun=True)

#: Incarnation 1 runs as its spec says; 2 in a terminal; 3 and 4 structured again.
LAUNCHED = {2: AS_TUI, 3: AS_ACP, 4: AS_ACP}


def replica(launched: dict[int, Shape] | None = None) -> Replica:
    own = Running(KIND, SPEC, AcpAdapter)
    wardrobe = Wardrobe(own, LAUNCHED if launched is None else launched, families(), {TUI.name: TUI}.get)
    return Replica(KIND, SPEC, AcpAdapter, lambda _: None, wardrobe)


@cache
def recorded(*, is_keeper_killed: bool = False) -> Marks:
    """Return the marks of a session that was structured, in a terminal, and structured again."""
    dialogue = Dialogue()
    drive = dialogue.drive
    dialogue.play("opencode-killed")
    if not is_keeper_killed:
        drive.ctl("exit", code=None, signal=9)
    drive.start(2)
    drive.feed(Stream.OUT, b"\x1b[2J not a line of any protocol\r\n")
    drive.feed(Stream.IN, b"fix it\r")
    drive.ctl("exit", code=0, signal=None)
    dialogue.play("opencode-resumed", 3)
    drive.ctl("exit", code=0, signal=None)
    drive.start(4)
    return tuple(drive.tape.marks)


def feed(target: Replica, marks: Sequence[tuple[Mark, bytes]]) -> dict[int, Block]:
    blocks: dict[int, Block] = {}
    for mark, data in marks:
        blocks |= {block.n: block for block in target.take(mark, data).blocks}
    return blocks


def state(target: Replica) -> tuple[Any, ...]:
    fold = msgspec.json.decode(target.fold.dump()) | {"dirty": None}
    return target.vitals, target.conversation, target.shape, type(target.adapter), target.adapter.dump(), fold


def until(marks: Marks, incarnation: int) -> int:
    """Return how many marks lie before the end of an incarnation's first mark."""
    starts = [n for n, (mark, data) in enumerate(marks) if mark.stream is Stream.CTL and b'"start"' in data]
    return starts[incarnation - 1] + 1


def test_each_part_of_the_log_is_read_with_its_own_adapter() -> None:
    marks, target = recorded(), replica()
    feed(target, marks[: until(marks, 2) - 1])
    assert isinstance(target.adapter, AcpAdapter)
    before = target.conversation.usage
    blocks = feed(target, marks[until(marks, 2) - 1 : until(marks, 3) - 1])
    assert isinstance(target.adapter, TerminalAdapter)
    assert Capability.TERMINAL in target.adapter.capabilities()
    assert [b.text for b in blocks.values() if b.kind is BlockKind.NOTE][:2] == [
        "From here it runs as TUI, so far as opencode.",
        "A new process continues here.",
    ]
    assert target.conversation.usage == before
    feed(target, marks[until(marks, 3) - 1 :])
    assert isinstance(target.adapter, AcpAdapter)
    assert target.conversation.session_id == SESSION
    assert target.conversation.ended, "the turn after the terminal was understood"


@pytest.mark.parametrize("is_keeper_killed", [False, True])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_checkpoint_and_rest_equal_the_whole_across_a_switch(data: st.DataObject, *, is_keeper_killed: bool) -> None:
    marks = recorded(is_keeper_killed=is_keeper_killed)
    cut = data.draw(st.integers(0, len(marks)))
    whole = replica()
    expected = feed(whole, marks)
    before, after = replica(), replica()
    early = feed(before, marks[:cut])
    after.restore(before.dump(0), 0)
    late = feed(after, marks[cut:])
    assert state(after) == state(whole)
    assert {**early, **late} == expected


def test_what_an_adapter_knew_is_there_again_when_its_kind_comes_back() -> None:
    marks = recorded()
    target = replica()
    feed(target, marks[: until(marks, 2) - 1])
    known = target.adapter.dump()
    feed(target, marks[until(marks, 2) - 1 : until(marks, 3)])
    alone = AcpAdapter.load(KIND, target._shapes.running(AS_ACP).spec, known)
    alone.feed(*marks[until(marks, 2) - 1])  # what closes the process before
    alone.feed(*marks[until(marks, 3) - 1])
    assert target.adapter.dump() == alone.dump()


def test_another_session_begins_with_an_empty_adapter() -> None:
    other = msgspec.structs.replace(AS_ACP, session="ses_other")
    marks = recorded()
    target = replica({2: AS_TUI, 3: other})
    feed(target, marks[: until(marks, 3)])
    fresh = AcpAdapter(KIND, msgspec.structs.replace(SPEC, session_id="ses_other"))
    fresh.feed(*marks[until(marks, 3) - 1])
    assert target.adapter.dump() == fresh.dump()


def test_a_shape_is_forgotten_by_nobody_who_dropped_the_log() -> None:
    target = replica()
    target.begin_at(40, SESSION, 3, 1, incarnation=2)
    assert isinstance(target.adapter, TerminalAdapter)
    assert target.vitals.seq == 40


def test_a_family_this_version_does_not_know_counts_as_none() -> None:
    wardrobe = Wardrobe(Running(KIND, SPEC, AcpAdapter), {2: Shape("new", "telepathy", ("x",))}, families(), {}.get)
    assert wardrobe.of(2) is None
    assert wardrobe.at(2).kind is KIND


def test_a_kind_whose_file_is_gone_goes_on_without_it() -> None:
    wardrobe = Wardrobe(Running(KIND, SPEC, AcpAdapter), LAUNCHED, families(), {}.get)
    running = wardrobe.at(2)
    assert (running.kind.name, running.kind.family, running.spec.pty) == ("opencode-tui", "terminal", True)
    assert running.spec.session_id == SESSION
