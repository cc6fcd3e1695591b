"""The lines that left a screen: numbered from the first, the last so many found, drawn when they are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from agents.vt.kept import Kept, Later, Line
from agents.vt.rows import PLAIN, Row, Run


def line(number: int) -> Line:
    return Line(b"%d" % number)


def row(number: int) -> Row:
    return Row((Run(0, 1, str(number), PLAIN),))


def test_the_last_lines_are_found_by_their_numbers() -> None:
    kept = Kept(1000)
    for number in range(5000):
        kept.push(line(number))
    assert kept.count == 5000
    assert kept.find(3999) is None
    assert [kept.find(number) for number in (4000, 4255, 4256, 4999)] == [line(n) for n in (4000, 4255, 4256, 4999)]
    assert kept.find(5000) is None
    assert len(kept._blocks) < 8


def test_lines_to_be_drawn_are_drawn_once_and_only_when_looked_at() -> None:
    drawn = []

    def draw() -> Sequence[Row]:
        drawn.append(1)
        return [row(number) for number in range(1, 4)]

    kept = Kept(100)
    kept.push(line(0))
    kept.add(Later(3, draw))
    kept.push(line(4))
    assert (kept.count, drawn) == (5, [])
    assert [kept.find(number) for number in range(5)] == [line(0), row(1), row(2), row(3), line(4)]
    assert drawn == [1]


def test_a_line_that_was_not_drawn_after_all_is_empty() -> None:
    kept = Kept(100)
    kept.add(Later(2, lambda: [row(0)]))
    assert [kept.find(number) for number in range(2)] == [row(0), Row()]


def test_what_is_cleared_counts_and_is_not_found() -> None:
    kept = Kept(100)
    kept.push(line(0))
    kept.clear()
    kept.push(line(1))
    assert [kept.find(number) for number in range(2)] == [None, line(1)]
    assert kept.count == 2


def test_nothing_is_kept_where_nothing_is_wanted() -> None:
    kept = Kept(0)
    kept.push(line(0))
    assert kept.find(0) is None
