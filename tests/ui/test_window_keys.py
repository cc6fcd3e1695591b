"""The keyboard: every command can be reached, zones are walked, letters act only where they may."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit

from agents.model import Turn
from app.commands import COMMANDS, Zone
from tests.fakes.rows import request, row
from tests.ui.conftest import Deck
from ui import theme as themes
from ui.port import Pane

MakeDeck = Callable[..., Deck]


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    return make_deck(
        row("fix", Turn.WORKING, slot=1),
        row("docs", requests=(request(),), slot=2),
        row("perf", project="/srv/tide", slot=3),
    )


def test_every_command_has_a_handler_and_no_handler_is_unknown(deck: Deck) -> None:
    assert set(deck.window.commands) == {command.id for command in COMMANDS}


def test_every_command_is_reached_by_key_or_palette(deck: Deck) -> None:
    deck.keys("Ctrl+K")
    listed = {entry.also for entry in deck.window.palette_overlay.entries()}
    bound = {command for zone in Zone for _, command in deck.session.keymap.bound(zone)}
    assert {command.id for command in COMMANDS} - listed - bound == set()


def test_the_test_pane_is_a_pane(deck: Deck) -> None:
    deck.window.stage.show_agent("id-fix")
    assert isinstance(deck.pane("fix"), Pane)


def test_letters_move_the_selection(deck: Deck) -> None:
    deck.keys("g", "g")
    assert deck.window.roster.view.current_key().kind == "needs"  # type: ignore[union-attr]
    deck.keys("j")
    assert deck.selected == "docs"
    deck.keys("G")
    assert deck.selected == "perf"
    deck.keys("k")
    assert deck.selected is None  # the header of its project
    deck.keys("k", "k")
    assert deck.selected == "fix"


def test_a_lone_g_does_nothing_and_is_forgotten_by_another_key(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("g", "j", "g")
    assert deck.selected == "docs"


def test_f6_walks_the_zones_and_shift_f6_back(deck: Deck) -> None:
    deck.window.stage.show_agent("id-docs")
    seen = []
    for _ in range(5):
        deck.keys("F6")
        seen.append(deck.window.zone())
    assert seen[:3] == [Zone.CARD, Zone.TRANSCRIPT, Zone.COMPOSER]
    deck.window.roster.view.setFocus()
    deck.keys("F6", "F6", "Shift+F6")
    assert deck.window.zone() is Zone.CARD


def test_letters_are_text_in_the_message_field(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("Enter")
    assert deck.window.zone() is Zone.COMPOSER
    for letter in "yxSvjqL?":
        deck.keys(letter)
    assert deck.pane("fix").composer.toPlainText() == "yxSvjqL?"
    assert deck.caller.of("agent.answer") == deck.caller.of("agent.stop") == []


def test_esc_leaves_the_field_and_esc_esc_interrupts(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("Enter", "Esc")
    assert deck.window.zone() is Zone.TRANSCRIPT
    assert deck.caller.of("agent.interrupt") == []
    deck.keys("Esc")
    assert [params.id for params in deck.caller.of("agent.interrupt")] == ["id-fix"]


def test_i_interrupts_in_the_roster_and_says_why_not(deck: Deck) -> None:
    deck.select("perf")
    deck.keys("i")
    assert "perf has no turn to interrupt" in deck.said
    deck.select("fix")
    deck.keys("i")
    assert [params.id for params in deck.caller.of("agent.interrupt")] == ["id-fix"]


def test_a_terminal_gets_its_keys(deck: Deck) -> None:
    deck.window.stage.show_agent("id-fix")
    pane = deck.pane("fix")
    pane.is_terminal = True
    pane.composer.setFocus()
    for chord in ("Ctrl+K", "Ctrl+J", "Ctrl+N", "Alt+1", "Esc", "j"):
        deck.keys(chord)
    assert not deck.window.palette_overlay.isVisible()
    assert deck.window.findChildren(QDialog) == []
    assert deck.window.stage.is_shown("id-fix")
    deck.keys("F6")
    assert QApplication.focusWidget() is not pane.composer


def test_slots_in_terminals_by_setting(deck: Deck) -> None:
    deck.window.stage.show_agent("id-fix")
    deck.pane("fix").is_terminal = True
    deck.pane("fix").composer.setFocus()
    deck.settings.set("keys.slots_in_terminals", value=True)
    deck.keys("Alt+3")
    assert not deck.window.stage.is_shown("id-perf")


def test_the_hint_line_names_zone_and_keys(deck: Deck) -> None:
    deck.select("docs")
    deck.wait(lambda: ("y", "allow") in deck.window.hints._shown)
    assert deck.window.hints._zone.text() == "roster"
    deck.select("perf")
    deck.wait(lambda: ("y", "allow") not in deck.window.hints._shown)


def test_a_disabled_command_says_why(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("R")
    assert deck.said == "Resume: fix is still running"
    deck.keys("u")
    assert deck.said == "Undo: nothing to undo"


def test_the_ring_is_around_the_roster_and_not_around_what_frames_itself(deck: Deck) -> None:
    deck.window.refresh_context()
    assert deck.window.ring.target is deck.window.roster.view
    deck.select("fix")
    deck.keys("Enter")
    deck.window.refresh_context()
    assert deck.window.ring.target is None


def test_a_users_keymap_holds(make_deck: MakeDeck, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("user")
    (folder / "keymap.toml").write_text('[roster]\n"J" = "roster.last"\n"j" = ""\n')
    deck = make_deck(row("a"), row("b"), row("c"), folder=folder)
    deck.select("a")
    deck.keys("j")
    assert deck.selected == "a"
    deck.keys("J")
    assert deck.selected == "c"


def test_dialogs_keep_their_keys(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("Ctrl+N")
    dialog = deck.window.findChild(QDialog)
    assert isinstance(dialog, QDialog)
    assert dialog.isVisible()
    deck.wait(lambda: QApplication.focusWidget() is not None and QApplication.focusWidget().window() is dialog)
    deck.keys("j", "S", "y")
    assert deck.caller.of("agent.stop") == []
    dialog.reject()


def test_f11_leaves_only_the_stage_and_returns(deck: Deck) -> None:
    deck.keys("F11")
    assert deck.window.isFullScreen()
    assert deck.window.roster.isHidden()
    assert deck.window.attention.isHidden()
    deck.window.run("stage.maximise")
    assert not deck.window.isFullScreen()
    assert not deck.window.roster.isHidden()


def test_the_filter_field_types_filters_and_is_left_by_esc(deck: Deck) -> None:
    deck.keys("/")
    assert isinstance(QApplication.focusWidget(), QLineEdit)
    for letter in "pe":
        deck.keys(letter)
    assert deck.window.roster.view.roster.agents() == ("id-perf",)
    deck.keys("Esc")
    assert deck.window.zone() is Zone.ROSTER
    deck.keys("0")
    assert len(deck.window.roster.view.roster.agents()) == 3


def test_another_theme_leaves_the_keyboard_where_it_was(deck: Deck) -> None:
    deck.select("fix")
    deck.keys("Enter")
    before = deck.pane("fix")
    deck.window.set_theme(themes.load("light"))
    assert deck.pane("fix") is not before
    assert QApplication.focusWidget() is deck.pane("fix").composer
