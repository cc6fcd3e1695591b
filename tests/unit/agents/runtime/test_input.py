"""The queue of writes: every id once, remembered, bounded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.runtime.keep.input import MAX_IDS, MAX_QUEUE, MAX_WAITING, Input
from agents.runtime.keep.store import Store


class Rig:
    def __init__(self, folder: Path) -> None:
        self.said: list[dict[str, Any]] = []
        self.store = Store(str(folder), 1 << 20, lambda *_: None)
        self.input = Input(self.store, lambda _, body: self.said.append(body))
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    for fd in (rig.reader, rig.writer):
        try:
            os.close(fd)
        except OSError:
            continue


def test_an_id_is_taken_once_and_its_status_repeated(rig: Rig) -> None:
    assert rig.input.add("a", b"x") == {"id": "a", "status": "accepted"}
    assert rig.input.add("a", b"x") == {"id": "a", "status": "accepted"}
    assert rig.input.feed(rig.writer)
    assert rig.input.add("a", b"x") == {"id": "a", "status": "written"}
    assert os.read(rig.reader, 10) == b"x"
    assert rig.said == [{"id": "a", "status": "written"}]


def test_partial_writes_are_recorded_as_they_happen(rig: Rig) -> None:
    data = os.urandom(200_000)
    rig.input.add("a", data)
    assert rig.input.feed(rig.writer)
    taken = rig.store.sizes[2]
    assert 0 < taken < len(data)
    assert rig.said == []
    got = b""
    while len(got) < len(data):
        got += os.read(rig.reader, 1 << 20)
        rig.input.feed(rig.writer)
    assert got == data
    assert rig.store.sizes[2] == len(data)
    assert rig.said == [{"id": "a", "status": "written"}]


def test_a_full_queue_refuses_and_forgets(rig: Rig) -> None:
    rig.input.add("a", b"x" * MAX_WAITING)
    assert rig.input.add("b", b"y") == {"id": "b", "status": "refused", "reason": "full"}
    rig.input.queue.clear()
    rig.input.waiting = 0
    assert rig.input.add("b", b"y") == {"id": "b", "status": "accepted"}


def test_the_end_on_a_pipe_comes_behind_what_waits_and_nothing_after_it(rig: Rig) -> None:
    rig.input.add("a", b"x")
    rig.input.end(b"")
    assert rig.input.add("late", b"y") == {"id": "late", "status": "refused", "reason": "closed"}
    assert not rig.input.feed(rig.writer), "time to close"
    assert os.read(rig.reader, 10) == b"x"


def test_the_end_on_a_terminal_is_a_character_and_more_may_follow(rig: Rig) -> None:
    rig.input.end(b"\x04")
    rig.input.add("more", b"y")
    assert rig.input.feed(rig.writer)
    assert os.read(rig.reader, 10) == b"\x04y"
    assert rig.said == [{"id": "more", "status": "written"}]


def test_a_closed_end_refuses_what_was_not_wholly_written(rig: Rig) -> None:
    rig.input.add("a", b"x" * 200_000)
    rig.input.add("b", b"y")
    rig.input.feed(rig.writer)
    os.close(rig.reader)
    assert not rig.input.feed(rig.writer)
    rig.input.close()
    assert [(body["id"], body["reason"]) for body in rig.said] == [("a", "closed"), ("b", "closed")]
    assert rig.input.add("a", b"x") == {"id": "a", "status": "refused", "reason": "closed"}


def test_memory_of_ids_is_bounded_but_never_forgets_what_waits(rig: Rig) -> None:
    rig.input.add("waiting", b"")
    for number in range(2 * MAX_IDS):
        rig.input._note(f"{number}", "written")
    assert rig.input.status["waiting"] == "accepted"
    assert rig.input.status[f"{2 * MAX_IDS - 1}"] == "written"
    assert "0" not in rig.input.status
    assert len(rig.input.status) == MAX_IDS + MAX_QUEUE


def test_the_number_of_waiting_writes_is_bounded_too(rig: Rig) -> None:
    fates = [rig.input.add(f"{number}", b"")["status"] for number in range(MAX_QUEUE + 1)]
    assert fates == ["accepted"] * MAX_QUEUE + ["refused"]
