"""What assistive technology learns of a terminal: text, cursor, places, selection, and changes in batches."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QAccessible, QAccessibleTextCursorEvent, QAccessibleTextUpdateEvent

from app.terminal.selection import Place, Selection
from tests.ui.panes.terminal.conftest import Desk
from ui.panes import accessible
from ui.panes.terminal.accessible import difference


@pytest.fixture
def installed() -> accessible.Factory:
    return accessible.install()


@pytest.fixture
def text(desk: Desk, installed: accessible.Factory) -> Any:
    desk.feed("first 漢字 line\r\nsecond\r\n$ cmd")
    found = QAccessible.queryAccessibleInterface(desk.view)
    assert found.role() == QAccessible.Role.Terminal
    assert found.text(QAccessible.Text.Name) == "terminal"
    assert "Keys go to the program" in found.text(QAccessible.Text.Description)
    assert found.text(QAccessible.Text.Value).startswith("first 漢字 line\nsecond\n$ cmd")
    return found.textInterface()


def test_the_visible_text_and_the_cursor(text: Any, desk: Desk) -> None:
    whole = desk.view.accessible_text()
    assert text.characterCount() == len(whole)
    assert text.text(6, 8) == "漢字"
    assert text.text(0, -1) == whole
    assert text.cursorPosition() == whole.index("$ cmd") + 5


def test_where_a_character_is(text: Any, desk: Desk) -> None:
    offset = desk.view.accessible_text().index("line")
    box = text.characterRect(offset)
    inner = desk.view.viewport().mapFromGlobal(box.center())
    assert desk.box(0, 11).contains(inner)
    assert text.offsetAtPoint(box.center()) == offset
    assert text.offsetAtPoint(desk.view.viewport().mapToGlobal(desk.view.viewport().rect().topLeft())) == -1


def test_the_selection_both_ways(text: Any, desk: Desk) -> None:
    assert text.selectionCount() == 0
    desk.view.select(Selection(Place(0, 6), Place(1, 3)))
    first, last = text.selection(0)
    assert text.selectionCount() == 1
    assert text.text(first, last) == "漢字 line\nsec"
    start = desk.view.accessible_text().index("second")
    text.setSelection(0, start, start + 6)
    assert desk.view.selected_text() == "second"
    text.removeSelection(0)
    assert not desk.view.selection


def test_a_hidden_cursor_is_nowhere(desk: Desk) -> None:
    desk.feed("\x1b[?25l")
    assert desk.view.caret_offset() == -1


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("abc", "abXc", (2, "", "X")),
        ("abc", "abc", (3, "", "")),
        ("", "x", (0, "", "x")),
        ("aaa", "aa", (2, "a", "")),
        ("one\ntwo", "one\nsix", (4, "two", "six")),
    ],
)
def test_what_changed(before: str, now: str, told: tuple[int, str, str]) -> None:
    assert difference(before, now) == told


def test_changes_are_told_in_batches_while_somebody_listens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", told.append)
    monkeypatch.setattr(QAccessible, "isActive", lambda: False)
    desk.feed("silent")
    assert not desk.view._telling._timer.isActive()
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    for n in range(50):
        desk.feed(f"\r\nline {n}")
    desk.pump.until(lambda: told)
    assert [type(event) for event in told] == [QAccessibleTextUpdateEvent, QAccessibleTextCursorEvent]
    assert "line 49" in told[0].textInserted()
    desk.feed("more")
    desk.view.hide()
    assert not desk.view._telling._timer.isActive()
