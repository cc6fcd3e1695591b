"""Suspend and clock steps: nobody was silent while nothing ran, and no time of day is trusted for a duration."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from agents import events, wire
from agents.model import Headline, Health, Turn

#: A working agent is marked as silent after so long here; the daemon looks at its clocks this often.
SILENT_S, HEARTBEAT_S, JUMP_S = 1.5, 0.2, 0.5


def working(home: Any) -> str:
    agent: str = home.play([{"do": "say", "text": "on it"}, home.gate(), {"do": "say", "text": " done"}]).id
    home.until(agent, lambda row: row.turn is Turn.WORKING)
    return agent


def test_silence_is_marked_at_all(home: Any) -> None:
    """The control: with these numbers, and no suspend, a silent agent is found."""
    home.start(silent_s=SILENT_S, heartbeat_s=HEARTBEAT_S, jump_s=JUMP_S)
    agent = working(home)
    row = home.until(agent, lambda row: row.health is Health.STALLED)
    assert (row.state, row.turn) == (Headline.SILENT, Turn.WORKING)
    home.open_gate()
    assert home.wait(agent, "done", turn=1).row.health is Health.OK


def test_a_suspend_of_everything_makes_nobody_silent(home: Any) -> None:
    """Stopped for longer than the limit, then let go on: the timers begin anew."""
    home.start(silent_s=SILENT_S, heartbeat_s=HEARTBEAT_S, jump_s=JUMP_S)
    agent = working(home)
    everything = home.everything()
    client = home.client(subscribe=True)
    for pid in everything:
        os.kill(pid, signal.SIGSTOP)
    slept = time.monotonic() + SILENT_S + 4 * JUMP_S
    while time.monotonic() < slept:
        time.sleep(0.05)  # the suspend itself: nothing can be waited for while everything is stopped
    for pid in reversed(everything):
        os.kill(pid, signal.SIGCONT)
    home.settle(lambda: "the clock jumped" in home.log())
    home.open_gate()
    assert home.wait(agent, "done", turn=1).reached == "done"
    stalled: list[str] = []
    while (event := client.next_event(0)) is not None:
        if isinstance(event.event, events.AgentChanged) and event.event.row.health is Health.STALLED:
            stalled.append(event.event.row.headline)
    assert stalled == []


@pytest.mark.parametrize("hours", [-5, pytest.param(5, marks=pytest.mark.slow)])
def test_a_step_of_the_wall_clock_changes_no_duration(home: Any, hours: int) -> None:
    """The time of day jumps while a message waits and a permission is open: both go on, and the order holds."""
    home.env["FAKE_WALL"] = str(home.path / "wall")
    home.start(heartbeat_s=HEARTBEAT_S, jump_s=JUMP_S)
    agent = home.play([{"do": "run", "command": "echo x >> ran", "ask": True}]).id
    home.wait(agent, "blocked")
    home.call("agent.send", wire.Send(agent, "second"))
    (home.path / "wall").write_text(str(hours * 3600))
    home.settle(lambda: "the clock jumped" in home.log())
    assert home.row(agent).turn is Turn.BLOCKED
    home.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    row = home.wait(agent, "done", turn=2).row
    assert (row.turn_number, row.health) == (2, Health.OK)
    home.kill()
    home.start()
    (again,) = home.adopted()
    assert (again.turn_number, again.lifecycle, again.recovery) == (2, "running", None)
