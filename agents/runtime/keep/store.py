"""The raw logs, marks and keeper.json on the disk, which may be full at any time."""

from __future__ import annotations

import os
import struct
import time

from agents.runtime.keep.codec import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

OUT, ERR, IN, CTL = range(4)
NAMES = ("out", "err", "in", "ctl")
MARK = struct.Struct("<QB3xIQdd")
SEGMENT = 64 * 1024 * 1024
RETRY_S = 0.5
NEVER = float("inf")


class Store:
    """What cannot be written waits in order until ``retry_at``; ``error`` says why. ``say`` tells the client."""

    def __init__(self, directory: str, segment: int, say: Callable[[str, dict[str, Any]], None]) -> None:
        self.directory = directory
        self.segment = segment
        self.say = say
        self.error = ""
        self.retry_at = NEVER
        self.pending: list[tuple[int, bytes, float, float]] = []
        self.state: dict[str, Any] = {}  # what keeper.json says
        self.stale = False  # the disk has not taken the state yet
        self.files: dict[int, tuple[int, int]] = {}
        self.sizes = [self._size_of(name) for name in NAMES]
        self.marks = os.open(directory + "/marks", os.O_RDWR | os.O_CREAT, 0o600)
        self.seq = os.fstat(self.marks).st_size // MARK.size

    def record(self, stream: int, data: bytes) -> None:
        """Write one stimulus, now or as soon as the disk takes it."""
        self.pending.append((stream, data, time.time(), time.monotonic()))
        if len(self.pending) == 1:
            self.flush()

    def note(self, **event: Any) -> None:
        """Write one ctl event."""
        self.record(CTL, encode(event).encode("ascii"))

    def set_state(self, **facts: Any) -> None:
        """Change what keeper.json says, now or as soon as the disk takes it."""
        self.state.update(facts)
        self.stale = True
        if not self.pending:
            self.flush()

    def flush(self) -> None:
        """Write what waits, until it is done or fails."""
        try:
            while self.pending:
                self._write(*self.pending[0])
                del self.pending[0]
            if self.stale:
                self._replace("keeper.json", encode(self.state).encode("ascii"))
                self.stale = False
        except OSError as error:
            self._set_error(error.strerror or str(error))
        else:
            self._set_error("")

    def _set_error(self, error: str) -> None:
        changed = bool(error) != bool(self.error)
        self.error = error
        self.retry_at = time.monotonic() + RETRY_S if error else NEVER
        if changed:
            self.say("d", {"full": bool(error), "error": error})

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
