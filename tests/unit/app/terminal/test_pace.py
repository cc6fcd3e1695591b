"""How much is drawn at once: less after what took long, few of what is known to take long, and always something."""

from __future__ import annotations

import pytest

from app.terminal.pace import LEAST, MOST, Pace


def quick() -> Pace:
    pace = Pace()
    for _ in range(10):
        pace.took(0.0001)
    return pace


def test_quick_output_comes_in_large_portions_and_slow_output_in_small_ones() -> None:
    pace = quick()
    assert pace.portion(b"x" * 100_000, 0, 80) == MOST
    for _ in range(10):
        pace.took(1.0)
    assert pace.portion(b"x" * 100_000, 0, 80) == LEAST
    assert pace.portion(b"x" * 100_000, 5000, 80) == 5000 + LEAST
    assert pace.portion(b"short", 0, 80) == 5


@pytest.mark.parametrize(
    "heavy",
    [
        b"\x1b#8",
        b"\x1bc",
        b"\x1bM",
        b"\x1b[2J",
        b"\x1b[9999L",
        b"a\x1b[999b",
        b"\x1b[1'}",
        b"\x1b[?1049h\x1b[?47;1047l",
    ],
)
def test_of_what_takes_long_only_some_comes_at_once_before_anybody_knows_how_long(heavy: bytes) -> None:
    end = quick().portion(heavy * 5000, 0, 80)
    assert len(heavy) <= end <= 41 * len(heavy)


def test_a_portion_is_never_empty() -> None:
    assert quick().portion(b"\x1bc", 0, 80) == 2
    assert quick().portion(b"\n" * 5000, 0, 2) >= LEAST
    assert quick().portion(b"\x1b[2J" * 5000, 100, 2) > 100


def test_styled_text_is_not_cut_for_its_styling() -> None:
    line = b"\x1b[32mok\x1b[m \x1b[1;38;5;208mname\x1b[0m\x1b[K text text text text"
    assert quick().portion(line * 1000, 0, 200) == MOST
