"""``bench status``: scores of a corpus, their targets, and the baselines beside them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.recording import labels
from agents.recording.labels import Labels, Span
from app.cli.results import StatusMeasured
from tests.unit.agents.recording.sessions import allowed, recorded


def add(folder: Path, *spans: Span) -> Path:
    """Add a recording in which one permission is asked for, by default with what is true of it."""
    folder.mkdir(parents=True, exist_ok=True)
    recording = recorded(folder, "allow", step=2.0)
    end = recording.end + 5
    truth = Labels("bare", "claude", "2.1.328", None, end, spans or allowed(recording))
    labels.write(labels.beside(recording.path), truth)
    return recording.path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    add(tmp_path / "tuned" / "claude")
    add(tmp_path / "untuned" / "claude")
    return tmp_path


@pytest.fixture(autouse=True)
def _kind(shell) -> None:
    """Add a kind of the user's own: as the corpus of sessions was recorded, without a mode set in the handshake."""
    folder = shell.home.places.kinds[-1]
    folder.mkdir(parents=True)
    (folder / "bare.toml").write_text('name = "bare"\nfamily = "claude"\ncommand = ["claude"]\n')


def figure(measured: Any, name: str) -> Any:
    return next(one for one in measured["figures"] if one["name"] == name)


def test_a_corpus_on_which_all_is_right_meets_the_targets(shell, corpus: Path) -> None:
    ran = shell("bench", "status", "--corpus", str(corpus), "--json")
    assert (ran.code, ran.err) == (0, "")
    found = ran.json
    whole = msgspec.json.decode(ran.out, type=StatusMeasured, strict=True)
    assert json.loads(msgspec.json.encode(whole)) == found  # nothing is undocumented or left out
    total = found["total"]
    assert {name: total[name] for name in (
        "needs_you_recall", "needs_you_precision", "needs_you_false", "idle_recall", "idle_precision", "unknown_share",
        "delay_p50_ms", "delay_p99_ms",
    )} == {
        "needs_you_recall": 1.0, "needs_you_precision": 1.0, "needs_you_false": 0, "idle_recall": 1.0,
        "idle_precision": 1.0, "unknown_share": 0.0, "delay_p50_ms": 0.0, "delay_p99_ms": 0.0,
    }  # fmt: skip
    assert total["recordings"] == 2
    assert set(found) >= {"machine", "figures", "total", "by_kind", "by_source", "by_group", "baselines", "flaws"}
    assert found["by_kind"]["bare"] == found["by_source"]["protocol"] == total
    assert set(found["by_group"]) == {"tuned", "untuned"}
    assert found["baselines"]["silence"]["recordings"] == 0  # a protocol has no pane
    assert figure(found, "false needs you, untuned")["ok"] is True
    assert figure(found, "needs you recall, tuned")["target"] == 1.0


def test_what_is_wrong_misses_its_target_by_name(shell, corpus: Path) -> None:
    add(corpus / "tuned" / "other", Span(0.0, 30.0, "working"))
    ran = shell("bench", "status", "--corpus", str(corpus))
    assert ran.code == 1
    assert "missed the target: false needs you, tuned" in ran.err
    assert "✕  false needs you, tuned" in ran.out
    assert "✓  false needs you, untuned" in ran.out
    assert "tuned/other/allow" in ran.out
    assert "needs_you: said, but never true" in ran.out


def test_flaws_of_what_was_not_tuned_on_are_told_only_when_asked_for(shell, corpus: Path) -> None:
    add(corpus / "untuned" / "other", Span(0.0, 30.0, "working"))
    assert shell("bench", "status", "--corpus", str(corpus), "--json").json["flaws"] == []
    found = shell("bench", "status", "--corpus", str(corpus), "--only", "untuned", "--json").json
    assert {flaw["recording"] for flaw in found["flaws"]} == {"untuned/other/allow"}
    assert set(found["by_group"]) == {"untuned"}


def test_a_terminal_has_baselines_beside_it(shell, tmp_path: Path) -> None:
    lines = [
        {"version": 2, "width": 80, "height": 24},
        *([n / 4, "o", f"\rline {n}"] for n in range(20)),
        [20, "m", "end"],
    ]
    path = tmp_path / "talk.cast"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    truth = Labels("shell", "terminal", "", False, 20.0, (Span(0.0, 5.0, "working"), Span(5.0, 20.0, "idle")))
    labels.write(labels.beside(path), truth)
    found = shell("bench", "status", "--corpus", str(tmp_path), "--json").json
    assert found["total"]["unknown_share"] == 1.0  # a plain program that says nothing of itself
    assert found["total"]["idle_recall"] == 0.0
    assert found["by_group"]["other"]["recordings"] == 1
    silence, panes = found["baselines"]["silence"], found["baselines"]["pane_changed"]
    assert silence["idle_recall"] == 0.0  # told after two seconds: later than is allowed
    assert silence["delay_p99_ms"] == pytest.approx(1750.0)
    assert panes["needs_you_recall"] is None
    assert panes["idle_recall"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (("--corpus", "/nowhere/at/all"), 1, "/nowhere/at/all: no directory: give one that holds recordings"),
        (("--only", "tunned"), 2, "the corpus has no part 'tunned' (did you mean tuned?); it has tuned, untuned"),
        (("--quick",), 2, "status has no smaller run: leave --quick out"),
    ],
)
def test_what_cannot_be_measured_is_named(
    shell,
    corpus: Path,
    arguments: tuple[str, ...],
    code: int,
    what: str,
) -> None:
    ran = shell("bench", "status", *(("--corpus", str(corpus)) if "--corpus" not in arguments else ()), *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert what in ran.err


def test_broken_labels_and_unknown_kinds_are_named(shell, corpus: Path) -> None:
    path = labels.beside(corpus / "tuned" / "claude" / "allow.jsonl")
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "kind": "bear"}))
    ran = shell("bench", "status", "--corpus", str(corpus))
    assert ran.code == 1
    assert "allow.jsonl: its labels name the kind 'bear', which there is not (did you mean" in ran.err
    path.write_text(json.dumps({**whole, "duration": -1}))
    ran = shell("bench", "status", "--corpus", str(corpus))
    assert ran.code == 1
    assert "allow.labels.json: duration -1 is no length of a recording" in ran.err
    shutil.rmtree(corpus / "tuned")
    assert shell("bench", "status", "--corpus", str(corpus)).code == 0


def test_only_status_measures_a_corpus(shell) -> None:
    ran = shell("bench", "spine", "--corpus", ".", "--only", "none")
    assert ran.code == 2
    assert "spine measures no corpus: leave --corpus out" in ran.err
