"""kill -9 of the window: daemon and agents do not notice, and the next window shows the same fleet."""

from __future__ import annotations

from typing import Any

import pytest

from agents import wire
from agents.model import Lifecycle
from tests.integration.faults.conftest import window

pytest.importorskip("PySide6")


def test_a_killed_window_costs_nothing(running: Any) -> None:
    agent = running.play([{"do": "run", "command": "echo x >> ran", "ask": True}]).id
    before = running.wait(agent, "blocked").row
    with window(running) as first:
        first.kill()
        first.wait()
        running.settle(lambda: running.call("daemon.status").clients == 1)  # the one who asks
        row = running.row(agent)
        assert (row.lifecycle, row.pid, row.requests) == (Lifecycle.RUNNING, before.pid, before.requests)
    with window(running) as second:
        running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
        assert running.wait(agent, "done", turn=1).reached == "done"
        assert second.poll() is None
    assert (running.project / "ran").read_text() == "x\n"
    assert "Traceback" not in (running.path / "window.out").read_text()


def test_a_window_outlives_the_daemon(running: Any) -> None:
    """The daemon is killed under an open window: the window starts the next one, which adopts."""
    agent = running.run("shell", "sleep", "600").id
    with window(running) as shown:
        running.kill()
        running.settle(running.is_listening)
        (row,) = running.adopted()
        assert (row.id, row.lifecycle) == (agent, Lifecycle.RUNNING)
        assert shown.poll() is None
    # Only now: an open window would start yet another one.
    running.call("daemon.stop")
    running.settle(lambda: not running.is_listening())
