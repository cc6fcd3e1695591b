"""What a program's own report means where its message says more than its state."""

from __future__ import annotations

import base64

import pytest

from agents.adapters.kinds import RESOURCES
from agents.model import Evidence, Turn
from agents.spec import Kind
from agents.status import program
from agents.status.osc7501 import Record, Records

CLAUDE = program.of(Kind("claude-tui", "terminal", status=program.load([RESOURCES / "status"]).tables["claude"]), "")


def reported(own: program.Program, *reports: tuple[str, str]) -> Evidence:
    records = Records()

    def means(record: Record) -> program.Claim | None:
        return program.report_claim(own, record.state, record.msg)

    for at, (state, msg) in enumerate(reports):
        body = f"state={state}:msg={base64.b64encode(msg.encode()).decode()}"
        assert records.report(body.encode(), float(at), 1000.0 + at, means)
    found = records.evidence(10.0)
    assert found is not None
    return found


@pytest.mark.parametrize("msg", ["1 shell still running", "3 shells still running"])
def test_a_turn_that_only_left_shells_behind_is_done(msg: str) -> None:
    found = reported(CLAUDE, ("working", "Serving"), ("working", msg))
    assert (found.turn, found.since, found.expires, found.rule) == (Turn.DONE, 1.0, None, "shells left running")


@pytest.mark.parametrize(
    ("state", "msg"),
    [("working", "Serving"), ("working", "1 shell still running?"), ("blocked", "1 shell still running")],
)
def test_another_message_or_another_state_means_what_it_says(state: str, msg: str) -> None:
    found = reported(CLAUDE, (state, msg))
    assert (found.turn, found.rule) == (Turn(state), "")


def test_a_program_without_rules_means_what_it_says() -> None:
    assert reported(program.Program(), ("working", "1 shell still running")).turn is Turn.WORKING


def test_work_after_the_rest_is_work_again() -> None:
    found = reported(CLAUDE, ("working", "1 shell still running"), ("working", "Reading what the server said"))
    assert (found.turn, found.since) == (Turn.WORKING, 1.0)
