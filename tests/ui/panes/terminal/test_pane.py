"""The pane of a program in a terminal: its keys, its size, its end, what it asks for, and what is said about each."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from agents.events import AgentChanged, NumberedEvent
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Capability, Lifecycle, QueuedPrompt
from agents.wire import Started
from app.commands import Zone
from tests.fakes.keys import press
from tests.fakes.rows import put, request
from tests.fakes.terminal_pane import ABLE, Bench, terminal_row
from tests.ui.panes.conftest import Daemon, Pump
from ui.terminals import DEAF_S, LESSONS, Terminals
from ui.theme import Theme

MakeBench = Callable[[], Bench]


@pytest.fixture
def bench(qtbot: QtBot, pump: Pump, daemon: Daemon, theme: Theme, tmp_path: Path) -> MakeBench:
    return lambda: Bench(qtbot, pump, daemon, theme, tmp_path)


# -- what is shown


def test_an_agent_with_a_terminal_shows_its_screen_and_the_log_is_one_switch_away(bench: MakeBench) -> None:
    made = bench()
    made.prints(b"\x1b[1mhello\x1b[0m from the program\r\n")
    made.open()
    made.shows("hello from the program")
    assert made.pane.zone() == Zone.TERMINAL
    assert made.pane.zones() == (Zone.TERMINAL,)
    made.focus()
    press("Ctrl+Shift+L")
    made.pump.until(lambda: made.pane.body.log is not None and made.pane.body.currentWidget() is made.pane.body.log)
    assert made.pane.zone() == Zone.TRANSCRIPT
    assert made.terminal.view.terminal is None
    made.pane.perform("pane.log")
    made.shows("hello from the program")


def test_what_the_program_prints_later_appears(bench: MakeBench) -> None:
    made = bench().open()
    made.prints(b"first\r\n")
    made.shows("first")
    made.prints(b"second\r\n")
    made.shows("second")


def test_a_hidden_pane_holds_no_screen_and_begins_again_from_the_log(bench: MakeBench) -> None:
    made = bench()
    made.prints(b"still here\r\n")
    made.open()
    made.shows("still here")
    assert made.window is not None
    made.window.hide()
    assert made.terminal.view.terminal is None
    made.prints(b"and more\r\n")
    made.window.show()
    made.shows("and more")
    assert "still here" in made.screen()


def test_a_log_of_another_machine_is_read_through_the_daemon(bench: MakeBench) -> None:
    made = bench()
    made.daemon.directory = "/dev/null/nowhere"
    made.daemon.log = b"from afar\r\n"
    made.prints(made.daemon.log)
    made.open()
    made.shows("from afar")
    made.daemon.log += b"and more\r\n"
    made.prints(b"and more\r\n")
    made.shows("and more")
    assert made.daemon.of("log.read")


def test_without_the_core_the_log_is_shown_and_the_package_named(bench: MakeBench) -> None:
    made = bench()
    made.terminals = Terminals(lambda: "no terminal core: libvterm.so.0 is not installed; install libvterm0")
    made.prints(b"plain words\r\n")
    made.open()
    made.pump.until(lambda: made.pane.body.log is not None)
    assert made.pane.body.terminal is None
    assert made.pane.core_bar.isVisible()
    assert "libvterm0" in made.pane.core_bar.words.text()
    assert made.pane.zones() == (Zone.TRANSCRIPT, Zone.COMPOSER)


def test_a_screen_that_cannot_be_read_says_why_and_enter_tries_again(bench: MakeBench) -> None:
    made = bench()
    made.daemon.refuse["terminal.open"] = RpcError(ErrorCode.NOT_POSSIBLE, "fox is catching up with its log")
    made.prints(b"there\r\n")
    made.open()
    made.focus()
    assert "fox is catching up with its log" in made.terminal.unread.accessibleName()
    del made.daemon.refuse["terminal.open"]
    press("Enter")
    made.shows("there")


def test_a_program_that_could_not_be_started_says_why_and_enter_runs_it_again(bench: MakeBench) -> None:
    made = bench()
    made.daemon.refuse["terminal.open"] = RpcError(ErrorCode.NOT_POSSIBLE, "fox has no terminal")
    put(made.fleet, terminal_row(lifecycle=Lifecycle.FAILED, reason="no such program"))
    made.open()
    made.focus()
    assert "no such program" in made.terminal.exit_bar.words.text()
    made.daemon.answers["agent.restart"] = Started("a", "fox", 2)
    press("Enter")
    made.pump.settle()
    assert [ref.id for ref in made.daemon.of("agent.restart")] == ["a"]
    del made.daemon.refuse["terminal.open"]
    made.prints(b"now it runs\r\n")
    put(made.fleet, terminal_row(lifecycle=Lifecycle.STARTING))
    put(made.fleet, terminal_row())
    made.shows("now it runs")


# -- keys


def test_keys_go_to_the_program_in_order(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    for chord in ("l", "s", "Space", "Ctrl+C", "Ctrl+K", "Ctrl+J", "Ctrl+N", "Alt+1", "Esc", "Enter", "Tab", "Up"):
        press(chord)
    assert made.typed() == b"ls \x03\x0b\n\x0e\x1b1\x1b\r\t\x1b[A"
    assert made.window is not None
    assert made.window.ran == []


def test_while_disconnected_no_key_is_kept_and_the_pane_says_so(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    made.fleet.set_connection(connected=False, detail="gone")
    press("x")
    assert made.typed() == b""
    assert "goes nowhere" in made.said("connection")
    made.fleet.set_connection(connected=True, detail="connected")
    assert made.said("connection") == ""
    press("y")
    assert made.typed() == b"y"


def test_what_could_not_be_typed_is_told(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    made.daemon.refuse["agent.input"] = RpcError(ErrorCode.NOT_POSSIBLE, "fox is not connected to its keeper")
    press("x")
    made.pump.settle()
    assert made.said("trouble") == "not typed: fox is not connected to its keeper"


def test_what_is_typed_while_it_starts_arrives_when_it_runs(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    put(made.fleet, terminal_row(lifecycle=Lifecycle.STARTING))
    for letter in "ls":
        press(letter)
    assert made.typed() == b""
    put(made.fleet, terminal_row())
    assert made.typed() == b"ls"


def test_how_to_leave_is_said_until_it_was_done_a_few_times(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    assert "F6 leaves" in made.pane.header.accessibleName()
    made.pane.find_bar.open()
    assert "F6" not in made.pane.header.accessibleName()
    made.focus()
    for _ in range(LESSONS):
        made.terminals.was_left()
    assert "F6" not in made.pane.header.accessibleName()


def test_a_key_right_behind_an_answer_is_not_typed_into_the_program(bench: MakeBench) -> None:
    made = bench()
    made.terminals = Terminals(clock=made.clock)
    put(made.fleet, terminal_row(requests=(request(),), capabilities=(*ABLE, Capability.ANSWER)))
    made.open()
    assert made.pane.focus_card(after_next=False)
    made.clock.now += 1
    press("y")
    made.pump.settle()
    assert [params.decision for params in made.daemon.of("agent.answer")] == ["allow"]
    put(made.fleet, terminal_row())
    made.pump.until(lambda: made.pane.zone() == Zone.TERMINAL and made.terminal.has_keyboard)
    press("y")
    assert made.typed() == b""
    assert made.said("trouble").startswith("not typed")
    made.clock.now += DEAF_S
    press("y")
    assert made.typed() == b"y"


# -- the message field


def test_the_message_field_is_hidden_until_wanted_and_goes_when_it_is_left_empty(bench: MakeBench) -> None:
    made = bench().open()
    assert made.pane.composer.isHidden()
    made.focus()
    press("Ctrl+Shift+S")
    assert made.pane.zone() == Zone.COMPOSER
    assert made.pane.zones() == (Zone.TERMINAL, Zone.COMPOSER)
    press("Esc")
    assert made.pane.zone() == Zone.TERMINAL
    made.pump.until(made.pane.composer.isHidden)


def test_a_message_that_waits_or_was_not_delivered_shows_the_field(bench: MakeBench) -> None:
    made = bench().open()
    put(made.fleet, terminal_row(queue=(QueuedPrompt(1, "hello", "undelivered", reason="its box was full"),)))
    assert not made.pane.composer.isHidden()
    put(made.fleet, terminal_row())
    assert made.pane.composer.isHidden()


# -- size


def test_the_view_with_the_keyboard_sets_the_size_and_others_show_it_as_it_is(bench: MakeBench) -> None:
    made = bench().open()
    made.pane.find_bar.open()
    made.resized(30, 100)
    made.pump.until(lambda: made.said("size") == "100×30, set by another view")
    sent = len(made.sizes())
    assert made.window is not None
    made.window.resize(880, 580)  # not the one whose size counts
    made.pump.settle()
    assert len(made.sizes()) == sent
    made.focus()
    fits = made.terminal.view.fitting()
    made.pump.until(lambda: made.sizes()[-1] == fits)
    made.resized(*fits)
    made.pump.until(lambda: made.said("size") == "")


def test_who_sits_down_elsewhere_takes_the_size_and_the_next_key_here_takes_it_back(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    fits = made.terminal.view.fitting()
    made.pump.until(lambda: made.sizes()[-1] == fits)
    made.resized(*fits)
    made.resized(24, 80)
    made.pump.until(lambda: made.said("size") == "80×24, set by another view")
    sent = len(made.sizes())
    press("x")
    made.pump.until(lambda: len(made.sizes()) > sent)
    assert made.sizes()[-1] == fits


def test_news_of_the_size_from_before_ours_takes_nothing_away(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    made.prints(b"as wide as before\r\n")
    made.shows("as wide as before")
    assert made.terminal.view.owns_size
    assert made.said("size") == ""


def test_a_screen_nobody_knows_is_drawn_anew_by_a_size_one_column_narrower_and_back(bench: MakeBench) -> None:
    made = bench().open()
    made.pane.find_bar.open()
    made.resized(30, 100)
    made.pump.until(lambda: made.said("size") != "")
    made.terminal.fitting.repaint()
    assert made.sizes()[-2:] == [(30, 99), (30, 100)]
    made.focus()
    fits = made.terminal.view.fitting()
    made.terminal.fitting.repaint()
    assert made.sizes()[-1] == fits


def test_an_ended_program_is_told_no_size(bench: MakeBench) -> None:
    made = bench()
    put(made.fleet, terminal_row(lifecycle=Lifecycle.EXITED, exit_code=0))
    made.open()
    made.focus()
    made.terminal.fitting.repaint()
    assert made.sizes() == []


def test_of_a_drag_the_last_size_is_sent(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    before = len(made.sizes())
    assert made.window is not None
    for width in range(900, 600, -10):
        made.window.resize(width, 600)
        QApplication.processEvents()
    made.pump.until(lambda: made.sizes()[-1] == made.terminal.view.fitting())
    assert len(made.sizes()) - before < 30


def test_a_card_that_appears_does_not_change_the_programs_size(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    fits = made.terminal.view.fitting()
    made.resized(*fits)
    made.pump.until(lambda: made.said("size") == "")
    sent = len(made.sizes())
    put(made.fleet, terminal_row(requests=(request(),), capabilities=(*ABLE, Capability.ANSWER)))
    made.pump.until(lambda: made.terminal.view.fitting()[0] < fits[0])
    made.focus()
    assert len(made.sizes()) == sent
    assert made.said("size") == ""


# -- the end


def test_the_end_is_shown_with_its_code_and_enter_runs_it_again(bench: MakeBench) -> None:
    made = bench()
    made.prints(b"bye\r\n")
    made.open()
    made.focus()
    put(made.fleet, terminal_row(lifecycle=Lifecycle.EXITED, exit_code=1))
    assert made.terminal.exit_bar.isVisible()
    assert made.terminal.exit_bar.words.text() == "exited 1 — Enter runs it again"
    made.shows("bye")
    made.daemon.answers["agent.restart"] = Started("a", "fox", 2)
    press("x")
    press("Enter")
    assert made.typed() == b""
    assert [ref.id for ref in made.daemon.of("agent.restart")] == ["a"]
    put(made.fleet, terminal_row())
    assert made.terminal.exit_bar.isHidden()
    made.prints(b"here again\r\n")
    made.shows("here again")


def test_an_ended_agent_with_a_session_is_resumed(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    able = (*ABLE, Capability.RESUME)
    put(made.fleet, terminal_row(lifecycle=Lifecycle.EXITED, exit_code=0, capabilities=able))
    assert made.terminal.exit_bar.words.text() == "exited 0 — Enter resumes it"
    made.daemon.answers["agent.resume"] = Started("a", "fox", 2)
    press("R")
    made.pump.settle()
    assert [ref.id for ref in made.daemon.of("agent.resume")] == ["a"]


# -- pasting


@pytest.fixture
def clipboard(qapp: QApplication) -> Callable[[str], None]:
    return qapp.clipboard().setText


def test_a_harmless_paste_goes_at_once(bench: MakeBench, clipboard: Callable[[str], None]) -> None:
    made = bench().open()
    made.focus()
    clipboard("make test")
    press("Ctrl+Shift+V")
    assert made.typed() == b"make test"


def test_what_could_do_harm_is_shown_first(bench: MakeBench, clipboard: Callable[[str], None], qtbot: QtBot) -> None:
    made = bench().open()
    made.focus()
    clipboard("echo one\nrm -r \u202e/\x1b[201~\n")
    press("Ctrl+Shift+V")
    guard = made.terminal.guard
    assert guard.isVisible()
    assert "2 lines" in guard.question
    assert guard.question.startswith("Paste this? Control characters (ESC) were removed; ")
    assert "⟨U+202E⟩" in guard._text.text()
    assert made.pane.zone() == Zone.TERMINAL
    press("x")  # no key but the two answers does anything
    press("Esc")
    assert not guard.isVisible()
    assert made.typed() == b""
    press("Ctrl+Shift+V")
    press("Enter")
    assert made.typed() == "echo one\rrm -r \u202e/[201~\r".encode()
    qtbot.waitUntil(made.terminal.view.hasFocus, timeout=30_000)


# -- what programs ask for


def asks_to_copy(text: str) -> bytes:
    return b"\x1b]52;c;" + base64.b64encode(text.encode()) + b"\x07"


def test_no_program_writes_the_clipboard_unless_allowed_once(
    bench: MakeBench, clipboard: Callable[[str], None], qapp: QApplication
) -> None:
    clipboard("mine")
    made = bench().open()
    made.focus()
    made.prints(asks_to_copy("theirs"))
    made.pump.until(lambda: "copy" in made.said("asked"))
    assert made.said("asked") == "asked to copy “theirs”: not done (Ctrl+Shift+Y allows it once)"
    assert qapp.clipboard().text() == "mine"
    press("Ctrl+Shift+Y")
    assert qapp.clipboard().text() == "theirs"
    clipboard("mine again")
    press("Ctrl+Shift+Y")
    assert qapp.clipboard().text() == "mine again"
    assert made.said("asked") == "the program asks for nothing now"


def test_a_question_about_the_clipboard_is_never_answered(bench: MakeBench) -> None:
    made = bench().open()
    made.focus()
    made.prints(b"\x1b]52;c;?\x07")
    made.pump.until(lambda: made.said("asked") == "asked about the clipboard: not done")
    assert made.typed() == b""


def test_a_notification_is_a_quiet_line(bench: MakeBench) -> None:
    made = bench().open()
    made.prints(b"\x1b]777;notify;Build;done \xe2\x80\xae now\x07")
    made.pump.until(lambda: made.said("asked") == "says: Build: done now")


def test_a_bell_marks_the_agent_until_one_looks(bench: MakeBench, qtbot: QtBot) -> None:
    made = bench().open()
    made.pane.find_bar.open()
    made.prints(b"\x07")
    made.pump.until(lambda: made.terminals.rings("a"))
    made.focus()
    qtbot.waitUntil(lambda: not made.terminals.rings("a"), timeout=30_000)
    made.prints(b"\x07heard")
    made.shows("heard")
    assert not made.terminals.rings("a")


def test_the_programs_title_is_in_the_header_without_what_ticks(bench: MakeBench) -> None:
    made = bench().open()
    made.prints("\x1b]2;\u280b Fixing \u202ethe login\x07".encode())
    made.pump.until(lambda: "Fixing the login" in made.pane.header.accessibleName())
    assert "\u280b" not in made.pane.header.accessibleName()
    assert "\u202e" not in made.pane.header.accessibleName()


def test_finding_in_the_terminal_by_key(bench: MakeBench, qtbot: QtBot) -> None:
    made = bench()
    made.prints(b"alpha\r\nbeta\r\nalpha two\r\n")
    made.open()
    made.shows("beta")
    made.focus()
    press("Ctrl+Shift+G")
    assert made.pane.find_bar.isVisible()
    qtbot.keyClicks(made.pane.find_bar.field, "alpha")
    made.pump.until(lambda: "of 2" in made.pane.find_bar._count.text())
    qtbot.keyClick(made.pane.find_bar.field, Qt.Key.Key_Return)
    made.pump.until(lambda: made.pane.find_bar._count.text() in ("1 of 2", "2 of 2"))
    press("Esc")
    assert made.pane.find_bar.isHidden()
    assert made.pane.zone() == Zone.TERMINAL


def test_a_reconnected_pane_reads_what_it_could_not(bench: MakeBench) -> None:
    made = bench()
    made.daemon.refuse["terminal.open"] = RpcError(ErrorCode.NOT_POSSIBLE, "not now")
    made.prints(b"later\r\n")
    made.open()
    del made.daemon.refuse["terminal.open"]
    made.fleet.set_connection(connected=False, detail="gone")
    made.fleet.set_connection(connected=True, detail="connected")
    made.fleet.apply(NumberedEvent(made.fleet.seq + 1, AgentChanged(terminal_row())))
    made.shows("later")
