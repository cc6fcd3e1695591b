"""What a view is told of a terminal: rows with their styling, what changed, what left the screen, and links."""

from __future__ import annotations

import gc
import weakref

import pytest

from agents.vt import libvterm
from agents.vt.grid import PLAIN, Cursor, Grid, Row, Run, Style
from agents.vt.libvterm import Library
from tests.unit.agents.vt.cores import libraries, needed

pytestmark = needed


@pytest.fixture(params=libraries(), ids=lambda library: library.interface)
def library(request: pytest.FixtureRequest) -> Library:
    """Return each core there is."""
    assert isinstance(request.param, Library)
    return request.param


def lines(first: int, last: int) -> bytes:
    return b"".join(b"line %d\r\n" % number for number in range(first, last))


def shown(grid: Grid) -> list[str]:
    return [grid.row(number).text for number in range(grid.rows)]


def kept(grid: Grid, first: int = 0) -> list[str | None]:
    rows = [grid.kept(number) for number in range(first, grid.scrolled)]
    return [None if row is None else row.text for row in rows]


def test_a_row_is_told_by_runs_of_one_style(library: Library) -> None:
    grid = Grid(3, 20, library=library)
    grid.feed(b"a\x1b[31mred\x1b[0m \x1b[1;38;2;1;2;3;48;5;200mB\x1b[0m")
    assert grid.row(0).runs == (
        Run(0, 1, "a", Style()),
        Run(1, 3, "red", Style(fg=1)),
        Run(4, 1, " ", Style()),
        Run(5, 1, "B", Style(fg=0x1010203, bg=200, bold=True)),
    )
    assert grid.row(0).text == "ared B"
    assert grid.cursor == Cursor(0, 6)


def test_a_wide_or_joined_character_is_a_run_of_its_own(library: Library) -> None:
    grid = Grid(2, 20, library=library)
    grid.feed("ab漢é e\u0301x".encode())
    assert grid.row(0).runs == (
        Run(0, 2, "ab", Style()),
        Run(2, 2, "漢", Style()),
        Run(4, 2, "é ", Style()),
        Run(6, 1, "e\u0301", Style()),
        Run(7, 1, "x", Style()),
    )


def test_blanks_are_left_out_at_the_end_unless_they_have_a_background(library: Library) -> None:
    grid = Grid(3, 10, library=library)
    grid.feed(b"a  \r\n\x1b[44mb\x1b[K\x1b[m\r\n\x1b[4m  \x1b[m ")
    assert grid.row(0).runs == (Run(0, 1, "a", Style()),)
    assert grid.row(1).runs == (Run(0, 1, "b", Style(bg=4)), Run(1, 9, " " * 9, Style(bg=4)))
    assert grid.row(2).runs == (Run(0, 2, "  ", Style(underline=1)),)


def test_a_row_that_is_none_is_said(library: Library) -> None:
    with pytest.raises(IndexError, match="no row 3 on a screen of 3"):
        Grid(3, 10, library=library).row(3)


def test_rows_that_changed_are_told_once(library: Library) -> None:
    grid = Grid(5, 20, library=library)
    assert grid.take_dirty() == frozenset(range(5))
    grid.feed(b"\x1b[2;1Hx\x1b[4;1Hy")
    assert grid.take_dirty() == {1, 3}
    assert grid.take_dirty() == frozenset()
    grid.resize(6, 20)
    assert grid.take_dirty() == frozenset(range(6))


def test_rows_that_scroll_are_not_read_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid(5, 20, library=library)
    grid.feed(b"\r\n".join(b"line %d" % number for number in range(5)))
    before = [grid.row(number) for number in range(5)]
    read: list[int] = []
    runs = type(grid._core).runs
    monkeypatch.setattr(
        type(grid._core), "runs", lambda core, row, looks: (read.append(row), runs(core, row, looks))[1]
    )
    grid.feed(b"\r\nnext")
    assert [grid.row(number).runs for number in range(4)] == [row.runs for row in before[1:]]
    assert grid.row(4).text == "next"
    assert read == [4]


def test_lines_that_leave_are_kept_and_counted(library: Library) -> None:
    grid = Grid(3, 20, keep=5, library=library)
    grid.feed(b"\x1b[32mgreen\x1b[m\r\n" + lines(1, 12))
    assert grid.scrolled == 10
    assert kept(grid) == [None] * 5 + [f"line {number}" for number in range(5, 10)]
    assert shown(grid) == ["line 10", "line 11", ""]


def test_the_style_of_a_line_that_left_is_kept(library: Library) -> None:
    grid = Grid(2, 20, library=library)
    grid.feed(b"\x1b[2;32mgreen\x1b[m x\r\n\r\n")
    line = grid.kept(0)
    assert line is not None
    assert line.runs == (Run(0, 5, "green", Style(fg=2, faint=True)), Run(5, 2, " x", Style()))
    assert grid.kept(1) is None
    assert grid.kept(-1) is None


