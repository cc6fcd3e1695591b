"""The true state of a recorded agent over time: ``NAME.labels.json`` beside its recording.

Pure but for the one file. Labels come from what the driver typed, from the scripted model API's own log and from
files, never from what Quarterdeck itself thinks.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec

from agents.model import Blocked
from agents.recording.lines import RecordingBroken

SUFFIX = ".labels.json"

#: What may be true of an agent. ``starting``: its process is there, it cannot be spoken to yet.
TURNS = ("idle", "working", "blocked", "done", "error", "starting")

#: Seconds spans may overlap or leave open through rounding.
EPSILON_S = 1e-6


class Span(msgspec.Struct, frozen=True):
    """What is true from ``begin`` to ``end``, seconds since the beginning; ``alt`` are other acceptable turns."""

    begin: float = msgspec.field(name="from")
    end: float = msgspec.field(name="to")
    turn: str
    blocked: str | None = None
    alt: tuple[str, ...] = ()
    note: str = ""


class Labels(msgspec.Struct, frozen=True):
    """All that is known of one recording; ``osc7501_answered`` is ``None`` where there is no terminal to ask."""

    kind: str
    family: str
    version: str
    osc7501_answered: bool | None
    duration: float
    spans: tuple[Span, ...]


def beside(recording: Path) -> Path:
    """Return where the labels of a recording lie."""
    return recording.with_name(recording.stem + SUFFIX)


def read(path: Path) -> Labels:
    """Return labels. Raises RecordingBroken, OSError."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Labels)
    except msgspec.DecodeError as error:
        raise RecordingBroken(f"{path}: {error}") from None
    problem = check(found)
    if problem:
        raise RecordingBroken(f"{path}: {problem}")
    return found


def write(path: Path, labels: Labels) -> None:
    """Write labels, a span a line. Raises ValueError for what cannot be true, OSError."""
    problem = check(labels)
    if problem:
        raise ValueError(problem)
    fields: dict[str, Any] = msgspec.to_builtins(labels)
    spans = ",\n  ".join(json.dumps(span, ensure_ascii=False) for span in fields.pop("spans"))
    head = json.dumps(fields, ensure_ascii=False)[1:-1]
    path.write_text(f'{{{head}, "spans": [\n  {spans}\n]}}\n', encoding="utf-8")


def check(labels: Labels) -> str:
    """Return what cannot be true, empty when all can be."""
    if not math.isfinite(labels.duration) or labels.duration <= 0:
        return f"duration {labels.duration:g} is no length of a recording"
    before = 0.0
    for number, span in enumerate(labels.spans, 1):
        problem = _check(span, before, labels.duration)
        if problem:
            return f"span {number}: {problem}"
        before = span.end
    return ""


def _check(span: Span, before: float, duration: float) -> str:
    if not span.begin < span.end:
        return f"ends at {span.end:g} s, before it begins at {span.begin:g} s"
    if span.begin < before - EPSILON_S:
        return f"begins at {span.begin:g} s, before the one before it ends at {before:g} s"
    if span.end > duration + EPSILON_S:
        return f"ends at {span.end:g} s, after the recording's {duration:g} s"
    for turn in (span.turn, *span.alt):
        if turn not in TURNS:
            return f"unknown turn “{turn}”: one of {', '.join(TURNS)}"
    kinds = [kind.value for kind in Blocked]
    if span.blocked is not None and span.blocked not in kinds:
        return f"unknown reason “{span.blocked}” to be blocked: one of {', '.join(kinds)}"
    if span.blocked is not None and span.turn != "blocked":
        return f"says what blocks it and that it is {span.turn}"
    return ""
