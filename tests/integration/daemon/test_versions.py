"""Programs are asked for their version once, and a launch never depends on the answer."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agents.spec import Kind
from agents.supervisor.versions import Versions


def program(folder: Path, script: str) -> Kind:
    """Write a program that notes that it was asked, and return its kind."""
    path = folder / "prog"
    path.write_text(f"#!/bin/sh\necho x >> {folder}/asked\n{script}\n")
    path.chmod(0o755)
    return Kind("p", "terminal", ("prog",), version_probe=("prog", "--version"), status={"name": "p"})


def version(versions: Versions, kind: Kind, folder: Path) -> str:
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return asyncio.run(versions.of(kind, kind.command, str(folder), env))


def asked(folder: Path) -> int:
    return len((folder / "asked").read_text().splitlines())


def test_a_program_is_asked_once_until_its_file_changes(tmp_path: Path) -> None:
    kind, versions = program(tmp_path, "echo '2.1.328 (Claude Code)'"), Versions()
    assert version(versions, kind, tmp_path) == version(versions, kind, tmp_path) == "2.1.328 (Claude Code)"
    assert asked(tmp_path) == 1
    program(tmp_path, "echo 'prog 3.0 is here'")
    assert version(versions, kind, tmp_path) == "prog 3.0 is here"


@pytest.mark.parametrize("script", ["exit 3", "echo no number", "kill -9 $$", "head -c 200000 /dev/zero"])
def test_who_does_not_say_it_is_read_by_all_rules(tmp_path: Path, script: str) -> None:
    assert not version(Versions(), program(tmp_path, script), tmp_path)


def test_nobody_is_asked_for_whom_it_is_of_no_use(tmp_path: Path) -> None:
    kind = program(tmp_path, "echo 1.0")
    for other in (Kind("p", "terminal", ("prog",), status={"name": "p"}), Kind("q", "acp", ("prog",))):
        assert not version(Versions(), other, tmp_path)
    assert not version(
        Versions(), Kind("p", "terminal", ("gone",), version_probe=("gone", "-v"), status={"a": 1}), tmp_path
    )
    assert not (tmp_path / "asked").exists()
    assert version(Versions(), kind, tmp_path) == "1.0"
