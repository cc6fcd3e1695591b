"""``log``: order, shapes, holes, following."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from agents.events import AgentChanged, LogGrew, NumberedEvent, Snapshot
from agents.model import Lifecycle, Stream
from agents.runtime.marks import RECORD
from agents.wire import Done, Shown, Watch
from app.cli.main import main
from tests.fakes.scripted_daemon import HangUp, row
from tests.unit.app.cli.conftest import Screen
from tests.unit.app.cli.test_see import shown

_NUMBERS = {Stream.OUT: 0, Stream.ERR: 1, Stream.IN: 2, Stream.CTL: 3}


class Recording:
    """An agent directory as a keeper writes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sizes = dict.fromkeys(Stream, 0)
        self._seq = 0

    def add(self, stream: Stream, data: bytes) -> None:
        with (self.folder / f"{stream}.0.log").open("ab") as log:
            log.write(data)
        with (self.folder / "marks").open("ab") as marks:
            marks.write(RECORD.pack(self._seq, _NUMBERS[stream], len(data), self._sizes[stream], 5.0 + self._seq, 1.0))
        self._seq += 1
        self._sizes[stream] += len(data)

    def shown(self, **changes: object) -> Shown:
        return Shown(row(**changes), shown(row()).spec, str(self.folder))


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


def mixed(recording: Recording) -> None:
    recording.add(Stream.CTL, b'{"ev":"start"}')
    recording.add(Stream.OUT, b"one\x1b[3")
    recording.add(Stream.OUT, b"1mred\x1b[0m\r\n")
    recording.add(Stream.ERR, "wärn".encode()[:2])
    recording.add(Stream.ERR, "wärn\n".encode()[2:])
    recording.add(Stream.IN, b"typed")
    recording.add(Stream.OUT, b"\xff last")


def test_text_is_clean_however_it_was_cut_and_errors_go_to_stderr(shell, recording: Recording) -> None:
    mixed(recording)
    with shell.daemon({"agent.show": recording.shown()}):
        ran = shell("log", "x")
    assert (ran.code, ran.out, ran.err) == (0, "onered\n\ufffd last", "wärn\n")


def test_on_a_terminal_the_prompt_begins_on_a_line_of_its_own(shell, recording: Recording) -> None:
    recording.add(Stream.OUT, b"no end")
    with shell.daemon({"agent.show": recording.shown()}):
        assert shell("log", "x", is_terminal=True).out == "no end\n"


def test_raw_is_the_very_bytes(shell, recording: Recording, tmp_path: Path) -> None:
    recording.add(Stream.OUT, b"\x1b[31m\x00")
    recording.add(Stream.ERR, b"\x9b")
    recording.add(Stream.OUT, "ä\n".encode())
    with shell.daemon({"agent.show": recording.shown()}):
        out, err = Screen(is_terminal=False), Screen(is_terminal=False)
        assert main(["log", "x", "--raw"], shell.roots, shell.env, (out, out, err)) == 0
    assert out.whole() == b"\x1b[31m\x00" + "ä\n".encode()
    assert err.whole() == b"\x9b"


def test_json_has_every_stimulus_with_text_or_base64(shell, recording: Recording) -> None:
    mixed(recording)
    with shell.daemon({"agent.show": recording.shown()}):
        lines = shell("log", "x", "--json").out.splitlines()
    marks = [json.loads(line) for line in lines]
    assert [mark["seq"] for mark in marks] == list(range(7))
    assert [mark["stream"] for mark in marks] == ["ctl", "out", "out", "err", "err", "in", "out"]
    assert (marks[1]["text"], marks[1]["base64"]) == ("one\x1b[3", None)
    assert marks[6]["text"] is None
    assert base64.b64decode(marks[6]["base64"]) == b"\xff last"
    assert (marks[2]["offset"], marks[2]["length"], marks[2]["wall"]) == (6, 11, 7.0)


def test_a_line_without_end_does_not_pile_up(shell, recording: Recording) -> None:
    for _ in range(40):
        recording.add(Stream.OUT, b"x" * 10_000)
    with shell.daemon({"agent.show": recording.shown()}):
        assert len(shell("log", "x").out) == 400_000


def test_an_agent_that_wrote_nothing_prints_nothing(shell, recording: Recording) -> None:
    with shell.daemon({"agent.show": recording.shown()}):
        assert shell("log", "x").out == ""


def test_trimmed_segments_are_stepped_over(shell, recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.runtime.rawlog.RawLog.__init__.__defaults__", (4,))
    monkeypatch.setattr("agents.runtime.marks.MarkReader.__init__.__defaults__", (4,))
    folder = recording.folder
    (folder / "out.1.log").write_bytes(b"efgh")  # out.0.log, "abcd", is gone
    (folder / "err.0.log").write_bytes(b"E\n")
    with (folder / "marks").open("ab") as marks:
        marks.write(RECORD.pack(0, 0, 2, 0, 1.0, 1.0))
        marks.write(RECORD.pack(1, 1, 2, 0, 1.0, 1.0))
        marks.write(RECORD.pack(2, 0, 4, 2, 1.0, 1.0))  # half gone
        marks.write(RECORD.pack(3, 0, 2, 6, 1.0, 1.0))
    with shell.daemon({"agent.show": recording.shown()}):
        ran = shell("log", "x", "--raw")
    assert (ran.code, ran.out) == (0, "gh")


def test_follow_goes_on_over_a_daemons_death_until_the_agent_exits(shell, recording: Recording) -> None:
    recording.add(Stream.OUT, b"one\n")
    calls: list[str] = []

    def watched(_: Watch) -> Done:
        calls.append("watch")
        if calls.count("watch") == 2:
            recording.add(Stream.OUT, b"three\n")
            daemon.answers["agent.show"] = recording.shown(lifecycle=Lifecycle.EXITED)
        return Done()

    def show(_: object) -> Shown:
        calls.append("show")
        if calls.count("show") == 2:  # the look after watching: the daemon dies in it
            recording.add(Stream.OUT, b"two\n")
            daemon.tell(NumberedEvent(1, LogGrew("habc123", 8, 0)), NumberedEvent(2, AgentChanged(row(unread=1))))
            daemon.drop()
            raise HangUp
        return recording.shown()

    with shell.daemon({"pane.watch": watched}, snapshot=Snapshot(0, (row(),))) as daemon:
        daemon.answers["agent.show"] = show
        ran = shell("log", "x", "-f")
        assert daemon.asked("pane.watch") == [Watch(("habc123",))] * 2
    assert (ran.code, ran.out) == (0, "one\ntwo\nthree\n")


def test_follow_ends_with_the_event_that_says_so(shell, recording: Recording) -> None:
    recording.add(Stream.OUT, b"one\n")
    shows: list[object] = []

    def show(_: object) -> Shown:
        shows.append(None)
        if len(shows) == 2:  # the look after watching: it still runs, then it ends
            recording.add(Stream.OUT, b"last words")
            ended = row(lifecycle=Lifecycle.EXITED, exit_code=0)
            daemon.tell(NumberedEvent(1, AgentChanged(row("other"))), NumberedEvent(2, AgentChanged(ended)))
        return recording.shown()

    with shell.daemon({"pane.watch": Done()}, snapshot=Snapshot(0, (row(),))) as daemon:
        daemon.answers["agent.show"] = show
        ran = shell("log", "x", "--follow")
    assert (ran.code, ran.out) == (0, "one\nlast words")
