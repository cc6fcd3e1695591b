"""Finds the recordings of a corpus with their labels: what lies there, never what it means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from agents.recording import labels
from agents.recording.labels import Labels
from agents.recording.lines import RecordingBroken
from agents.recording.tape import SUFFIXES

#: Rules were made looking at the one, and never at the other.
TUNED, UNTUNED = "tuned", "untuned"

#: The group of recordings that lie in neither.
OTHER: Final = "other"


class Entry(msgspec.Struct, frozen=True):
    """One recording of a corpus; ``name`` is its path in it, without the suffix."""

    path: Path
    name: str
    group: str
    labels: Labels


def entries(folder: Path) -> tuple[Entry, ...]:
    """Return all recordings below a folder, by name. Raises RecordingBroken, OSError."""
    if not folder.is_dir():
        raise RecordingBroken(f"{folder}: no directory: give one that holds recordings and their labels")
    found = tuple(_entries(folder))
    if not found:
        raise RecordingBroken(f"{folder}: no recordings (*.cast, *.jsonl) below it")
    return found


def _entries(folder: Path) -> Iterator[Entry]:
    recordings = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    labelled = {labels.beside(path) for path in recordings}
    for path in sorted(folder.rglob(f"*{labels.SUFFIX}")):
        if path not in labelled:
            raise RecordingBroken(f"{path}: labels of a recording that is not there")
    for path in recordings:
        beside = labels.beside(path)
        if not beside.exists():
            raise RecordingBroken(f"{path}: no labels beside it ({beside.name})")
        parts = path.relative_to(folder).with_suffix("").parts
        group = parts[0] if parts[0] in (TUNED, UNTUNED) and len(parts) > 1 else OTHER
        yield Entry(path, "/".join(parts), group, labels.read(beside))
