"""Palette and key help: everything by a few letters, with keys and reasons; the keyboard goes back where it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication

from agents.model import Turn
from app.commands import COMMANDS
from app.keylist import tables
from tests.fakes.rows import row
from tests.ui.conftest import Deck
from ui.palette import Entry, ranked

MakeDeck = Callable[..., Deck]


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    return make_deck(row("fix-login", Turn.WORKING, slot=1), row("docs-pass"))


def entry(deck: Deck, command: str) -> Entry:
    return next(entry for entry in deck.window.palette_overlay._all if entry.also == command)


def test_ctrl_k_opens_and_esc_gives_the_keyboard_back(deck: Deck) -> None:
    deck.select("docs-pass")
    deck.keys("Enter")
    field = QApplication.focusWidget()
    deck.keys("Ctrl+K")
    assert QApplication.focusWidget() is deck.window.palette_overlay.field
    deck.keys("Esc")
    assert QApplication.focusWidget() is field


def test_a_few_letters_and_enter_run_a_command_on_what_was_selected(deck: Deck) -> None:
    deck.select("fix-login")
    deck.keys("Ctrl+K")
    for letter in "interr":
        deck.keys(letter)
    assert deck.window.palette_overlay.entries()[0].title == "Interrupt"
    deck.keys("Enter")
    assert [params.id for params in deck.caller.of("agent.interrupt")] == ["id-fix-login"]
    assert not deck.window.palette_overlay.isVisible()


def test_an_agent_is_opened_by_its_name(deck: Deck) -> None:
    deck.keys("Ctrl+K", "d", "o", "c", "s", "Enter")
    assert deck.selected == "docs-pass"
    assert QApplication.focusWidget() is deck.pane("docs-pass").composer


def test_what_is_disabled_is_listed_with_its_reason_and_stays_open(deck: Deck) -> None:
    deck.select("docs-pass")
    deck.keys("Ctrl+K")
    assert entry(deck, "agent.interrupt").disabled == "docs-pass has no turn to interrupt"
    for letter in "interrupt":
        deck.keys(letter)
    deck.keys("Enter")
    assert deck.window.palette_overlay.isVisible()
    assert deck.said == "Interrupt: docs-pass has no turn to interrupt"


def test_keys_are_shown(deck: Deck) -> None:
    deck.keys("Ctrl+K")
    assert entry(deck, "agent.toggle").keys == "v"
    assert entry(deck, "settings.open").keys == "Ctrl+,"


def test_arrows_walk_and_wrap(deck: Deck) -> None:
    deck.keys("Ctrl+K", "Up")
    listing = deck.window.palette_overlay
    assert listing.list.currentIndex().row() == len(listing.entries()) - 1
    deck.keys("Down", "Down", "Tab")
    assert listing.list.currentIndex().row() == 2


def test_nothing_matches_says_so(deck: Deck) -> None:
    deck.keys("Ctrl+K", *"qqqq")
    assert deck.window.palette_overlay._nothing.isVisible()
    deck.keys("Enter")
    assert deck.window.palette_overlay.isVisible()


def test_keys_that_work_everywhere_work_in_the_palette(deck: Deck) -> None:
    deck.keys("Ctrl+K", "F6")
    assert not deck.window.palette_overlay.isVisible()


def test_a_click_beside_closes(deck: Deck, qtbot) -> None:  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QPoint, Qt  # noqa: PLC0415

    deck.keys("Ctrl+K")
    qtbot.mouseClick(deck.window.palette_overlay._shade, Qt.MouseButton.LeftButton, pos=QPoint(5, 500))
    assert not deck.window.palette_overlay.isVisible()


def test_modes_are_chosen_from_a_list(deck: Deck) -> None:
    deck.select("docs-pass")
    deck.window.run("agent.mode")
    assert [e.title for e in deck.window.palette_overlay.entries()] == ["Ask", "Plan"]
    deck.keys("P", "l", "Enter")
    assert [(p.id, p.mode) for p in deck.caller.of("agent.set_mode")] == [("id-docs-pass", "plan")]


def test_the_key_help_lists_every_bound_key_once_and_says_why_not(deck: Deck) -> None:
    listed = [command for _, lines in tables(deck.session.keymap) for _, commands in lines for command in commands]
    bound = {command.id for command in COMMANDS if deck.session.keymap.keys_of(command.id)}
    assert set(listed) == bound
    deck.select("docs-pass")
    deck.keys("?")
    text = deck.window.key_help.page.toPlainText()
    assert "Everywhere" in text
    assert "docs-pass has no turn to interrupt" in text
    deck.keys("?")
    assert not deck.window.key_help.isVisible()
    assert QApplication.focusWidget() is deck.window.roster.view


def test_f1_opens_the_help_from_a_field(deck: Deck) -> None:
    deck.select("docs-pass")
    deck.keys("Enter", "F1")
    assert deck.window.key_help.isVisible()
    deck.keys("j", "k", "Esc")
    assert QApplication.focusWidget() is deck.pane("docs-pass").composer


def test_ranking_prefers_titles_then_what_can_act() -> None:
    def act() -> None:
        raise AssertionError

    entries = [
        Entry("Show hidden", act, also="roster.hidden"),
        Entry("Stop", act, disabled="not running"),
        Entry("Stop all", act),
        Entry("Archive", act, also="stop-like"),
    ]
    assert [e.title for e in ranked(entries, "stop")] == ["Stop", "Stop all", "Archive"]
    assert [e.title for e in ranked(entries, "  ")] == [e.title for e in entries]
    assert ranked(entries, "zzz") == ()
