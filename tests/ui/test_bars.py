"""Attention bar, banner, messages, filters by click: counts in right words, and no silence about the connection."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from agents.model import Health, Lifecycle, Turn
from app.filters import Group
from tests.fakes.rows import put, request, row
from tests.ui.conftest import Deck
from ui.attention import connection_words

MakeDeck = Callable[..., Deck]


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    return make_deck(
        row("fix", Turn.WORKING),
        row("docs", requests=(request(),)),
        row("sick", Turn.ERROR),
        row("idle"),
        row("limits", Turn.WORKING, health=Health.RATE_LIMITED, until=time.time() + 60),
        row("over", lifecycle=Lifecycle.EXITED, exit_code=0),
    )


def shown(deck: Deck) -> list[str]:
    return [button.text() for button in deck.window.attention._buttons.values() if button.isVisible()]


def test_counts_are_in_words(deck: Deck) -> None:
    deck.wait(lambda: shown(deck) == ["2 need you", "1 working", "1 idle", "1 parked", "1 ended"])
    put(deck.fleet, row("sick", Turn.WORKING))
    deck.wait(lambda: shown(deck)[0] == "1 needs you")
    assert shown(deck)[1] == "2 working"


def test_costs_are_left_out_until_known(deck: Deck) -> None:
    assert not any("$" in text for text in shown(deck))


def test_a_click_on_a_count_filters_and_another_one_clears(deck: Deck, qtbot: QtBot) -> None:
    button = deck.window.attention._buttons[Group.WORKING]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert deck.window.roster.view.roster.agents() == ("id-fix",)
    assert deck.window.roster.banner.isVisible()
    assert button.isChecked()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(deck.window.roster.view.roster.agents()) == 6
    assert not deck.window.roster.banner.isVisible()
    assert not button.isChecked()


@pytest.mark.parametrize(
    ("key", "agents"),
    [
        ("1", {"id-docs", "id-sick"}),
        ("2", {"id-fix"}),
        ("3", {"id-idle"}),
        ("4", {"id-limits"}),
        ("5", {"id-over"}),
    ],
)
def test_counts_have_keys(deck: Deck, key: str, agents: set[str]) -> None:
    deck.window.roster.view.setFocus()
    deck.keys(key)
    assert set(deck.window.roster.view.roster.agents()) == agents
    deck.keys("0")
    assert len(deck.window.roster.view.roster.agents()) == 6


def test_a_filter_by_text_shows_hidden_agents_too(deck: Deck) -> None:
    deck.select("idle")
    deck.keys("v", "/", "i", "d", "l")
    assert deck.window.roster.view.roster.agents() == ("id-idle",)
    assert any(key.id == "id-idle" for key in deck.window.roster.view.lines())


def test_the_banner_says_that_rows_are_old_and_goes_when_connected(deck: Deck) -> None:
    assert not deck.window.attention.banner.isVisible()
    deck.fleet.set_connection(connected=False, detail="reconnecting: the daemon closed the connection")
    assert deck.window.attention.banner.isVisible()
    assert "agents go on" in deck.window.attention._banner_words.text()
    assert len(deck.window.roster.view.roster.agents()) == 6
    deck.select("idle")
    deck.keys("R")
    assert "running" in deck.said
    deck.select("fix")
    deck.keys("i")
    assert "daemon is not connected" in deck.said
    deck.fleet.set_connection(connected=True, detail="connected")
    assert not deck.window.attention.banner.isVisible()


def test_the_banner_of_an_empty_window_names_the_cause_alone() -> None:
    words = connection_words("no daemon could be started: see /x/daemon.log\nmore", has_rows=False)
    assert words == "No daemon could be started: see /x/daemon.log"


def test_messages_are_toasted_counted_and_listed(deck: Deck) -> None:
    deck.fleet.note("warning", "first\nof two lines", time.time() - 60)
    deck.fleet.note("info", "second", time.time(), "id-fix")
    assert deck.said == "second"
    assert deck.window.attention.notices.text() == "1"
    deck.window.roster.view.setFocus()
    deck.keys("Ctrl+Shift+M")
    titles = [entry.title for entry in deck.window.notices.entries()]
    assert titles == ["second", "first of two lines"]
    assert deck.window.attention.notices.text() == ""
    deck.keys("Enter")
    assert not deck.window.notices.isVisible()
    assert deck.selected == "fix"


def test_an_empty_list_of_messages_says_so(make_deck: MakeDeck) -> None:
    deck = make_deck()
    deck.keys("Ctrl+Shift+M")
    assert deck.window.notices.field.placeholderText() == "No messages yet"
    deck.keys("Esc")
    assert not deck.window.notices.isVisible()


def test_a_long_message_is_elided_and_whole_in_its_tooltip(deck: Deck) -> None:
    deck.fleet.note("error", "word " * 200, time.time())
    assert len(deck.window.hints._toast.text()) < 300
    assert deck.window.hints._toast.toolTip().count("word") == 200


def test_a_lost_login_is_one_line_of_the_queue_and_one_sentence_of_the_banner(make_deck: MakeDeck) -> None:
    deck = make_deck(*(row(name, Turn.WORKING, health=Health.AUTH_LOST) for name in ("fix", "docs", "perf")))
    attention, roster = deck.window.attention, deck.window.roster.view.roster
    deck.wait(attention.banner.isVisible)
    assert attention._banner_words.text() == "3 agents wait for one login to demo: fix, docs, perf"
    assert shown(deck) == ["1 needs you"]
    (pointer,) = roster.wanted()[0].children
    look = roster.look(pointer)
    assert (look.title, look.meta, look.detail) == ("fix and 2 more", "demo", "docs, perf")
    assert look.accessible == attention._banner_words.text()
    told: list[object] = []
    roster.dataChanged.connect(lambda index, *_: told.append(roster.key_at(index)))
    put(deck.fleet, row("perf", Turn.WORKING))
    deck.wait(lambda: pointer in told)  # its own row is as it was, what it stands for is not
    assert roster.look(pointer).title == "fix and 1 more"
    put(deck.fleet, row("perf", Turn.WORKING, health=Health.AUTH_LOST))
    put(deck.fleet, row("fix", Turn.WORKING))
    put(deck.fleet, row("docs", Turn.WORKING))
    deck.wait(lambda: not attention.banner.isVisible())
    (pointer,) = roster.wanted()[0].children
    assert roster.look(pointer).title == "perf"


def test_a_provider_that_parks_several_is_told_once(make_deck: MakeDeck) -> None:
    deck = make_deck(*(row(name, Turn.WORKING, health=Health.PROVIDER_DOWN) for name in ("fix", "docs")))
    deck.wait(deck.window.attention.banner.isVisible)
    assert deck.window.attention._banner_words.text() == "2 agents are parked by demo: fix, docs"
