"""What a pane says to do about an agent that is held up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from agents.events import Snapshot
from agents.model import Cause, Headline, Health, Trouble
from app.fleet import Fleet
from tests.fakes.rows import KINDS, fleet_of, put, row
from ui import theme as themes
from ui.panes.header import facts

Open = Callable[[Fleet], Any]

WAITS = Trouble(Cause.RATE_LIMIT, "429", 0.0, retrying=True, attempt=3, attempts=10)


def logged_out() -> Fleet:
    kinds = tuple(msgspec.structs.replace(kind, login=("demo", "auth", "login")) for kind in KINDS)
    fleet = fleet_of()
    fleet.reset(Snapshot(1, (row("fox", id="a", health=Health.AUTH_LOST),), kinds=kinds))
    return fleet


def test_the_login_command_is_there_to_copy(open_pane: Open, qtbot: Any) -> None:
    bar = open_pane(logged_out()).pane.step_bar
    assert bar.isVisible()
    assert bar.words.text() == "demo is not logged in. Run this in a terminal, then send the message again."
    assert bar.command.text() == "demo auth login"
    QApplication.clipboard().setText("")
    bar.copy_button.setFocus()
    qtbot.keyClick(bar.copy_button, Qt.Key.Key_Space)
    assert QApplication.clipboard().text() == "demo auth login"
    assert "demo auth login" in bar.accessibleName()


def test_it_goes_once_nothing_is_to_be_done(open_pane: Open) -> None:
    fleet = logged_out()
    pane = open_pane(fleet).pane
    put(fleet, row("fox", id="a"))
    assert not pane.step_bar.isVisible()
    assert not pane.step_bar.copy()


def test_who_tries_again_says_how_often_in_the_header_too(open_pane: Open) -> None:
    waits = msgspec.structs.replace(
        row("fox", id="a", trouble=WAITS, health=Health.RATE_LIMITED), state=Headline.PARKED, headline="parked"
    )
    pane = open_pane(fleet_of([waits])).pane
    assert pane.step_bar.words.text() == "Rate limited, attempt 3 of 10. It goes on by itself."
    assert not pane.step_bar.command.isVisible()
    assert not pane.step_bar.copy_button.isVisible()
    assert "rate limited, attempt 3 of 10" in [item.text for item in facts(waits)]


@pytest.mark.parametrize("theme", ["dark", "light"], indirect=True)
def test_it_is_painted_in_both_themes(open_pane: Open, theme: themes.Theme) -> None:
    bar = open_pane(logged_out()).pane.step_bar
    picture = QImage(bar.size(), QImage.Format.Format_RGB32)
    bar.render(picture)
    assert picture.pixelColor(1, bar.height() // 2) == theme.color("danger")
    assert bar.words.geometry().right() < bar.command.geometry().left()


def test_a_narrow_pane_wraps_the_words_and_keeps_the_button(open_pane: Open) -> None:
    window = open_pane(logged_out())
    window.resize(380, 600)
    QApplication.processEvents()
    bar = window.pane.step_bar
    assert bar.copy_button.geometry().right() <= bar.width()
    assert bar.words.height() >= 2 * bar.words.fontMetrics().lineSpacing()


def test_who_gave_up_says_it_once() -> None:
    gave_up = msgspec.structs.replace(WAITS, retrying=False)
    held = row("fox", id="a", trouble=gave_up)
    assert "rate limited" not in " ".join(item.text for item in facts(held))
