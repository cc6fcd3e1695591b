from __future__ import annotations

from pathlib import Path

import pytest

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.model import Rank
from agents.recording import baselines, cast, labels, tape
from agents.recording.corpus import OTHER, TUNED, UNTUNED, entries
from agents.recording.labels import Labels, Span
from agents.recording.lines import RecordingBroken
from agents.recording.measuring import measure
from agents.recording.scoring import Class, Said
from agents.spec import Kind
from tests.unit.agents.recording.sessions import allowed, recorded

CLAUDE = Kind(name="claude", family="claude", command=("claude",))


def labelled(path: Path, *spans: Span, duration: float, kind: str = "claude", family: str = "claude") -> None:
    labels.write(labels.beside(path), Labels(kind, family, "1", None, duration, spans))


def corpus(folder: Path) -> Path:
    for group in (TUNED, UNTUNED):
        place = folder / group / "claude"
        place.mkdir(parents=True)
        recording = recorded(place, "allow", step=2.0)
        labelled(recording.path, *allowed(recording), duration=recording.end + 5)
    return folder


# ---------------------------------------------------------------- finding


def test_recordings_are_found_with_their_labels_and_their_group(tmp_path: Path) -> None:
    found = entries(corpus(tmp_path))
    assert [(one.name, one.group, one.labels.kind) for one in found] == [
        ("tuned/claude/allow", TUNED, "claude"), ("untuned/claude/allow", UNTUNED, "claude"),
    ]  # fmt: skip
    assert [one.group for one in entries(tmp_path / "tuned")] == [OTHER]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingBroken, match="nowhere: no directory"):
        entries(tmp_path / "nowhere")
    with pytest.raises(RecordingBroken, match=r"no recordings \(\*\.cast, \*\.jsonl\) below it"):
        entries(tmp_path)
    recording = recorded(tmp_path, "allow")
    with pytest.raises(RecordingBroken, match=r"allow\.jsonl: no labels beside it \(allow\.labels\.json\)"):
        entries(tmp_path)
    labelled(recording.path, duration=9.0)
    recording.path.unlink()
    with pytest.raises(RecordingBroken, match=r"allow\.labels\.json: labels of a recording that is not there"):
        entries(tmp_path)


# ---------------------------------------------------------------- measuring


def test_a_recorded_protocol_is_scored_beside_its_labels(tmp_path: Path) -> None:
    found = measure(entries(corpus(tmp_path))[0], CLAUDE, ClaudeAdapter)
    assert found.flaws == ()
    assert (found.strongest, found.source, found.is_told) == (Rank.PROTOCOL, "protocol", True)
    assert found.score.found[Class.NEEDS_YOU] == found.score.correct[Class.NEEDS_YOU] == 1
    assert (found.score.false_alarms, found.score.missed, found.score.wrong) == (0, {}, {})
    assert found.score.delay(0.99, Class.NEEDS_YOU, Class.WORKING, Class.REST) == pytest.approx(0.0, abs=1e-6)
    assert found.baselines == {}  # it has no pane


def test_labels_that_say_otherwise_make_it_wrong(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "allow")
    labelled(recording.path, Span(0.0, recording.end, "working"), duration=recording.end)
    found = measure(entries(tmp_path)[0], CLAUDE, ClaudeAdapter)
    assert found.score.false_alarms == 1
    assert found.score.precision(Class.NEEDS_YOU) == 0.0
    assert found.score.missed == {Class.WORKING: 1}


# ---------------------------------------------------------------- baselines


def pane(tmp_path: Path, *writes: tuple[float, bytes], end: float) -> tape.Recording:
    lines: list[str] = []
    writer = cast.Writer(lines.append, cast.Header(80, 24))
    for t, data in writes:
        writer.output(t, data)
    writer.close(end)
    path = tmp_path / "pane.cast"
    path.write_text("".join(lines))
    return tape.load(path)


def test_silence_of_two_seconds_is_taken_for_rest(tmp_path: Path) -> None:
    found = list(baselines.silence(pane(tmp_path, (1.0, b"a"), (2.5, b"b"), (9.0, b"c"), end=20.0), 20.0))
    assert found == [
        Said(1.0, Class.WORKING), Said(4.5, Class.REST), Said(9.0, Class.WORKING), Said(11.0, Class.REST),
    ]  # fmt: skip


def test_a_pane_that_changed_is_taken_for_work(tmp_path: Path) -> None:
    spins = [(1.0 + 0.1 * n, b"\rspin %d" % n) for n in range(20)]
    found = list(baselines.pane_changed(pane(tmp_path, *spins, (4.0, b"\x1b[0m"), end=5.0), 5.0))
    assert [said.t for said in found] == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0]
    works = [said.t for said in found if said.what is Class.WORKING]
    assert works == [1.0, 1.5, 2.0, 2.5, 3.0]  # bytes that draw nothing change no pane


def test_a_window_that_is_resized_is_drawn_in_its_new_size(tmp_path: Path) -> None:
    path = tmp_path / "pane.cast"
    path.write_text(
        '{"version": 2, "width": 80, "height": 24}\n[0.2, "o", "a"]\n[1.2, "r", "100x30"]\n[3, "m", "end"]\n'
    )
    found = list(baselines.pane_changed(tape.load(path), 3.0))
    assert [said.t for said in found if said.what is Class.WORKING] == [1.5]  # rows came
