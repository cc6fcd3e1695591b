"""``wait``: what counts as reached, for which turn, and when it can no longer come."""

from __future__ import annotations

from typing import Any

import pytest

from agents.model import AgentRow, Blocked, Health, Lifecycle, Request, Turn, TurnEnd
from agents.supervisor.waits import DELIVERED, UNTIL, Progress, Wanted, reached

OK, BAD = TurnEnd(1, "end_turn", ok=True), TurnEnd(1, "error", ok=False)


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


def look(until: str, turn: int | None, state: AgentRow, progress: Progress, **more: Any) -> str | None:
    return reached(Wanted((until,), turn, **more), state, progress)


def far(started: int, ended: int, **fields: Any) -> Progress:
    return Progress(started=started, ended=ended, **fields)


@pytest.mark.parametrize(
    ("until", "turn", "state", "progress", "expected"),
    [
        ("idle", None, Turn.IDLE, Progress(), "idle"),
        ("idle", None, Turn.DONE, far(1, 1), "idle"),
        ("idle", None, Turn.ERROR, far(1, 1), "idle"),
        ("idle", None, Turn.WORKING, far(1, 0), None),
        ("idle", None, Turn.UNKNOWN, Progress(), None),
        ("idle", None, Turn.IDLE, far(1, 1, waiting=True), None),  # a message was just sent
        ("idle", 2, Turn.DONE, far(1, 1), None),  # the turn before is over, not this one
        ("idle", 2, Turn.DONE, far(2, 2), "idle"),
        ("idle", 2, Turn.DONE, far(3, 3), "idle"),
        ("done", None, Turn.IDLE, Progress(), None),  # nothing was done yet
        ("done", None, Turn.IDLE, far(1, 1), "done"),
        ("done", None, Turn.ERROR, far(1, 1), "failed"),
        ("done", 1, Turn.DONE, far(1, 1, ends={1: OK}), "done"),
        ("done", 1, Turn.WORKING, far(1, 1, ends={1: OK}), None),  # not settled yet
        ("done", 1, Turn.WORKING, far(2, 1, ends={1: OK}), None),
        ("done", 1, Turn.WORKING, far(3, 2, ends={1: OK}), "done"),  # long over, another one runs
        ("done", 1, Turn.ERROR, far(1, 1), "failed"),
        ("done", 1, Turn.WORKING, far(2, 1, ends={1: BAD}), "failed"),  # whatever runs since
        ("done", 1, Turn.DONE, far(2, 2, ends={1: BAD}), "failed"),
        ("done", 1, Turn.BLOCKED, far(1, 1, ends={1: BAD}), "failed"),  # it failed for want of a login
        ("done", 1, Turn.ERROR, far(2, 2, ends={1: OK}), "done"),  # a later turn failed
        ("done", 2, Turn.WORKING, far(2, 1), None),
        ("working", None, Turn.WORKING, far(1, 0), "working"),
        ("working", 2, Turn.WORKING, far(1, 0), None),
        ("working", 1, Turn.DONE, far(1, 1), "over"),
        ("blocked", None, Turn.BLOCKED, far(1, 0), "blocked"),
        ("blocked", 2, Turn.BLOCKED, far(1, 0), None),
        ("blocked", 2, Turn.BLOCKED, far(2, 1), "blocked"),
        ("blocked", None, Turn.WORKING, far(1, 0), None),
        ("blocked", None, Turn.DONE, far(1, 1), None),  # the next turn may ask
        ("blocked", 1, Turn.DONE, far(1, 1), "over"),
        ("blocked", 1, Turn.DONE, far(1, 1, waiting=True), None),  # a later one will come
        ("exited", None, Turn.DONE, far(1, 1), None),
        ("idle", 2, Turn.DONE, far(1, 1, undelivered=frozenset({2})), "undelivered"),
        ("idle", 2, Turn.DONE, far(1, 1, dropped=frozenset({2})), "dropped"),
        ("exited", 2, Turn.DONE, far(1, 1, undelivered=frozenset({2})), None),
    ],
)
def test_a_living_agent(until: str, turn: int | None, state: Turn, progress: Progress, expected: str | None) -> None:
    assert look(until, turn, row(state), progress) == expected


