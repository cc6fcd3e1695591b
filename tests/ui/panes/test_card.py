"""The card under its guard: what is pressed too early, too late or by mistake approves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Blocked, Question, Request, RequestOption
from agents.wire import Answered
from app.commands import Zone
from app.fleet import Fleet
from tests.fakes.rows import fleet_of, put, request, row
from ui.port import Pane

Open = Callable[[Fleet], Any]


def asking(*requests: Request) -> Fleet:
    return fleet_of([row("fox", id="a", requests=requests, worktree="/srv/api")])


def press(qtbot: Any, text: str) -> None:
    qtbot.keyClicks(QApplication.focusWidget(), text)


@pytest.mark.parametrize(("key", "decision"), [("y", "allow"), ("Y", "always"), ("x", "deny")])
def test_keys_answer_the_request_shown(
    open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any, key: str, decision: str
) -> None:
    window = open_pane(asking(request("npm test", "1:7:ab")))
    clock.now += 1
    assert window.pane.focus_card(after_next=False)
    clock.now += 1
    press(qtbot, key)
    pump.settle()
    (answer,) = daemon.of("agent.answer")
    assert (answer.id, answer.request, answer.decision, answer.by) == ("a", "1:7:ab", decision, "shell")


@pytest.mark.parametrize(("wait", "counts"), [(0.0, False), (0.29, False), (0.31, True)])
def test_a_card_that_appeared_by_itself_is_deaf_for_300_ms(
    open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any, wait: float, counts: bool
) -> None:
    fleet = asking(request("first", "1:1:aa"))
    window = open_pane(fleet)
    clock.now += 10
    window.pane.focus_card(after_next=False)
    clock.now += 10
    put(fleet, row("fox", id="a", requests=(request("second", "1:2:bb"),)))
    clock.now += wait
    press(qtbot, "y")
    pump.settle()
    assert bool(daemon.of("agent.answer")) is counts
    assert window.pane.card.is_bright is not counts


def test_keys_that_came_too_early_are_not_kept(open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any) -> None:
    window = open_pane(asking(request()))
    window.pane.focus_card(after_next=True)
    press(qtbot, "yyy")
    clock.now += 10
    pump.settle()
    assert not daemon.of("agent.answer")
    pump.until(lambda: not window.pane.card.is_bright)


@pytest.mark.parametrize(("wait", "counts"), [(0.11, False), (0.13, True)])
def test_after_next_the_card_is_deaf_for_120_ms(
    open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any, wait: float, counts: bool
) -> None:
    window = open_pane(asking(request()))
    clock.now += 10
    window.pane.focus_card(after_next=True)
    clock.now += wait
    press(qtbot, "y")
    pump.settle()
    assert bool(daemon.of("agent.answer")) is counts


def test_focus_that_came_by_itself_begins_deaf(open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any) -> None:
    window = open_pane(asking(request()))
    clock.now += 10
    window.pane.card.setFocus(Qt.FocusReason.TabFocusReason)
    press(qtbot, "y")
    pump.settle()
    assert not daemon.of("agent.answer")


def test_a_key_held_down_answers_nothing(open_pane: Open, pump: Any, daemon: Any, clock: Any) -> None:
    window = open_pane(asking(request()))
    window.pane.focus_card(after_next=True)
    clock.now += 10
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Y, Qt.KeyboardModifier.NoModifier, "y", True)
    QApplication.sendEvent(window.pane.card, held)
    pump.settle()
    assert not daemon.of("agent.answer")


def test_a_new_card_never_takes_the_keyboard(open_pane: Open, qtbot: Any, daemon: Any, pump: Any) -> None:
    fleet = fleet_of([row("fox", id="a")])
    window = open_pane(fleet)
    window.pane.focus_composer()
    press(qtbot, "say ")
    put(fleet, row("fox", id="a", requests=(request(),)))
    press(qtbot, "yes")
    pump.settle()
    assert window.pane.card.isVisible()
    assert window.pane.composer.editor.toPlainText() == "say yes"
    assert not daemon.of("agent.answer")


def test_nothing_is_sent_for_a_request_that_is_gone(
    open_pane: Open, pump: Any, daemon: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = asking(request())
    window = open_pane(fleet)
    clock.now += 10
    # The fleet knows already, the pane has not been told yet.
    monkeypatch.setattr(fleet, "row", lambda _: row("fox", id="a"))
    assert not window.pane.perform("request.allow")
    assert not daemon.of("agent.answer")
    assert "no longer" in window.pane.card._told.text()


def test_a_second_press_while_the_first_is_on_its_way_is_ignored(
    open_pane: Open, pump: Any, daemon: Any, clock: Any
) -> None:
    window = open_pane(asking(request()))
    clock.now += 10
    assert window.pane.perform("request.allow")
    assert not window.pane.perform("request.deny")
    pump.settle()
    assert [a.decision for a in daemon.of("agent.answer")] == ["allow"]


def test_says_who_was_first(open_pane: Open, pump: Any, daemon: Any, clock: Any) -> None:
    daemon.answered = Answered("a", "1:1:aa", "denied", "cli", 1_795_270_000.0, already=True)
    window = open_pane(asking(request()))
    clock.now += 10
    window.pane.perform("request.allow")
    pump.settle()
    assert window.pane.card._told.text().startswith("already denied by you at the command line at ")


def test_an_answer_that_failed_can_be_given_again(open_pane: Open, pump: Any, daemon: Any, clock: Any) -> None:
    daemon.refuse["agent.answer"] = RpcError(ErrorCode.NOT_POSSIBLE, "the disk is full")
    window = open_pane(asking(request()))
    clock.now += 10
    window.pane.perform("request.allow")
    pump.settle()
    assert window.pane.card._told.text() == "Not answered: the disk is full"
    daemon.refuse.clear()
    assert window.pane.perform("request.allow")
    pump.settle()
    assert len(daemon.of("agent.answer")) == 2


LATE = "the screen of fox has changed since it asked: look at it and decide anew"


def test_an_answer_that_came_too_late_says_so_beside_what_is_asked_now(
    open_pane: Open, pump: Any, daemon: Any, clock: Any
) -> None:
    daemon.refuse["agent.answer"] = RpcError(ErrorCode.NOT_POSSIBLE, LATE)
    fleet = asking(request("npm test", "1:1:aa"))
    window = open_pane(fleet)
    clock.now += 10
    window.pane.perform("request.allow")
    pump.settle()
    put(fleet, row("fox", id="a", requests=(request("npm run deploy", "1:2:bb"),)))
    card = window.pane.card
    pump.until(lambda: card.request is not None and card.request.key == "1:2:bb")
    assert card._told.isVisible()
    assert card._told.text() == f"Not answered: {LATE}"
    assert not window.pane.perform("request.allow"), "another card is deaf at first"
    daemon.refuse.clear()
    clock.now += 10
    assert window.pane.perform("request.allow")
    pump.settle()
    assert [a.request for a in daemon.of("agent.answer")] == ["1:1:aa", "1:2:bb"]


def test_an_answer_to_what_is_gone_leaves_words_and_nothing_to_press(
    open_pane: Open, pump: Any, daemon: Any, clock: Any
) -> None:
    daemon.refuse["agent.answer"] = RpcError(ErrorCode.NOT_POSSIBLE, LATE)
    fleet = asking(request())
    window = open_pane(fleet)
    clock.now += 10
    window.pane.perform("request.allow")
    pump.settle()
    put(fleet, row("fox", id="a"))
    card = window.pane.card
    pump.until(lambda: card.request is None)
    assert card._told.isVisible()
    assert not any(button.isEnabled() for button in card._buttons.values())
    assert not window.pane.perform("request.allow")
    put(fleet, row("fox", id="a", requests=(request("again", "1:3:cc"),)))
    pump.until(lambda: card.request is not None)
    assert all(button.isEnabled() for button in card._buttons.values())


def test_a_long_option_loses_its_end_in_a_narrow_card_and_never_its_key(open_pane: Open, pump: Any) -> None:
    long = RequestOption("2", "allow_always", "Yes, and always allow access to this whole project from now on")
    window = open_pane(asking(msgspec.structs.replace(request(), options=(long,))))
    button = window.pane.card._buttons["always"]
    window.pane.card.resize(900, 200)
    assert button.text() == f"Y  {long.name}"
    window.pane.card.resize(260, 200)
    assert button.text().startswith("Y  Yes, and")
    assert button.text().endswith("…")
    assert button.sizeHint().width() <= 260
    assert long.name in button.toolTip()


def test_reply_denies_with_the_reason(open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any) -> None:
    window = open_pane(asking(request()))
    clock.now += 10
    window.pane.focus_card(after_next=False)
    clock.now += 10
    press(qtbot, "r")
    assert window.pane.card.reason.hasFocus()
    press(qtbot, "use yarn")
    qtbot.keyClick(window.pane.card.reason, Qt.Key.Key_Return)
    pump.settle()
    (answer,) = daemon.of("agent.answer")
    assert (answer.decision, answer.reason) == ("deny", "use yarn")


def test_escape_leaves_the_reason_first(open_pane: Open, qtbot: Any, clock: Any) -> None:
    window = open_pane(asking(request()))
    clock.now += 10
    window.pane.focus_card(after_next=False)
    clock.now += 10
    press(qtbot, "r")
    qtbot.keyClick(window.pane.card.reason, Qt.Key.Key_Escape)
    assert window.pane.zone() == Zone.CARD
    assert not window.pane.card.reason.isVisible()
    qtbot.keyClick(window.pane.card, Qt.Key.Key_Escape)
    assert window.pane.zone() == Zone.TRANSCRIPT


def test_always_only_where_it_is_offered_and_with_its_rule(open_pane: Open, clock: Any, daemon: Any) -> None:
    options = (RequestOption("a", "allow_once", "Allow"), RequestOption("b", "allow_always", "npm test *"))
    offered = Request("1:1:a", Blocked.PERMISSION, "t", 0.0, options=options)
    bare = Request("1:2:a", Blocked.PERMISSION, "t", 0.0, options=options[:1])
    fleet = asking(offered)
    window = open_pane(fleet)
    assert window.pane.card._buttons["always"].text() == "Y  Always: npm test *"
    put(fleet, row("fox", id="a", requests=(bare,)))
    assert not window.pane.card._buttons["always"].isVisible()
    clock.now += 10
    assert not window.pane.perform("request.always")
    assert not daemon.of("agent.answer")


def test_shows_the_exact_command_where_and_what_is_risky(open_pane: Open) -> None:
    asked = request("tidy up", command="rm -rf ../other && git push")
    window = open_pane(asking(asked))
    shown = window.pane.card.body.accessible_text()
    assert "rm -rf ../other && git push" in shown
    assert "in api" in shown
    for risk in ("deletes", "outside the worktree", "pushes", "network"):
        assert risk in shown
    assert window.pane.card._buttons["allow"].property("role") == ""


def test_questions_are_answered_by_number_and_text(
    open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any
) -> None:
    questions = (Question("Which?", ("sqlite", "postgres")), Question("Name?"))
    window = open_pane(asking(Request("1:1:q", Blocked.QUESTION, "Which?", 0.0, questions=questions)))
    clock.now += 10
    window.pane.focus_card(after_next=True)
    clock.now += 10
    press(qtbot, "2")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert not daemon.of("agent.answer"), "one question is still open"
    press(qtbot, "db y")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    pump.settle()
    (answer,) = daemon.of("agent.answer")
    assert (answer.decision, answer.answers) == ("answer", {"Which?": "postgres", "Name?": "db y"})


def test_the_card_goes_with_its_request_and_the_keyboard_returns_to_reading(
    open_pane: Open, clock: Any, daemon: Any
) -> None:
    fleet = asking(request())
    window = open_pane(fleet)
    window.pane.focus_card(after_next=False)
    put(fleet, row("fox", id="a"))
    assert window.pane.card.isHidden()
    assert window.pane.zone() == Zone.TRANSCRIPT
    assert not window.pane.focus_card(after_next=False)
    assert Zone.CARD not in window.pane.zones()


def test_a_mouse_click_is_guarded_too(open_pane: Open, qtbot: Any, pump: Any, daemon: Any, clock: Any) -> None:
    window = open_pane(asking(request()))
    qtbot.mouseClick(window.pane.card._buttons["allow"], Qt.MouseButton.LeftButton)
    pump.settle()
    assert not daemon.of("agent.answer")
    clock.now += 10
    qtbot.mouseClick(window.pane.card._buttons["allow"], Qt.MouseButton.LeftButton)
    pump.settle()
    assert len(daemon.of("agent.answer")) == 1


def test_is_a_pane_for_the_shell(open_pane: Open) -> None:

    assert isinstance(open_pane(asking(request())).pane, Pane)
