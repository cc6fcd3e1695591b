"""How a sitting begins, drawn by a real core into a terminal of its own size."""

from __future__ import annotations

import msgspec
import pytest

from agents.vt import libvterm
from agents.vt.screen import Screen, ScreenState, Snapshot
from agents.wire import TerminalState
from app.cli.sitting import picture

needs_core = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")

STATE = TerminalState(900, 4, 20, lines=("one", "", "three x", ""), row=2, col=5)


def drawn(data: bytes, rows: int, cols: int) -> Snapshot:
    screen = Screen(ScreenState(rows, cols))
    screen.feed(data, 0.0)
    snapshot = screen.snapshot()
    assert snapshot is not None
    return snapshot


@needs_core
def test_an_alternate_screen_is_drawn_where_it_stands() -> None:
    state = msgspec.structs.replace(STATE, alternate=True)
    seen = drawn(b"\x1b[?1049h" + picture.screen(state, (4, 20)), 4, 20)
    assert (seen.lines[:3], seen.row, seen.col) == (("one", "", "three x"), 2, 5)
    small = drawn(b"\x1b[?1049h" + picture.screen(state, (2, 4)), 2, 4)
    assert (small.lines[0], small.row, small.col) == ("one", 1, 3)


@needs_core
def test_a_main_screen_goes_on_below_what_stands_there() -> None:
    seen = drawn(b"before\r\n" + picture.screen(STATE, (6, 20)), 6, 20)
    assert seen.lines[:4] == ("before", "one", "", "three x")
    assert (seen.row, seen.col) == (3, 5)


@needs_core
def test_with_the_cursor_above_the_last_line() -> None:
    state = msgspec.structs.replace(STATE, row=0, col=3)
    seen = drawn(picture.screen(state, (6, 20)), 6, 20)
    assert (seen.lines[:3], seen.row, seen.col) == (("one", "", "three x"), 0, 3)


@needs_core
@pytest.mark.parametrize("size", [(1, 2), (2, 10), (3, 40), (10, 90)])
def test_a_terminal_of_another_size_is_shown_as_text_that_fits(size: tuple[int, int]) -> None:
    lines = tuple(f"{row} " + "w" * 80 + "漢字" for row in range(40))
    state = TerminalState(9, 40, 90, lines=lines)
    seen = drawn(picture.aside(state, size, "it is 40×90"), *size)
    assert len([line for line in seen.lines if line.startswith(tuple("0123456789"))]) <= size[0] - 1
    assert seen.lines[-1][:1] in {"i", "…"}
    for row, line in enumerate(seen.lines[:-1]):
        assert line.startswith(str(row)[: size[1]])


def test_what_a_program_wrote_is_shown_without_what_deceives() -> None:
    state = TerminalState(9, 2, 40, lines=("safe\u202egpj.exe", "a\x1b[2Jb"))
    assert "\u202e".encode() not in picture.aside(state, (5, 40), "n\u202e")
    assert "\u202e".encode() not in picture.screen(state, (5, 40))
    assert picture.screen(state, (5, 40)).count(b"\x1b[2J") == 0


@pytest.mark.parametrize(
    ("changes", "past", "size", "is_needed"),
    [
        ({}, b"a\r\nb", (4, 20), False),
        ({"alternate": True}, b"a", (4, 20), True),
        ({"alternate": True, "lines": None}, b"a", (4, 20), False),
        ({}, b"a\r\nb", (9, 30), False),
        ({}, b"a\x1b[2Ab", (9, 30), True),
        ({}, b"a\x1b[2Ab", (4, 20), False),
        ({"lines": None}, b"a\x1b[2Ab", (9, 30), False),
    ],
)
def test_the_screen_is_drawn_only_where_printing_its_past_would_not_do(
    changes: dict[str, object], past: bytes, size: tuple[int, int], is_needed: bool
) -> None:
    assert picture.needs_drawing(msgspec.structs.replace(STATE, **changes), past, size) is is_needed


def test_the_past_begins_with_its_process_and_with_a_whole_line() -> None:
    assert picture.tail_at(STATE) == 0
    assert picture.tail_at(msgspec.structs.replace(STATE, began=100)) == 100
    assert picture.tail_at(msgspec.structs.replace(STATE, offset=100_000)) == 100_000 - picture.TAIL
    assert picture.whole_lines(b"[31mhalf\nwhole\n", is_cut=True) == b"whole\n"
    assert picture.whole_lines(b"first\nwhole\n", is_cut=False) == b"first\nwhole\n"
    assert picture.whole_lines(b"no end", is_cut=True) == b"no end"
