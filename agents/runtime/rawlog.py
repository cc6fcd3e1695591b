"""Read an agent's raw byte streams: segments with global offsets, written by the keeper only.

Never writes; nothing read here may leave the machine unredacted.
"""

from __future__ import annotations

import os
from pathlib import Path

from agents.model import Stream

#: Bytes per segment file; the keeper's default (docs/reference/keeper-protocol.md).
SEGMENT = 64 * 1024 * 1024


class LogTrimmed(LookupError):
    """The bytes asked for were deleted; ``start`` is the first byte still held."""

    def __init__(self, stream: Stream, offset: int, start: int) -> None:
        super().__init__(f"{stream} log: byte {offset} is gone, the log now starts at {start}")
        self.start = start


class RawLog:
    """One stream of one agent. Holds no file open, so any number of them costs nothing."""

    def __init__(self, directory: Path, stream: Stream, segment: int = SEGMENT) -> None:
        self._directory = directory
        self._stream = stream
        self._segment = segment
        self._newest = 0
        self._oldest: int | None = None

    def path(self, index: int) -> Path:
        """Return the file of segment ``index``."""
        return self._directory / f"{self._stream.value}.{index}.log"

    @property
    def size(self) -> int:
        """Return the offset behind the last byte written so far."""
        size = self._size_of(self._newest)
        if size is None:  # never looked, or nothing written, or trimmed up to here
            held = self._indexes()
            if not held:
                return 0
            self._newest = held[-1]
            size = self._size_of(self._newest) or 0
        while size >= self._segment:
            following = self._size_of(self._newest + 1)
            if following is None:
                break
            self._newest += 1
            size = following
        return self._newest * self._segment + size

    @property
    def start(self) -> int:
        """Return the offset of the first byte still held."""
        # The oldest go first: while the one known of is there it is still the first. A view asks with every frame.
        if self._oldest is None or self._size_of(self._oldest) is None:
            self._oldest = next(iter(self._indexes()), None)
        return 0 if self._oldest is None else self._oldest * self._segment

    def read(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``, fewer at the end of the log. Raises LogTrimmed."""
        parts: list[bytes] = []
        while length > 0:
            index, inner = divmod(offset, self._segment)
            want = min(length, self._segment - inner)
            part = self._read_segment(index, inner, want)
            if part is None:
                start = self.start
                if offset < start:
                    raise LogTrimmed(self._stream, offset, start)
                break
            parts.append(part)
            if len(part) < want:
                break
            offset += want
            length -= want
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def seal(self) -> int:
        """Begin an empty segment, so that all there is may be trimmed; return where it begins (0 = nothing to seal).

        Whoever writes next begins there. Raises OSError.
        """
        held = self._indexes()
        if not held:
            return 0
        newest = held[-1]
        if (self._size_of(newest) or 0) > 0:
            newest += 1
            os.close(os.open(self.path(newest), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return newest * self._segment

    def trim(self, offset: int) -> int:
        """Delete the segments that lie wholly before ``offset``, never the newest; return the bytes freed."""
        freed = 0
        for index in self._indexes()[:-1]:
            if (index + 1) * self._segment > offset:
                break
            freed += self._size_of(index) or 0
            self.path(index).unlink()
        return freed

    def _read_segment(self, index: int, inner: int, want: int) -> bytes | None:
        try:
            fd = os.open(self.path(index), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            return os.pread(fd, want, inner)
        finally:
            os.close(fd)

    def _size_of(self, index: int) -> int | None:
        try:
            return self.path(index).stat().st_size
        except FileNotFoundError:
            return None

    def _indexes(self) -> list[int]:
        prefix = f"{self._stream.value}."
        try:
            names = os.listdir(self._directory)  # noqa: PTH208  names are all that is needed
        except FileNotFoundError:
            return []
        middles = [n[len(prefix) : -len(".log")] for n in names if n.startswith(prefix) and n.endswith(".log")]
        return sorted(int(middle) for middle in middles if middle.isdecimal())
