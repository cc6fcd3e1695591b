"""Rows of raw cells: what is read by looks is what is read cell by cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt import cells, libvterm
from agents.vt.grid import Grid, Row
from agents.vt.rows import PLAIN, Run, Style

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")

_PARTS = st.sampled_from(
    [
        *("plain text", "    ", "é ü ß", "─│┌", "漢字", "e\u0301", "👍🏽", "\u00ad", "\t", "~" * 30),
        *("\x1b[m", "\x1b[31m", "\x1b[1;44m", "\x1b[7m", "\x1b[38;2;1;2;3m", "\x1b[49m", "\x1b[53m", "\x1b[K"),
        *("\x1b[1K", "\x1b[3C", "\x1b[2D", "\x1b[4X", "\x1b[2P", "\x1b[3@", "\r"),
        *("\x1b]8;;https://example.org\x07", "\x1b]8;;\x07"),
    ]
)


@given(st.lists(_PARTS, max_size=30))
def test_both_ways_of_reading_a_row_agree(parts: list[str]) -> None:
    grid = Grid(2, 60, keep=10)
    grid.feed("".join(parts).encode())
    words = memoryview(grid._core.raw(0)).cast("I")
    by_cells = cells.by_cells(words, grid._looks)
    assert cells.runs(grid._core.raw(0), grid._looks) == by_cells
    grid.close()


def test_erased_cells_keep_their_background_alone() -> None:
    grid = Grid(2, 12, keep=10)
    grid.feed(b"ab\x1b[1;4;42m\x1b[4Ccd\x1b[K\x1b[m\r\n\n")
    expected = (
        Run(0, 6, "ab    ", PLAIN),
        Run(6, 2, "cd", Style(bg=2, bold=True, underline=1)),
        Run(8, 4, "    ", Style(bg=2)),
    )
    assert grid.kept(0) == Row(expected)
    grid.close()
