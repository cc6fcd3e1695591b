"""What is selected of numbered lines, and the text that is copied of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.vt.rows import PLAIN, Row, Run, Style
from app.terminal.selection import Place, Selection, Unit, cells, goes_on, grown, snapped, text_of, whole_line, word

RED = Style(fg=1)


def rows(*texts: str) -> Callable[[int], Row | None]:
    """Return lines by number; a text that ends in a backslash goes on in the next one."""
    made = [
        Row((Run(0, len(text.removesuffix("\\")), text.removesuffix("\\"), PLAIN),), wraps=text.endswith("\\"))
        for text in texts
    ]
    return lambda number: made[number] if 0 <= number < len(made) else None


WIDE = Row((Run(0, 1, "a", PLAIN), Run(1, 2, "漢", PLAIN), Run(3, 1, "e\u0301", PLAIN), Run(6, 1, "z", RED)))


def test_cells_of_wide_and_accented_characters_and_gaps() -> None:
    assert cells(WIDE) == ["a", "漢", "", "e\u0301", " ", " ", "z"]
    assert cells(None) == []
    assert cells(Row((Run(0, 2, "ab", PLAIN),), wraps=True), 4) == ["a", "b", " ", " "]


@pytest.mark.parametrize(("asked", "whole"), [((2, 3), (1, 3)), ((0, 2), (0, 3)), ((1, 3), (1, 3)), ((5, 9), (5, 9))])
def test_half_a_wide_character_cannot_be_selected(asked: tuple[int, int], whole: tuple[int, int]) -> None:
    assert snapped(WIDE, *asked) == whole


def test_columns_on_each_line() -> None:
    selection = Selection(Place(3, 5), Place(1, 2))
    assert list(selection.lines) == [1, 2, 3]
    assert [selection.on_line(n, 10) for n in range(5)] == [None, (2, 10), (0, 10), (0, 5), None]
    assert not Selection(Place(1, 1), Place(1, 1))
    assert Selection(Place(1, 1), Place(1, 1)).on_line(1, 10) is None


def test_a_block_is_the_rectangle_whichever_way_it_was_drawn() -> None:
    selection = Selection(Place(2, 1), Place(0, 3), block=True)
    assert [selection.on_line(n, 10) for n in range(4)] == [(1, 3), (1, 3), (1, 3), None]
    assert text_of(selection, rows("abcdef", "x", "123456")) == "bc\n\n23"
    assert not Selection(Place(2, 3), Place(0, 3), block=True)


def test_wrapped_lines_are_joined_with_the_blanks_before_their_end() -> None:
    lines = rows("one two \\", "three", "four   ")
    assert text_of(Selection(Place(0, 0), Place(2, 9)), lines, 8) == "one two three\nfour"
    short = rows("one two\\", "three")  # the blank at the end of the row was not told
    assert text_of(Selection(Place(0, 0), Place(1, 5)), short, 8) == "one two three"


def test_the_end_of_a_line_alone_is_copied_as_one() -> None:
    assert text_of(Selection(Place(0, 3), Place(1, 0)), rows("abc", "def")) == "\n"
    assert text_of(Selection(Place(0, 2), Place(1, 1)), rows("abc", "def")) == "c\nd"
    assert text_of(Selection(Place(0, 0), Place(9, 0)), rows("abc")).startswith("abc\n")


def test_what_deceives_is_not_copied() -> None:
    row = Row((Run(0, 3, "a\u202eb", PLAIN), Run(3, 1, "\x1b", PLAIN), Run(4, 1, "c", PLAIN)))
    assert text_of(Selection(Place(0, 0), Place(0, 9)), lambda _: row) == "abc"


@pytest.mark.parametrize(
    ("col", "expected"),
    [(0, "see"), (3, " "), (5, "src/main.py:42"), (17, "src/main.py:42"), (18, ","), (21, "https://a.b/c?d=e&f=1%20")],
)
def test_a_word_is_a_path_or_an_address_too(col: int, expected: str) -> None:
    lines = rows("see src/main.py:42, https://a.b/c?d=e&f=1%20")
    assert text_of(word(Place(0, col), lines), lines) == expected.rstrip()


def test_a_word_goes_on_where_its_line_wraps() -> None:
    lines = rows("go to /usr/sha\\", "re/doc now")
    expected = Selection(Place(0, 6), Place(1, 6))
    assert word(Place(0, 8), lines) == expected
    assert word(Place(1, 2), lines) == expected
    assert text_of(expected, lines) == "/usr/share/doc"


def test_no_word_behind_the_text_or_beyond_the_lines() -> None:
    lines = rows("abc")
    assert not word(Place(0, 7), lines)
    assert not word(Place(5, 0), lines)


def test_a_line_is_taken_with_all_its_rows() -> None:
    lines = rows("before", "wrapped\\", "around", "after")
    assert whole_line(Place(2, 3), lines, 7) == Selection(Place(1, 0), Place(2, 7))
    assert text_of(whole_line(Place(1, 0), lines, 7), lines, 7) == "wrappedaround"


def test_a_drag_grows_by_words_to_both_sides() -> None:
    lines = rows("one two three")
    origin = word(Place(0, 5), lines)
    assert text_of(grown(origin, Place(0, 9), Unit.WORD, lines), lines) == "two three"
    assert text_of(grown(origin, Place(0, 1), Unit.WORD, lines), lines) == "one two"
    assert text_of(grown(origin, Place(0, 5), Unit.WORD, lines), lines) == "two"


def test_a_drag_grows_by_lines_and_by_cells() -> None:
    lines = rows("one", "two", "three")
    origin = whole_line(Place(1, 0), lines)
    assert grown(origin, Place(2, 1), Unit.LINE, lines) == Selection(Place(1, 0), Place(2, 5))
    assert grown(origin, Place(0, 1), Unit.LINE, lines) == Selection(Place(1, 3), Place(0, 0))
    cell = Selection(Place(0, 1), Place(0, 1))
    assert grown(cell, Place(2, 2), Unit.CELL, lines) == Selection(Place(0, 1), Place(2, 2))


def test_a_line_of_endless_rows_is_followed_only_so_far() -> None:
    asked: list[int] = []

    def endless(number: int) -> Row:
        asked.append(number)
        return Row((Run(0, 3, "abc", PLAIN),), wraps=True)

    assert word(Place(0, 1), endless)
    assert len(asked) < 1000


def full(text: str) -> Row:
    return Row((Run(0, len(text), text, PLAIN),))


@pytest.mark.parametrize(
    ("row", "cols", "expected"),
    [
        (full("abcd"), 4, True),
        (full("abcd"), 5, False),
        (full("abcd"), 0, False),
        (full("abc "), 4, False),
        (full("│ab│"), 4, False),
        (Row((Run(0, 2, "ab", PLAIN),), wraps=True), 0, True),
        (Row(), 4, False),
        (None, 4, False),
    ],
)
def test_a_full_row_goes_on_where_the_core_does_not_tell(row: Row | None, cols: int, expected: bool) -> None:
    assert goes_on(row, cols) is expected


def test_full_rows_are_joined_when_the_width_is_known() -> None:
    lines = rows("https://ex", "ample.org/", "end")
    selection = Selection(Place(0, 0), Place(2, 3))
    assert text_of(selection, lines, 10) == "https://example.org/end"
    assert text_of(selection, lines) == "https://ex\nample.org/\nend"
    assert text_of(word(Place(0, 2), lines, 10), lines, 10) == "https://example.org/end"
