"""When an agent's processes are looked at: at a turn's end and before silence is marked, never while it rests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from agents.model import Turn
from agents.runtime import activity
from agents.runtime.activity import Member, Sample
from agents.status.reduce import Verdict
from agents.supervisor import looking
from agents.supervisor.judging import View
from agents.supervisor.looking import ADOPTED_S, AGAIN_S, SETTLE_S, Looking

#: What stands for the second in which CPU time is watched.
SPAN_S = 0.01

MAIN = Member(10, 1, 10, "agent", 0.0, 100.0)
HELPER = Member(11, 1, 10, "helper", 0.0, 90.0)
SERVER = Member(12, 1, 10, "server", 0.0, 1.0)


class Agent:
    """A unit as far as it is looked at: a clock set by hand, a process table made up, what was recorded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.clock = SimpleNamespace(monotonic=lambda: self.now, wall=lambda: self.now)
        self.services = SimpleNamespace(clock=self.clock, lane=asyncio.Lock())
        self.replica = SimpleNamespace(vitals=SimpleNamespace(pid=10))
        self.spec = SimpleNamespace(worktree=None, cwd="/nowhere")
        self.made = SimpleNamespace(baseline=None)
        self.view = View()
        self.catching_up, self.is_live, self.background = False, True, 0
        self.quiet_since, self.still_at, self.processes = 0.0, 0.0, None
        self.below: tuple[Member, ...] = (HELPER,)
        self.samples = 0
        monkeypatch.setattr(activity, "sample", self._sample)
        monkeypatch.setattr(activity, "alive", lambda members: tuple(m for m in members if m in self.below))
        monkeypatch.setattr(looking, "LOOK_S", SPAN_S)

    def _sample(self, pid: int) -> Sample:
        assert pid == 10
        self.samples += 1
        return Sample(MAIN, self.below)

    def record(self, record: dict[str, Any]) -> None:
        self.made.baseline = frozenset(record["pids"])

    def firewall(self, what: str) -> AbstractContextManager[None]:
        assert what
        return nullcontext()

    def changed(self) -> None:
        """Tell nobody."""

    wake = changed

    def turn(self, turn: Turn, **view: Any) -> None:
        self.view = View(verdict=Verdict(turn, since=self.now), **view)


def run(work: Callable[[Looking, Callable[[float], Any]], Any], agent: Agent) -> None:
    """Have ``work`` drive an agent's looking: ``at(now)`` steps at a moment and waits for what that began."""

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            begun: list[asyncio.Task[None]] = []
            owner = SimpleNamespace(create_task=lambda work: begun.append(tasks.create_task(work)))
            looks = Looking(agent, owner)  # type: ignore[arg-type]

            async def at(now: float) -> float | None:
                agent.now = now
                due = looks.step(now)
                while begun:
                    await begun.pop()
                return due

            await work(looks, at)

    asyncio.run(main())


def test_one_at_rest_is_never_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent(monkeypatch)

    async def work(_: Looking, at: Callable[[float], Any]) -> None:
        agent.turn(Turn.IDLE)
        await at(1000.0)
        assert agent.samples == 1  # its helpers, once
        for later in (1010.0, 2000.0, 90_000.0):
            assert await at(later) is None
        assert agent.samples == 1

    run(work, agent)


def test_what_a_turn_left_is_counted_and_then_only_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent(monkeypatch)

    async def work(_: Looking, at: Callable[[float], Any]) -> None:
        agent.turn(Turn.IDLE)
        await at(1000.0)
        agent.turn(Turn.WORKING)
        await at(1010.0)
        assert agent.made.baseline == {11}
        agent.below = (HELPER, SERVER)
        agent.now = 1020.0
        agent.turn(Turn.DONE)
        assert await at(1020.0) == 1020.0 + SETTLE_S
        await at(1020.0 + SETTLE_S)
        assert agent.background == 1
        counted = agent.samples
        await at(1021.0 + AGAIN_S)
        assert agent.samples == counted  # it is still there: nothing else was read
        agent.below = (HELPER,)
        await at(1022.0 + 2 * AGAIN_S)
        assert agent.background == 0
        assert await at(9000.0) is None

    run(work, agent)


def test_a_turn_that_ended_before_the_daemon_began_left_something_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent(monkeypatch)
    agent.made.baseline, agent.below = frozenset({11}), (HELPER, SERVER)

    async def work(_: Looking, at: Callable[[float], Any]) -> None:
        agent.turn(Turn.DONE)
        assert await at(1000.0) == 1000.0 + ADOPTED_S
        await at(1000.0 + ADOPTED_S)
        assert agent.background == 1

    run(work, agent)


@pytest.mark.parametrize("is_busy", [False, True])
def test_its_processes_are_watched_before_it_is_called_silent(monkeypatch: pytest.MonkeyPatch, is_busy: bool) -> None:
    agent = Agent(monkeypatch)
    agent.made.baseline = frozenset({11})
    due = 1100.0
    cpu = iter((0.0, 5.0 if is_busy else 0.0) * 4)

    def sample(_: int) -> Sample:
        agent.samples += 1
        return Sample(MAIN, (Member(11, 1, 10, "helper", next(cpu), 90.0),))

    monkeypatch.setattr(activity, "sample", sample)

    async def work(_: Looking, at: Callable[[float], Any]) -> None:
        agent.turn(Turn.WORKING, silent_from=due)
        assert await at(1000.0) == due - SPAN_S
        assert agent.samples == 0
        await at(due)
        assert agent.samples == 2
        assert agent.processes is not None
        assert agent.processes.turn is (Turn.WORKING if is_busy else Turn.IDLE)
        assert (agent.quiet_since, agent.still_at) == ((due, 0.0) if is_busy else (0.0, due))

    run(work, agent)


def test_one_that_ended_or_is_not_read_yet_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = Agent(monkeypatch)

    async def work(_: Looking, at: Callable[[float], Any]) -> None:
        agent.turn(Turn.DONE)
        agent.is_live = False
        assert await at(1000.0) is None
        agent.is_live, agent.catching_up = True, True
        assert await at(1001.0) is None
        assert agent.samples == 0

    run(work, agent)
