"""The second press: what is lost is named, the first press is forgotten in time and by any other."""

from __future__ import annotations

import pytest

from agents.model import Lifecycle, QueuedPrompt, Turn
from app.actions.confirm import CONFIRM_S, Confirm, what_is_lost
from tests.fakes.rows import request, row

BUSY = row("fix", Turn.WORKING)


def test_stopping_at_rest_and_resumable_acts_at_once() -> None:
    for turn in (Turn.IDLE, Turn.DONE):
        assert Confirm().press("agent.stop", row("fix", turn), "S", 0).is_final


def test_the_second_press_in_time_acts_once() -> None:
    confirm = Confirm()
    first = confirm.press("agent.stop", BUSY, "S", 10)
    assert not first.is_final
    assert first.warning == "Stopping fix loses the running turn. S again within 3 s does it."
    assert confirm.press("agent.stop", BUSY, "S", 10 + CONFIRM_S).is_final
    assert not confirm.press("agent.stop", BUSY, "S", 11 + CONFIRM_S).is_final


def test_too_late_is_a_first_press_again() -> None:
    confirm = Confirm()
    confirm.press("agent.stop", BUSY, "S", 10)
    assert not confirm.press("agent.stop", BUSY, "S", 10.1 + CONFIRM_S).is_final


def test_another_agent_or_command_is_another_question() -> None:
    confirm = Confirm()
    confirm.press("agent.stop", BUSY, "S", 0)
    assert not confirm.press("agent.stop", row("other", Turn.WORKING), "S", 1).is_final
    assert not confirm.press("agent.kill", row("other", Turn.WORKING), "", 1).is_final
    assert not confirm.press("agent.stop", BUSY, "S", 1).is_final


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (row("a", requests=(request(),)), "the open request"),
        (row("a", Turn.WORKING), "the running turn"),
        (row("a", Turn.UNKNOWN, capabilities=()), "its session (it cannot be resumed)"),
        (row("a", Turn.IDLE, queue=(QueuedPrompt(2, "x", 0.0),)), "1 waiting message"),
        (row("a", Turn.UNKNOWN), "what it is doing"),
        (
            row("a", Turn.WORKING, background=2, capabilities=(), queue=(QueuedPrompt(2, "x", 0.0),) * 2),
            "the running turn, its session (it cannot be resumed), 2 waiting messages and 2 background processes",
        ),
        (row("a", Turn.UNKNOWN, background=1), "1 background process"),
    ],
)
def test_what_stopping_loses(made, words: str) -> None:  # type: ignore[no-untyped-def]
    assert what_is_lost("agent.stop", made) == f"Stopping a loses {words}."


def test_an_ended_agent_has_nothing_to_lose_by_stopping() -> None:
    assert what_is_lost("agent.stop", row("a", lifecycle=Lifecycle.EXITED, exit_code=0)) is None


def test_killing_and_removing_always_ask() -> None:
    assert "without a chance" in (what_is_lost("agent.kill", row("a")) or "")
    assert "trash" in (what_is_lost("agent.remove", row("a", lifecycle=Lifecycle.EXITED)) or "")
    press = Confirm().press("agent.kill", row("a"), "", 0)
    assert press.warning.endswith("Again within 3 s does it.")


def test_removing_an_agent_says_that_the_shell_beside_it_ends() -> None:
    ended = row("fix", lifecycle=Lifecycle.EXITED, exit_code=0)
    assert "shell" not in (what_is_lost("agent.remove", ended) or "")
    press = Confirm().press("agent.remove", ended, "Delete", 0.0, has_shell=True)
    assert "to the trash and ends the shell beside it. Delete again within 3 s does it." in press.warning
