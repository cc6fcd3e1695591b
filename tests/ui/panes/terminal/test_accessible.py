"""What assistive technology learns of a terminal: text, cursor, places, and changes in batches."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QAccessible, QAccessibleTextCursorEvent, QAccessibleTextUpdateEvent

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


def test_a_reader_can_select_and_is_told_of_no_selection_it_could_not_read(text: Any, desk: Desk) -> None:
    start = desk.view.accessible_text().index("second")
    text.setSelection(0, start, start + 6)
    assert desk.view.selected_text() == "second"
    assert text.selectionCount() == 0
    text.removeSelection(0)
    assert not desk.view.selection
    text.addSelection(0, 5)
    assert desk.view.selected_text() == "first"


def test_everything_else_can_be_asked_for_too(desk: Desk, installed: accessible.Factory) -> None:
    """A reader on the desktop asks for each interface there is: one that is not there must not end the process."""
    found = QAccessible.queryAccessibleInterface(desk.view)
    assert found.textInterface() is not None
    assert found.actionInterface() is not None
    for ask in (found.valueInterface, found.tableCellInterface, found.attributesInterface, found.selectionInterface):
        assert ask() is None
    assert found.editableTextInterface() is None


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
