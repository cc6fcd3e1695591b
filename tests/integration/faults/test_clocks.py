"""Suspend and clock steps: nobody was silent while nothing ran, and no time of day is trusted for a duration."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import events, wire
from agents.model import Headline, Health, Lifecycle, Rank, Turn
from agents.supervisor.health import SILENT_S, SILENT_TOOL_S
from tests.integration.faults.conftest import window

#: As long as the fault list asks for, and longer than a working agent may be silent.
SUSPEND_S = 180.0

ASK = [{"do": "run", "command": "echo x >> ran", "ask": True}]


def working(home: Any) -> str:
    agent: str = home.play([{"do": "say", "text": "on it"}, home.gate(), {"do": "say", "text": " done"}]).id
    home.until(agent, lambda row: row.turn is Turn.WORKING)
    return agent


def leases(home: Any) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(home.env["QUARTERDECK_LEASES"]).glob("*.json")}


def troubles(client: Any) -> list[str]:
    """Return what a subscriber was told that is wrong with anybody, and what the daemon warned of."""
    found: list[str] = []
    while (numbered := client.next_event(0)) is not None:
        match numbered.event:
            case events.AgentChanged(row) if row.health is not Health.OK or row.lifecycle is not Lifecycle.RUNNING:
                found.append(row.headline)
            case events.Noticed(level, text) if level != "info":
                found.append(text)
    return found


def stepped(home: Any, **options: Any) -> Path:
    """Start a daemon whose clocks a file sets wrong."""
    clock: Path = home.path / "clock"
    home.start(clock=str(clock), **options)
    return clock


def step(home: Any, clock: Path, *, wall: float, steady: float) -> None:
    """Have both clocks jump at once, and the daemon look at every agent before its own next beat."""
    new = clock.with_suffix(".new")
    new.write_text(f"{wall} {steady}")
    new.replace(clock)
    rows = home.call("agent.list").agents
    for row in rows:
        home.call("agent.annotate", wire.Annotate(row.id, note="looked at"))
    client = home.client()
    # Real time would have woken them: whoever is watched anew looks at once.
    client.call("pane.watch", wire.Watch(tuple(row.id for row in rows)))
    client.close()


def test_silence_is_marked_at_all(home: Any) -> None:
    """The control: time that the daemon takes for its own makes a working agent silent, and its end takes that back."""
    clock = stepped(home, jump_s=1e9)
    agent = working(home)
    step(home, clock, wall=SILENT_S + 1, steady=SILENT_S + 1)
    row = home.until(agent, lambda row: row.health is Health.STALLED)
    assert (row.state, row.turn) == (Headline.SILENT, Turn.WORKING)
    home.open_gate()
    assert home.wait(agent, "done", turn=1).row.health is Health.OK


def test_a_long_tool_that_prints_nothing_is_given_longer(home: Any) -> None:
    """A tool call that is open and sleeps, and one that computes: both are quiet for minutes, neither is stuck."""
    clock = stepped(home, jump_s=1e9)
    asleep = home.play([{"do": "run", "command": "sleep 500"}]).id
    busy = home.play([{"do": "run", "command": "while :; do :; done"}]).id
    control = working(home)
    for agent in (asleep, busy):
        home.until(agent, lambda row: row.turn is Turn.WORKING and row.activity)
        home.settle(
            lambda agent=agent: home.call("agent.explain", wire.AgentRef(agent)).evidence[-1].rank is Rank.PROCESS
        )
    step(home, clock, wall=SILENT_S + 1, steady=SILENT_S + 1)
    home.until(control, lambda row: row.health is Health.STALLED)
    assert [home.row(agent).health for agent in (asleep, busy)] == [Health.OK, Health.OK]
    step(home, clock, wall=SILENT_TOOL_S + SILENT_S, steady=SILENT_TOOL_S + SILENT_S)
    home.until(asleep, lambda row: row.health is Health.STALLED)
    assert home.row(busy).health is Health.OK
    says = home.call("agent.explain", wire.AgentRef(busy)).evidence[-1]
    assert (says.rank, says.turn) == (Rank.PROCESS, Turn.WORKING)
    assert "of a core, most by" in says.detail


def test_a_pause_of_three_minutes_makes_nobody_silent(home: Any) -> None:
    """What SIGSTOP or a paused VM does to the clocks, without the wait: no mark, no timeout, no lease, no notice."""
    clock = stepped(home)
    agent, asking = working(home), home.play(ASK).id
    request = home.wait(asking, "blocked").row.requests
    client, held = home.client(subscribe=True), leases(home)
    assert len(held) == 2
    step(home, clock, wall=SUSPEND_S, steady=SUSPEND_S)
    home.settle(lambda: "the clock jumped by 1" in home.log())
    assert home.row(asking).requests == request
    assert leases(home) == held
    home.open_gate()
    assert home.wait(agent, "done", turn=1).reached == "done"
    home.call("agent.answer", wire.AnswerRequest(asking, "allow"))
    assert home.wait(asking, "done", turn=1).reached == "done"
    assert troubles(client) == []


@contextlib.contextmanager
def suspended(pids: list[int], seconds: float) -> Iterator[None]:
    """Stop everything for so long, the daemon first; what runs inside waits for it to go on."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.2)  # the suspend itself: nothing can be waited for while everything is stopped
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)
    yield


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_suspend_of_everything_for_three_minutes_costs_nothing(running: Any) -> None:
    """Daemon, keepers, agents, a window and a waiting command are stopped for 180 s, with the times users have."""
    pytest.importorskip("PySide6")
    agent, asking = working(running), running.play(ASK).id
    request = running.wait(asking, "blocked").row.requests
    shell = running.run("shell", "cat", pty=False).id
    client, held = running.client(subscribe=True), leases(running)
    argv = [sys.executable, "-m", "app", "wait", agent, "--until", "done"]
    with (
        window(running) as shown,
        subprocess.Popen(argv, env=running.env, cwd=running.project) as waiting,  # noqa: TID251 (the test owns it)
    ):
        running.settle(lambda: running.call("daemon.status").clients == 4)  # they, the subscriber, and who asks
        rows = {row.id: (row.pid, row.incarnation) for row in running.call("agent.list").agents}
        with suspended([*running.everything(), shown.pid, waiting.pid], SUSPEND_S):
            assert running.row(asking).requests == request
        running.settle(lambda: "the clock jumped by 1" in running.log())
        assert leases(running) == held
        running.open_gate()
        assert waiting.wait(60) == 0
        running.call("agent.answer", wire.AnswerRequest(asking, "allow"))
        assert running.wait(asking, "done", turn=1).reached == "done"
        running.call("agent.input", wire.Input(shell, b"still here\n"))
        running.until(shell, lambda row: row.out_size == len("still here\n"))
        assert shown.poll() is None
        assert {row.id: (row.pid, row.incarnation) for row in running.call("agent.list").agents} == rows
    assert troubles(client) == []
    assert (running.project / "ran").read_text() == "x\n"
    assert "Traceback" not in running.log() + (running.path / "window.out").read_text()


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_step_of_the_wall_clock_changes_no_duration(home: Any, hours: int) -> None:
    """The time of day jumps while a turn runs, a message waits and a permission is open; and it stays wrong."""
    clock = stepped(home, beat_s=0.2)
    agent, asking = working(home), home.play(ASK).id
    home.wait(asking, "blocked")
    home.call("agent.send", wire.Send(asking, "second"))
    client = home.client(subscribe=True)
    step(home, clock, wall=hours * 3600, steady=0)
    home.settle(lambda: "the clock jumped" in home.log())
    assert home.row(asking).turn is Turn.BLOCKED
    home.call("agent.answer", wire.AnswerRequest(asking, "allow"))
    assert home.wait(asking, "done", turn=2).row.turn_number == 2
    home.open_gate()
    assert home.wait(agent, "done", turn=1).reached == "done"
    assert troubles(client) == []
    home.kill()
    home.start(clock=str(clock))
    rows = {row.id: (row.turn_number, row.lifecycle, row.recovery, row.health) for row in home.adopted()}
    assert rows == {
        agent: (1, Lifecycle.RUNNING, None, Health.OK),
        asking: (2, Lifecycle.RUNNING, None, Health.OK),
    }
    assert home.notices() == ""
