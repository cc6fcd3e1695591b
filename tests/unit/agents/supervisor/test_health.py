"""Silence: a mark for the user, only on a turn that should make noise."""

from __future__ import annotations

import pytest

from agents.model import Cause, Health, Trouble, Turn
from agents.supervisor.health import LOOK_S, SILENT_S, SILENT_TOOL_S, Assessment, Signs, assess, told


def test_a_working_agent_is_silent_after_its_time_and_not_before() -> None:
    signs = Signs(Turn.WORKING, last_event=10.0)
    assert assess(signs, 10.0 + SILENT_S - 0.1) == Assessment(Health.OK, 10.0 + SILENT_S, 10.0 + SILENT_S)
    assert assess(signs, 10.0 + SILENT_S) == Assessment(Health.STALLED, None, 10.0 + SILENT_S)


def test_an_open_tool_call_is_given_longer() -> None:
    signs = Signs(Turn.WORKING, last_event=10.0, tool_open=True)
    assert assess(signs, 10.0 + SILENT_S).health is Health.OK
    assert assess(signs, 10.0 + SILENT_TOOL_S).health is Health.STALLED


@pytest.mark.parametrize("turn", [turn for turn in Turn if turn is not Turn.WORKING])
def test_rest_and_waiting_are_never_silence(turn: Turn) -> None:
    assert assess(Signs(turn, last_event=0.0), 1e9) == Assessment(Health.OK)


def test_a_full_disk_outranks_what_the_agent_says_and_that_outranks_silence() -> None:
    assert assess(Signs(Turn.IDLE, 0.0, disk_error="full", told=Health.OVERLOADED), 1e9).health is Health.DISK_FULL
    assert assess(Signs(Turn.WORKING, 0.0, told=Health.RATE_LIMITED), 1e9).health is Health.RATE_LIMITED


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (Cause.AUTH, Health.AUTH_LOST),
        (Cause.RATE_LIMIT, Health.RATE_LIMITED),
        (Cause.QUOTA, Health.RATE_LIMITED),
        (Cause.NETWORK, Health.PROVIDER_DOWN),
        (Cause.SERVER_ERROR, Health.OVERLOADED),
        (Cause.UNKNOWN, Health.OVERLOADED),
    ],
)
def test_what_an_agent_says_while_it_tries_again_is_its_health(cause: Cause, expected: Health) -> None:
    assert told(Trouble(cause, "", 0.0, retrying=True)) is expected


def test_trouble_after_which_it_gave_up_is_a_matter_of_the_turn() -> None:
    assert told(Trouble(Cause.RATE_LIMIT, "", 0.0)) is Health.OK
    assert told(None) is Health.OK


def test_a_working_agent_is_not_silent_before_its_processes_were_looked_at() -> None:
    due = 10.0 + SILENT_S
    unseen = Signs(Turn.WORKING, last_event=10.0, still_at=due - LOOK_S)
    assert assess(unseen, due + 60) == Assessment(Health.OK, None, due)
    seen = Signs(Turn.WORKING, last_event=10.0, still_at=due - LOOK_S + 0.1)
    assert assess(seen, due) == Assessment(Health.STALLED, None, due)
