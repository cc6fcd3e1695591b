"""``wait``: what counts as reached, for which turn, and when it can no longer come."""

from __future__ import annotations

from typing import Any

import pytest

from agents.model import AgentRow, Health, Lifecycle, Turn
from agents.supervisor.waits import Progress, reached


def row(turn: Turn = Turn.UNKNOWN, lifecycle: Lifecycle = Lifecycle.RUNNING, **fields: Any) -> AgentRow:
    return AgentRow(
        id="a",
        name="a",
        kind="k",
        family="f",
        project="/",
        branch=None,
        cwd="/",
        lifecycle=lifecycle,
        exit_code=None,
        turn=turn,
        blocked=None,
        health=Health.OK,
        headline="",
        since=0.0,
        unread=0,
        cost=None,
        team=None,
        labels=(),
        **fields,
    )


@pytest.mark.parametrize(
    ("until", "turn", "state", "progress", "expected"),
    [
        ("idle", None, Turn.IDLE, Progress(), "idle"),
        ("idle", None, Turn.DONE, Progress(1, 1), "idle"),
        ("idle", None, Turn.ERROR, Progress(1, 1), "idle"),
        ("idle", None, Turn.WORKING, Progress(1, 0), None),
        ("idle", None, Turn.UNKNOWN, Progress(), None),
        ("idle", None, Turn.IDLE, Progress(1, 1, waiting=True), None),  # a message was just sent
        ("idle", 2, Turn.DONE, Progress(1, 1), None),  # the turn before is over, not this one
        ("idle", 2, Turn.DONE, Progress(2, 2), "idle"),
        ("idle", 2, Turn.DONE, Progress(3, 3), "idle"),
        ("done", None, Turn.IDLE, Progress(), None),  # nothing was done yet
        ("done", None, Turn.IDLE, Progress(1, 1), "done"),
        ("done", 1, Turn.DONE, Progress(1, 1), "done"),
        ("done", 1, Turn.ERROR, Progress(1, 1), "failed"),
        ("done", 1, Turn.ERROR, Progress(2, 2), "done"),  # a later turn failed
        ("done", 2, Turn.WORKING, Progress(2, 1), None),
        ("blocked", None, Turn.BLOCKED, Progress(1, 0), "blocked"),
        ("blocked", 2, Turn.BLOCKED, Progress(1, 0), None),
        ("blocked", 2, Turn.BLOCKED, Progress(2, 1), "blocked"),
        ("blocked", None, Turn.WORKING, Progress(1, 0), None),
        ("exited", None, Turn.DONE, Progress(1, 1), None),
        ("idle", 2, Turn.DONE, Progress(1, 1, undelivered=frozenset({2})), "failed"),
    ],
)
def test_a_living_agent(until: str, turn: int | None, state: Turn, progress: Progress, expected: str | None) -> None:
    assert reached(until, turn, row(state), progress) == expected


@pytest.mark.parametrize("until", ["idle", "blocked", "done", "exited"])
@pytest.mark.parametrize(
    ("lifecycle", "expected"),
    [(Lifecycle.EXITED, "exited"), (Lifecycle.FAILED, "failed"), (Lifecycle.LOST, "failed")],
)
def test_what_cannot_come_any_more_is_said(until: str, lifecycle: Lifecycle, expected: str) -> None:
    assert reached(until, None, row(Turn.DONE, lifecycle), Progress(1, 1)) == expected
    assert reached(until, 5, row(Turn.UNKNOWN, lifecycle), Progress(1, 1)) == expected


def test_nothing_is_reached_while_the_log_is_replayed() -> None:
    assert reached("idle", None, row(Turn.IDLE, catching_up=True), Progress()) is None
    assert reached("exited", None, row(Turn.IDLE, Lifecycle.EXITED, catching_up=True), Progress()) is None
