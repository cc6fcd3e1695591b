"""Where the reader of a terminal is: at the end, above it, among lines read from the log."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QAbstractSlider

from tests.ui.panes.terminal.conftest import Desk

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def long(open_desk: Callable[..., Desk], count: int = 60, older: tuple[str, ...] = ()) -> Desk:
    desk = open_desk(rows=5, older=older)
    desk.feed("\r\n".join(f"line {n}" for n in range(count)))
    return desk


def test_the_end_is_followed(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    assert desk.text[-1] == "line 59"
    desk.feed("\r\nnews")
    assert desk.text[-1] == "news"
    assert desk.view._badge.isHidden()


def test_scrolled_up_it_stands_still_and_counts_what_is_new(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    desk.view.scroll_lines(-20)
    before = desk.text
    desk.feed("\r\na\r\nb\r\nc")
    assert desk.text == before
    assert desk.view._badge.isVisible()
    assert desk.view._badge.text() == "3 new below"
    desk.view._badge.click()
    assert desk.text[-1] == "c"
    assert desk.view.follow
    assert desk.view._badge.isHidden()


def test_scrolling_down_to_the_end_follows_again(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    desk.view.scroll_lines(-2)
    assert not desk.view.follow
    desk.view.scroll_lines(2)
    assert desk.view.follow


def test_the_scroll_bar_moved_by_hand(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    bar = desk.view.verticalScrollBar()
    bar.triggerAction(QAbstractSlider.SliderAction.SliderPageStepSub)
    assert not desk.view.follow
    assert desk.text[-1] == "line 54"
    bar.triggerAction(QAbstractSlider.SliderAction.SliderToMaximum)
    assert desk.view.follow


def test_wheel_and_touch_pad(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    desk.wheel(120)
    assert desk.text[-1] == "line 56"
    for _ in range(4):
        desk.wheel(pixels=5)  # a quarter of a line or so: together more than one
    assert desk.text[-1] == "line 55"
    desk.wheel(-1200)
    assert desk.view.follow


def test_a_line_above_the_first_says_that_older_ones_come(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk, older=tuple(f"old {n}" for n in range(1200)))
    assert desk.view.verticalScrollBar().minimum() == -1
    desk.view.to_begin()
    assert desk.view.look(-1).note == "reading older output…"
    desk.pump.settle()
    assert desk.fed.first <= -500
    assert desk.view.first_line() == -1, "what the reader saw stays in place"
    desk.view.to_begin()
    desk.pump.settle()
    desk.view.to_begin()
    desk.pump.settle()
    assert not desk.fed.has_older
    assert desk.view.verticalScrollBar().minimum() == -1200
    desk.view.to_begin()
    assert desk.text[0] == "old 0"


def test_older_output_that_was_removed_is_said(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    assert desk.view.verticalScrollBar().minimum() == 0
    desk.fed.trimmed = True
    desk.view.refresh()
    desk.view.to_begin()
    assert desk.view.look(desk.view.first_line()).note == "older output was removed"


def test_lines_no_longer_at_hand_are_brought(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    desk.fed.missing = {3, 4}
    desk.view.to_begin()
    assert desk.view.look(3).note == "reading older output…"
    desk.pump.settle()
    assert desk.text[3] == "line 3"
    assert desk.view.look(3).note == ""


def test_a_line_is_brought_into_sight(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    desk.view.show_line(10)
    assert "line 10" in desk.text
    assert not desk.view.follow
    before = desk.view.first_line()
    desk.view.show_line(before + 1)
    assert desk.view.first_line() == before


def test_the_size_is_told_by_the_view_that_had_the_focus_last(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    desk.view.clearFocus()
    desk.view.grew(0, 30, 100)  # another view took it over
    desk.fit(8, 30)
    desk.qtbot.waitUntil(lambda: desk.view.fitting() == (8, 30), timeout=30_000)
    assert not desk.view._resized.isActive()
    assert desk.sizes == []
    desk.view.setFocus()
    assert desk.sizes == [(8, 30)]
    desk.fit(6, 20)
    desk.qtbot.waitUntil(lambda: desk.sizes[-1] == (6, 20), timeout=30_000)


def test_typing_takes_the_size_over(desk: Desk) -> None:
    desk.view.owns_size = False
    desk.view.send(b"x")
    assert desk.sizes == [(10, 40)]
    desk.view.send(b"y")
    assert desk.sizes == [(10, 40)]


def test_zoom_changes_the_size(desk: Desk) -> None:
    desk.view.zoom(4)
    rows, cols = desk.view.fitting()
    assert rows < 10
    assert cols < 40
    assert desk.sizes[-1] == (rows, cols)
    for _ in range(3):
        desk.wheel(-40, keys=CONTROL)  # a notch in parts
    assert desk.view._zoom == 3
    desk.view.zoom(0)
    assert desk.sizes[-1] == (10, 40)
    for _ in range(60):
        desk.view.zoom(1)
    assert desk.view._zoom == 19


def test_the_bell_is_told_once(desk: Desk) -> None:
    rung: list[bool] = []
    desk.view.bell.connect(lambda: rung.append(True))
    desk.feed("\a")
    desk.feed("x")
    assert rung == [True]


def test_output_is_looked_for_after_a_key_and_while_it_flows(desk: Desk) -> None:
    desk.pump.until(lambda: not desk.view._frame.isActive())
    looks = desk.fed.looks
    desk.fed.waiting += b"quiet"
    desk.view.send(b"x")
    desk.pump.until(lambda: "quiet" in desk.view.accessible_text())
    assert desk.fed.looks > looks
    desk.clock.now += 10
    desk.pump.until(lambda: not desk.view._frame.isActive())
    desk.fed.waiting += b" told"
    desk.view.grew(5, 10, 40)
    desk.pump.until(lambda: "quiet told" in desk.view.accessible_text())


def test_output_that_is_elsewhere_is_fetched(desk: Desk) -> None:
    desk.fed.starved = True
    desk.view.grew(5, 10, 40)
    desk.pump.until(lambda: not desk.fed.starved)
    desk.pump.settle()


def test_output_that_cannot_be_fetched_is_asked_for_again_with_the_next_news(desk: Desk) -> None:
    desk.fed.refuse = ConnectionError("gone")
    desk.fed.starved = True
    for _ in range(3):
        desk.view.wake()
        desk.view.send(b"x")
        desk.pump.until(lambda: desk.pump.failures)
        desk.clock.now += 1
        desk.pump.until(lambda: not desk.view._frame.isActive())
    assert desk.fed.fetches == 1
    desk.pump.failures.clear()
    desk.fed.refuse = None
    desk.view.grew(9, 10, 40)
    desk.pump.until(lambda: not desk.fed.starved)
    assert desk.fed.fetches == 2
    desk.pump.settle()


def test_the_badge_stays_in_the_middle(open_desk: Callable[..., Desk]) -> None:
    desk = long(open_desk)
    desk.view.scroll_lines(-3)
    desk.feed("\r\nx")
    badge, view = desk.view._badge, desk.view.viewport()
    assert abs(badge.geometry().center().x() - view.rect().center().x()) <= 1
    assert view.rect().contains(badge.geometry())
    assert desk.view.childAt(QPointF(badge.geometry().center()).toPoint() + QPoint(0, 0)) is not None
