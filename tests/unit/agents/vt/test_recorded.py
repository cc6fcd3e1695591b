"""The streams of real programs: cut anywhere they are the same, and what they ask is answered."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from agents.recording import cast
from agents.vt.queries import Known, for_core, is_query, reply
from agents.vt.stream import Csi, Osc, Piece, Splitter, Str, Text

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "status"
RECORDINGS = sorted(CORPUS.glob("*/*/*.cast"))

#: Probes for what we do not have: no answer is the answer. Graphics, notifications with buttons.
PROBES = (b"Gi=", b"i=opentui-notifications:p=?")


def output(path: Path) -> bytes:
    return b"".join(event.data for event in cast.read(path).events if event.code == cast.OUTPUT)


def joined(found: list[Piece]) -> list[Piece]:
    whole: list[Piece] = []
    for piece in found:
        last = whole[-1] if whole else None
        if isinstance(piece, Text) and isinstance(last, Text):
            whole[-1] = Text(last.data + piece.data)
        else:
            whole.append(piece)
    return whole


def asks(piece: Piece) -> bool:
    """Tell whether a piece looks as if the program expected something to come back."""
    if isinstance(piece, Csi):
        return piece.final in {"c", "n", "x"} or piece.intermediate == "$" or (piece.private, piece.final) == ("?", "u")
    if isinstance(piece, Osc):
        return piece.code not in {0, 1, 2, 9, 777} and piece.body.endswith(b"?")
    return isinstance(piece, Str) and piece.kind == "dcs"


def test_there_are_recordings() -> None:
    assert {path.parent.name for path in RECORDINGS} >= {"claude-tui", "codex-tui", "gemini-tui", "opencode-tui"}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_cut_anywhere_it_is_the_same(path: Path) -> None:
    stream, chance = output(path), random.Random(path.stem)
    whole = joined(Splitter().feed(stream))
    splitter, found, at = Splitter(), [], 0
    while at < len(stream):
        size = chance.choice((1, 2, 3, 5, 80, 4000))
        found += splitter.feed(stream[at : at + size])
        at += size
    assert joined(found) == whole


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_it_asks_is_answered_and_nothing_else(path: Path) -> None:
    for piece in Splitter().feed(output(path)):
        answer = reply(piece, Known())
        assert bool(answer) == is_query(piece)
        if asks(piece) and not any(isinstance(piece, Str | Osc) and probe in piece.body for probe in PROBES):
            assert answer, piece
        if is_query(piece):
            assert for_core(piece) == b""
