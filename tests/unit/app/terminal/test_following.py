"""When a view looks by itself, and how it makes room where the loop does not keep up."""

from __future__ import annotations

import pytest

from app.terminal.following import EASED_S, FRAME_S, Following, eased


def test_a_view_looks_while_a_key_may_echo_or_output_flows() -> None:
    following = Following()
    assert following.next_look(0.0) is None
    following.typed(1.0)
    assert following.next_look(1.2) == FRAME_S
    assert following.next_look(1.3) is None
    following.flowed(2.0)
    assert following.next_look(2.05) == FRAME_S
    following.stop()
    assert following.next_look(2.05) is None


@pytest.mark.parametrize(("late_s", "pause_s"), [(0.0, 0.016), (0.002, 0.016), (0.005, 0.056), (3.0, EASED_S)])
def test_a_late_loop_makes_those_that_only_show_wait(late_s: float, pause_s: float) -> None:
    assert eased(FRAME_S, late_s, is_typed_into=False) == pytest.approx(pause_s)
    assert eased(FRAME_S, late_s, is_typed_into=True) == FRAME_S


def test_a_pause_is_never_made_shorter() -> None:
    assert eased(0.5, 1.0, is_typed_into=False) == 0.5
