"""Palette and key help: everything by a few letters, with keys and reasons; the keyboard goes back where it was."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from agents.events import Snapshot
from agents.model import Capability, Health, Model, Turn
from agents.wire import Started
from app.commands import COMMANDS
from app.keylist import tables
from tests.fakes.rows import put, row
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


BOTH = (Capability.MODELS, Capability.FORK)


def test_models_are_chosen_from_a_list(deck: Deck) -> None:
    models = (Model("big-4", "Big"), Model("small-4", "Small", "fast"))
    put(deck.fleet, row("docs-pass", capabilities=BOTH, models=models, model="big-4"))
    deck.select("docs-pass")
    deck.window.run("agent.model")
    entries = deck.window.palette_overlay.entries()
    assert [(e.title, e.disabled) for e in entries] == [("Big", "this is the model now"), ("Small", "")]
    deck.keys("s", "m", "Enter")
    assert [(p.id, p.model) for p in deck.caller.of("agent.set_model")] == [("id-docs-pass", "small-4")]


def test_f_forks_and_shows_the_new_agent(deck: Deck) -> None:
    deck.caller.answers["agent.fork"] = lambda _: Started("id-docs-2", "docs-2", 7)
    deck.select("docs-pass")
    deck.keys("f")
    assert "cannot be forked" in deck.said
    put(deck.fleet, row("docs-pass", capabilities=BOTH, session_id="s1"))
    deck.keys("f")
    assert [p.id for p in deck.caller.of("agent.fork")] == ["id-docs-pass"]
    assert "docs-2 began with a copy of docs-pass; both work in /srv/api" in deck.said
    put(deck.fleet, row("docs-2"))
    assert "id-docs-2" in deck.window.stage.docks.in_front()


def test_the_login_command_is_copied(deck: Deck) -> None:
    deck.select("docs-pass")
    deck.keys("Ctrl+K", *"copylogin")
    assert "needs no login" in deck.window.palette_overlay.entries()[0].disabled
    deck.keys("Esc")
    put(deck.fleet, row("docs-pass", health=Health.AUTH_LOST))
    deck.window.run("agent.copy_login")
    assert "names no login command" in deck.said
    logins = [msgspec.structs.replace(kind, login=("demo", "log in")) for kind in deck.fleet.kinds]
    deck.fleet.reset(Snapshot(9, deck.fleet.rows(), kinds=tuple(logins)))
    deck.select("docs-pass")
    deck.window.run("agent.copy_login")
    assert QApplication.clipboard().text() == "demo 'log in'"
    assert deck.said == "copied: demo 'log in'"


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
