"""After a crash or a reboot the window says who was cut off, and one key brings them back."""

from __future__ import annotations

from collections.abc import Callable

from agents.model import Lifecycle, Recovery
from agents.wire import NoParams, Resumed
from tests.fakes.rows import put, row
from tests.ui.conftest import Deck

MakeDeck = Callable[..., Deck]


def lost(name: str, what: Recovery) -> object:
    return row(name, lifecycle=Lifecycle.LOST, recovery=what, reason="the machine was restarted")


def test_the_banner_offers_what_a_key_does(make_deck: MakeDeck) -> None:
    deck = make_deck(lost("a", Recovery.RESUME), lost("b", Recovery.NEEDS_YOU), lost("c", Recovery.LOST), row("d"))
    banner, words = deck.window.attention.banner, deck.window.attention._banner_words
    deck.wait(banner.isVisible)
    assert "3 agents: 1 can resume, 1 needs you, 1 lost" in words.text()
    assert "Ctrl+Shift+R" in words.text()
    notes = ("b: it waited for your answer to “rm”, which is gone: tell it what to do",)
    deck.caller.answers["agent.resume_all"] = lambda _: Resumed(("id-a", "id-b"), (), "3 agents: …", notes)
    deck.window.roster.view.setFocus()
    deck.keys("Ctrl+Shift+R")
    assert deck.caller.of("agent.resume_all") == [NoParams()]
    texts = [notice.text for notice in deck.fleet.notices]
    assert texts[-2:] == [notes[0], "3 agents: …; resumed 2"]
    for name in ("a", "b"):
        put(deck.fleet, row(name))
    deck.wait(lambda: not banner.isVisible())


def test_who_cannot_be_brought_back_is_no_reason_for_a_banner(make_deck: MakeDeck) -> None:
    deck = make_deck(lost("c", Recovery.LOST), row("d"))
    assert not deck.window.attention.banner.isVisible()
    deck.window.roster.view.setFocus()
    deck.keys("Ctrl+Shift+R")
    assert deck.caller.of("agent.resume_all") == []
    assert "no agent was cut off" in deck.said


def test_a_lost_connection_is_said_first(make_deck: MakeDeck) -> None:
    deck = make_deck(lost("a", Recovery.RESUME))
    deck.fleet.set_connection(connected=False, detail="reconnecting")
    assert "agents go on" in deck.window.attention._banner_words.text()
    deck.fleet.set_connection(connected=True, detail="connected")
    assert "1 can resume" in deck.window.attention._banner_words.text()
