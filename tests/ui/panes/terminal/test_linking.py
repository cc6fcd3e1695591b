"""Links under the mouse: said, underlined, and opened by Ctrl+click alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from tests.ui.panes.terminal.conftest import NONE, Desk
from ui.theme import Theme

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def linked(desk: Desk) -> Desk:
    desk.feed("go https://example.org/a now\r\n\x1b]8;;https://example.com/hidden\x1b\\words\x1b]8;;\x1b\\ end\r\n")
    return desk


def hover(desk: Desk, row: int, col: float) -> None:
    desk.mouse("move", desk.point(row, col), button=NONE)


def test_a_target_is_shown_before_it_is_opened(linked: Desk, theme: Theme) -> None:
    hover(linked, 1, 2)
    status = linked.view._status
    assert status.isVisible()
    assert status.text() == "Ctrl+click opens https://example.com/hidden"
    metrics, box, image = linked.view._metrics, linked.box(1, 0, 5), linked.picture()
    under = {image.pixelColor(x, box.top() + metrics.underline).name() for x in range(box.left(), box.right())}
    assert under == {theme.text.name()}
    hover(linked, 1, 7)
    assert status.isHidden()
    assert not linked.inked(1, 5)


def test_only_ctrl_click_opens(linked: Desk) -> None:
    linked.click(0, 5)
    assert linked.links == []
    linked.click(0, 5, keys=CONTROL)
    linked.click(1, 1, keys=CONTROL)
    linked.click(1, 8, keys=CONTROL)
    assert linked.links == ["https://example.org/a", "https://example.com/hidden"]


def test_a_press_on_a_link_let_go_elsewhere_opens_nothing(linked: Desk) -> None:
    linked.mouse("press", linked.point(0, 5), keys=CONTROL)
    linked.mouse("release", linked.point(3, 5), keys=CONTROL)
    assert linked.links == []


def test_a_link_is_ours_also_where_the_program_has_the_mouse(linked: Desk) -> None:
    linked.feed("\x1b[?1000h\x1b[?1006h")
    linked.click(0, 5, keys=CONTROL)
    assert linked.links == ["https://example.org/a"]
    assert linked.typed == []
    linked.click(0, 5)
    assert len(linked.typed) == 2


def test_a_target_cannot_deceive_in_the_status_line(desk: Desk) -> None:
    desk.feed("\x1b]8;;https://a/\u202egpj.exe\x1b\\x\x1b]8;;\x1b\\")
    hover(desk, 0, 0)
    assert desk.view.link is None


def test_the_status_line_gives_way_to_a_link_under_it(desk: Desk) -> None:
    desk.feed("\x1b[10;1Hhttps://example.org/below")
    hover(desk, 9, 3)
    assert desk.view._status.y() == 0
    desk.feed("\x1b[1;1Hhttps://example.org/above")
    hover(desk, 0, 3)
    assert desk.view._status.geometry().bottom() >= desk.view.viewport().rect().bottom()


def test_the_mouse_that_left_points_at_nothing(linked: Desk) -> None:
    hover(linked, 0, 5)
    assert linked.view.viewport().cursor().shape() is Qt.CursorShape.PointingHandCursor
    QApplication.sendEvent(linked.view.viewport(), QEvent(QEvent.Type.Leave))
    assert linked.view.link is None
    assert linked.view.viewport().cursor().shape() is Qt.CursorShape.IBeamCursor


def test_a_link_that_is_overwritten_is_let_go(linked: Desk) -> None:
    hover(linked, 0, 5)
    linked.feed("\x1b[1;1H\x1b[K")
    assert linked.view.link is None
    assert linked.view._status.isHidden()
