"""The store on a disk that fails at any byte: nothing lost, nothing twice, everything in order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.model import Stream
from agents.runtime.directory import AgentDirectory
from agents.runtime.keep.store import ERR, OUT, Store
from agents.runtime.marks import MarkReader
from agents.runtime.rawlog import RawLog


class FlakyDisk:
    """A pwrite that takes ``budget`` bytes and then fails until there is more."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._pwrite = os.pwrite

    def __call__(self, fd: int, data: bytes, offset: int) -> int:
        if self.budget <= 0:
            raise OSError(28, "No space left on device")
        taken = self._pwrite(fd, bytes(data)[: self.budget], offset)
        self.budget -= taken
        return taken


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=20), st.lists(st.integers(1, 300), min_size=1))
def test_no_byte_is_lost_or_repeated(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], budgets: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    told: list[bool] = []
    said: list[tuple[Stream, bytes]] = []
    with pytest.MonkeyPatch.context() as patched:
        disk = FlakyDisk(budgets[0])
        patched.setattr(os, "pwrite", disk)
        store = Store(str(folder), 64, lambda _, body: told.append(body["full"]))
        for number, length in enumerate(lengths):
            data = bytes([number]) * length
            store.record((OUT, ERR)[number % 2], data)
            said.append(((Stream.OUT, Stream.ERR)[number % 2], data))
        for budget in budgets[1:]:
            disk.budget += budget
            store.flush()
        disk.budget = 1 << 20
        store.flush()
    assert store.error == ""
    assert [(mark.stream, data) for mark, data in MarkReader(folder, 64).read(0, 1 << 20)] == said
    for stream in (Stream.OUT, Stream.ERR):
        whole = b"".join(data for its, data in said if its is stream)
        assert RawLog(folder, stream, 64).read(0, 1 << 20) == whole
        assert RawLog(folder, stream, 64).size == len(whole)
    assert told == [True, False] * (len(told) // 2), "the client hears changes only"


def test_the_state_waits_behind_the_records_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    store = Store(str(tmp_path), 64, lambda _, body: told.append(body))
    disk = FlakyDisk(0)
    monkeypatch.setattr(os, "pwrite", disk)
    store.note(ev="exit")
    store.set_state(v=1, pid=1, start=1, incarnation=1, state="exited", exit_code=7)
    directory = AgentDirectory(tmp_path)
    assert directory.keeper_state() is None
    assert store.error == "No space left on device"
    assert told == [{"full": True, "error": "No space left on device"}]
    disk.budget = 1000
    store.flush()
    state = directory.keeper_state()
    assert state is not None
    assert (state.state, state.exit_code) == ("exited", 7)
    assert told[1:] == [{"full": False, "error": ""}]


def test_a_state_that_cannot_be_renamed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path), 64, lambda *_: None)

    def refuse(*_: object) -> None:
        raise OSError(122, "Disk quota exceeded")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        store.set_state(state="running")
    assert store.error == "Disk quota exceeded"
    assert store.retry_at < float("inf")
    store.record(OUT, b"x")
    assert (store.error, store.stale) == ("", False), "whatever works again brings the rest along"
