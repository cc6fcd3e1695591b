"""What is painted of a terminal: each attribute where it belongs, and no more often than needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtGui import QColor

from tests.fakes.fed import Fed
from tests.ui.panes.terminal.conftest import Desk
from ui import theme as themes
from ui.panes.terminal.paint import RowPainter
from ui.theme import Theme, contrast


def test_the_view_has_as_many_cells_as_it_has_room_for(desk: Desk) -> None:
    assert desk.view.fitting() == (10, 40)
    metrics = desk.view._metrics
    assert isinstance(metrics.cell, int)
    assert desk.view.cell_rect(0, 5).left() - desk.view.cell_rect(0, 4).left() == metrics.cell


def test_text_is_drawn_in_the_cells_it_stands_in(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[3;6HXX")
    assert desk.inked(2, 5)
    assert desk.colours(2, 4) == {theme.code.name(): desk.view._metrics.cell * desk.view._metrics.height}
    assert not desk.inked(2, 7)


@pytest.mark.parametrize(
    ("sequence", "ground"),
    [
        ("\x1b[41m  ", "ansi:1"),
        ("\x1b[103m  ", "ansi:11"),
        ("\x1b[48;5;208m  ", "#ff8700"),
        ("\x1b[48;5;240m  ", "#585858"),
        ("\x1b[48;2;1;2;3m  ", "#010203"),
        ("\x1b[7m  ", "text"),
        ("\x1b[31;7m  ", "ansi:1"),
    ],
)
def test_backgrounds(desk: Desk, theme: Theme, sequence: str, ground: str) -> None:
    desk.feed(f"\x1b[2;1H{sequence}\x1b[0m\x1b[H")
    wanted = theme.ansi[int(ground[5:])].name() if ground.startswith("ansi") else ground
    wanted = theme.text.name() if ground == "text" else wanted
    assert set(desk.colours(1, 0, 2)) == {wanted}
    assert desk.ground(1, 2) == theme.code.name()


def test_a_true_colour_is_the_colour_of_the_text(desk: Desk) -> None:
    desk.feed("\x1b[2;1H\x1b[38;2;255;0;128m█\x1b[0m")
    assert desk.ground(1, 0) == "#ff0080"


@pytest.mark.parametrize(
    ("sequence", "row_of_line"),
    [("\x1b[4m", "underline"), ("\x1b[9m", "strike"), ("\x1b[53m", "top")],
)
def test_lines_go_through_the_whole_cell(desk: Desk, theme: Theme, sequence: str, row_of_line: str) -> None:
    desk.feed(f"\x1b[2;1H{sequence}  \x1b[0m")
    metrics, box, image = desk.view._metrics, desk.box(1, 0, 2), desk.picture()
    offset = {"underline": metrics.underline, "strike": metrics.strike, "top": 0}[row_of_line]
    line = {image.pixelColor(x, box.top() + offset).name() for x in range(box.left(), box.right() + 1)}
    assert line == {theme.text.name()}


def test_a_double_line_is_two_with_a_gap(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2;1H\x1b[21m    \x1b[0m")
    box, image = desk.box(1, 0), desk.picture()
    column = [image.pixelColor(box.center().x(), y) == theme.text for y in range(box.top(), box.bottom() + 1)]
    assert "".join(".#"[is_ink] for is_ink in column).strip(".") == "#.#"


def test_a_curly_line_is_no_straight_one(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2;1H\x1b[4:3m    \x1b[0m")
    rows = {y for y in range(desk.box(1, 0).height()) if _inked(desk, theme, y)}
    assert len(rows) >= 2


def _inked(desk: Desk, theme: Theme, y: int) -> bool:
    box, image = desk.box(1, 0, 4), desk.picture()
    return any(image.pixelColor(x, box.top() + y) != theme.code for x in range(box.left(), box.right() + 1))


def test_concealed_text_takes_room_and_shows_nothing(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2;1H\x1b[8mXX\x1b[0mY")
    assert set(desk.colours(1, 0, 2)) == {theme.code.name()}
    assert desk.inked(1, 2)


def test_bold_is_heavier_and_faint_is_weaker(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2;1HM\x1b[1mM\x1b[0;2mM\x1b[0m")
    plain, bold = desk.colours(1, 0), desk.colours(1, 1)
    assert bold[theme.code.name()] < plain[theme.code.name()]
    assert _brightest(desk, 2) < _brightest(desk, 0)


def _brightest(desk: Desk, col: int) -> float:
    return max(QColor(name).lightnessF() for name in desk.colours(1, col))


def test_bold_is_bright_by_setting_only(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2;1H\x1b[1;34m█\x1b[0m")
    assert desk.ground(1, 0) == theme.ansi[4].name()
    desk.view.set_theme(themes.load("dark", bold_is_bright=True))
    assert desk.ground(1, 0) == theme.ansi[12].name()


def test_the_whole_screen_reversed(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[?5h")
    assert desk.ground(5, 5) == theme.text.name()
    desk.feed("\x1b[?5l")
    assert desk.ground(5, 5) == theme.code.name()


def test_colours_the_program_set(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2;1H\x1b[41m  \x1b[0m\x1b]4;1;rgb:12/34/56\x07\x1b]11;#102030\x07")
    assert desk.ground(1, 0) == "#123456"
    assert desk.ground(5, 5) == "#102030"
    desk.feed("\x1b]104\x07\x1b]111\x07")
    assert desk.ground(1, 0) == theme.ansi[1].name()
    assert desk.ground(5, 5) == theme.code.name()


@pytest.mark.parametrize(("number", "filled"), [(2, "block"), (4, "underline"), (6, "bar")])
def test_cursors(desk: Desk, theme: Theme, number: int, filled: str) -> None:
    desk.feed(f"\x1b[3;3H\x1b[{number} q")
    box, image = desk.box(2, 2), desk.picture()
    whole = box.width() * box.height()
    count = desk.colours(2, 2).get(theme.text.name(), 0)
    assert (count == whole) is (filled == "block")
    assert count > 0
    corner = {"block": box.topRight(), "underline": box.bottomRight(), "bar": box.topLeft()}[filled]
    assert image.pixelColor(corner) == theme.text


def test_a_cursor_is_hollow_without_the_keyboard_and_gone_when_hidden(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[3;3H")
    assert desk.ground(2, 2) == theme.text.name()
    desk.view.clearFocus()
    box, image = desk.box(2, 2), desk.picture()
    assert image.pixelColor(box.center()) == theme.code
    assert image.pixelColor(box.topLeft()) == theme.text
    desk.feed("\x1b[?25l")
    assert set(desk.colours(2, 2)) == {theme.code.name()}


def test_the_character_under_a_block_cursor_can_be_read(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[3;3HW\x1b[3;3H")
    counts = desk.colours(2, 2)
    assert counts[theme.text.name()] > 0
    assert max(contrast(QColor(name), theme.text) for name in counts) > 10


def test_wide_and_strange_characters_stay_in_their_cells(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[2;1H漢|e\u0301|\u0915|א|")
    for col in (2, 4, 6, 8):
        assert desk.inked(1, col), f"no bar in column {col}"
        image, box = desk.picture(), desk.box(1, col)
        edges = {
            image.pixelColor(x, y).name() for x in (box.left(), box.right()) for y in range(box.top(), box.bottom())
        }
        assert edges == {theme.code.name()}, f"something reaches into column {col}"


def test_only_rows_that_changed_are_painted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.feed("\x1b[2J" + "".join(f"\x1b[{n};1Hline {n}" for n in range(1, 11)) + "\x1b[1;1H")
    drawn: list[int] = []
    draw = RowPainter.draw

    def counted(self: RowPainter, painter: Any, look: Any, top: int, cols: int) -> None:
        drawn.append(top // self.metrics.height)
        draw(self, painter, look, top, cols)

    monkeypatch.setattr(RowPainter, "draw", counted)
    desk.feed("")
    assert drawn == []
    desk.feed("\x1b[5;8Hx\x1b[8;8Hy\x1b[1;1H")
    assert drawn == [4, 7]
    drawn.clear()
    desk.feed("\x1b[10;1H\r\nnext")
    # Nine rows moved up; the one the cursor left, and the new one.
    assert set(drawn) == {0 if 0 in drawn else 9, 9}


@pytest.mark.parametrize("name", ["dark", "light"])
def test_another_theme_changes_everything(desk: Desk, name: str) -> None:
    desk.feed("\x1b[2;1H\x1b[41m  \x1b[0mtext")
    other = themes.load(name)
    desk.view.set_theme(other)
    assert desk.ground(5, 5) == other.code.name()
    assert desk.ground(1, 0) == other.ansi[1].name()


def test_a_synchronised_update_appears_as_one(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[?2026h\x1b[2;1H\x1b[41m  \x1b[0m")
    assert desk.ground(1, 0) == theme.code.name()
    desk.feed("\x1b[?2026l")
    assert desk.ground(1, 0) == theme.ansi[1].name()


def test_an_update_that_never_ends_is_shown_after_a_while(desk: Desk, theme: Theme) -> None:
    desk.feed("\x1b[?2026h\x1b[2;1H\x1b[41m  \x1b[0m")
    desk.clock.now += 0.16
    desk.feed("")
    assert desk.ground(1, 0) == theme.ansi[1].name()


def test_a_smaller_screen_than_the_view_is_set_apart(desk: Desk, theme: Theme) -> None:
    desk.view.grew(0, 6, 20)
    desk.view.refresh()
    assert desk.ground(2, 10) == theme.code.name()
    assert desk.ground(2, 30) not in {theme.code.name(), theme.text.name()}
    assert desk.ground(8, 10) == desk.ground(2, 30)


def test_a_larger_screen_than_the_view_shows_the_cursor(desk: Desk, theme: Theme) -> None:
    desk.view.grew(0, 30, 80)
    desk.feed("\x1b[30;1Hlast line\x1b[30;5H")
    assert "last line" in desk.text[-1]
    desk.feed("\x1b[1;1Hfirst line\x1b[1;1H")
    assert "first line" in desk.text[0]


def test_hiding_closes_the_terminal_and_stops_every_timer(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    wanted: list[bool] = []
    desk.view.wanted.connect(lambda: wanted.append(True))
    desk.view.send(b"x")
    desk.view.hide()
    assert desk.fed.is_closed
    assert desk.view.terminal is None
    assert not desk.view._frame.isActive()
    looks = desk.fed.looks
    desk.view.grew(100, 10, 40)
    desk.view.refresh()
    assert desk.fed.looks == looks
    desk.view.show()
    assert wanted == [True]
    assert desk.view.accessible_text() == ""


def test_what_comes_while_hidden_is_shown_from_the_new_terminal(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.view.hide()
    late = Fed(10, 40)
    desk.view.show_terminal(late)
    assert late.is_closed, "a hidden view keeps no terminal"
    desk.view.show()
    fresh = Fed(10, 40)
    fresh.waiting += b"news"
    desk.view.show_terminal(fresh)
    desk.pump.until(lambda: "news" in desk.view.accessible_text())
    desk.view.hide()
    assert fresh.is_closed
