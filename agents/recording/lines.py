"""What the files of a recording have in common: JSON by the line, bytes as text, and errors that name file and line.

Pure but for reading the one file it is given; gives no meaning to any event.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar


class RecordingBroken(ValueError):
    """A file of a recording cannot be read; the text names file, line and what is wrong."""


def read(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the number and the JSON value of every line that is not empty. Raises RecordingBroken, OSError.

    A last line without an end that is no JSON was being written when the recorder was killed: it is left out.
    """
    data = path.read_bytes()
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                return
            raise broken(path, number, f"no JSON: {error}") from None


class _Timed(Protocol):
    """Anything that happened at a time, in seconds since the recording began."""

    @property
    def t(self) -> float: ...


_Event = TypeVar("_Event", bound=_Timed)


def events(path: Path, found: Iterable[tuple[int, Any]], decode: Callable[[Any, float], _Event]) -> tuple[_Event, ...]:
    """Return what ``decode`` makes of every line, given the time of the one before. Raises RecordingBroken.

    ``decode`` raises ValueError for what is no event.
    """
    made: list[_Event] = []
    before = 0.0
    for number, value in found:
        try:
            event = decode(value, before)
        except ValueError as error:
            raise broken(path, number, str(error)) from None
        before = event.t
        made.append(event)
    return tuple(made)


def broken(path: Path, number: int, what: str) -> RecordingBroken:
    """Return the error about one line."""
    return RecordingBroken(f"{path}:{number}: {what}")


def time_of(value: object, before: float) -> float:
    """Return a time in seconds, not before the one ``before`` it. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no time: give seconds since the beginning")
    if value < before:
        raise ValueError(f"{value:g} s lies before {before:g} s: events are in the order of their times")
    return float(value)


def to_text(data: bytes) -> str:
    """Return bytes as text from which ``to_bytes`` makes the very same: what is no UTF-8 becomes lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def to_bytes(value: object) -> bytes:
    """Return the bytes behind ``to_text``. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("the data is no text")  # noqa: TRY004 (bad input, not a bad call)
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(f"the data is neither UTF-8 nor bytes of it: {error.reason}") from None
