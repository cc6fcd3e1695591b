"""A recording as the marks a keeper would have written: what a replay feeds to an adapter.

Pure but for the files that are read. The clock of a tape begins at ``BEGIN_S``, so that no time of it is zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.model import Mark, Stream
from agents.recording import cast, protocol
from agents.recording.lines import RecordingBroken

#: What the tape's monotonic clock says when a recording begins, and the wall clock of one that does not tell.
BEGIN_S: Final = 1000.0
WALL_S: Final = 1_800_000_000.0

#: The window of a program on pipes: nobody reads it.
_ROWS, _COLS = 40, 120


class Stimulus(msgspec.Struct, frozen=True):
    """What became a mark, ``t`` seconds after the beginning; ``data`` of a ctl is the keeper's JSON record."""

    t: float
    stream: Stream
    data: bytes


class Recording(msgspec.Struct, frozen=True):
    """One recorded run of a program. ``wall`` is when it began, epoch seconds; ``end`` its last event, seconds.

    ``kind`` and ``version`` are empty where the file does not say them.
    """

    path: Path
    pty: bool
    stimuli: tuple[Stimulus, ...]
    end: float
    kind: str = ""
    version: str = ""
    rows: int = _ROWS
    cols: int = _COLS
    wall: float = WALL_S


#: Suffix of a recording's file, and what reads it.
SUFFIXES: Final = (".cast", ".jsonl")


def load(path: Path) -> Recording:
    """Return the recording in a file. Raises RecordingBroken, OSError."""
    if path.suffix == ".cast":
        return _of_cast(path, cast.read(path))
    if path.suffix == ".jsonl":
        return _of_protocol(path, protocol.read(path))
    raise RecordingBroken(f"{path}: no recording: a terminal's ends in .cast, a protocol's in .jsonl")


def marks(recording: Recording) -> Iterator[tuple[Mark, bytes]]:
    """Yield what a keeper would have written, beginning with the start of the process."""
    offsets: dict[Stream, int] = {}
    for seq, stimulus in enumerate(_with_start(recording)):
        stream, data = stimulus.stream, stimulus.data
        offset = offsets.get(stream, 0)
        offsets[stream] = offset + len(data)
        yield Mark(seq, stream, offset, len(data), recording.wall + stimulus.t, BEGIN_S + stimulus.t), data


def _with_start(recording: Recording) -> Iterable[Stimulus]:
    if any(_is_start(stimulus) for stimulus in recording.stimuli):
        return recording.stimuli
    start = _stimulus(
        0.0, ev="start", incarnation=1, pid=1, pty=recording.pty, rows=recording.rows, cols=recording.cols
    )
    return (start, *recording.stimuli)


def _is_start(stimulus: Stimulus) -> bool:
    return stimulus.stream is Stream.CTL and control(stimulus.data).get("ev") == "start"


def control(data: bytes) -> dict[str, Any]:
    """Return the record of a ctl stimulus, empty when it is none."""
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _stimulus(t: float, **record: Any) -> Stimulus:
    return Stimulus(t, Stream.CTL, json.dumps(record).encode())


def _of_cast(path: Path, found: cast.Cast) -> Recording:
    header = found.header
    stimuli = [stimulus for event in found.events if (stimulus := _of_event(event)) is not None]
    return Recording(
        path=path,
        pty=True,
        stimuli=tuple(stimuli),
        end=found.events[-1].t if found.events else 0.0,
        kind=header.kind,
        version=header.version,
        rows=header.height,
        cols=header.width,
        wall=WALL_S if header.timestamp is None else float(header.timestamp),
    )


def _of_event(event: cast.Event) -> Stimulus | None:
    match event.code:
        case cast.OUTPUT:
            return Stimulus(event.t, Stream.OUT, event.data)
        case cast.INPUT:
            return Stimulus(event.t, Stream.IN, event.data)
        case cast.RESIZE:
            rows, cols = cast.size_of(event.data)
            return _stimulus(event.t, ev="resize", rows=rows, cols=cols)
        case cast.EXIT:
            code = int(event.data)
            ended = {"code": None, "signal": -code} if code < 0 else {"code": code, "signal": None}
            return _stimulus(event.t, ev="exit", **ended, leftovers=[])
    return None  # a marker, or what a later version of the format knows


def _of_protocol(path: Path, events: tuple[protocol.Event, ...]) -> Recording:
    for event in events:
        if event.stream is Stream.CTL and not control(event.data).get("ev"):
            raise RecordingBroken(f"{path}: at {event.t:g} s: the data of a ctl is no record of a keeper")
    stimuli = tuple(Stimulus(event.t, event.stream, event.data) for event in events)
    return Recording(path=path, pty=False, stimuli=stimuli, end=events[-1].t if events else 0.0)
