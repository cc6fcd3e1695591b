"""What agents say deceives nobody in the window: nothing hides or turns text around, nothing is taken for markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

import msgspec
import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import Qt as Text
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLabel, QWidget

from agents.model import AgentRow, Turn
from tests.fakes.rows import request, row
from tests.ui.conftest import Deck
from ui.tip import tip_of

#: Text that reads otherwise than it runs, holds what nobody sees, or looks like markup to Qt.
HIDDEN = "pay\u202ecilp\u2066\u200b\u00ad\U000e0041\x9b\x07 now"
MARKUP = "<h1>big</h1><img src='file:///etc/hosts'>"

_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)


def deceiving(text: str) -> AgentRow:
    """Return an agent of which everything that it or its repository chooses is ``text``."""
    made = row(
        "fox",
        Turn.WORKING,
        project=f"/srv/{text}",
        branch=text,
        activity=text,
        note=text,
        kind=text,
        team=text,
        labels=(text,),
        mode=text,
        model=text,
        cwd=f"/srv/{text}",
        worktree=f"/srv/{text}",
    )
    return msgspec.structs.replace(made, headline=f"working {text}")


def said(window: QWidget) -> Iterator[str]:
    """Yield all a window says in words: to the eye, in tool tips, to a screen reader."""
    for widget in [window, *window.findChildren(QWidget)]:
        yield from (widget.toolTip(), widget.windowTitle(), widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text()
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from listed(widget.model(), QModelIndex())


def listed(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    for index in lines(model, parent):
        yield from (str(model.data(index, role) or "") for role in _ROLES)


def lines(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[QModelIndex]:
    for number in range(model.rowCount(parent)):
        index = model.index(number, 0, parent)
        yield index
        if not isinstance(model, QAbstractListModel):
            yield from lines(model, index)


def drawn_as_markup(window: QWidget) -> list[str]:
    """Return the words of agents that Qt would draw as markup."""
    labels = [label for label in window.findChildren(QLabel) if label.textFormat() is not Qt.TextFormat.PlainText]
    texts = [*(label.text() for label in labels), *(widget.toolTip() for widget in window.findChildren(QWidget))]
    return [text for text in texts if "<h1>" in text and Text.mightBeRichText(text)]


def is_deceptive(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cf"} and character != "\n" for character in text)


@pytest.fixture
def open_deck(make_deck: Callable[..., Deck]) -> Callable[[str], Deck]:
    def make(text: str) -> Deck:
        deck = make_deck(deceiving(text), row("owl", requests=(request(text, command=text),)))
        deck.select("fox")
        deck.settle()
        return deck

    return make


def test_nothing_in_the_window_deceives(open_deck: Callable[[str], Deck]) -> None:
    deck = open_deck(HIDDEN)
    texts = list(said(deck.window))
    assert any("paycilp" in text for text in texts)
    assert [text for text in texts if is_deceptive(text)] == []


def test_neither_do_the_palette_and_what_is_told_at_the_bottom(open_deck: Callable[[str], Deck]) -> None:
    deck = open_deck(HIDDEN)
    deck.window.tell(f"fox says {HIDDEN}")
    deck.keys("Ctrl+K")
    texts = list(said(deck.window))
    assert any("fox says paycilp" in text for text in texts)
    assert [text for text in texts if is_deceptive(text)] == []


def test_nothing_is_taken_for_markup(open_deck: Callable[[str], Deck]) -> None:
    deck = open_deck(MARKUP)
    deck.window.tell(f"fox says {MARKUP}")
    deck.keys("Ctrl+K")
    assert drawn_as_markup(deck.window) == []
    view = deck.window.roster.view
    tips = [str(view.model().data(index, Qt.ItemDataRole.ToolTipRole)) for index in lines(view.model(), QModelIndex())]
    assert any("&lt;h1&gt;" in text for text in tips)
    assert not any("<h1>" in text for text in tips if Text.mightBeRichText(text))


def test_a_tool_tip_is_plain_and_short(qapp: QApplication) -> None:
    assert tip_of("one", "", "two") == "one\ntwo"
    assert tip_of("a < b & c") == "a < b & c"
    assert tip_of("<b>bold</b>", "two") == "<qt>&lt;b&gt;bold&lt;/b&gt;<br>two</qt>"
    assert tip_of(HIDDEN) == "paycilp now"
    assert len(tip_of("x" * 5000)) == 400
