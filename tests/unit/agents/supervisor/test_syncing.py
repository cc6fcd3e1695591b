"""What must be on the disk first: nothing happens before the sync returned, and all of it in order."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.adapters.contract import NotPossible
from agents.runtime.redact import Redactor
from agents.supervisor import decisions
from agents.supervisor.decisions import Decisions
from agents.supervisor.intents import Intents, NoSteps
from agents.supervisor.recorder import Outbox, Recorder
from agents.supervisor.syncing import Inline, Queue, Syncer, Then, Threaded

SECRET = "sk-ant-" + "x" * 24


class Slow:
    """A syncer whose disk takes as long as the test wants."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[[], str], Then]] = []

    def run(self, job: Callable[[], str], then: Then) -> None:
        self.jobs.append((job, then))

    def finish(self, error: str = "") -> None:
        job, then = self.jobs.pop(0)
        then(error or job())


class Writer:
    def __init__(self) -> None:
        self.written: list[tuple[str, bytes]] = []

    def write(self, ident: str, data: bytes) -> None:
        self.written.append((ident, data))

    def resize(self, rows: int, cols: int) -> None:
        raise AssertionError


class Desk:
    def __init__(self, folder: Path, syncer: Syncer) -> None:
        self.folded = Decisions()
        self.told: list[str] = []
        outbox = Outbox(folder / "outbox.jsonl")
        self.recorder = Recorder(
            folder / "events.jsonl", outbox, Redactor(), self.folded, self.told.append, syncer=syncer
        )
        self.intents = Intents("a1", self.recorder, self.folded, NoSteps(), lambda: 1.0)
        self.writer = Writer()
        self.intents.writer = self.writer
        self.recorder.record(decisions.launch(0.0, 1, "n"))

    def answer(self, key: str, again: Callable[[], bytes] | None = None) -> None:
        args = {"key": key, "title": "x", "decision": "allow", "outcome": "allowed", "by": "me"}
        self.intents.issue("answer", key, args, b"allow " + key.encode(), again)

    @property
    def ids(self) -> list[str]:
        return [ident for ident, _ in self.writer.written]


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def desk(tmp_path: Path, slow: Slow) -> Desk:
    return Desk(tmp_path, slow)


def test_an_answer_is_written_only_after_the_sync_returned(desk: Desk, slow: Slow) -> None:
    desk.answer("k")
    assert desk.folded.given["k"].outcome == "allowed"  # a second answer already finds the first
    assert desk.ids == []
    slow.finish()
    assert desk.writer.written == [("1:answer:k", b"allow k")]


def test_nothing_overtakes_what_waits_for_the_disk(desk: Desk, slow: Slow) -> None:
    desk.answer("k1")
    desk.intents.issue("interrupt", "t", {"turn": 1, "token": "t"}, b"cancel")
    desk.answer("k2")
    slow.finish()
    slow.finish()
    assert desk.ids == ["1:answer:k1", "1:interrupt:t", "1:answer:k2"]


def test_what_is_already_on_the_disk_waits_for_nothing(desk: Desk, slow: Slow) -> None:
    desk.intents.issue("want", "init", {"key": "init"}, b"hello")
    assert desk.ids == ["1:want:init"]
    assert slow.jobs == []


def test_one_sync_is_for_all_who_asked_before_it_began(desk: Desk, slow: Slow) -> None:
    for key in "abc":
        desk.answer(key)
    slow.finish()
    assert desk.ids == ["1:answer:a"]
    assert len(slow.jobs) == 1
    slow.finish()
    assert desk.ids == ["1:answer:a", "1:answer:b", "1:answer:c"]


def test_a_sync_that_fails_takes_the_decision_back_and_writes_nothing(desk: Desk, slow: Slow) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"), sync=True)
    desk.answer("k")
    desk.intents.issue("prompt", 1, {"turn": 1}, b"hi")
    slow.finish("Input/output error")
    assert desk.told == ["Input/output error"]
    assert desk.folded.given == {}
    slow.finish()  # the next sync covers the rest
    assert desk.ids == ["1:prompt:1"]
    assert desk.folded.queue[1].state == "sent"


def test_an_answer_that_is_out_of_date_by_then_is_not_written(desk: Desk, slow: Slow) -> None:
    def withdrawn() -> bytes:
        raise NotPossible("this request is not open any more")

    desk.answer("k", withdrawn)
    slow.finish()
    assert desk.ids == []
    assert desk.intents.pending() == ()


