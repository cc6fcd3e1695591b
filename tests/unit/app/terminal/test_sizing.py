"""While a window is dragged few sizes are sent, and the last one always."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.terminal.sizing import LEAST_S, MOST_COLS, MOST_ROWS, Size, Sizing


def test_of_a_drag_the_first_and_the_last_are_sent_and_at_most_one_each_50_ms_between() -> None:
    sizing = Sizing()
    sent = []
    for step in range(100):  # one each 10 ms
        sizing.want(40, 80 + step)
        found = sizing.due(step / 100)
        if found is not None:
            sent.append((step / 100, found))
    now = 0.99
    wait = sizing.wait_s(now)
    assert wait is not None
    last = sizing.due(now + wait)
    if last is not None:
        sent.append((now + wait, last))
    times = [at for at, _ in sent]
    assert sent[0][1] == Size(40, 80)
    assert sent[-1][1] == Size(40, 179)
    assert all(after - before >= LEAST_S - 1e-9 for before, after in pairwise(times))
    assert sizing.wait_s(5) is None


def test_the_same_size_is_sent_once_and_again_when_it_did_not_arrive() -> None:
    sizing = Sizing()
    sizing.want(40, 120)
    assert sizing.due(0) == Size(40, 120)
    sizing.want(40, 120)
    assert sizing.due(1) is None
    assert sizing.wait_s(1) is None
    sizing.forget_sent()
    assert sizing.wait_s(1) == 0
    assert sizing.due(1) == Size(40, 120)


def test_a_size_nobody_here_sent_is_another_views() -> None:
    sizing = Sizing()
    assert sizing.is_foreign(24, 80)
    sizing.want(40, 120)
    sizing.due(0)
    assert not sizing.is_foreign(24, 80)  # from before ours
    assert not sizing.is_foreign(40, 120)
    assert sizing.is_foreign(50, 100)
    assert not sizing.is_foreign(50, 100)


def test_nothing_is_due_before_anybody_wanted_anything() -> None:
    sizing = Sizing()
    assert (sizing.wanted, sizing.due(0), sizing.wait_s(0)) == (None, None, None)


@pytest.mark.parametrize(
    ("rows", "cols", "sent"), [(0, -3, Size(1, 1)), (10**6, 10**6, Size(MOST_ROWS, MOST_COLS)), (1, 2, Size(1, 2))]
)
def test_what_is_no_size_is_brought_to_the_nearest(rows: int, cols: int, sent: Size) -> None:
    sizing = Sizing()
    sizing.want(rows, cols)
    assert sizing.wanted == sizing.due(0) == sent


def test_a_size_reads_as_people_write_it() -> None:
    assert str(Size(40, 120)) == "120×40"
