"""An agent's small files are private, durable and damaged only by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.runtime.directory import AgentDirectory, DirectoryDamaged, write_durably
from agents.spec import Spec

SPEC = Spec("a1", "one", "shell", "terminal", ("bash",), "/", "/", 1.0, labels=("x",))


@pytest.fixture
def directory(tmp_path: Path) -> AgentDirectory:
    return AgentDirectory(tmp_path / "agents" / "a1")


def test_a_spec_comes_back_and_is_private(directory: AgentDirectory) -> None:
    directory.write_spec(SPEC)
    assert directory.spec() == SPEC
    assert directory.spec_file.stat().st_mode & 0o777 == 0o600
    assert directory.path.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in directory.path.iterdir()] == ["spec.json"], "no temporary is left"


def test_damage_is_named(directory: AgentDirectory) -> None:
    directory.create()
    directory.spec_file.write_text("{")
    directory.keeper_file.write_text('{"pid": "x"}')
    with pytest.raises(DirectoryDamaged, match=r"a1/spec\.json"):
        directory.spec()
    with pytest.raises(DirectoryDamaged, match=r"a1/keeper\.json"):
        directory.keeper_state()


def test_a_new_agent_has_no_keeper(directory: AgentDirectory) -> None:
    directory.create()
    assert directory.keeper_state() is None
    assert directory.secret() is None
    with pytest.raises(FileNotFoundError):
        directory.spec()


def test_what_a_later_keeper_adds_is_ignored(directory: AgentDirectory) -> None:
    directory.create()
    directory.keeper_file.write_text('{"v":2,"pid":1,"start":2,"incarnation":3,"state":"exited","new":[1]}')
    state = directory.keeper_state()
    assert state is not None
    assert (state.incarnation, state.finished) == (3, True)


def test_secrets_differ_and_are_private(directory: AgentDirectory) -> None:
    directory.create()
    first, second = directory.new_secret(), directory.new_secret()
    assert first != second
    assert directory.secret() == second
    assert directory.key_file.stat().st_mode & 0o777 == 0o600


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
