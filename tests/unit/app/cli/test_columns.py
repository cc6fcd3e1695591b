"""Widths, cutting and tables that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.columns import Column, cells, cut, pad, table


@pytest.mark.parametrize(("text", "width"), [("", 0), ("abc", 3), ("名前", 4), ("é", 1), ("e\u0301", 1), ("◆○", 2)])
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width


@given(text=st.text(max_size=30), width=st.integers(0, 20))
def test_cut_never_exceeds_the_width_and_keeps_what_fits(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cells(shown) <= width
    if cells(text) <= width:
        assert shown == text


def test_pad_fills_on_either_side() -> None:
    assert (pad("名", 4), pad("7", 3, right=True), pad("long", 2)) == ("名  ", "  7", "long")


COLUMNS = (Column("a"), Column("b", least=3), Column("c", drop=2), Column("d", drop=1, is_right=True))
ROWS = [
    [("x", ""), ("bbbbbbbb", ""), ("cc", ""), ("1", "")],
    [("x", ""), ("bb", ""), ("", ""), ("100", "")],
]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (None, ["x  bbbbbbbb  cc    1", "x  bb            100"]),
        (20, ["x  bbbbbbbb  cc    1", "x  bb            100"]),
        (16, ["x  bbb…  cc    1", "x  bb        100"]),
        (12, ["x  bbbb…  cc", "x  bb       "]),
        (8, ["x  bbbb…", "x  bb   "]),
        (3, ["…  …", "…  …"]),
    ],
)
def test_a_table_drops_and_shrinks_in_order(width: int | None, lines: list[str]) -> None:
    shown = ["".join(text for text, _ in line) for line in table(COLUMNS, ROWS, width)]
    if width == 3:  # two columns and their gap need four: nothing smaller is possible
        assert [len(line) for line in shown] == [4, 4]
    else:
        assert shown == lines


def test_columns_without_content_are_left_out() -> None:
    rows = [[("x", ""), ("", ""), ("", ""), ("1", "r")]]
    assert table(COLUMNS, rows, None) == [[("x", ""), ("  ", ""), ("1", "r")]]


@given(
    st.lists(st.tuples(*[st.text(st.characters(codec="utf-8"), max_size=12)] * 4), min_size=1, max_size=4),
    st.integers(12, 60),
)
def test_any_table_fits_once_it_can(rows: list[tuple[str, ...]], width: int) -> None:
    lines = table(COLUMNS, [[(text, "") for text in row] for row in rows], width)
    first = max(cells(row[0]) for row in rows)
    assert all(cells("".join(text for text, _ in line)) <= max(width, first + 5) for line in lines)
