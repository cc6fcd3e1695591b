"""The raw logs and marks on the disk, which may be full at any time."""

from __future__ import annotations

import os
import struct
import time

OUT, ERR, IN, CTL = range(4)
NAMES = ("out", "err", "in", "ctl")
MARK = struct.Struct("<QB3xIQdd")
SEGMENT = 64 * 1024 * 1024


class Store:
    """The raw logs, marks and keeper.json. What cannot be written waits in order; ``error`` says why."""

    def __init__(self, directory: str, segment: int) -> None:
        self.directory = directory
        self.segment = segment
        self.error = ""
        self.pending: list[tuple[int, bytes, float, float]] = []
        self.state = b""  # content of keeper.json that is not on the disk yet
        self.files: dict[int, tuple[int, int]] = {}
        self.sizes = [self._size_of(name) for name in NAMES]
        self.marks = os.open(directory + "/marks", os.O_RDWR | os.O_CREAT, 0o600)
        self.seq = os.fstat(self.marks).st_size // MARK.size

    def record(self, stream: int, data: bytes) -> None:
        """Store one stimulus, now or as soon as the disk takes it."""
        self.pending.append((stream, data, time.time(), time.monotonic()))
        if len(self.pending) == 1:
            self.flush()

    def save(self, state: bytes) -> None:
        """Replace keeper.json, now or as soon as the disk takes it."""
        self.state = state
        if not self.pending:
            self.flush()

    def flush(self) -> None:
        """Write what waits, until it is done or fails."""
        try:
            while self.pending:
                self._write(*self.pending[0])
                del self.pending[0]
            if self.state:
                self._replace("keeper.json", self.state)
                self.state = b""
        except OSError as error:
            self.error = error.strerror or str(error)
        else:
            self.error = ""

    def _replace(self, name: str, content: bytes) -> None:
        path = f"{self.directory}/{name}"
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.rename(path + ".new", path)

    def _write(self, stream: int, data: bytes, wall: float, monotonic: float) -> None:
        # Every position is explicit and moves on only at the end: a retry writes the same bytes to the same place.
        offset, at, left = self.sizes[stream], 0, len(data)
        while left:
            index, inner = divmod(offset + at, self.segment)
            fd = self._file(stream, index)
            n = os.pwrite(fd, memoryview(data)[at : at + min(left, self.segment - inner)], inner)
            at, left = at + n, left - n
        record = MARK.pack(self.seq, stream, len(data), offset, wall, monotonic)
        done = 0
        while done < MARK.size:
            done += os.pwrite(self.marks, record[done:], self.seq * MARK.size + done)
        self.sizes[stream] += len(data)
        self.seq += 1

    def _file(self, stream: int, index: int) -> int:
        open_index, fd = self.files.get(stream, (-1, -1))
        if open_index != index:
            path = f"{self.directory}/{NAMES[stream]}.{index}.log"
            new = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            if fd >= 0:
                os.close(fd)
            fd = new
            self.files[stream] = (index, fd)
        return fd

    def _size_of(self, name: str) -> int:
        indexes = [
            int(entry[len(name) + 1 : -4])
            for entry in os.listdir(self.directory)
            if entry.startswith(name + ".") and entry.endswith(".log") and entry[len(name) + 1 : -4].isdigit()
        ]
        if not indexes:
            return 0
        newest = max(indexes)
        return newest * self.segment + os.stat(f"{self.directory}/{name}.{newest}.log").st_size
