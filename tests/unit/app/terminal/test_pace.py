"""Portions small enough that a loop which also paints is not held up."""

from __future__ import annotations

import pytest

from app.terminal.pace import LEAST, MOST, Pace


def portions(pace: Pace, data: bytes, cols: int = 80) -> list[int]:
    at, sizes = 0, []
    while at < len(data):
        end = min(len(data), pace.portion(data, at, cols))
        assert end > at
        sizes.append(end - at)
        at = end
    return sizes


def test_portions_grow_while_they_are_quick_and_no_further() -> None:
    pace = Pace()
    first = portions(pace, b"x" * 100_000)[0]
    for _ in range(10):
        pace.took(0.0005)
    assert first < portions(pace, b"x" * 100_000)[0] == MOST


def test_portions_shrink_while_they_are_slow_and_no_further() -> None:
    pace = Pace()
    sizes = []
    for _ in range(10):
        sizes.append(portions(pace, b"x" * 100_000)[0])
        pace.took(0.02)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == LEAST


def test_many_lines_are_drawn_in_smaller_portions() -> None:
    assert portions(Pace(), b"\n" * 10_000)[0] < portions(Pace(), b"a line of text\n" * 700)[0] < MOST
    assert portions(Pace(), b"x" * 10_000, cols=2)[0] < portions(Pace(), b"x" * 10_000)[0]


@pytest.mark.parametrize(
    "heavy",
    [
        *(b"\x1b#8", b"\x1bc", b"\x1bM", b"\x1b[2J", b"\x1b[9999L", b"a\x1b[999b", b"\x1b[1'}", b"\x1b7\x1b8"),
        b"\x1b[?1049h\x1b[?47;1047l",
    ],
)
def test_of_what_takes_long_only_some_is_drawn_at_once_before_anybody_knows_how_long(heavy: bytes) -> None:
    pace = Pace()
    for _ in range(10):
        pace.took(0.0001)
    sizes = portions(pace, heavy * 5000)
    assert max(sizes) <= 41 * len(heavy)


def test_styled_text_is_not_drawn_in_smaller_portions() -> None:
    line = b"\x1b[32mok\x1b[m \x1b[1;38;5;208mname\x1b[0m\x1b[K text text text text"
    assert portions(Pace(), line * 1000, cols=200)[0] == portions(Pace(), b"x" * 100_000, cols=200)[0]