@pytest.mark.parametrize("filling", [b"", b"\x1b[m" * 2000], ids=["drawn", "passing"])
def test_a_line_that_left_tells_that_its_text_goes_on_where_the_core_knows(library: Library, filling: bytes) -> None:
    grid = Grid(3, 10, library=library)
    for _ in range(2):
        grid.feed((b"x" * 25 + b"\r\n" + b"y" * 9 + b"\r\n") * 20 + filling)
    wraps = [line.wraps for number in range(grid.scrolled) if (line := grid.kept(number)) is not None]
    knows = library.interface != "0.1"
    assert grid.scrolled == 2 * 20 * 4 - 2
    assert wraps == ([knows, knows, False, False] * 40)[:-2]


def test_nothing_is_kept_of_the_alternate_screen(library: Library) -> None:
    grid = Grid(3, 20, library=library)
    grid.feed(b"one\x1b[?1049h" + lines(0, 9))
    assert grid.alternate
    assert grid.scrolled == 0
    grid.feed(b"\x1b[?1049l")
    assert not grid.alternate
    assert shown(grid) == ["one", "", ""]


@pytest.mark.parametrize("erasing", [b"\x1b[3J", b"\x1bc"])
def test_what_the_program_erased_is_kept_no_longer_but_counts(library: Library, erasing: bytes) -> None:
    grid = Grid(3, 20, library=library)
    grid.feed(lines(0, 9) + erasing + b"\x1b[2J\x1b[H" + lines(20, 25))
    assert kept(grid) == [None] * 7 + ["line 20", "line 21", "line 22"]


def test_lines_that_no_longer_fit_leave_and_do_not_come_back(library: Library) -> None:
    grid = Grid(5, 20, library=library)
    grid.feed(lines(0, 4) + b"end")
    grid.resize(3, 20)
    assert kept(grid) == ["line 0", "line 1"]
    assert (shown(grid), grid.cursor) == (["line 2", "line 3", "end"], Cursor(2, 3))
    grid.resize(6, 20)
    assert grid.scrolled == 2
    assert shown(grid)[:3] == ["line 2", "line 3", "end"]
    assert grid.cursor == Cursor(2, 3)


@pytest.mark.parametrize(("size", "bounded"), [((0, 0), (1, 2)), ((10_000, 10_000), (500, 1000))])
def test_a_size_no_core_can_have_is_bounded(library: Library, size: tuple[int, int], bounded: tuple[int, int]) -> None:
    grid = Grid(*size, library=library)
    assert (grid.rows, grid.cols) == bounded
    grid.feed("x漢\r\n".encode() * 3)
    grid.resize(5, 5)
    grid.resize(*size)
    assert (grid.rows, grid.cols) == bounded


def test_a_flood_passes_and_is_drawn_when_somebody_looks_back(library: Library) -> None:
    flood = b"".join(
        b"%06d \x1b[3%dmword\x1b[0m \x1b[1mtail\x1b[22m\t\x1b[2mfaint\x1b[m %s\r\n" % (n, n % 8, b"x" * (n % 90))
        for n in range(400)
    )
    at_once, by_and_by = (Grid(10, 80, library=library) for _ in range(2))
    at_once.feed(lines(0, 10) + flood)
    for at in range(0, len(lines(0, 10) + flood), 100):
        by_and_by.feed((lines(0, 10) + flood)[at : at + 100])
    assert [at_once.row(n) for n in range(10)] == [by_and_by.row(n) for n in range(10)]
    assert at_once.scrolled == by_and_by.scrolled > 400
    assert [at_once.kept(n) for n in range(at_once.scrolled)] == [by_and_by.kept(n) for n in range(by_and_by.scrolled)]


def test_a_link_stays_with_its_text(library: Library) -> None:
    grid = Grid(4, 30, library=library)
    grid.feed(b"\x1b[41m\x1b]8;;https://a.example/\x1b\\here\x1b]8;;\x1b\\ and\x1b[m")
    link = Style(bg=1, link=1)
    assert grid.row(0).runs == (Run(0, 4, "here", link), Run(4, 4, " and", Style(bg=1)))
    assert grid.link(1) == "https://a.example/"
    assert grid.link(2) is None
    grid.feed(b"\r\x1b[2@\x1b[L")
    assert grid.row(1).runs[1] == Run(2, 4, "here", link)
    grid.feed(b"\x1b[2;3HX\x1b[4;1H\r\n\r\n")
    line = grid.kept(1)
    assert line is not None
    assert line.runs[:2] == (Run(0, 3, "  X", Style()), Run(3, 3, "ere", link))


