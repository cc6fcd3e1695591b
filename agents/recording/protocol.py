"""Recordings of a protocol on pipes: JSON lines ``{"t","dir","data"}``, one for every read or write.

Pure but for the one file that is read; gives no meaning to what was said. ``dir`` is in, out or err; ``ctl`` holds a
record of the process as a keeper writes it (``{"ev":"exit","code":0}``), where one is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from agents.model import Stream
from agents.recording import lines


class Event(msgspec.Struct, frozen=True):
    """What went over one stream ``t`` seconds after the beginning, exactly as it was read or written."""

    t: float
    stream: Stream
    data: bytes


class Writer:
    """Writes a recording by the line into ``write``; owned by whoever records. Times are seconds, never falling."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._t = 0.0

    def event(self, t: float, stream: Stream, data: bytes) -> None:
        """Record one read or write."""
        self._t = max(self._t, round(t, 6))
        self._write(json.dumps({"t": self._t, "dir": stream.value, "data": lines.to_text(data)}) + "\n")

    def exited(self, t: float, code: int | None, signal: int | None = None) -> None:
        """Record that the program ended, by ``code`` or by ``signal``."""
        self.event(t, Stream.CTL, json.dumps({"ev": "exit", "code": code, "signal": signal}).encode())


def read(path: Path) -> tuple[Event, ...]:
    """Return a recording. Raises RecordingBroken, OSError."""
    return lines.events(path, lines.read(path), _decode)


def _decode(value: Any, before: float) -> Event:
    if not isinstance(value, dict) or not {"t", "dir", "data"} <= value.keys():
        raise ValueError('no event: it is {"t": seconds, "dir": "in", "out" or "err", "data": text}')
    known = {stream.value: stream for stream in Stream}
    stream = known.get(value["dir"]) if isinstance(value["dir"], str) else None
    if stream is None:
        raise ValueError(f"unknown dir {value['dir']!r}: one of {', '.join(known)}")
    return Event(lines.time_of(value["t"], before), stream, lines.to_bytes(value["data"]))
