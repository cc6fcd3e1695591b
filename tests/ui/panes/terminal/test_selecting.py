"""Selecting in a terminal by mouse, what becomes of it under new output, and copying."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.terminal.selection import Place, Selection
from tests.ui.panes.terminal.conftest import Desk
from ui.theme import Theme

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def written(desk: Desk) -> Desk:
    desk.feed("one two three\r\nsee src/main.py:42 now\r\n\r\nlast")
    return desk


def test_a_drag_selects_and_paints(written: Desk, theme: Theme) -> None:
    written.drag((0, 4), (1, 3))
    assert written.view.selected_text() == "two three\nsee"
    assert written.ground(0, 5) == theme.selection.name()
    assert written.ground(0, 1) == theme.code.name()
    assert written.ground(0, 30) == theme.selection.name()
    assert written.ground(1, 10) == theme.code.name()


def test_a_click_alone_selects_nothing_and_ends_what_was_selected(written: Desk) -> None:
    written.drag((0, 0), (0, 3))
    written.click(1, 5)
    assert not written.view.selection
    assert written.view.selected_text() == ""


def test_two_clicks_take_a_path_three_a_line_four_begin_anew(written: Desk) -> None:
    written.click(1, 6, times=2)
    assert written.view.selected_text() == "src/main.py:42"
    written.click(0, 1, times=3)
    assert written.view.selected_text() == "one two three"


def test_a_drag_after_two_clicks_goes_by_words(written: Desk) -> None:
    written.mouse("press", written.point(0, 5))
    written.mouse("release", written.point(0, 5))
    written.mouse("double", written.point(0, 5))
    written.mouse("move", written.point(0, 9))
    assert written.view.selected_text() == "two three"
    written.mouse("move", written.point(0, 1))
    assert written.view.selected_text() == "one two"
    written.mouse("release", written.point(0, 1))


def test_alt_draws_a_block_and_shift_draws_it_out(written: Desk) -> None:
    written.drag((0, 4), (1, 7), keys=ALT)
    assert written.view.selection.block
    assert written.view.selected_text() == "two\nsrc"
    written.drag((0, 0), (0, 3))
    written.click(1, 3, keys=SHIFT)
    assert written.view.selected_text() == "one two three\nsee"


def test_a_drag_beyond_the_edge_scrolls(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rows=5)
    desk.feed("\r\n".join(f"line {n}" for n in range(40)))
    desk.mouse("press", desk.point(2, 0))
    point = desk.point(0, 0)
    point.setY(-20)
    desk.mouse("move", point)
    desk.qtbot.waitUntil(lambda: desk.view.first_line() < 20, timeout=30_000)
    desk.mouse("release", point)
    first = desk.view.first_line()
    assert desk.view.selected_text().startswith(f"line {desk.view.selection.begin.line}")
    assert first <= desk.view.selection.begin.line < 30
    assert not desk.view._edge.isActive()


def test_the_selection_moves_with_its_lines(written: Desk) -> None:
    written.drag((0, 4), (0, 7))
    written.feed("\r\n" * 20 + "more")
    assert written.view.selection == Selection(Place(0, 4), Place(0, 7))
    assert written.view.selected_text() == "two"


def test_the_selection_goes_with_its_text(written: Desk) -> None:
    written.drag((0, 4), (0, 7))
    written.feed("\x1b[1;1HONE")
    assert written.view.selected_text() == "two", "another part of the line changed"
    written.feed("\x1b[1;6HX")
    assert not written.view.selection


def test_the_selection_goes_when_lines_lose_their_numbers(written: Desk) -> None:
    written.drag((0, 4), (0, 7))
    written.fed.epoch += 1
    written.feed("")
    assert not written.view.selection


def test_everything_is_selected_and_copied(written: Desk) -> None:
    written.view.select_all()
    written.view.copy()
    assert QGuiApplication.clipboard().text().rstrip("\n") == "one two three\nsee src/main.py:42 now\n\nlast"


def test_copying_nothing_leaves_the_clipboard(written: Desk) -> None:
    QGuiApplication.clipboard().setText("kept")
    written.view.copy()
    assert QGuiApplication.clipboard().text() == "kept"


def test_lines_that_are_not_at_hand_are_read_before_they_are_copied(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rows=5)
    desk.feed("\r\n".join(f"line {n}" for n in range(40)))
    desk.fed.missing = set(range(20))
    desk.view.select(Selection(Place(3, 0), Place(5, 6)))
    desk.view.copy()
    desk.pump.settle()
    assert QGuiApplication.clipboard().text() == "line 3\nline 4\nline 5"


def test_much_is_copied_in_pieces_and_stops_with_its_terminal(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rows=5)
    desk.feed("\r\n".join(f"line {n}" for n in range(900)))
    desk.view.select_all()
    desk.view.copy()
    desk.pump.settle()
    assert QGuiApplication.clipboard().text().splitlines() == [f"line {n}" for n in range(900)]
    QGuiApplication.clipboard().setText("kept")
    desk.view.copy()
    desk.view.hide()
    desk.pump.settle()
    assert QGuiApplication.clipboard().text() == "kept"


def test_wide_characters_are_selected_whole(desk: Desk) -> None:
    desk.feed("a漢字b")
    desk.drag((0, 2), (0, 4))
    assert desk.view.selected_text() == "漢字"


def test_selected_text_can_be_read_whatever_its_colour(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[38;2;38;51;73m██\x1b[0m")  # the colour of the selection itself
    desk.drag((0, 0), (0, 2))
    assert desk.ground(0, 0) != theme.selection.name()