def test_a_restored_pen_brings_no_old_link_back(library: Library) -> None:
    grid = Grid(2, 30, library=library)
    grid.feed(b"\x1b]8;;http://x/\x07\x1b[42ma\x1b7\x1b]8;;\x07\x1b[m\x1b8b\x1b]8;;http://y/\x07\x1b8c")
    assert grid.row(0).runs == (Run(0, 1, "a", Style(bg=2, link=1)), Run(1, 1, "c", Style(bg=2, link=2)))
    grid.feed(b"\x1b]8;;\x07d\x1b[me")
    assert grid.row(0).runs[2:] == (Run(2, 1, "d", Style(bg=2)), Run(3, 1, "e", Style()))


def test_a_background_within_a_link_may_change(library: Library) -> None:
    grid = Grid(2, 30, library=library)
    grid.feed(b"\x1b]8;;http://x/\x07a\x1b[44mb\x1b[48;2;1;2;3mc\x1b[0md\x1b]8;;\x07e")
    assert [(run.text, run.style.bg, run.style.link) for run in grid.row(0).runs] == [
        ("a", -1, 1),
        ("b", 4, 1),
        ("c", 0x1010203, 1),
        ("d", -1, 1),
        ("e", -1, 0),
    ]


def test_what_a_program_asks_for_is_told_and_not_done(library: Library) -> None:
    grid = Grid(2, 30, library=library)
    grid.feed(b"\x1b]2;a \xe2\x80\xaetitle\x07\x07\x07\x1b]52;c;aGk=\x07\x1b]11;rgb:ff/80/00\x07\x1b[6n\x1b[c")
    assert grid.title == "a title"
    assert grid.bells == 2
    assert [(note.kind, note.text) for note in grid.take_notes()] == [("clipboard", "c;aGk=")]
    assert grid.take_notes() == ()
    assert dict(grid.palette) == {-2: 0xFF8000}


def test_a_synchronised_update_is_told(library: Library) -> None:
    grid = Grid(2, 30, library=library)
    grid.feed(b"\x1b[?2026h")
    assert grid.updating
    grid.feed(b"x\x1b[?2026l")
    assert not grid.updating


@pytest.mark.parametrize(
    ("sequence", "cursor"),
    [
        (b"\x1b[5 q", Cursor(0, 0, "bar", blinks=True)),
        (b"\x1b[4 q", Cursor(0, 0, "underline")),
        (b"\x1b[6 q\x1b[0 q", Cursor(0, 0)),
        (b"\x1b[6 q\x1b[99 q", Cursor(0, 0, "bar")),
        (b"\x1b[?25l", Cursor(0, 0, visible=False)),
        (b"\x1b[?12h", Cursor(0, 0, blinks=True)),
    ],
)
def test_the_cursor_looks_as_the_program_wants_it(library: Library, sequence: bytes, cursor: Cursor) -> None:
    grid = Grid(2, 30, library=library)
    for at in range(len(sequence)):
        grid.feed(sequence[at : at + 1])
    assert grid.cursor == cursor


def test_a_grid_nobody_needs_frees_its_core(library: Library) -> None:
    grid = Grid(2, 30, library=library)
    grid.feed(lines(0, 9))
    freed, core = grid._core.close, weakref.ref(grid._core)
    gc.disable()
    try:
        del grid
        assert core() is None
    finally:
        gc.enable()
    assert not freed.alive


def test_a_closed_grid_may_be_closed_again() -> None:
    grid = Grid(2, 30)
    grid.close()
    grid.close()


def test_without_a_core_there_is_no_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Library:
        raise libvterm.Refused("no terminal core: install it")

    monkeypatch.setattr(libvterm, "system", refuse)
    with pytest.raises(libvterm.Refused, match="install it"):
        Grid(2, 30)


@pytest.mark.parametrize("restore", [b"\x1b8", b"\x1b[u", b"\x1b[?1048l", b"\x1b[?1049l", b"\x1bc\x1b8"])
def test_a_cursor_never_kept_is_restored_plain_and_home(restore: bytes) -> None:
    grid = Grid(4, 20)
    grid.feed(b"\x1b[3;3H\x1b[1;31m" + restore + b"seen")
    assert grid.row(0) == Row((Run(0, 4, "seen", PLAIN),))
    grid.close()


def test_half_a_character_is_not_joined_with_text_behind_what_ends_it(library: Library) -> None:
    grid = Grid(2, 30, library=library)
    grid.feed(b"\xe6\xbc\x07\xa2 \xe2\x94\x82\x1b[?25l\xe2\x94\x82\xe6\x1b[?25h\xbc\xa2")
    assert grid.row(0).text == "\ufffd\ufffd ││\ufffd\ufffd\ufffd"