@pytest.mark.parametrize(
    ("until", "progress", "expected"),
    [
        ("delivered", Progress(), None),
        ("delivered", Progress(delivered=2), None),
        ("delivered", Progress(delivered=3), "delivered"),
        ("delivered", Progress(started=3), "delivered"),
        ("submitted", Progress(delivered=3, started=3), None),
        ("submitted", Progress(started=3, taken=3), "submitted"),
        ("started", Progress(started=3, taken=3), None),
        ("started", Progress(started=3, taken=3, begun=3), "started"),
        ("submitted", Progress(delivered=3, has_turns=False), "delivered"),  # more can never be known
        ("submitted", Progress(delivered=2, has_turns=False), None),
        ("submitted", Progress(undelivered=frozenset({3})), "undelivered"),
        ("delivered", Progress(dropped=frozenset({3})), "dropped"),
    ],
)
@pytest.mark.parametrize("lifecycle", [Lifecycle.RUNNING, Lifecycle.EXITED])
def test_how_far_a_message_got(until: str, progress: Progress, expected: str | None, lifecycle: Lifecycle) -> None:
    over = "exited" if lifecycle is Lifecycle.EXITED else None
    assert look(until, 3, row(lifecycle=lifecycle), progress) == (expected or over)


@pytest.mark.parametrize("until", DELIVERED)
def test_a_message_of_long_ago_stays_delivered(until: str) -> None:
    later = Progress(delivered=9, taken=9, begun=9, started=9, ended=9)
    assert look(until, 1, row(Turn.WORKING), later) == until


def test_what_was_said_before_does_not_count_as_blocked_again() -> None:
    asks = row(Turn.BLOCKED, requests=(Request("k1", Blocked.PERMISSION, "run", 0.0),))
    assert look("blocked", None, asks, Progress(), seen=frozenset({"k0"})) == "blocked"
    assert look("blocked", None, asks, Progress(), seen=frozenset({"k1"})) is None
    login = row(Turn.BLOCKED)  # nothing to answer: it waits for a login
    assert look("blocked", None, login, Progress(), seen=frozenset({"k1"})) == "blocked"
    assert look("blocked", None, login, Progress(), seen=frozenset({""})) is None


def test_the_first_of_several_that_holds_is_told() -> None:
    wanted = Wanted(("done", "blocked"), 1)
    assert reached(wanted, row(Turn.BLOCKED), far(1, 0)) == "blocked"
    assert reached(wanted, row(Turn.DONE), far(1, 1)) == "done"
    assert reached(wanted, row(Turn.WORKING), far(1, 0)) is None


@pytest.mark.parametrize("until", UNTIL)
@pytest.mark.parametrize(
    ("lifecycle", "expected"),
    [(Lifecycle.EXITED, "exited"), (Lifecycle.FAILED, "failed"), (Lifecycle.LOST, "failed")],
)
def test_what_cannot_come_any_more_is_said(until: str, lifecycle: Lifecycle, expected: str) -> None:
    assert look(until, None, row(Turn.DONE, lifecycle), far(1, 1)) == expected
    assert look(until, 5, row(Turn.UNKNOWN, lifecycle), far(1, 1)) == expected


def test_a_turn_that_was_done_stays_done_after_the_end() -> None:
    gone = row(Turn.DONE, Lifecycle.EXITED)
    assert look("done", 1, gone, far(1, 1, ends={1: OK})) == "done"
    assert look("done", 1, gone, far(1, 1, ends={1: BAD})) == "failed"
    assert look("idle", 1, gone, far(1, 1, ends={1: OK})) == "exited"


def test_nothing_is_reached_while_the_log_is_replayed() -> None:
    assert look("idle", None, row(Turn.IDLE, catching_up=True), Progress()) is None
    assert look("delivered", 1, row(catching_up=True), Progress(delivered=1)) is None
    assert look("exited", None, row(Turn.IDLE, Lifecycle.EXITED, catching_up=True), Progress()) is None


def test_a_turn_the_user_typed_is_one_that_can_be_done() -> None:
    assert look("done", None, row(Turn.DONE), Progress()) is None
    assert look("done", None, row(Turn.DONE), Progress(typed=1)) == "done"
