"""The body of a card at another width: it shows what one shows that was made at that width."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from agents.model import Blocked, Request
from ui.panes.requestbox import RequestBox, Shown
from ui.theme import Theme

ASKED = Request(
    "1:1:a",
    Blocked.PERMISSION,
    "Run this command?",
    0.0,
    command="python -m unittest discover --start-directory tests",
    detail="run the tests before and after the change",
)


def body(qtbot: QtBot, theme: Theme, width: int) -> tuple[QWidget, RequestBox]:
    around, box = QWidget(), RequestBox(theme)
    qtbot.addWidget(around)
    QVBoxLayout(around).addWidget(box)
    around.resize(width, 300)
    box.show_request(Shown(ASKED, (), "/srv/api"))
    around.show()
    qtbot.waitExposed(around)
    return around, box


@pytest.mark.parametrize("width", [310, 270, 900])
def test_a_body_that_was_made_wide_is_whole_when_it_is_narrow(qtbot: QtBot, theme: Theme, width: int) -> None:
    _, made = body(qtbot, theme, width)
    around, box = body(qtbot, theme, 800)
    around.resize(width, 300)
    qtbot.waitUntil(lambda: box.width() == made.width() and box.viewport().height() == made.viewport().height())
    qtbot.waitUntil(lambda: box.grab().toImage() == made.grab().toImage())
