"""The times of ui.md, to the millisecond."""

from __future__ import annotations

from app.guard import appeared, later


def test_a_card_that_came_by_itself_waits_300_ms() -> None:
    guard = appeared(10.0, after_next=False)
    assert not guard.takes(10.0)
    assert not guard.takes(10.299)
    assert guard.takes(10.301)


def test_after_next_120_ms() -> None:
    guard = appeared(10.0, after_next=True)
    assert not guard.takes(10.119)
    assert guard.takes(10.121)


def test_the_later_of_two_guards_counts() -> None:
    early, late = appeared(1.0, after_next=True), appeared(1.0, after_next=False)
    assert later(early, late) is late
    assert later(late, early) is late
