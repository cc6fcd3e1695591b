"""The whole pane: zones, bodies, and what is left when it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from agents.events import LogGrew, NumberedEvent, Snapshot
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import BlockKind, Capability
from app.commands import Zone
from app.fleet import Fleet
from tests.fakes.rows import drop, fleet_of, put, request, row
from tests.ui.panes.conftest import tell_blocks
from ui.panes.log_view import LogView
from ui.panes.transcript.view import TranscriptView

Open = Callable[[Fleet], Any]
TERMINAL = {"family": "terminal", "capabilities": (Capability.INPUT,)}


def key(qtbot: Any, which: Any) -> None:
    qtbot.keyClick(QApplication.focusWidget(), which)


def test_f6_walks_the_zones_there_are(open_pane: Open, qtbot: Any, clock: Any) -> None:
    fleet = fleet_of([row("fox", id="a")])
    window = open_pane(fleet)
    walked: list[str] = []
    window.pane.focus_zone_changed.connect(walked.append)
    key(qtbot, Qt.Key.Key_F6)
    key(qtbot, Qt.Key.Key_F6)
    put(fleet, row("fox", id="a", requests=(request(),)))
    for _ in range(3):
        key(qtbot, Qt.Key.Key_F6)
    assert walked == ["composer", "transcript", "composer", "card", "transcript"]


def test_reading_keys_reach_the_transcript(open_pane: Open, fleet: Fleet, daemon: Any, qtbot: Any, pump: Any) -> None:
    for n in range(80):
        daemon.add(BlockKind.MESSAGE, text=f"m {n}")
    window = open_pane(fleet)
    view = window.pane.body.transcript
    qtbot.keyClicks(QApplication.focusWidget(), "gg")
    pump.settle()
    assert view.current == 0
    qtbot.keyClicks(QApplication.focusWidget(), "jjk")
    assert view.current == 1
    qtbot.keyClicks(QApplication.focusWidget(), "G")
    assert view.follow
    key(qtbot, Qt.Key.Key_Return)
    assert window.pane.zone() == Zone.COMPOSER


def test_finding_by_keys(open_pane: Open, fleet: Fleet, daemon: Any, qtbot: Any, pump: Any) -> None:
    for n in range(30):
        daemon.add(BlockKind.MESSAGE, text=f"m {n}")
    window = open_pane(fleet)
    assert not window.pane.has_find()
    qtbot.keyClicks(QApplication.focusWidget(), "/")
    qtbot.keyClicks(window.pane.find_bar.field, "m 1")
    pump.settle()
    assert window.pane.find_bar._count.text() == "11 of 11"
    key(qtbot, Qt.Key.Key_Escape)
    assert window.pane.find_bar.isHidden()
    assert window.pane.zone() == Zone.TRANSCRIPT
    assert window.pane.has_find()
    qtbot.keyClicks(QApplication.focusWidget(), "N")
    assert window.pane.body.transcript.hit == 18
    qtbot.keyClicks(QApplication.focusWidget(), "n")
    assert window.pane.body.transcript.hit == 19


def test_blocks_arrive_as_they_are_told(open_pane: Open, fleet: Fleet, daemon: Any) -> None:
    window = open_pane(fleet)
    tell_blocks(fleet, daemon.add(BlockKind.MESSAGE, text="hello"))
    assert "hello" in window.pane.body.transcript.accessible_text()


def test_after_a_reconnect_what_was_missed_is_read(open_pane: Open, fleet: Fleet, daemon: Any, pump: Any) -> None:
    block = daemon.add(BlockKind.MESSAGE, text="half", open=True)
    window = open_pane(fleet)
    daemon.blocks[0] = msgspec.structs.replace(block, rev=2, text="whole", open=False)
    daemon.add(BlockKind.NOTE, text="and more")
    fleet.reset(Snapshot(99, fleet.rows()))
    pump.settle()
    assert window.pane.body.transcript.accessible_text() == "message: whole\n\nnote: and more"


def test_an_agent_without_transcript_shows_its_log(
    open_pane: Open, daemon: Any, pump: Any, tmp_path: Path, qtbot: Any
) -> None:
    (tmp_path / "out.0.log").write_bytes(b"first\n")
    daemon.directory = str(tmp_path)
    fleet = fleet_of([row("fox", id="a", out_size=6, **TERMINAL)])
    window = open_pane(fleet)
    view = window.pane.body.searched
    assert isinstance(view, LogView)
    assert view.accessible_text() == "first"
    assert window.pane.header._log.isHidden()
    with (tmp_path / "out.0.log").open("ab") as out:
        out.write(b"second\n")
    fleet.apply(NumberedEvent(fleet.seq + 1, LogGrew("a", 13, 0)))
    assert view.accessible_text() == "first\nsecond"


def test_a_log_that_is_not_on_this_machine_is_read_through_the_daemon(open_pane: Open, daemon: Any, pump: Any) -> None:
    daemon.log = b"far away\n"
    window = open_pane(fleet_of([row("fox", id="a", out_size=9, **TERMINAL)]))
    pump.until(lambda: window.pane.body.searched.accessible_text() == "far away")


def test_the_switch_to_the_raw_log_and_back(
    open_pane: Open, fleet: Fleet, daemon: Any, pump: Any, tmp_path: Path, qtbot: Any
) -> None:
    (tmp_path / "out.0.log").write_bytes(b'{"jsonrpc":"2.0"}\n')
    daemon.directory = str(tmp_path)
    window = open_pane(fleet)
    assert isinstance(window.pane.body.searched, TranscriptView)
    qtbot.mouseClick(window.pane.header._log, Qt.MouseButton.LeftButton)
    pump.settle()
    assert "jsonrpc" in window.pane.body.searched.accessible_text()
    assert window.pane.zone() == Zone.TRANSCRIPT
    assert QApplication.focusWidget() is window.pane.body.searched
    qtbot.mouseClick(window.pane.header._log, Qt.MouseButton.LeftButton)
    assert isinstance(window.pane.body.searched, TranscriptView)


def test_errors_have_a_switch_of_their_own(open_pane: Open, daemon: Any, pump: Any, tmp_path: Path, qtbot: Any) -> None:
    (tmp_path / "out.0.log").write_bytes(b"fine\n")
    (tmp_path / "err.0.log").write_bytes(b"broken\n")
    daemon.directory = str(tmp_path)
    window = open_pane(fleet_of([row("fox", id="a", out_size=5, err_size=7, **TERMINAL)]))
    log = window.pane.body.log
    assert log._bar.isVisible()
    log._buttons[next(s for s in log._buttons if s.value == "err")].click()
    assert window.pane.body.searched.accessible_text() == "broken"


def test_a_log_that_cannot_be_opened_says_why(open_pane: Open, daemon: Any) -> None:
    daemon.refuse["agent.show"] = RpcError(ErrorCode.NOT_FOUND, "no agent a")
    window = open_pane(fleet_of([row("fox", id="a", **TERMINAL)]))
    assert window.pane.body._blank.text() == "The raw log cannot be read: no agent a"


def test_the_place_of_reading_survives_hiding(open_pane: Open, fleet: Fleet, daemon: Any, pump: Any) -> None:
    for n in range(120):
        daemon.add(BlockKind.MESSAGE, text=f"m {n}")
    window = open_pane(fleet)
    window.pane.body.transcript.scroll_by(-900)
    pump.settle()
    sight = list(window.pane.body.transcript._sight)
    window.hide()
    again = open_pane(fleet).pane.body.transcript
    assert again._sight[0] == sight[0]
    assert not again.follow


def test_nothing_is_told_to_a_pane_that_went(
    open_pane: Open, fleet: Fleet, daemon: Any, pump: Any, qtbot: Any, clock: Any
) -> None:
    put(fleet, row("fox", id="a", requests=(request(),)))
    window = open_pane(fleet)
    clock.now += 10
    window.pane.perform("request.allow")
    window.pane.composer._messaging.send("x")
    window.pane.body.transcript.open()
    listeners = len(fleet._listeners)
    window.pane.deleteLater()
    qtbot.waitUntil(lambda: not isValid(window.pane), timeout=30_000)
    assert len(fleet._listeners) == listeners - 1
    put(fleet, row("fox", id="a"))
    pump.settle()


def test_an_agent_that_is_removed_closes_its_pane(open_pane: Open, fleet: Fleet, qtbot: Any) -> None:
    window = open_pane(fleet)
    with qtbot.waitSignal(window.pane.closed, timeout=30_000):
        drop(fleet, "a")
    assert window.pane.composer.why_not == "This agent is gone."


@pytest.mark.parametrize("command", ["pane.nonsense", "agent.stop"])
def test_what_a_pane_does_not_know_it_refuses(open_pane: Open, fleet: Fleet, command: str) -> None:
    assert not open_pane(fleet).pane.perform(command)


def test_narrow_panes_keep_to_their_width(open_pane: Open, qapp: QApplication) -> None:
    window = open_pane(fleet_of([row("a-very-long-name-of-an-agent", id="a", requests=(request("x " * 90),))]))
    window.resize(360, 500)
    qapp.processEvents()
    assert window.width() == 360


@pytest.mark.parametrize(
    ("target", "opens", "words"),
    [
        ("https://a.example/b", True, ""),
        ("mailto:a@b.example", True, ""),
        ("file:///etc/passwd", False, "Not opened: file:///etc/passwd is no address of the web."),
        ("x-evil:run", False, "Not opened: x-evil:run is no address of the web."),
        ("src/a.py", False, "Not opened: src/a.py is no address of the web."),
    ],
)
def test_only_addresses_of_the_web_open(open_pane: Open, fleet: Fleet, target: str, opens: bool, words: str) -> None:
    pane = open_pane(fleet).pane
    opened: list[str] = []
    pane._opener = lambda link: opened.append(link) is None
    pane.body.transcript.link_activated.emit(target)
    assert bool(opened) is opens
    assert pane.composer._note.text() == words
    pane._opener = lambda _: False
    pane.body.transcript.link_activated.emit("https://a.example/")
    assert pane.composer._note.text() == "No program of this desktop opens https://a.example/."
