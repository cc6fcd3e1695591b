"""An append-only file of JSON lines: our decisions and facts about one agent.

Redacts what it writes; interprets nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from agents.runtime.redact import Redactor


class JournalDamaged(Exception):
    """A line other than the torn last one is no JSON object; the text names file and line."""


class Journal:
    """Owns one ``events.jsonl``. One writer at a time: the daemon, on its loop."""

    def __init__(self, path: Path, redactor: Redactor | None = None) -> None:
        self._path = path
        self._redactor = redactor or Redactor()
        self._fd: int | None = None

    def append(self, record: dict[str, Any], *, sync: bool) -> None:
        """Write one redacted record; with ``sync`` it is on the disk when this returns.

        Raises OSError (disk full, quota) and then leaves the file as it was.
        """
        line = msgspec.json.encode(self._redactor.value(record)) + b"\n"
        fd = self._open()
        size = os.fstat(fd).st_size
        try:
            written = 0
            while written < len(line):
                written += os.write(fd, line[written:])
            if sync:
                os.fsync(fd)
        except OSError:
            os.ftruncate(fd, size)
            raise

    def read(self) -> list[dict[str, Any]]:
        """Return all records, oldest first; a torn last line is ignored. Raises JournalDamaged."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        return [self._record(number, line) for number, line in enumerate(whole.splitlines(), 1) if line]

    def _record(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            return msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise JournalDamaged(f"{self._path}:{number}: {error}") from error

    def handle(self) -> int:
        """Return a descriptor of the file, the caller's to sync in a thread and to close. Raises OSError."""
        return os.dup(self._open())

    def close(self) -> None:
        """Close the file; a later append opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        if self._fd is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._drop_torn_line(self._fd)
        return self._fd

    @staticmethod
    def _drop_torn_line(fd: int) -> None:
        """Cut a last line without its newline, so that the next record does not continue it."""
        size = end = os.fstat(fd).st_size
        while end > 0:
            step = min(end, 64 * 1024)
            cut = os.pread(fd, step, end - step).rfind(b"\n")
            if cut >= 0:
                end = end - step + cut + 1
                break
            end -= step
        if end != size:
            os.ftruncate(fd, end)
