"""Marks come back in order with their bytes, and torn or zeroed records do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.model import Stream
from agents.runtime.keep.store import CTL, ERR, IN, OUT, Store
from agents.runtime.marks import RECORD, MarkReader


def store_at(path: Path, segment: int = 64) -> Store:
    return Store(str(path), segment, lambda kind, body: pytest.fail(f"{kind} {body}"))


@pytest.fixture
def written(tmp_path: Path) -> list[tuple[Stream, bytes]]:
    store = store_at(tmp_path)
    said: list[tuple[Stream, bytes]] = []
    names = {OUT: Stream.OUT, ERR: Stream.ERR, IN: Stream.IN, CTL: Stream.CTL}
    for number in range(200):
        stream = (OUT, ERR, IN, CTL, OUT)[number % 5]
        data = b"%d:" % number * (number % 9)
        store.record(stream, data)
        said.append((names[stream], data))
    return said


def test_everything_comes_back_in_order(tmp_path: Path, written: list[tuple[Stream, bytes]]) -> None:
    reader = MarkReader(tmp_path, 64)
    assert reader.next_seq == 200
    assert [(mark.stream, data) for mark, data in reader.read(0, 1 << 20)] == written
    assert [mark.seq for mark, _ in reader.read(50, 1 << 20)] == list(range(50, 200))


@pytest.mark.parametrize("limit", [0, 1, 10, 100])
def test_batches_are_bounded_and_never_empty_before_the_end(
    tmp_path: Path, written: list[tuple[Stream, bytes]], limit: int
) -> None:
    reader = MarkReader(tmp_path, 64)
    found: list[tuple[Stream, bytes]] = []
    while batch := reader.read(len(found), limit):
        assert len(batch) == 1 or sum(len(data) for _, data in batch) <= limit
        found += [(mark.stream, data) for mark, data in batch]
    assert found == written


def test_a_torn_record_does_not_count(tmp_path: Path, written: list[tuple[Stream, bytes]]) -> None:
    path = tmp_path / "marks"
    with path.open("ab") as file:
        file.write(RECORD.pack(200, 0, 1, 1, 1.0, 1.0)[:-1])
    reader = MarkReader(tmp_path, 64)
    assert reader.next_seq == 200
    assert reader.read(200, 1000) == []
    store_at(tmp_path).record(OUT, b"new")
    assert [(mark.seq, data) for mark, data in reader.read(200, 1000)] == [(200, b"new")]


def test_a_hole_of_zeros_is_skipped(tmp_path: Path) -> None:
    store_at(tmp_path).record(OUT, b"before")
    with (tmp_path / "marks").open("ab") as file:
        file.write(bytes(RECORD.size) * 10_000)
    store_at(tmp_path).record(OUT, b"after")
    reader = MarkReader(tmp_path, 64)
    assert [data for _, data in reader.read(0, 1000)] == [b"before"]
    assert [(mark.seq, data) for mark, data in reader.read(1, 1000)] == [(10_001, b"after")]


def test_bytes_no_mark_covers_belong_to_none(tmp_path: Path) -> None:
    store_at(tmp_path).record(OUT, b"one")
    with (tmp_path / "out.0.log").open("ab") as file:
        file.write(b"orphan")
    store_at(tmp_path).record(OUT, b"two")
    found = MarkReader(tmp_path, 64).read(0, 1000)
    assert [(mark.offset, data) for mark, data in found] == [(0, b"one"), (9, b"two")]


def test_no_marks_no_reading(tmp_path: Path) -> None:
    reader = MarkReader(tmp_path)
    assert (reader.next_seq, reader.read(0, 100)) == (0, [])
