"""What is said of recorded programs that speak a protocol is what was true, in the middle of every labelled span."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.adapters.kinds import RESOURCES, load_kinds
from agents.adapters.registry import families
from agents.recording import labels, replay, tape
from agents.spec import Kind

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "status"
RECORDINGS = sorted(CORPUS.glob("*/*/*.jsonl"))

#: Seconds a span must last to be looked at: the program's line and the driver's note of it are some milliseconds apart.
LEAST_S = 0.1


@pytest.fixture(scope="module")
def kinds() -> dict[str, Kind]:
    return load_kinds([RESOURCES / "agents"]).kinds


def test_every_protocol_is_recorded() -> None:
    assert {path.parent.name for path in RECORDINGS} >= {"claude", "codex", "gemini", "opencode", "pilot"}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_said_is_true(path: Path, kinds: dict[str, Kind]) -> None:
    truth, kind = labels.read(labels.beside(path)), kinds[path.parent.name]
    changes = list(replay.changes(tape.load(path), kind, families()[kind.family], truth.duration))
    spans = [span for span in truth.spans if span.turn != "starting" and span.end - span.begin >= LEAST_S]
    assert len(spans) >= 2
    for span in spans:
        middle = (span.begin + span.end) / 2
        said = [change for change in changes if change.t <= middle][-1]
        assert said.turn.value in {span.turn, *span.alt}, f"{span} is told as {said}"
        if span.blocked is not None:
            assert said.blocked is not None
            assert said.blocked.value == span.blocked
