"""Raw logs read as one stream, whatever the segments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import Stream
from agents.runtime.rawlog import LogTrimmed, RawLog

CONTENT = bytes(range(256)) * 4


def write(directory: Path, content: bytes, segment: int) -> None:
    for index in range(0, max(1, -(-len(content) // segment))):
        (directory / f"out.{index}.log").write_bytes(content[index * segment : (index + 1) * segment])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("log")
    write(directory, CONTENT, 100)
    (directory / "out.x.log").touch()
    (directory / "outer.0.log").touch()
    (directory / "err.0.log").write_bytes(b"other")
    return directory


@given(st.integers(0, 1100), st.integers(0, 1100))
def test_any_range_reads_as_from_one_file(folder: Path, offset: int, length: int) -> None:
    assert RawLog(folder, Stream.OUT, 100).read(offset, length) == CONTENT[offset : offset + length]


def test_size_follows_the_writer_over_segments(tmp_path: Path) -> None:
    log = RawLog(tmp_path, Stream.OUT, 100)
    assert (log.start, log.size, log.read(0, 10)) == (0, 0, b"")
    for end in (0, 1, 99, 100, 101, 199, 200, 350, 1000):
        write(tmp_path, CONTENT[:end], 100)
        assert log.size == end
    assert RawLog(tmp_path, Stream.OUT, 100).size == 1000


def test_trimming_keeps_what_is_needed_and_the_newest(tmp_path: Path) -> None:
    write(tmp_path, CONTENT[:350], 100)
    log = RawLog(tmp_path, Stream.OUT, 100)
    assert log.trim(199) == 100
    assert (log.start, log.size) == (100, 350)
    assert log.read(150, 100) == CONTENT[150:250]
    with pytest.raises(LogTrimmed, match="byte 99 is gone, the log now starts at 100") as gone:
        log.read(99, 10)
    assert gone.value.start == 100
    assert log.trim(10_000) == 200
    assert (log.start, log.size) == (300, 350)
    assert RawLog(tmp_path, Stream.OUT, 100).size == 350


def test_what_is_sealed_can_go_whole_and_the_writer_goes_on_behind_it(tmp_path: Path) -> None:
    write(tmp_path, CONTENT[:250], 100)
    log = RawLog(tmp_path, Stream.OUT, 100)
    assert log.seal() == log.seal() == 300
    assert log.read(0, 1000) == CONTENT[:250]  # nothing is deleted yet
    assert log.trim(300) == 250
    for reader in (log, RawLog(tmp_path, Stream.OUT, 100)):
        assert (reader.start, reader.size) == (300, 300)
    (tmp_path / "out.3.log").write_bytes(b"more")
    assert (log.start, log.size, log.read(300, 10)) == (300, 304, b"more")


def test_a_log_that_was_never_written_has_nothing_to_seal(tmp_path: Path) -> None:
    assert RawLog(tmp_path, Stream.ERR).seal() == 0
    assert list(tmp_path.iterdir()) == []
