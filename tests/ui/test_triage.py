"""Triage and answering: next, card, back to the caret; nothing is allowed unseen."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication

from agents.model import Turn
from agents.wire import Answered
from app.commands import Zone
from tests.fakes.rows import put, request, row
from tests.ui.conftest import Deck

MakeDeck = Callable[..., Deck]


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    now = time.time()
    return make_deck(
        row("writer"),
        row("young", requests=(request("b", "1:2:b"),), since=now - 5),
        row("old", requests=(request("a", "1:1:a"),), since=now - 50),
        row("broken", Turn.ERROR, since=now - 500),
    )


def write_a_draft(deck: Deck) -> None:
    deck.select("writer")
    deck.keys("Enter")
    deck.keys("h", "e", "y", "Left")


def test_next_goes_to_the_card_and_back_returns_to_the_caret(deck: Deck) -> None:
    write_a_draft(deck)
    field = deck.pane("writer").composer
    deck.keys("F8")
    assert deck.window.zone() is Zone.CARD
    assert deck.selected == "old"
    assert deck.pane("old").card_focused_after_next == [True]
    deck.keys("F8")
    assert deck.selected == "young"
    deck.keys("Shift+F8")
    assert QApplication.focusWidget() is field
    assert field.textCursor().position() == 2


def test_next_goes_round_and_over_those_without_a_card(deck: Deck) -> None:
    seen = []
    for _ in range(4):
        deck.keys("F8")
        seen.append(deck.selected)
    assert seen == ["old", "young", "broken", "old"]


def test_ctrl_j_does_the_same_from_the_roster(deck: Deck) -> None:
    deck.keys("Ctrl+J")
    assert deck.selected == "old"


def test_the_last_answer_leads_back(make_deck: MakeDeck) -> None:
    deck = make_deck(row("writer"), row("asks", requests=(request(),)))
    write_a_draft(deck)
    deck.keys("F8", "y")
    assert deck.pane("asks").performed == ["request.allow"]
    put(deck.fleet, row("asks", Turn.WORKING))
    assert QApplication.focusWidget() is deck.pane("writer").composer
    assert "nobody needs you" in deck.said


def test_an_empty_queue_says_so(make_deck: MakeDeck) -> None:
    deck = make_deck(row("a"))
    deck.keys("F8")
    assert deck.said == "Next that needs me: nobody needs you"


def test_a_hidden_agent_that_asks_is_reached(deck: Deck) -> None:
    deck.select("old")
    deck.keys("v")
    assert not deck.window.stage.is_shown("id-old")
    deck.keys("F8")
    assert deck.window.stage.is_shown("id-old")
    assert deck.window.zone() is Zone.CARD


@pytest.mark.parametrize(("key", "command"), [("y", "request.allow"), ("Y", "request.always"), ("x", "request.deny")])
def test_in_the_roster_the_first_press_opens_the_card_and_the_second_answers(
    deck: Deck, key: str, command: str
) -> None:
    deck.select("old")
    deck.keys(key)
    assert deck.window.zone() is Zone.CARD
    assert deck.pane("old").performed == []
    assert deck.caller.of("agent.answer") == []
    assert f"{key} again" in deck.said
    deck.keys(key)
    assert deck.pane("old").performed == [command]


def test_a_new_request_never_takes_the_keyboard_from_a_field(deck: Deck) -> None:
    write_a_draft(deck)
    field = deck.pane("writer").composer
    put(deck.fleet, row("writer", requests=(request("rm -rf /", "1:9:z"),)))
    deck.settle()
    assert QApplication.focusWidget() is field
    deck.keys("y")
    assert field.toPlainText() == "heyy" or "y" in field.toPlainText()
    assert deck.pane("writer").performed == []


def test_reply_goes_to_the_message_field(deck: Deck) -> None:
    deck.select("writer")
    deck.keys("r")
    assert QApplication.focusWidget() is deck.pane("writer").composer


def test_snooze_asks_the_daemon_and_can_be_undone(deck: Deck) -> None:
    deck.select("old")
    deck.keys("z")
    assert [(p.id, p.seconds) for p in deck.caller.of("agent.snooze")] == [("id-old", 1800)]
    deck.keys("u")
    assert [(p.id, p.seconds) for p in deck.caller.of("agent.snooze")][1:] == [("id-old", 0)]


def test_stop_acts_at_once_when_nothing_is_lost(deck: Deck) -> None:
    deck.select("writer")
    deck.keys("S")
    assert [params.id for params in deck.caller.of("agent.stop")] == ["id-writer"]


def test_stop_names_what_is_lost_and_waits_for_the_second_press(deck: Deck) -> None:
    deck.select("old")
    deck.keys("S")
    assert deck.caller.of("agent.stop") == []
    assert "loses the open request" in deck.said
    deck.keys("j", "S")  # another agent is another question
    assert deck.caller.of("agent.stop") == []
    deck.select("old")
    deck.keys("S", "S")
    assert [params.id for params in deck.caller.of("agent.stop")] == ["id-old"]


def test_an_answer_given_elsewhere_is_told(deck: Deck) -> None:
    at = time.time()
    deck.caller.answers["agent.answer"] = lambda p: Answered(p.id, p.request, "allowed", "cli", at, already=True)
    found = deck.fleet.row("id-old")
    assert found is not None
    deck.session.actions.answer(found, "deny")
    assert "already allowed by you at the command line" in deck.fleet.notices[-1].text


def test_what_the_keyboard_is_in_counts_as_seen(make_deck: MakeDeck) -> None:
    deck = make_deck(row("a", unread=2), row("b", unread=1))
    assert deck.caller.of("agent.seen") == []
    deck.select("a")
    deck.keys("Enter")
    assert [params.id for params in deck.caller.of("agent.seen")] == ["id-a"]
    put(deck.fleet, row("a", unread=1))
    assert [params.id for params in deck.caller.of("agent.seen")] == ["id-a", "id-a"]
