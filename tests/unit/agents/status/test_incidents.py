"""One entry for one lost login or one provider that is down, however many agents it befell."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agents.model import AgentRow, Cause, Headline, Health, Incident
from agents.spec import KindInfo
from agents.status.incidents import heads, incidents, of, sentence, vendors
from tests.fakes.scripted_daemon import row

KINDS = (
    KindInfo("claude", "claude", "Claude", "", available=True, program="claude", sessions="claude"),
    KindInfo("claude-tui", "terminal", "Claude", "", available=True, program="claude", sessions="claude"),
    KindInfo("gemini", "acp", "Gemini", "", available=True, program="gemini"),
)
VENDORS = vendors(KINDS)


def lost(agent: str, kind: str = "claude", **more: Any) -> AgentRow:
    return row(agent, name=agent, kind=kind, **{"state": Headline.LOG_IN, "rank": 1, **more})


def parked(agent: str, kind: str = "claude", **more: Any) -> AgentRow:
    return row(agent, name=agent, kind=kind, **{"state": Headline.PARKED, "health": Health.RATE_LIMITED, **more})


def test_agents_that_lost_the_same_login_are_one_entry_whatever_their_kind() -> None:
    gave_up = lost("c", state=Headline.FAILED, rank=4, cause=Cause.AUTH)
    other = row("x", state=Headline.FAILED, rank=4, cause=Cause.CRASH)
    queue = (lost("a"), lost("b", "claude-tui"), lost("g", "gemini"), gave_up, other)
    assert [r.id for r in heads(queue, VENDORS)] == ["a", "g", "x"]
    (found,) = incidents(queue, VENDORS)
    assert found == Incident(Headline.LOG_IN, "claude", ("a", "b", "c"), ("a", "b", "c"))
    assert of("b", (found,)) is found
    assert of("g", (found,)) is None


def test_one_alone_is_no_incident_and_neither_is_what_was_archived() -> None:
    assert incidents((lost("a"), lost("g", "gemini"), lost("z", archived=True)), VENDORS) == ()
    assert heads((), VENDORS) == ()


def test_a_provider_parks_those_that_depend_on_it_and_a_full_disk_is_nobodys() -> None:
    full = parked("d", health=Health.DISK_FULL)
    down = parked("e", health=Health.PROVIDER_DOWN)
    found = incidents((parked("a", until=50.0), parked("b", "claude-tui", until=90.0), full, full, down), VENDORS)
    assert found == (Incident(Headline.PARKED, "claude", ("a", "b"), ("a", "b"), 90.0),)


def test_when_it_ends_is_known_only_if_it_is_for_all() -> None:
    (found,) = incidents((parked("a", until=50.0), parked("b")), VENDORS)
    assert found.until is None


def test_a_kind_nobody_knows_is_its_own_vendor() -> None:
    (found,) = incidents((lost("a", "odd"), lost("b", "odd")), VENDORS)
    assert found.vendor == "odd"


def test_sentences_name_some_and_count_the_rest() -> None:
    few = Incident(Headline.LOG_IN, "claude", ("a", "b"), ("fix\x1b[31m\u202e", "b"))
    assert sentence(few, 0.0) == "2 agents wait for one login to claude: fix, b"
    names = tuple("abcdef")
    many = Incident(Headline.PARKED, "codex", names, names, until=3600.0)
    at = time.strftime("%H:%M", time.localtime(3600.0))
    assert sentence(many, 0.0) == f"6 agents are parked by codex until {at}: a, b, c, d and 2 more"
    assert "until" not in sentence(Incident(Headline.PARKED, "codex", names, names), 0.0)


@pytest.mark.parametrize("state", [s for s in Headline if s not in (Headline.LOG_IN, Headline.PARKED)])
def test_nothing_else_is_gathered(state: Headline) -> None:
    assert incidents((row("a", state=state), row("b", state=state)), VENDORS) == ()
