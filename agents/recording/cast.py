"""Recordings of a terminal as asciicast v2: what the program wrote, what was typed, how the window changed.

Pure but for the one file that is read; starts nothing and gives no meaning to what was written. The kind and the
version of the program stand in the header under ``quarterdeck``; the end of the program is an event ``x`` with its
code (negative: the signal), which players of asciicast v2 leave out.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.recording import lines

VERSION: Final = 2

OUTPUT, INPUT, RESIZE, EXIT, MARKER = "o", "i", "r", "x", "m"

_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")
_NUMBER = re.compile(r"-?\d{1,4}")


class Header(msgspec.Struct, frozen=True):
    """The first line. ``width`` and ``height`` are the window at the beginning, ``timestamp`` epoch seconds.

    ``kind`` and ``version`` say which kind of ours the program is, and its own version; empty is unknown.
    """

    width: int
    height: int
    command: str = ""
    kind: str = ""
    version: str = ""
    timestamp: int | None = None
    term: str = ""


class Event(msgspec.Struct, frozen=True):
    """One event ``t`` seconds after the beginning; ``data`` is what was written, or the text of an ``r`` or ``x``."""

    t: float
    code: str
    data: bytes


class Cast(msgspec.Struct, frozen=True):
    """A whole recording."""

    header: Header
    events: tuple[Event, ...]


class Writer:
    """Writes a recording by the line into ``write``; owned by whoever records. Times are seconds, never falling.

    A character that is cut between two writes of the program waits for its end: no player could show the halves.
    """

    def __init__(self, write: Callable[[str], object], header: Header) -> None:
        self._write = write
        self._decoders = {code: codecs.getincrementaldecoder("utf-8")("surrogateescape") for code in (OUTPUT, INPUT)}
        self._t = 0.0
        self._line(_encode_header(header))

    def output(self, t: float, data: bytes) -> None:
        """Record what the program wrote."""
        self._text(t, OUTPUT, data)

    def input(self, t: float, data: bytes) -> None:
        """Record what was written to the program: keys, pastes, replies of the terminal."""
        self._text(t, INPUT, data)

    def resize(self, t: float, rows: int, cols: int) -> None:
        """Record that the window has another size."""
        self._event(t, RESIZE, f"{cols}x{rows}")

    def exited(self, t: float, code: int | None, signal: int | None = None) -> None:
        """Record that the program ended, by ``code`` or by ``signal``."""
        self._flush(t)
        self._event(t, EXIT, str(code if signal is None else -signal))

    def close(self, t: float) -> None:
        """Write what is left of cut characters, and until when was recorded. The file is the caller's to close."""
        self._flush(t)
        self._event(t, MARKER, "end")

    def _text(self, t: float, code: str, data: bytes) -> None:
        text = self._decoders[code].decode(data)
        if text:
            self._event(t, code, text)

    def _flush(self, t: float) -> None:
        for code, decoder in self._decoders.items():
            rest = decoder.decode(b"", final=True)
            if rest:
                self._event(t, code, rest)

    def _event(self, t: float, code: str, text: str) -> None:
        self._t = max(self._t, round(t, 6))
        self._line([self._t, code, text])

    def _line(self, value: object) -> None:
        self._write(json.dumps(value, separators=(", ", ": ")) + "\n")


def _encode_header(header: Header) -> dict[str, Any]:
    fields: dict[str, Any] = {"version": VERSION, "width": header.width, "height": header.height}
    if header.timestamp is not None:
        fields["timestamp"] = header.timestamp
    if header.command:
        fields["command"] = header.command
    if header.term:
        fields["env"] = {"TERM": header.term}
    return {**fields, "quarterdeck": {"kind": header.kind, "version": header.version}}


def read(path: Path) -> Cast:
    """Return a recording. Raises RecordingBroken, OSError; kinds of events that are not known are left out."""
    found = lines.read(path)
    first = next(found, None)
    if first is None:
        raise lines.broken(path, 1, "empty: an asciicast begins with its header")
    header = _header(path, *first)
    return Cast(header, lines.events(path, found, _decode))


def _header(path: Path, number: int, value: Any) -> Header:
    if not isinstance(value, dict) or "version" not in value:
        raise lines.broken(path, number, "no header of an asciicast: it is an object with a version, width and height")
    if value["version"] != VERSION:
        what = f"asciicast version {value['version']!r}: `asciinema convert` makes version {VERSION} of it"
        raise lines.broken(path, number, what)
    ours, env = value.get("quarterdeck"), value.get("env")
    ours = ours if isinstance(ours, dict) else {}
    timestamp = value.get("timestamp")
    return Header(
        width=_size(path, number, value, "width"),
        height=_size(path, number, value, "height"),
        command=str(value.get("command") or ""),
        kind=str(ours.get("kind", "")),
        version=str(ours.get("version", "")),
        timestamp=int(timestamp) if isinstance(timestamp, int | float) else None,
        term=str(env.get("TERM", "")) if isinstance(env, dict) else "",
    )


def _size(path: Path, number: int, header: dict[str, Any], name: str) -> int:
    size = header.get(name)
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size < 100_000:
        raise lines.broken(path, number, f"{name} {size!r} is no size of a window")
    return size


def _decode(value: Any, before: float) -> Event:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[1], str):
        raise ValueError("no event: it is [time, code, data]")
    t, code, data = lines.time_of(value[0], before), value[1], lines.to_bytes(value[2])
    if code == RESIZE:
        size_of(data)
    elif code == EXIT and not _NUMBER.fullmatch(value[2]):
        raise ValueError(f"{value[2]!r} is no exit code")
    return Event(t, code, data)


def size_of(data: bytes) -> tuple[int, int]:
    """Return rows and columns of the data of a resize. Raises ValueError."""
    found = _SIZE.fullmatch(data.decode("utf-8", "replace"))
    if found is None:
        raise ValueError(f"{data.decode('utf-8', 'replace')!r} is no size: give COLUMNSxROWS")
    return int(found[2]), int(found[1])
