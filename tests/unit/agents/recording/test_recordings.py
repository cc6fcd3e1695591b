"""What lies in the corpus can be believed: where a label says “blocked”, the recorded screen shows what is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.recording import cast, labels
from tests.real.borders import screens
from tests.real.corpus import CORPUS, LIMIT

RECORDINGS = sorted(CORPUS.glob("*/*/*.cast")) + sorted(CORPUS.glob("*/*/*.jsonl"))

#: What a program shows while it asks, by kind; written down by eye, not taken from the rules.
DIALOGS = {
    "claude-tui": re.compile(r"Esc to cancel|Exit plan mode\?|Enter to confirm"),
    "codex-tui": re.compile(r"Press enter to confirm|enter to submit answer|enter continue"),
}

#: Bytes of all recordings: every checkout carries them.
TOTAL = 6_000_000


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}-{path.stem}")
def test_a_recording_has_labels_over_its_whole_length_and_is_small(path: Path) -> None:
    found = labels.read(labels.beside(path))
    assert found.kind == path.parent.name
    assert found.version or found.kind == "pilot"  # ours: it has the version of the checkout
    assert found.spans[0].begin == 0
    assert found.spans[-1].end == pytest.approx(found.duration, abs=0.002)
    assert path.stat().st_size <= LIMIT


@pytest.mark.parametrize(
    "path",
    [path for path in RECORDINGS if path.parent.name in DIALOGS],
    ids=lambda path: f"{path.parts[-3]}-{path.parts[-2]}-{path.stem}",
)
def test_a_dialog_is_on_the_screen_while_it_is_blocked_and_not_while_it_rests(path: Path) -> None:
    dialog = DIALOGS[path.parent.name]
    for span, seen in screens(path):
        assert seen is not None
        text = "\n".join(seen.lines)
        if span.turn == "blocked":
            assert dialog.search(text), text
        elif span.turn in ("idle", "done", "error") and "blocked" not in span.alt and "typing" not in path.stem:
            assert not dialog.search(text), text


def test_the_corpus_is_large_enough_and_not_too_large() -> None:
    terminals = [path for path in RECORDINGS if path.suffix == ".cast"]
    untuned = [path for path in RECORDINGS if path.parts[-3] == "untuned"]
    assert len(RECORDINGS) >= 60
    assert len(terminals) >= 40
    assert len(untuned) >= len(RECORDINGS) / 4
    assert sum(path.stat().st_size for path in RECORDINGS) < TOTAL
    asked = [path for path in terminals if b"]7501;?" in path.read_bytes()]
    answered = {labels.read(labels.beside(path)).osc7501_answered for path in asked}
    assert answered == {True, False}


def test_every_terminal_recording_names_its_program() -> None:
    for path in RECORDINGS:
        if path.suffix == ".cast":
            header = cast.read(path).header
            assert (header.kind, bool(header.version), header.width > 0) == (path.parent.name, True, True), path
