"""Process facts from ctl marks, independent of every adapter."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agents.model import Lifecycle, Mark, Stream
from agents.supervisor.vitals import Vitals, signal_name


class Tape:
    def __init__(self) -> None:
        self.vitals = Vitals()
        self.offsets = dict.fromkeys(Stream, 0)

    def feed(self, stream: Stream, data: bytes, at: float = 1.0) -> str | None:
        offset = self.offsets[stream]
        self.offsets[stream] += len(data)
        return self.vitals.feed(Mark(self.vitals.seq, stream, offset, len(data), at, at), data)

    def control(self, at: float = 1.0, **event: Any) -> str | None:
        return self.feed(Stream.CTL, json.dumps(event).encode(), at)


def test_from_start_to_exit() -> None:
    tape = Tape()
    assert tape.vitals.lifecycle is Lifecycle.STARTING
    tape.control(2.0, ev="start", incarnation=1, pid=77)
    assert (tape.vitals.lifecycle, tape.vitals.pid, tape.vitals.incarnation) == (Lifecycle.RUNNING, 77, 1)
    tape.control(3.0, ev="exit", code=7, signal=None)
    assert (tape.vitals.lifecycle, tape.vitals.exit_code, tape.vitals.changed_at) == (Lifecycle.EXITED, 7, 3.0)
    assert tape.vitals.seq == 2


def test_a_signal_is_named() -> None:
    tape = Tape()
    tape.control(ev="exit", code=None, signal=9)
    assert (tape.vitals.exit_code, tape.vitals.exit_signal, tape.vitals.reason) == (None, 9, "killed by SIGKILL")
    assert signal_name(200) == "signal 200"


def test_a_failed_start_says_which_program_and_why() -> None:
    tape = Tape()
    tape.control(ev="failed", errno=13, error="Permission denied", program="./x")
    assert (tape.vitals.lifecycle, tape.vitals.reason) == (Lifecycle.FAILED, "./x: Permission denied")


def test_another_process_forgets_how_the_former_ended() -> None:
    tape = Tape()
    tape.control(ev="start", incarnation=1, pid=1)
    tape.control(ev="exit", code=3, signal=None)
    tape.control(ev="start", incarnation=2, pid=2)
    assert (tape.vitals.lifecycle, tape.vitals.exit_code, tape.vitals.pid) == (Lifecycle.RUNNING, None, 2)


def test_sizes_and_completed_writes() -> None:
    tape = Tape()
    tape.feed(Stream.OUT, b"12345")
    tape.feed(Stream.ERR, b"12")
    tape.feed(Stream.IN, b"1")
    assert (tape.vitals.out_size, tape.vitals.err_size) == (5, 2)
    assert tape.control(ev="wrote", id="1:prompt:1", offset=0, length=1) == "1:prompt:1"
    assert tape.control(ev="resize", rows=1, cols=1) is None


def test_the_size_of_the_terminal_is_known_with_where_in_the_output_it_began() -> None:
    tape = Tape()
    tape.control(ev="start", incarnation=1, pid=1, rows=24, cols=80)
    assert (tape.vitals.rows, tape.vitals.cols, tape.vitals.sized_at, tape.vitals.began_at) == (24, 80, 0, 0)
    tape.feed(Stream.OUT, b"12345")
    tape.control(ev="resize", rows=30, cols=90)
    tape.feed(Stream.OUT, b"678")
    tape.control(ev="resize", rows=30, cols=90)  # the same once more is no other size
    assert (tape.vitals.rows, tape.vitals.cols, tape.vitals.sized_at) == (30, 90, 5)
    tape.control(ev="exit", code=0, signal=None)
    tape.control(ev="start", incarnation=2, pid=2, rows=30, cols=90)
    assert (tape.vitals.rows, tape.vitals.cols, tape.vitals.sized_at, tape.vitals.began_at) == (30, 90, 5, 8)


@pytest.mark.parametrize("size", [{}, {"rows": "24", "cols": 80}, {"rows": None, "cols": None}])
def test_without_a_size_there_is_no_terminal(size: dict[str, Any]) -> None:
    tape = Tape()
    tape.control(ev="start", incarnation=1, pid=1, **size)
    assert (tape.vitals.rows, tape.vitals.cols) == (0, 0)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b"\xff", b'{"ev":"new kind"}'])
def test_a_damaged_or_newer_control_changes_nothing(data: bytes) -> None:
    tape = Tape()
    tape.control(ev="start", incarnation=1, pid=1)
    assert tape.feed(Stream.CTL, data) is None
    assert tape.vitals.lifecycle is Lifecycle.RUNNING


def test_saved_and_loaded_they_are_the_same() -> None:
    tape = Tape()
    tape.control(ev="start", incarnation=1, pid=1)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(tape.vitals), type=Vitals) == tape.vitals
