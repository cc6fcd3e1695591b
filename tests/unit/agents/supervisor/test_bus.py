"""Numbers without gaps in what is kept, one event for a burst of changes, and a history that knows what it lost."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from agents.events import AgentAdded, AgentChanged, AgentRemoved, BlocksChanged, Noticed, NumberedEvent
from agents.model import AgentRow, Block, BlockKind, Health, Lifecycle, Turn
from agents.supervisor.bus import LAZY_S, SIZES_S, URGENT_S, EventBus


def row(agent: str = "a1", **fields: object) -> AgentRow:
    base = AgentRow(
        id=agent,
        name=agent,
        kind="k",
        family="f",
        project="/p",
        branch=None,
        cwd="/p",
        lifecycle=Lifecycle.RUNNING,
        exit_code=None,
        turn=Turn.UNKNOWN,
        blocked=None,
        health=Health.OK,
        headline="",
        since=0.0,
        unread=0,
        cost=None,
        team=None,
        labels=(),
    )
    return msgspec.structs.replace(base, **fields)


class Timers:
    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        self.calls.append((when, callback))
        return None

    def advance(self, seconds: float) -> None:
        self.now += seconds
        while due := sorted((c for c in self.calls if c[0] <= self.now), key=lambda c: c[0]):
            self.calls.remove(due[0])
            due[0][1]()


class Stage:
    def __init__(self, history: int = 100) -> None:
        self.rows: dict[str, AgentRow] = {}
        self.timers = Timers()
        self.bus = EventBus(self.rows.get, self.timers, history)
        self.seen: list[NumberedEvent] = []
        self.bus.subscribe(self.seen.append)

    def add(self, agent: str = "a1") -> None:
        self.rows[agent] = row(agent)
        self.bus.publish(AgentAdded(self.rows[agent]))

    def events(self) -> list[object]:
        return [numbered.event for numbered in self.seen]


def test_a_burst_of_changes_is_one_event_with_the_last_row() -> None:
    stage = Stage()
    stage.add()
    for unread in range(1, 50):
        stage.rows["a1"] = row(unread=unread)
        stage.bus.touch("a1")
    assert len(stage.seen) == 1
    stage.timers.advance(URGENT_S)
    assert stage.events()[1:] == [AgentChanged(row(unread=49))]


def test_a_change_back_is_no_event() -> None:
    stage = Stage()
    stage.add()
    stage.rows["a1"] = row(unread=1)
    stage.bus.touch("a1")
    stage.rows["a1"] = row()
    stage.timers.advance(1)
    assert len(stage.seen) == 1


def test_a_lazy_change_waits_and_an_urgent_one_overtakes_it() -> None:
    stage = Stage()
    stage.add()
    stage.rows["a1"] = row(note="n")
    stage.bus.touch("a1", lazy=True)
    stage.timers.advance(URGENT_S)
    assert len(stage.seen) == 1
    stage.bus.touch("a1")
    stage.timers.advance(URGENT_S)
    assert len(stage.seen) == 2
    stage.timers.advance(LAZY_S)
    assert len(stage.seen) == 2


def test_sizes_alone_are_told_seldom_and_with_whatever_else_changes() -> None:
    stage = Stage()
    stage.add()
    for size in range(1, 11):
        stage.rows["a1"] = row(out_size=size)
        stage.bus.touch("a1", lazy=True)
        stage.timers.advance(1)
    assert len(stage.seen) == 1
    stage.rows["a1"] = row(out_size=11, note="n")
    stage.bus.touch("a1")
    stage.timers.advance(URGENT_S)
    assert stage.events()[1:] == [AgentChanged(stage.rows["a1"])]
    stage.rows["a1"] = row(out_size=12, note="n")
    stage.bus.touch("a1", lazy=True)
    stage.timers.advance(LAZY_S)
    assert len(stage.seen) == 2
    stage.timers.advance(SIZES_S)
    assert stage.events()[2:] == [AgentChanged(stage.rows["a1"])]


def test_a_snapshot_holds_sizes_that_were_not_told() -> None:
    stage = Stage()
    stage.add()
    stage.rows["a1"] = row(out_size=1)
    stage.bus.touch("a1", lazy=True)
    stage.timers.advance(1)
    stage.bus.flush()
    assert stage.events()[1:] == [AgentChanged(stage.rows["a1"])]


def test_every_agent_is_told_at_its_own_time() -> None:
    stage = Stage()
    stage.add("a1")
    stage.add("b1")
    stage.rows |= {"a1": row("a1", unread=1), "b1": row("b1", unread=1)}
    stage.bus.touch("a1", lazy=True)
    stage.bus.touch("b1")
    stage.timers.advance(URGENT_S)
    assert stage.events()[2:] == [AgentChanged(stage.rows["b1"])]
    stage.timers.advance(LAZY_S)
    assert stage.events()[3:] == [AgentChanged(stage.rows["a1"])]


def test_a_removed_agent_is_not_told_about_any_more() -> None:
    stage = Stage()
    stage.add()
    stage.rows["a1"] = row(unread=1)
    stage.bus.touch("a1")
    stage.bus.publish(AgentRemoved("a1"))
    del stage.rows["a1"]
    stage.timers.advance(1)
    assert [type(e) for e in stage.events()] == [AgentAdded, AgentRemoved]


def test_history_replays_what_came_after_and_admits_what_is_gone() -> None:
    stage = Stage(history=3)
    for n in range(5):
        stage.bus.publish(Noticed("info", str(n), 0.0))
    assert [e.seq for e in stage.bus.since(2) or ()] == [3, 4, 5]
    assert stage.bus.since(5) == []
    assert stage.bus.since(1) is None  # event 2 is gone
    assert stage.bus.since(6) is None  # never given out: another daemon's number


def test_transcript_events_take_numbers_but_no_room_in_the_history() -> None:
    stage = Stage(history=2)
    stage.bus.publish(Noticed("info", "first", 0.0))
    for n in range(10):
        stage.bus.publish(BlocksChanged("a1", (Block(n, 1, BlockKind.NOTE, 0, 0.0),)))
    stage.bus.publish(Noticed("info", "second", 0.0))
    kept = stage.bus.since(0)
    assert kept is not None
    assert [e.seq for e in kept] == [1, 12]
    assert [e.seq for e in stage.seen] == list(range(1, 13))


@pytest.mark.parametrize("at", range(6))
def test_a_snapshot_and_the_events_behind_it_equal_all_events(at: int) -> None:
    stage = Stage()
    stage.add()
    snapshots = {}
    for unread in range(1, 6):
        stage.rows["a1"] = row(unread=unread)
        stage.bus.touch("a1")
        if unread == at:
            stage.bus.flush()
            snapshots = {"seq": stage.bus.seq, "rows": dict(stage.rows)}
        if unread % 2:
            stage.timers.advance(1)
    stage.bus.flush()
    rows = snapshots.get("rows", {})
    for numbered in stage.bus.since(snapshots.get("seq", 0)) or ():
        if isinstance(numbered.event, AgentAdded | AgentChanged):
            rows[numbered.event.row.id] = numbered.event.row
    assert rows == stage.rows
