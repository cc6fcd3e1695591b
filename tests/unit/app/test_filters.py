"""Filters and counts: every headline is counted in exactly one group, in words that agree with the number."""

from __future__ import annotations

import time

import pytest

from agents.model import Headline, Health, Lifecycle, Turn
from app.filters import LOOKS, Filter, Group, counts, group_of, words
from tests.fakes.rows import request, row

NOW = time.time()


@pytest.mark.parametrize(
    ("made", "group"),
    [
        (row("a", requests=(request(),)), Group.NEEDS_YOU),
        (row("a", Turn.ERROR), Group.NEEDS_YOU),
        (row("a", Turn.DONE, unread=1), Group.NEEDS_YOU),
        (row("a", Turn.ERROR, snoozed_until=NOW + 60), Group.ENDED),
        (row("a", requests=(request(),), snoozed_until=NOW - 1), Group.NEEDS_YOU),
        (row("a", Turn.WORKING), Group.WORKING),
        (row("a", lifecycle=Lifecycle.STARTING), Group.WORKING),
        (row("a", lifecycle=Lifecycle.STOPPING), Group.WORKING),
        (row("a", Turn.WORKING, health=Health.OVERLOADED), Group.WORKING),
        (row("a", Turn.WORKING, health=Health.RATE_LIMITED), Group.PARKED),
        (row("a", Turn.IDLE), Group.IDLE),
        (row("a", Turn.UNKNOWN), Group.UNKNOWN),
        (row("a", lifecycle=Lifecycle.QUEUED), Group.IDLE),
        (row("a", lifecycle=Lifecycle.EXITED, exit_code=0), Group.ENDED),
    ],
)
def test_groups(made, group: Group) -> None:  # type: ignore[no-untyped-def]
    assert group_of(made, NOW) is group


def test_counts_leave_out_archived_rows_and_empty_groups() -> None:
    rows = (row("a", Turn.WORKING), row("b", Turn.WORKING), row("c", archived=True))
    assert counts(rows, NOW) == {Group.WORKING: 2}


@pytest.mark.parametrize("group", Group)
def test_every_group_has_a_look_and_agrees_with_its_number(group: Group) -> None:
    assert words(group, 1).startswith("1 ")
    assert words(group, 2).startswith("2 ")
    assert LOOKS[group].icon
    assert words(Group.NEEDS_YOU, 1) == "1 needs you"
    assert words(Group.NEEDS_YOU, 0) == "0 need you"


def test_text_must_match_with_every_word_in_any_field() -> None:
    made = row("fix-login", Turn.WORKING, branch="wt/fix", activity="editing README.md", labels=("urgent",), team="web")
    for text in ("login", "LOGIN readme", "wt/ urgent", "web", "api", "working", "  "):
        assert Filter(text=text).matches(made, NOW), text
    for text in ("logout", "login logout"):
        assert not Filter(text=text).matches(made, NOW), text


def test_group_and_text_both_hold() -> None:
    made = row("fix", Turn.WORKING)
    assert Filter(Group.WORKING, "fix").matches(made, NOW)
    assert not Filter(Group.IDLE, "fix").matches(made, NOW)
    assert not Filter(Group.WORKING, "zz").matches(made, NOW)


def test_an_empty_filter_is_false() -> None:
    assert not Filter()
    assert not Filter(text="  ")
    assert Filter(text="x")
    assert Filter(Group.IDLE)


def test_needs_you_is_what_triage_ranks() -> None:
    assert row("a", requests=(request(),)).state is Headline.ALLOW
