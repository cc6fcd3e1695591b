"""What is deleted of old logs and of the trash, and above all what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.supervisor.retention import DAY_S, GB, Ended, Held, Limits, Trashed, expired, for_room, too_old, trims

NOW = 1_800_000_000.0
SEGMENT = 100


def ended(agent: str, days: float, size: int = 1000) -> Ended:
    return Ended(agent, NOW - days * DAY_S, size)


def test_the_limits_are_those_of_the_design() -> None:
    assert Limits() == Limits(ended_s=14 * 86400, ended_bytes=10 * 10**9, live_bytes=2 * 10**9, trash_s=14 * 86400)


def test_logs_go_after_fourteen_days() -> None:
    agents = [ended("young", 13.9), ended("old", 14), ended("older", 90)]
    assert too_old(agents, Limits(), NOW) == ["older", "old"]


def test_beyond_the_size_the_oldest_ended_go_first_and_no_more_than_needed() -> None:
    agents = [ended("c", 1, 4 * GB), ended("a", 3, 4 * GB), ended("b", 2, 4 * GB)]
    assert too_old(agents, Limits(), NOW) == ["a"]
    assert too_old([*agents, ended("d", 0, 9 * GB)], Limits(), NOW) == ["a", "b", "c"]


def test_exactly_the_limit_is_kept() -> None:
    assert too_old([ended("a", 1, 10 * GB)], Limits(), NOW) == []
    assert too_old([ended("a", 1, 10 * GB + 1)], Limits(), NOW) == ["a"]


def test_an_agent_without_logs_is_left_alone() -> None:
    assert too_old([ended("a", 90, 0)], Limits(), NOW) == []


def test_those_that_ended_together_go_in_a_fixed_order() -> None:
    agents = [ended("b", 20), ended("a", 20)]
    assert too_old(agents, Limits(), NOW) == too_old(agents[::-1], Limits(), NOW) == ["a", "b"]


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(0, 6 * GB)), max_size=12))
def test_what_is_left_of_the_ended_is_young_and_fits(fleet: list[tuple[float, int]]) -> None:
    agents = [ended(f"a{n}", days, size) for n, (days, size) in enumerate(fleet)]
    going = too_old(agents, Limits(), NOW)
    left = [one for one in agents if one.agent not in going and one.size]
    assert sum(one.size for one in left) <= 10 * GB
    assert all(NOW - one.at < 14 * DAY_S for one in left)


def small(live: int) -> Limits:
    return Limits(live_bytes=live)


def test_a_live_log_loses_its_oldest_segments_down_to_the_limit() -> None:
    assert trims([Held(0, 1000, 1000)], small(1000), SEGMENT) == [0]
    assert trims([Held(0, 1001, 1001)], small(1000), SEGMENT) == [100]
    assert trims([Held(300, 1550, 1550)], small(1000), SEGMENT) == [600]


@pytest.mark.parametrize(("needed", "start"), [(0, 0), (99, 0), (100, 100), (450, 400)])
def test_nothing_goes_that_a_replay_needs(needed: int, start: int) -> None:
    assert trims([Held(0, 1000, needed)], small(10), SEGMENT) == [start]


@pytest.mark.parametrize(("size", "start"), [(1000, 900), (1001, 1000)])
def test_the_newest_segment_stays_whatever_the_limit(size: int, start: int) -> None:
    assert trims([Held(0, size, size)], small(0), SEGMENT) == [start]


def test_of_several_logs_the_longest_gives_first() -> None:
    out, err = Held(0, 900, 900), Held(0, 500, 500)
    assert trims([out, err], small(1000), SEGMENT) == [400, 0]
    assert trims([out, err], small(700), SEGMENT) == [600, 100]


def test_a_log_that_may_not_go_does_not_protect_another() -> None:
    assert trims([Held(0, 900, 0), Held(0, 500, 500)], small(1000), SEGMENT) == [0, 400]


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 2000))
def test_trimming_never_reaches_a_checkpoint_or_a_newest_segment(size: int, needed: int, live: int) -> None:
    (start,) = trims([Held(0, size, needed)], small(live), SEGMENT)
    assert start % SEGMENT == 0
    assert start == 0 or (start <= needed and start < size)


def test_the_trash_is_emptied_after_fourteen_days() -> None:
    trash = [Trashed("new", NOW), Trashed("old", NOW - 14 * DAY_S), Trashed("future", NOW + 99)]
    assert expired(trash, Limits(), NOW) == ["old"]


def test_for_room_the_first_to_end_go_and_no_more_than_needed() -> None:
    agents = [ended("c", 1, 40), ended("a", 3, 40), ended("none", 9, 0), ended("b", 2, 40)]
    assert for_room(agents, 1) == ["a"]
    assert for_room(agents, 40) == ["a"]
    assert for_room(agents, 41) == ["a", "b"]
    assert for_room(agents, 10**9) == ["a", "b", "c"]
    assert for_room(agents, 0) == for_room(agents, -5) == []
