"""The stop ladder: order, idempotence, overtaking, and an end to killing."""

from __future__ import annotations

import pytest

from agents.runtime.keep import ladder as module
from agents.runtime.keep.ladder import RESWEEP_S, ROUND_S, SWEEP_S, Ladder

GROUP = 50


class Machine:
    """Stands for clock, signals and process table."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[tuple[int, int]] = []
        self.alive = {50: 50, 51: 50, 60: 60}  # pid to group
        self.mortal = True

    def kill(self, pid: int, number: int) -> bool:
        self.sent.append((pid, number))
        if number == 9 and self.mortal:
            self.alive.pop(pid, None)
        return True

    def descendants(self, group: int) -> dict[int, int]:
        assert group == GROUP
        return dict(self.alive)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(module, "kill", machine.kill)
    monkeypatch.setattr(module, "descendants", machine.descendants)
    monkeypatch.setattr(module.time, "monotonic", lambda: machine.now)
    return machine


def climb(ladder: Ladder, machine: Machine) -> str:
    machine.now = ladder.due
    return ladder.climb(machine.now)


def test_steps_come_in_order_each_after_its_grace(machine: Machine) -> None:
    closed: list[float] = []
    ladder = Ladder(GROUP, {"eof": 1.0, "int": 2.0}, lambda: closed.append(machine.now))
    ladder.start(("kill", "term", "int", "eof"))
    assert [(climb(ladder, machine), machine.now) for _ in range(4)] == [
        ("eof", 100.0),
        ("int", 101.0),
        ("term", 103.0),
        ("kill", 106.0),
    ]
    assert closed == [100.0]
    assert machine.alive == {}


def test_a_signal_reaches_the_group_at_once_and_each_outsider_once(machine: Machine) -> None:
    ladder = Ladder(GROUP, {}, list)
    ladder.start(("int",))
    climb(ladder, machine)
    assert machine.sent == [(-GROUP, 2), (60, 2)]


def test_a_stopped_process_is_woken_for_its_sigterm(machine: Machine) -> None:
    ladder = Ladder(GROUP, {}, list)
    ladder.start(("term",))
    climb(ladder, machine)
    assert machine.sent == [(-GROUP, 15), (60, 15), (-GROUP, 18), (60, 18)]


def test_only_a_shorter_way_counts_while_climbing(machine: Machine) -> None:
    ladder = Ladder(GROUP, {}, list)
    ladder.start(("eof", "int", "term", "kill"))
    climb(ladder, machine)
    due = ladder.due
    ladder.start(("eof", "int", "term", "kill"))
    ladder.start(("int", "term", "kill"))
    assert (ladder.steps, ladder.due) == (["int", "term", "kill"], due)
    ladder.start(("kill",))
    assert climb(ladder, machine) == "kill"
    ladder.start(("kill",))
    assert ladder.steps == []


def test_unknown_steps_and_no_steps_are_nothing(machine: Machine) -> None:
    ladder = Ladder(GROUP, {}, list)
    ladder.start(("beg",))
    assert not ladder.active
    assert ladder.due == float("inf")


def test_killing_is_repeated_then_rarely_then_hopeless(machine: Machine) -> None:
    machine.mortal = False
    ladder = Ladder(GROUP, {}, list)
    ladder.start(("kill",))
    assert climb(ladder, machine) == "kill"
    assert ladder.due == machine.now + ROUND_S
    assert climb(ladder, machine) == ""
    assert not ladder.hopeless(machine.now)
    machine.now += SWEEP_S + 1
    ladder.climb(machine.now)
    assert ladder.due == machine.now + RESWEEP_S
    assert ladder.hopeless(machine.now)
    ladder.rest()
    assert not ladder.hopeless(machine.now)
    assert ladder.due == float("inf")


def test_everything_is_stopped_before_anything_is_killed(machine: Machine) -> None:
    ladder = Ladder(GROUP, {}, list)
    ladder.start(("kill",))
    climb(ladder, machine)
    assert [number for _, number in machine.sent] == [19] * 3 + [9] * 3
