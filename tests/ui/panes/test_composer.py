"""Writing to an agent: keys, history, the queue, and text that is never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QApplication, QToolButton
from shiboken6 import isValid

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Capability, Delivery, Lifecycle, QueuedPrompt, SlashCommand, Turn, TurnDelivery
from agents.wire import EditQueued, Input, Send
from app.commands import Zone
from app.fleet import Fleet
from tests.fakes.rows import TALKER, fleet_of, put, row

Open = Callable[[Fleet], Any]


@pytest.fixture
def writing(open_pane: Open, fleet: Fleet) -> Any:
    """Return the composer of a pane that has the keyboard."""
    window = open_pane(fleet)
    window.pane.focus_composer()
    return window.pane.composer


def enter(qtbot: Any, composer: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(composer.editor, Qt.Key.Key_Return, modifier)


def sent(daemon: Any) -> list[str]:
    return [params.text for params in daemon.of("agent.send")]


def test_enter_sends_and_shift_enter_breaks_the_line(writing: Any, qtbot: Any, pump: Any, daemon: Any) -> None:
    qtbot.keyClicks(writing.editor, "one")
    enter(qtbot, writing, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(writing.editor, "two")
    high = writing.editor.height()
    enter(qtbot, writing)
    pump.settle()
    assert sent(daemon) == ["one\ntwo"]
    assert writing.editor.toPlainText() == ""
    assert writing.editor.height() < high


def test_enter_and_shift_enter_can_be_swapped(writing: Any, qtbot: Any, pump: Any, daemon: Any) -> None:
    writing.set_sends_on_enter(on=False)
    qtbot.keyClicks(writing.editor, "a")
    enter(qtbot, writing)
    qtbot.keyClicks(writing.editor, "b")
    assert not sent(daemon)
    enter(qtbot, writing, Qt.KeyboardModifier.ShiftModifier)
    pump.settle()
    assert sent(daemon) == ["a\nb"]


def test_blank_text_is_not_sent(writing: Any, qtbot: Any, pump: Any, daemon: Any) -> None:
    qtbot.keyClicks(writing.editor, "  ")
    enter(qtbot, writing)
    pump.settle()
    assert not sent(daemon)


def test_letters_are_text_and_escape_leaves(writing: Any, qtbot: Any, pump: Any) -> None:
    qtbot.keyClicks(writing.editor, "yYxrjkGn/")
    assert writing.editor.toPlainText() == "yYxrjkGn/"
    pane = writing.parentWidget()
    qtbot.keyClick(writing.editor, Qt.Key.Key_Escape)
    assert pane.zone() == Zone.TRANSCRIPT


def test_up_and_down_walk_through_what_was_written(writing: Any, qtbot: Any, pump: Any) -> None:
    for text in ("first", "second"):
        qtbot.keyClicks(writing.editor, text)
        enter(qtbot, writing)
    qtbot.keyClicks(writing.editor, "draft")
    shown = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(writing.editor, key)
        shown.append(writing.editor.toPlainText())
    assert shown == ["second", "first", "first", "second", "draft", "draft"]
    pump.settle()


def test_up_inside_several_lines_moves_the_caret(writing: Any, qtbot: Any) -> None:
    writing._kept.wrote("older")
    writing.editor.set_text("a\nb")
    qtbot.keyClick(writing.editor, Qt.Key.Key_Up)
    assert writing.editor.toPlainText() == "a\nb"
    qtbot.keyClick(writing.editor, Qt.Key.Key_Up)
    assert writing.editor.toPlainText() == "older"


def test_a_message_that_could_not_be_sent_comes_back(writing: Any, qtbot: Any, pump: Any, daemon: Any) -> None:
    daemon.refuse["agent.send"] = RpcError(ErrorCode.NOT_POSSIBLE, "fox is stopping")
    qtbot.keyClicks(writing.editor, "hello")
    enter(qtbot, writing)
    qtbot.keyClicks(writing.editor, "next")
    pump.settle()
    assert writing.editor.toPlainText() == "hello\nnext"
    assert writing._note.text() == "Not sent: fox is stopping"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lifecycle": Lifecycle.EXITED}, "fox has ended. Resume it to go on."),
        ({"lifecycle": Lifecycle.FAILED, "capabilities": (Capability.PROMPT,)}, "fox has ended. It cannot be resumed."),
        ({"lifecycle": Lifecycle.STOPPING}, "fox is stopping."),
        ({"capabilities": ()}, "fox takes no messages."),
    ],
)
def test_says_why_nothing_can_be_sent_and_keeps_the_text(
    open_pane: Open, qtbot: Any, pump: Any, daemon: Any, changes: dict[str, Any], words: str
) -> None:
    window = open_pane(fleet_of([row("fox", id="a", **changes)]))
    composer = window.pane.composer
    assert composer.editor.placeholderText() == words
    window.pane.focus_composer()
    qtbot.keyClicks(composer.editor, "hi")
    enter(qtbot, composer)
    pump.settle()
    assert composer.editor.toPlainText() == "hi"
    assert not sent(daemon)


def test_without_the_daemon_the_text_is_kept(open_pane: Open, fleet: Fleet) -> None:
    window = open_pane(fleet)
    fleet.set_connection(connected=False, detail="gone")
    assert "your text is kept" in window.pane.composer.editor.placeholderText()
    fleet.set_connection(connected=True, detail="")
    assert window.pane.composer.why_not == ""


def test_the_draft_survives_hiding(open_pane: Open, fleet: Fleet, qtbot: Any, qapp: QApplication) -> None:
    window = open_pane(fleet)
    window.pane.focus_composer()
    qtbot.keyClicks(window.pane.composer.editor, "half a thou")
    qtbot.keyClick(window.pane.composer.editor, Qt.Key.Key_Left)
    window.pane.deleteLater()
    qtbot.waitUntil(lambda: not isValid(window.pane), timeout=30_000)
    editor = open_pane(fleet).pane.composer.editor
    assert editor.toPlainText() == "half a thou"
    assert editor.textCursor().position() == 10


def test_waiting_messages_can_be_edited_and_dropped(open_pane: Open, qtbot: Any, pump: Any, daemon: Any) -> None:
    queue = (QueuedPrompt(3, "go on", 0.0), QueuedPrompt(2, "now", 0.0, "started"))
    fleet = fleet_of([row("fox", id="a", queue=queue)])
    composer = open_pane(fleet).pane.composer
    edit, drop = composer.queue.findChildren(QToolButton)
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton)
    assert composer.editor.toPlainText() == "go on"
    qtbot.keyClicks(composer.editor, "!")
    enter(qtbot, composer)
    qtbot.mouseClick(drop, Qt.MouseButton.LeftButton)
    pump.settle()
    assert daemon.of("agent.edit_queued") == [EditQueued("a", 3, "go on!"), EditQueued("a", 3, None)]
    assert not sent(daemon)


def test_a_waiting_message_sent_while_it_is_edited_is_not_lost(open_pane: Open, qtbot: Any, pump: Any) -> None:
    fleet = fleet_of([row("fox", id="a", queue=(QueuedPrompt(3, "go on", 0.0),))])
    window = open_pane(fleet)
    composer = window.pane.composer
    window.pane.focus_composer()
    qtbot.keyClick(composer.editor, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    put(fleet, row("fox", id="a"))
    assert "sent before your change" in composer._note.text()
    assert composer.editor.toPlainText() == "go on"


def test_an_undelivered_message_can_be_sent_again(open_pane: Open, qtbot: Any, pump: Any, daemon: Any) -> None:
    queue = (QueuedPrompt(3, "go on", 0.0, "undelivered", "it exited"),)
    composer = open_pane(fleet_of([row("fox", id="a", queue=queue)])).pane.composer
    again = composer.queue.findChildren(QToolButton)[0]
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    pump.settle()
    assert sent(daemon) == ["go on"]
    assert daemon.of("agent.edit_queued") == [EditQueued("a", 3, None)]


def test_commands_of_the_agent_are_offered(open_pane: Open, qtbot: Any, pump: Any, daemon: Any) -> None:
    commands = (SlashCommand("compact", "shrink"), SlashCommand("cost"), SlashCommand("help"))
    window = open_pane(fleet_of([row("fox", id="a", commands=commands)]))
    composer = window.pane.composer
    window.pane.focus_composer()
    qtbot.keyClicks(composer.editor, "/co")
    assert composer._offers.count() == 2
    qtbot.keyClick(composer.editor, Qt.Key.Key_Down)
    qtbot.keyClick(composer.editor, Qt.Key.Key_Tab)
    assert composer.editor.toPlainText() == "/cost "
    enter(qtbot, composer)
    pump.settle()
    assert sent(daemon) == ["/cost "]


def test_escape_closes_the_offers_first(open_pane: Open, qtbot: Any) -> None:
    window = open_pane(fleet_of([row("fox", id="a", commands=(SlashCommand("compact"),))]))
    composer = window.pane.composer
    window.pane.focus_composer()
    qtbot.keyClicks(composer.editor, "/")
    assert composer._offers.isVisible()
    qtbot.keyClick(composer.editor, Qt.Key.Key_Escape)
    assert not composer._offers.isVisible()
    assert window.pane.zone() == Zone.COMPOSER


def test_an_agent_with_input_only_is_typed_into(open_pane: Open, qtbot: Any, pump: Any, daemon: Any) -> None:
    window = open_pane(fleet_of([row("fox", id="a", family="terminal", capabilities=(Capability.INPUT,))]))
    window.pane.focus_composer()
    qtbot.keyClicks(window.pane.composer.editor, "ls")
    enter(qtbot, window.pane.composer)
    pump.settle()
    assert daemon.of("agent.input") == [Input("a", b"ls\n")]


def test_pasted_markup_is_plain_text(writing: Any) -> None:
    mime = QMimeData()
    mime.setHtml("<b>bold</b>")
    mime.setText("plain\r\ntext")
    writing.editor.insertFromMimeData(mime)
    assert writing.editor.toPlainText() == "plain\ntext"


BUSY = {"turn": Turn.WORKING, "capabilities": (*TALKER, Capability.STEER)}


def test_alt_enter_puts_the_message_into_the_running_turn(open_pane: Open, qtbot: Any, pump: Any, daemon: Any) -> None:
    window = open_pane(fleet_of([row("fox", id="a", **BUSY)]))
    window.pane.focus_composer()
    composer = window.pane.composer
    qtbot.keyClicks(composer.editor, "stop, use sqlite")
    enter(qtbot, composer, Qt.KeyboardModifier.AltModifier)
    pump.settle()
    assert window.ran == ["agent.steer"]
    assert daemon.of("agent.send") == [Send("a", "stop, use sqlite", steer=True)]
    assert composer.editor.toPlainText() == ""
    qtbot.keyClick(composer.editor, Qt.Key.Key_Up)
    assert composer.editor.toPlainText() == "stop, use sqlite"  # it is remembered like any other


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"turn": Turn.WORKING}, "takes nothing into a running turn"),
        ({"turn": Turn.IDLE, "capabilities": BUSY["capabilities"]}, "has no running turn: send it as a message"),
        ({"lifecycle": Lifecycle.EXITED, "exit_code": 0}, "fox has ended"),
    ],
)
def test_what_cannot_be_steered_stays_and_says_why(
    open_pane: Open, qtbot: Any, pump: Any, daemon: Any, fields: dict[str, Any], words: str
) -> None:
    window = open_pane(fleet_of([row("fox", id="a", **fields)]))
    window.pane.focus_composer()
    composer = window.pane.composer
    qtbot.keyClicks(composer.editor, "wait")
    enter(qtbot, composer, Qt.KeyboardModifier.AltModifier)
    pump.settle()
    assert daemon.of("agent.send") == []
    assert composer.editor.toPlainText() == "wait"
    assert words in composer._note.text()


def test_a_steered_message_the_daemon_refuses_comes_back(open_pane: Open, qtbot: Any, pump: Any, daemon: Any) -> None:
    window = open_pane(fleet_of([row("fox", id="a", **BUSY)]))
    window.pane.focus_composer()
    composer = window.pane.composer
    daemon.refuse["agent.send"] = RpcError(ErrorCode.NOT_POSSIBLE, "that turn is over")
    qtbot.keyClicks(composer.editor, "too late")
    enter(qtbot, composer, Qt.KeyboardModifier.AltModifier)
    pump.settle()
    assert composer.editor.toPlainText() == "too late"
    assert "that turn is over" in composer._note.text()


def test_an_empty_field_and_a_waiting_message_are_not_steered(
    open_pane: Open, qtbot: Any, pump: Any, daemon: Any
) -> None:
    queue = (QueuedPrompt(3, "go on", 0.0),)
    window = open_pane(fleet_of([row("fox", id="a", queue=queue, **BUSY)]))
    window.pane.focus_composer()
    composer = window.pane.composer
    enter(qtbot, composer, Qt.KeyboardModifier.AltModifier)
    assert "Write what shall go into the running turn" in composer._note.text()
    qtbot.keyClick(composer.editor, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    enter(qtbot, composer, Qt.KeyboardModifier.AltModifier)
    pump.settle()
    assert "waits already" in composer._note.text()
    assert daemon.of("agent.send") == []


def test_a_message_that_was_written_and_not_taken_says_so(open_pane: Open, pump: Any) -> None:
    waits = TurnDelivery(3, Delivery.DELIVERED)
    fleet = fleet_of([row("fox", Turn.WORKING, id="a", delivery=waits)])
    composer = open_pane(fleet).pane.composer
    assert "turn 3 delivered, not taken yet" in composer.editor.placeholderText()
    put(fleet, row("fox", Turn.WORKING, id="a", delivery=TurnDelivery(3, Delivery.STARTED)))
    assert composer.editor.placeholderText() == "Message fox …"
