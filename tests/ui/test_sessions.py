"""The dialogs about sessions: who pays is said before a switch, and a session one already has is found and adopted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Capability, Turn
from agents.spec import KindInfo
from agents.wire import AdoptSession, FoundSession, FoundSessions, ListSessions, Started, Switch
from tests.fakes.rows import put, row
from tests.ui.conftest import Deck
from ui.dialogs.adopt_session import AdoptSessionDialog
from ui.dialogs.switch_kind import UNKNOWN_POOL, SwitchKindDialog

MakeDeck = Callable[..., Deck]
Wanted = TypeVar("Wanted", bound=QDialog)

CLAUDE = KindInfo("claude", "claude", "Claude Code", "", True, "claude", sessions="claude", pool="the SDK credit.")
TUI = KindInfo(
    "claude-tui", "terminal", "Claude Code (terminal)", "", True, "claude", sessions="claude", pool="the plan"
)
ACP = KindInfo(
    "claude-agent-acp", "acp", "Claude over ACP", "", False, "x", sessions="claude", problem="“x” is not on PATH"
)
HIDDEN = msgspec.structs.replace(TUI, name="secret", hidden=True)
OTHER = KindInfo("codex", "codex", "Codex", "", True, "codex", sessions="codex", pool="ChatGPT")

ONE = FoundSession("6f1c1d0e-8a54", ("claude", "claude-tui"), "fix the login", "/repo", time.time() - 90)
TWO = FoundSession("7aaaaaaa-8a54", ("codex",), "docs \u202epass", "/repo", time.time() - 9000, 1, "a2", "old")
BUSY = FoundSession("8bbbbbbb-8a54", ("claude",), "", "/repo", time.time(), 1, "a3", "runner", is_running=True)


@pytest.fixture
def deck(make_deck: MakeDeck) -> Deck:
    able = (Capability.RESUME, Capability.PROMPT)
    deck = make_deck(row("fix", kind="claude", session_id="s1", capabilities=able, turn=Turn.IDLE, project="/repo"))
    deck.fleet.kinds = (OTHER, ACP, CLAUDE, HIDDEN, TUI)
    deck.select("fix")
    return deck


def opened(deck: Deck, kind: type[Wanted]) -> Wanted:
    deck.wait(lambda: isinstance(QApplication.activeModalWidget(), kind))
    found = QApplication.activeModalWidget()
    assert isinstance(found, kind)
    return found


# ---------------------------------------------------------------- switching


def test_a_switch_says_who_pays_for_each_choice(deck: Deck) -> None:
    deck.caller.answers["agent.switch"] = lambda params: Started(params.id, "fix", 7)
    deck.window.run("agent.switch")
    dialog = opened(deck, SwitchKindDialog)
    assert dialog.now.text() == "Claude Code\nPays: the SDK credit"
    texts = [dialog.kinds.item(n).text() for n in range(dialog.kinds.count())]
    assert texts == [
        "Claude Code (terminal)\nPays: the plan",
        f"Claude over ACP   not installed\nPays: {UNKNOWN_POOL}",
    ]
    assert "middle of a turn" not in dialog.when.text()
    QTest.keyClick(dialog.kinds, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert deck.caller.of("agent.switch") == [Switch("id-fix", "claude-tui")]


def test_in_the_middle_of_a_turn_it_waits_and_says_so(deck: Deck) -> None:
    old = deck.fleet.row("id-fix")
    assert old is not None
    put(deck.fleet, msgspec.structs.replace(old, turn=Turn.WORKING))
    deck.window.run("agent.switch")
    dialog = opened(deck, SwitchKindDialog)
    assert "switches as soon as that is over" in dialog.when.text()
    dialog.submit()
    assert deck.caller.of("agent.switch") == [Switch("id-fix", "claude-tui", wait=True)]


def test_what_is_not_installed_cannot_be_chosen(deck: Deck) -> None:
    deck.window.run("agent.switch")
    dialog = opened(deck, SwitchKindDialog)
    dialog.kinds.setCurrentRow(1)
    assert not dialog.accept_button.isEnabled()
    dialog.submit()
    assert "not on PATH" in dialog._error.text()
    assert deck.caller.of("agent.switch") == []
    dialog.reject()


def test_who_has_no_session_or_no_other_kind_hears_why(deck: Deck) -> None:
    deck.fleet.kinds = (CLAUDE, OTHER)
    deck.window.run("agent.switch")
    assert not isinstance(QApplication.activeModalWidget(), SwitchKindDialog)
    old = deck.fleet.row("id-fix")
    assert old is not None
    put(deck.fleet, msgspec.structs.replace(old, capabilities=()))
    deck.window.run("agent.switch")
    assert not isinstance(QApplication.activeModalWidget(), SwitchKindDialog)


# ---------------------------------------------------------------- adopting


def adopting(deck: Deck, *sessions: FoundSession, problems: tuple[str, ...] = ()) -> AdoptSessionDialog:
    deck.caller.answers["session.list"] = lambda _: FoundSessions(sessions, problems)
    deck.window.run("session.adopt")
    return opened(deck, AdoptSessionDialog)


def titles(dialog: AdoptSessionDialog) -> list[str]:
    return [dialog.list.item(n).text().splitlines()[0] for n in range(dialog.list.count())]


def test_a_session_is_found_by_words_and_adopted(deck: Deck) -> None:
    deck.caller.answers["session.adopt"] = lambda params: Started("id-new", "docs", 7)
    dialog = adopting(deck, ONE, TWO, BUSY)
    assert deck.caller.of("session.list") == [ListSessions("/repo")]
    assert titles(dialog) == ["fix the login", "docs pass", "(nothing was said)"]
    assert "was old" in dialog.list.item(1).text()
    assert [dialog.kind.itemData(n) for n in range(dialog.kind.count())] == ["claude", "claude-tui"]
    assert "the SDK credit" in dialog.pool.text()
    dialog.kind.setCurrentIndex(1)
    assert "the plan" in dialog.pool.text()
    QTest.keyClicks(dialog.search, "docs")
    assert titles(dialog) == ["docs pass"]
    assert "ChatGPT" in dialog.pool.text()
    dialog.name.setText("docs")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert deck.caller.of("session.adopt") == [AdoptSession("codex", TWO.id, "/repo", "docs")]


def test_arrows_in_the_field_walk_the_list(deck: Deck) -> None:
    dialog = adopting(deck, ONE, TWO)
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    session = dialog.session()
    assert session is not None
    assert session.id == TWO.id
    QTest.keyClick(dialog.search, Qt.Key.Key_PageUp)
    assert dialog.list.currentRow() == 0
    QTest.keyClicks(dialog.search, "7aa")
    assert titles(dialog) == ["docs pass"], "also by the beginning of its id"
    dialog.reject()


def test_a_session_that_runs_is_named_and_not_adopted(deck: Deck) -> None:
    dialog = adopting(deck, BUSY)
    assert "runner runs it now" in dialog.pool.text()
    assert not dialog.accept_button.isEnabled()
    dialog.submit()
    assert deck.caller.of("session.adopt") == []
    dialog.reject()


def test_no_session_says_what_would_be_here(deck: Deck) -> None:
    dialog = adopting(deck)
    assert dialog.pages.currentWidget() is dialog.empty
    assert "would be listed here" in dialog.empty.text()
    dialog.submit()
    assert dialog._error.text() == "choose a session"
    dialog.reject()


def test_nothing_that_matches_and_problems_are_said(deck: Deck) -> None:
    dialog = adopting(deck, ONE, problems=("codex cannot be read",))
    assert dialog._error.text() == "codex cannot be read"
    dialog.search.setText("zzzz")
    assert dialog.empty.text() == "No session matches"
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_a_daemon_that_refuses_is_a_sentence_in_the_dialog(deck: Deck) -> None:
    def refuse(_: ListSessions) -> FoundSessions:
        raise RpcError(ErrorCode.NOT_POSSIBLE, "the project is gone")

    deck.caller.answers["session.list"] = refuse
    deck.window.run("session.adopt")
    dialog = opened(deck, AdoptSessionDialog)
    assert dialog._error.text() == "the project is gone"
    dialog.reject()


def test_an_unanswered_dialog_says_that_it_looks(deck: Deck) -> None:
    deck.window.run("session.adopt")
    dialog = opened(deck, AdoptSessionDialog)
    assert dialog.empty.text() == "Looking for sessions…"
    dialog.reject()
