"""Bytes of local segments and of a remote log, through one door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from agents.model import Stream
from agents.runtime.rawlog import SEGMENT, RawLog
from agents.wire import LogBytes, ReadLog
from app.logdocument import GONE, LogDocument
from app.logsource import PIECE, PIECES, LocalLog, RemoteLog


class Daemon:
    """Answers ``log.read`` from bytes in memory."""

    def __init__(self, data: bytes, start: int = 0) -> None:
        self.data = data
        self.start = start
        self.calls: list[ReadLog] = []

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        assert method == "log.read"
        assert isinstance(params, ReadLog)
        self.calls.append(params)
        offset = max(params.offset, self.start)
        end = params.offset + min(params.length, 1024 * 1024)
        return LogBytes(self.data[offset:end], offset, len(self.data), self.start)


async def test_local_reads_what_it_was_told_of(tmp_path: Path) -> None:
    file = tmp_path / "out.0.log"
    file.write_bytes(b"one\ntwo\n")
    log = LocalLog(tmp_path, Stream.OUT)
    assert (log.start, log.size) == (0, 8)
    with file.open("ab") as out:
        out.write(b"three\n")
    assert log.cached(0, 100) == b"one\ntwo\n"
    told: list[int] = []
    stop = log.listen(lambda: told.append(log.size))
    log.grew(14)
    log.grew(9)
    log.look()
    assert told == [14]
    assert await log.load(4, 100) == b"two\nthree\n"
    stop()
    log.grew(20)
    assert told == [14]


async def test_local_log_that_does_not_exist_yet(tmp_path: Path) -> None:
    log = LocalLog(tmp_path / "nowhere", Stream.ERR)
    assert log.size == 0
    assert await log.load(0, 10) == b""


async def test_remote_keeps_what_was_read() -> None:
    daemon = Daemon(bytes(range(256)) * 1024)
    log = RemoteLog("a1", Stream.OUT, daemon)
    await log.open()
    assert log.size == 256 * 1024
    assert log.cached(100, 10) is None
    assert await log.load(100, 10) == daemon.data[100:110]
    assert log.cached(PIECE - 5, 5) == daemon.data[PIECE - 5 : PIECE]
    assert log.cached(PIECE - 5, 6) is None
    before = len(daemon.calls)
    assert await log.load(120, 10) == daemon.data[120:130]
    assert len(daemon.calls) == before
    assert await log.load(PIECE - 3, PIECE) == daemon.data[PIECE - 3 : 2 * PIECE - 3]


async def test_remote_reads_on_behind_a_piece_that_was_cut_short() -> None:
    daemon = Daemon(b"x" * 10)
    log = RemoteLog("a1", Stream.OUT, daemon)
    await log.open()
    assert await log.load(0, 100) == b"x" * 10
    daemon.data += b"y" * 10
    log.grew(20)
    assert log.cached(5, 15) is None
    assert await log.load(5, 15) == b"xxxxxyyyyyyyyyy"


async def test_remote_log_whose_oldest_part_is_gone() -> None:
    daemon = Daemon(b"a" * 300_000, start=2 * PIECE)
    log = RemoteLog("a1", Stream.OUT, daemon)
    await log.open()
    assert log.start == 2 * PIECE
    assert await log.load(2 * PIECE - 10, 20) == b"a" * 10


async def test_remote_memory_is_bounded() -> None:
    daemon = Daemon(b"z" * (PIECE * (PIECES + 40)))
    log = RemoteLog("a1", Stream.OUT, daemon)
    await log.open()
    for piece in range(PIECES + 40):
        await log.load(piece * PIECE, PIECE)
    assert log.cached(0, 1) is None
    assert log.cached(PIECE * (PIECES + 39), 1) == b"z"


async def test_a_local_log_that_was_deleted_whole_is_empty_and_goes_on_behind(tmp_path: Path) -> None:
    (tmp_path / "out.0.log").write_bytes(b"one\ntwo\n")
    open_before = LocalLog(tmp_path, Stream.OUT)
    shown = LogDocument(open_before)
    assert shown.catch_up_now()
    raw = RawLog(tmp_path, Stream.OUT)
    raw.trim(raw.seal())
    for log in (open_before, LocalLog(tmp_path, Stream.OUT)):
        assert log.start == SEGMENT
        assert log.cached(0, 100) == await log.load(0, 100) == b""
    # A pane that had it open keeps its number of lines, and says what became of them.
    assert [line.text for line in shown.lines(0, 5) if line] == [GONE.text, GONE.text]
    (tmp_path / "out.1.log").write_bytes(b"resumed\n")
    again = LocalLog(tmp_path, Stream.OUT)
    document = LogDocument(again)
    await document.catch_up(lambda: None)
    assert [line.text for line in document.lines(0, 5) if line] == ["resumed"]
