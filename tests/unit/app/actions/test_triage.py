"""The walk: nobody twice before everybody once, and again as soon as an entry has a new reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.model import Turn
from app.actions.triage import TriageWalk
from tests.fakes.rows import request, row

A, B, C = (row(name, requests=(request(key=f"1:{name}:x"),)) for name in "abc")


def names(walk: TriageWalk, queue: tuple, times: int) -> list[str]:  # type: ignore[type-arg]
    return [found.name for _ in range(times) if (found := walk.next(queue))]


def test_everybody_once_then_again() -> None:
    assert names(TriageWalk(), (A, B, C), 6) == ["a", "b", "c", "a", "b", "c"]


def test_one_alone_is_shown_again() -> None:
    assert names(TriageWalk(), (A,), 3) == ["a", "a", "a"]


def test_the_next_round_does_not_begin_with_the_one_on_show() -> None:
    walk = TriageWalk()
    assert names(walk, (A, B), 2) == ["a", "b"]
    assert names(walk, (B, A), 1) == ["a"]


def test_a_new_request_is_a_new_reason() -> None:
    walk = TriageWalk()
    assert names(walk, (A, B), 1) == ["a"]
    again = row("a", requests=(request(key="1:other:x"),))
    assert names(walk, (again, B), 2) == ["a", "b"]
    failed = row("b", Turn.ERROR)
    assert names(walk, (again, failed), 1) == ["b"]


def test_the_end_of_the_queue_ends_the_walk() -> None:
    walk = TriageWalk()
    assert not walk.is_walking
    names(walk, (A, B), 1)
    assert walk.is_walking
    assert walk.next(()) is None
    assert not walk.is_walking
    assert names(walk, (A, B), 1) == ["a"]


def test_going_back_forgets() -> None:
    walk = TriageWalk()
    names(walk, (A, B), 1)
    walk.end()
    assert names(walk, (A, B), 1) == ["a"]


@given(st.integers(1, 12))
def test_a_round_meets_everybody(size: int) -> None:
    queue = tuple(row(f"r{n}", requests=(request(key=f"{n}:1:x"),)) for n in range(size))
    walk = TriageWalk()
    for _ in range(3):
        assert sorted(names(walk, queue, size)) == sorted(r.name for r in queue)
