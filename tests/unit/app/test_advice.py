"""What can be done about an agent that is held up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.model import Blocked, Cause, Headline, Health, Trouble, Turn
from agents.spec import KindInfo
from agents.status.words import STEPS, moment
from app.advice import Advice, advice, login_of, needs_login
from tests.fakes.rows import row

KINDS = (
    KindInfo("claude", "claude", "Claude Code", "", True, "claude", login=("claude", "auth", "log in")),
    KindInfo("demo", "acp", "Demo", "", True, "demo"),
)


def fox(state: Headline = Headline.IDLE, **fields: Any) -> Any:
    return msgspec.structs.replace(row("fox", kind="claude"), state=state, **fields)


@pytest.mark.parametrize(
    "agent",
    [
        fox(turn=Turn.BLOCKED, blocked=Blocked.AUTH),
        fox(health=Health.AUTH_LOST),
        fox(Headline.FAILED, cause=Cause.AUTH),
    ],
)
def test_who_is_not_logged_in_gets_the_command(agent: Any) -> None:
    assert needs_login(agent)
    found = advice(agent, KINDS)
    words = "claude is not logged in. Run this in a terminal, then send the message again."
    assert found == Advice(words, "claude auth 'log in'", "danger")


def test_a_kind_without_a_login_command_says_so() -> None:
    lost = msgspec.structs.replace(fox(health=Health.AUTH_LOST), kind="demo")
    assert login_of(lost, KINDS) == ""
    found = advice(lost, KINDS)
    assert found is not None
    assert (found.command, "Log in with its own program" in found.words) == ("", True)


WAITS = Trouble(Cause.NETWORK, "refused", 0.0, retrying=True, attempt=2, attempts=5)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (None, None),
        (fox(), None),
        (fox(cause=Cause.AUTH), None),  # an earlier turn; it works again
        (fox(Headline.FAILED), None),
        (fox(Headline.FAILED, cause=Cause.UNKNOWN), None),
        (fox(Headline.FAILED, cause=Cause.MODEL), "Model not available. Next: switch to a model this account may use."),
        (
            fox(Headline.FAILED, cause=Cause.QUOTA, trouble=Trouble(Cause.QUOTA, "", 0.0, 3600.0)),
            f"Quota used up, resets {moment(3600.0, 0.0)}. Next: {STEPS[Cause.QUOTA]}.",
        ),
        (fox(Headline.FAILED, cause=Cause.CRASH), "The program broke. Next: look at its log, then resume it."),
        (fox(Headline.PARKED, trouble=WAITS), "No connection, attempt 2 of 5. It goes on by itself."),
        (fox(Headline.OVERLOADED, trouble=Trouble(Cause.OVERLOADED, "", 0.0)), "Provider overloaded."),
        (fox(Headline.WORKING, trouble=WAITS), None),
    ],
)
def test_what_is_said(agent: Any, words: str | None) -> None:
    found = advice(agent, KINDS)
    assert (found.words if found else None) == words
