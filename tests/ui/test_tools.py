"""Tools: Explain says why, Details says where; both follow the agent the user is at, and only while they are seen."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from agents.model import Cause, Delivery, Evidence, Model, Rank, Trouble, Turn, TurnDelivery, Usage
from agents.wire import AgentRef, Explained
from app.commands import Zone
from tests.fakes.rows import put, row
from tests.ui.conftest import Deck
from ui.tools.details import tokens

MakeDeck = Callable[..., Deck]


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    made = make_deck(
        row("fix", Turn.WORKING, pid=4711, usage=Usage(input_tokens=12345, context_used=10, context_size=200000)),
        row("docs"),
    )
    made.caller.answers["agent.explain"] = explained(made)
    made.window.tools.hide()
    return made


def explained(deck: Deck) -> Callable[[AgentRef], Explained]:
    def answer(params: AgentRef) -> Explained:
        found = deck.fleet.row(params.id)
        assert found is not None
        strong = Evidence(Rank.PROTOCOL, Turn.WORKING, 0.0, time.time(), detail="<b>prompt</b> open")
        weak = Evidence(Rank.TITLE, Turn.IDLE, 0.0, time.time() - 60, confidence=0.5, rule="claude.toml: at rest")
        return Explained(found, strong, (strong, weak), ("title: weaker than protocol",), why="the strongest source")

    return answer


def text(deck: Deck) -> str:
    return deck.window.tools.tools[deck.window.tools.current].toPlainText()


def test_e_explains_the_selected_agent_and_lists_all_evidence(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("e")
    deck.wait(lambda: "fix" in text(deck))
    assert deck.window.tools.isVisible()
    assert "1 · protocol: working chosen" in text(deck)
    assert "<b>prompt</b> open" in text(deck)
    assert "4 · title: idle" in text(deck)
    assert "50%" in text(deck)
    assert "claude.toml: at rest" in text(deck)
    assert "Chosen is the strongest source." in text(deck)
    assert "title: weaker than protocol" in text(deck)


def test_it_follows_the_selection_and_is_quiet_while_hidden(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("e")
    deck.wait(lambda: "fix" in text(deck))
    deck.select("docs")
    deck.wait(lambda: text(deck).startswith("docs"))
    deck.window.run("tool.toggle")
    assert not deck.window.tools.isVisible()
    asked = len(deck.caller.of("agent.explain"))
    put(deck.fleet, row("docs", Turn.WORKING))
    deck.select("fix")
    deck.qtbot.waitUntil(lambda: not deck.window.tools._timer.isActive(), timeout=30_000)
    assert len(deck.caller.of("agent.explain")) == asked


def test_without_the_daemon_it_says_so(deck: Deck) -> None:
    deck.fleet.set_connection(connected=False, detail="gone")
    deck.select("fix")
    deck.keys("e")
    deck.wait(lambda: "does not answer" in text(deck))


def test_details_show_what_is_known_and_leave_out_the_rest(deck: Deck) -> None:
    deck.select("fix")
    deck.window.run("tool.details")
    deck.wait(lambda: "4711" in text(deck))
    assert "12 345" in text(deck)
    assert "10 of 200 000" in text(deck)
    assert "output" not in text(deck)
    put(deck.fleet, row("fix", Turn.WORKING, pid=4712))
    deck.wait(lambda: "4712" in text(deck))


def test_unknown_tokens_are_not_zero() -> None:
    assert all(value == "" for _, value in tokens(Usage()))
    assert dict(tokens(Usage(output_tokens=0)))["output"] == "0"


def test_h_and_l_go_through_the_tools_and_esc_leaves(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("e")
    deck.window.tools.focus()
    assert deck.window.zone() is Zone.TOOL
    deck.keys("l")
    assert deck.window.tools.current == "details"
    deck.keys("h")
    assert deck.window.tools.current == "explain"
    deck.keys("Esc")
    assert deck.window.zone() is Zone.ROSTER


def test_e_in_the_tool_itself_closes_it(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("e")
    deck.window.tools.focus()
    deck.keys("e")
    assert not deck.window.tools.isVisible()
    assert deck.window.zone() is Zone.ROSTER


DECIDED = "rule 3 allowed request 1:1:aa at 12:00:00"


def test_explain_and_details_tell_the_trouble_and_what_rules_say(deck: Deck) -> None:
    waits = Trouble(
        Cause.RATE_LIMIT, "slow <b>down</b>", 0.0, 3600.0, retrying=True, attempt=3, attempts=10, status=429
    )
    sent = TurnDelivery(3, Delivery.SUBMITTED)
    held = row("fix", Turn.WORKING, cause=Cause.RATE_LIMIT, trouble=waits, delivery=sent, models=(Model("big", "Big"),))
    put(deck.fleet, held)
    deck.caller.answers["agent.explain"] = lambda _: Explained(
        held, None, (), (), ("rule 3 allowed request 1:1:aa at 12:00:00",)
    )
    deck.select("fix")
    deck.keys("e")
    deck.wait(lambda: "Trouble" in text(deck))
    shown = text(deck)
    for words in ("rate_limit: rate limited", "slow <b>down</b> (HTTP 429)", "3 of 10", "it goes on by itself"):
        assert words in shown
    assert "rule 3 allowed request" in shown
    deck.window.run("tool.details")
    shown = text(deck)
    assert "turn 3 submitted" in shown
    assert "rate limited" in shown
    assert "big" in shown


def test_explain_says_why_the_last_turn_failed_and_what_is_next(deck: Deck) -> None:
    failed = row("fix", Turn.ERROR, cause=Cause.CONTEXT_FULL, reason="too long")
    put(deck.fleet, failed)
    deck.caller.answers["agent.explain"] = lambda _: Explained(failed, None, (), ())
    deck.select("fix")
    deck.keys("e")
    deck.wait(lambda: "Trouble" in text(deck))
    assert "context_full: context full" in text(deck)
    assert "too long" in text(deck)
    assert "compact the conversation" in text(deck)


def test_what_is_explained_can_be_copied_without_a_mouse_and_long_words_are_wrapped(deck: Deck, qtbot: QtBot) -> None:
    path = "/srv/" + "x" * 2000
    claim = Evidence(Rank.SCREEN, Turn.BLOCKED, 0.0, time.time(), detail=path)
    deck.caller.answers["agent.explain"] = lambda ref: Explained(deck.fleet.row(ref.id), claim, (claim,), (path,))
    deck.select("fix")
    deck.keys("e")
    deck.wait(lambda: path in text(deck))
    page = deck.window.tools.tools["explain"]
    page.setFocus()
    qtbot.keyClick(page, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(page, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert path in QApplication.clipboard().text()
    assert page.horizontalScrollBar().maximum() == 0


def test_the_names_of_facts_are_never_broken(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("e")
    page = deck.window.tools.tools["explain"]
    deck.wait(lambda: "lifecycle" in page.toPlainText())
    block = page.document().begin()
    while block.text() != "lifecycle":
        block = block.next()
    assert block.layout().lineCount() == 1


def test_a_tool_is_fresh_once_the_daemon_answered_for_the_agent_that_was_chosen_last(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("e")
    deck.wait(lambda: deck.window.tools.is_fresh)
    deck.window.tools.set_agent("id-docs")
    assert not deck.window.tools.is_fresh
    deck.wait(lambda: deck.window.tools.is_fresh)
    assert text(deck).startswith("docs")