def test_what_is_for_a_process_that_ended_meanwhile_is_not_written(desk: Desk, slow: Slow) -> None:
    desk.answer("k")
    desk.recorder.record(decisions.launch(2.0, 2, "m"))
    slow.finish()
    assert desk.ids == []


def test_what_is_on_its_way_is_not_sent_by_a_reconnect_as_well(desk: Desk, slow: Slow) -> None:
    desk.answer("k")
    assert desk.intents.pending() == ()
    slow.finish()
    assert [intent.id for intent in desk.intents.pending()] == ["1:answer:k"]


def test_a_secret_is_synced_in_the_outbox_too(
    desk: Desk, slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.add(os.fstat(fd).st_ino), real(fd)))
    desk.recorder.record(decisions.queued(1, 1, f"use {SECRET}"), sync=True, hold="queued:1")
    desk.recorder.when_durable(desk.told.append)
    slow.finish()
    assert desk.told == [""]
    assert synced == {(tmp_path / name).stat().st_ino for name in ("events.jsonl", "outbox.jsonl")}


def test_who_asks_while_others_are_told_comes_after_them(tmp_path: Path, slow: Slow) -> None:
    told: list[str] = []
    queue = Queue(slow, lambda: [os.open(tmp_path, os.O_RDONLY)], told.append)
    queue.written()
    queue.after(lambda _: told.append("1"))
    queue.after(lambda _: (told.append("2"), queue.after(lambda _: told.append("4"))))  # type: ignore[func-returns-value]
    queue.after(lambda _: told.append("3"))
    slow.finish()
    assert told == ["1", "2", "3", "4"]


def test_files_may_be_closed_while_they_are_synced(desk: Desk, slow: Slow) -> None:
    desk.answer("k")
    desk.recorder.close()
    slow.finish()
    assert desk.ids == ["1:answer:k"]


def test_a_callback_that_fails_does_not_keep_the_next_ones_waiting(tmp_path: Path, slow: Slow) -> None:
    told: list[str] = []
    queue = Queue(slow, lambda: [os.open(tmp_path, os.O_RDONLY)], told.append)

    def fail(_: str) -> None:
        raise ZeroDivisionError

    queue.written()
    queue.after(told.append)
    queue.after(fail)
    queue.after(lambda _: told.append("last"))
    with pytest.raises(ZeroDivisionError):
        slow.finish()
    assert told == ["", "last"]
    queue.after(told.append)
    assert told == ["", "last", ""]


def test_a_file_that_cannot_be_opened_is_an_error_like_any(slow: Slow) -> None:
    told: list[str] = []

    def no_handles() -> list[int]:
        raise OSError(errno.EMFILE, "Too many open files")

    queue = Queue(slow, no_handles, told.append)
    queue.written()
    queue.after(lambda error: told.append(f"refused: {error}"))
    assert told == ["Too many open files", "refused: Too many open files"]


def test_a_failed_sync_tells_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    told: list[str] = []
    queue = Queue(Inline(), lambda: [os.open(tmp_path, os.O_RDONLY)], lambda _: None)
    queue.written()
    queue.after(told.append)
    assert told == ["Input/output error"]


async def test_the_loop_goes_on_while_a_thread_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, threads = threading.Event(), []

    def wait(_: int) -> None:
        threads.append(threading.current_thread())
        may_end.wait()

    monkeypatch.setattr(os, "fsync", wait)
    desk = Desk(tmp_path, Threaded(asyncio.get_running_loop()))
    desk.answer("k")
    loop_went_on = asyncio.Event()
    asyncio.get_running_loop().call_soon(loop_went_on.set)
    await loop_went_on.wait()
    assert desk.ids == []
    may_end.set()
    await desk.recorder.durable()
    assert desk.ids == ["1:answer:k"]
    assert threading.main_thread() not in threads


async def test_who_waits_is_told_the_error(desk: Desk, slow: Slow) -> None:
    desk.recorder.record(decisions.named(1, "x"), sync=True)
    waiting = asyncio.gather(desk.recorder.durable(), return_exceptions=True)
    await asyncio.sleep(0)  # it asks
    slow.finish("Input/output error")
    (outcome,) = await waiting
    assert isinstance(outcome, OSError)
    assert outcome.strerror == "Input/output error"
