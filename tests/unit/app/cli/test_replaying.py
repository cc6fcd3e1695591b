"""``status replay``: every change of verdict on a recording."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from agents.recording import labels
from agents.recording.labels import Labels
from app.cli.results import StatusChange
from tests.unit.agents.recording.sessions import recorded


@pytest.fixture(autouse=True)
def _kind(shell) -> None:
    """Add a kind of the user's own: as the corpus of sessions was recorded, without a mode set in the handshake."""
    folder = shell.home.places.kinds[-1]
    folder.mkdir(parents=True)
    (folder / "bare.toml").write_text('name = "bare"\nfamily = "claude"\ncommand = ["claude"]\n')


def test_every_change_is_a_line_of_json(shell, tmp_path: Path) -> None:
    path = recorded(tmp_path, "allow").path
    ran = shell("status", "replay", str(path), "--kind", "bare")
    assert ran.code == 0
    found = [json.loads(line) for line in ran.out.splitlines()]
    for line in ran.out.splitlines():
        msgspec.json.decode(line, type=StatusChange, strict=True)
    assert list(found[0]) == ["t", "turn", "blocked", "health", "headline", "source"]
    assert [line["turn"] for line in found] == ["unknown", "idle", "working", "blocked", "working", "done"]
    assert found[3]["blocked"] == "permission"
    assert shell("status", "replay", str(path), "--kind", "bare", "--json").out == ran.out


def test_labels_beside_it_say_the_kind_and_how_long_it_is(shell, tmp_path: Path) -> None:
    recording = recorded(tmp_path, "allow")
    labels.write(labels.beside(recording.path), Labels("bare", "claude", "2.1.328", None, recording.end + 1, ()))
    assert shell("status", "replay", str(recording.path)).code == 0


def test_a_recording_that_is_not_there_is_named(shell, tmp_path: Path) -> None:
    path = tmp_path / "none.cast"
    ran = shell("status", "replay", str(path))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"quarterdeck: {path} cannot be read: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        ((), 2, "does not say what it is a recording of: give --kind KIND"),
        (("--kind", "claud"), 2, "no kind 'claud' (did you mean claude?); `quarterdeck kinds` lists them"),
        (("--kind", "shell"), 1, "is a recording of a protocol, and shell is a program in a terminal: give another"),
    ],
)
def test_a_kind_that_does_not_fit_is_named(
    shell,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    what: str,
) -> None:
    ran = shell("status", "replay", str(recorded(tmp_path, "allow").path), *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert what in ran.err


def test_a_file_that_is_broken_or_not_there_is_named(shell, tmp_path: Path) -> None:
    ran = shell("status", "replay", str(tmp_path / "no.cast"), "--kind", "shell")
    assert ran.code == 1
    assert "no.cast" in ran.err
    broken = tmp_path / "a.cast"
    broken.write_text('{"version": 2, "width": 80, "height": 24}\n[1, "o"]\n')
    ran = shell("status", "replay", str(broken), "--kind", "shell")
    assert (ran.code, ran.out) == (1, "")
    assert "a.cast:2: no event" in ran.err


def test_another_action_is_refused(shell) -> None:
    ran = shell("status", "replai", "a.cast")
    assert ran.code == 2
    assert "did you mean replay?" in ran.err
