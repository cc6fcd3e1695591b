"""What of a log's picture stays: nothing that may look different, and all that does not."""

from __future__ import annotations

import pytest

from ui.panes.logpicture import Picture, Step, step

ROWS = 20


def at(first: int, count: int, **other: int) -> Picture:
    return Picture(first, count, **{"left": 10, "shift": 0, "width": 600, "height": 300, **other})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (at(80, 100), at(82, 102), Step(2, 99)),  # two lines more, followed
        (at(80, 100), at(80, 100), Step(0, 99)),  # the unfinished line grew
        (at(10, 100), at(10, 120), Step(0, 30)),  # grew out of sight: at most the line cut off below
        (at(10, 100), at(15, 100), Step(5, 30)),  # scrolled down
        (at(0, 3), at(0, 5), Step(0, 2)),  # not a screenful yet
        (at(80, 100), at(99, 119), Step(19, 99)),
        (at(80, 100), at(100, 120), None),  # nothing of it is left
        (at(80, 100), at(79, 100), None),  # scrolled up
        (at(0, 0), at(0, 1), None),  # the words for an empty log
        (at(80, 100), at(0, 5), None),  # another log
        (at(80, 100), at(82, 102, left=18), None),  # the numbers got another digit
        (at(80, 100), at(82, 102, shift=4), None),
        (at(80, 100), at(82, 102, width=500), None),
        (at(80, 100), at(82, 102, height=290), None),
    ],
)
def test_a_step_paints_what_may_look_different(before: Picture, now: Picture, expected: Step | None) -> None:
    assert step(before, now, ROWS) == expected
