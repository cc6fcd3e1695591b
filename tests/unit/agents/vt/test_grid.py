"""What a view is told of a terminal: rows with their styling, what changed, what left the screen, and links."""

from __future__ import annotations

import pytest

from agents.vt import libvterm
from agents.vt.grid import Cursor, Grid, Run, Style

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")


def test_a_row_is_told_by_runs_of_one_style() -> None:
    grid = Grid(3, 20)
    grid.feed(b"a\x1b[31mred\x1b[0m \x1b[1;38;2;1;2;3;48;5;200mB\x1b[0m")
    assert grid.row(0).runs == (
        Run(0, 1, "a", Style()),
        Run(1, 3, "red", Style(fg=1)),
        Run(4, 1, " ", Style()),
        Run(5, 1, "B", Style(fg=0x1010203, bg=200, bold=True)),
    )
    assert grid.row(0).text == "ared B"
    assert grid.cursor == Cursor(0, 6)


def test_rows_that_changed_are_told_once() -> None:
    grid = Grid(5, 20)
    assert grid.take_dirty() == frozenset(range(5))
    grid.feed(b"\x1b[2;1Hx\x1b[4;1Hy")
    assert grid.take_dirty() == {1, 3}
    assert grid.take_dirty() == frozenset()
