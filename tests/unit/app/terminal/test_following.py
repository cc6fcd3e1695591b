"""When a view looks for output by itself; times of a fake clock."""

from __future__ import annotations

import pytest

from app.terminal.following import FLOWED_S, FRAME_S, TYPED_S, Following


def test_nobody_looks_without_a_reason() -> None:
    assert Following().next_look(0.0) is None


def test_a_key_is_followed_by_looks_for_a_quarter_of_a_second() -> None:
    following = Following()
    following.typed(10.0)
    assert following.next_look(10.0) == FRAME_S
    assert following.next_look(10.0 + TYPED_S - 0.001) == FRAME_S
    assert following.next_look(10.0 + TYPED_S) is None


def test_output_keeps_it_looking_and_shortens_nothing() -> None:
    following = Following()
    following.typed(10.0)
    following.flowed(10.0)
    assert following.next_look(10.0 + TYPED_S - 0.001) == FRAME_S
    following.flowed(10.2)
    assert following.next_look(10.2 + FLOWED_S - 0.001) == FRAME_S
    assert following.next_look(10.2 + FLOWED_S) is None


@pytest.mark.parametrize("reason", ["typed", "flowed"])
def test_a_hidden_view_looks_no_more(reason: str) -> None:
    following = Following()
    getattr(following, reason)(5.0)
    following.stop()
    assert following.next_look(5.0) is None
    getattr(following, reason)(6.0)
    assert following.next_look(6.0) == FRAME_S
