"""Read the one ordered sequence of everything an agent said or was told, with its bytes.

Never writes; gives no meaning to the bytes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from agents.model import Mark, Stream
from agents.runtime.rawlog import SEGMENT, RawLog

#: seq, stream, length, offset, wall, monotonic (docs/reference/keeper-protocol.md).
RECORD = struct.Struct("<QB3xIQdd")
_STREAMS = (Stream.OUT, Stream.ERR, Stream.IN, Stream.CTL)
#: Records looked at in one read; a batch of tiny marks is bounded by this instead of by bytes.
_BATCH = 4096


class MarkReader:
    """Reads ``marks`` and the logs of one agent. Holds no file open."""

    def __init__(self, directory: Path, segment: int = SEGMENT) -> None:
        self._path = directory / "marks"
        self._logs = {stream: RawLog(directory, stream, segment) for stream in Stream}

    @property
    def next_seq(self) -> int:
        """Return the seq the next mark will get; a torn last record does not count."""
        try:
            return self._path.stat().st_size // RECORD.size
        except FileNotFoundError:
            return 0

    def read(self, from_seq: int, limit_bytes: int, *, held_only: bool = False) -> list[tuple[Mark, bytes]]:
        """Return marks from ``from_seq`` on with their bytes; empty when there are no more.

        Stops once ``limit_bytes`` of data are collected, but returns at least one mark. Bytes a crash of
        the machine took from a log are missing from the data. Raises LogTrimmed, unless ``held_only``: then
        bytes that were deleted are missing likewise.
        """
        marks: list[Mark] = []
        total = 0
        for mark in self._each(from_seq):
            if marks and total + mark.length > limit_bytes:
                break
            marks.append(mark)
            total += mark.length
        return self._with_bytes(marks, held_only=held_only)

    def scan(self, from_seq: int) -> list[Mark]:
        """Return the next few thousand marks without their bytes."""
        return list(self._each(from_seq))

    def _each(self, from_seq: int) -> Iterator[Mark]:
        """Yield the next few thousand marks; made one by one, since a flood's reader takes only a few at a time."""
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            data = os.pread(fd, _BATCH * RECORD.size, from_seq * RECORD.size)
        finally:
            os.close(fd)
        data = data[: len(data) - len(data) % RECORD.size]
        found = False
        for number, (seq, stream, length, offset, wall, monotonic) in enumerate(RECORD.iter_unpack(data)):
            # A crash of the machine may leave a hole of zeros where records were.
            if seq == from_seq + number and stream < len(_STREAMS) and wall:
                found = True
                yield Mark(seq, _STREAMS[stream], offset, length, wall, monotonic)
        if not found and data:
            yield from self._each(from_seq + len(data) // RECORD.size)

    def _one_by_one(self, marks: list[Mark], *, held_only: bool) -> list[tuple[Mark, bytes]]:
        out: list[tuple[Mark, bytes]] = []
        for mark in marks:
            raw, end = self._logs[mark.stream], mark.offset + mark.length
            first = min(end, max(mark.offset, raw.start)) if held_only else mark.offset
            out.append((mark, raw.read(first, end - first)))
        return out

    def _with_bytes(self, marks: list[Mark], *, held_only: bool) -> list[tuple[Mark, bytes]]:
        """Read each stream's run once instead of once a mark: a terminal's marks are tiny."""
        runs: dict[Stream, tuple[int, bytes]] = {}
        for stream in Stream:
            mine = [mark for mark in marks if mark.stream is stream]
            if mine:
                first, last = mine[0].offset, mine[-1].offset + mine[-1].length
                if last - first > sum(mark.length for mark in mine):
                    return self._one_by_one(marks, held_only=held_only)  # what lay between was deleted
                if held_only:
                    first = min(last, max(first, self._logs[stream].start))
                runs[stream] = (first, self._logs[stream].read(first, last - first))
        out: list[tuple[Mark, bytes]] = []
        for mark in marks:
            first, data = runs[mark.stream]
            begin = mark.offset - first
            out.append((mark, data[max(0, begin) : max(0, begin + mark.length)]))
        return out
