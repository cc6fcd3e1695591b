"""Journals survive torn ends and full disks, and hold no secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.runtime.journal import Journal, JournalDamaged
from agents.runtime.redact import Redactor


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path, Redactor(["hunter22"]))
    yield journal
    journal.close()


def test_what_is_appended_is_read_back(journal: Journal) -> None:
    journal.append({"n": 1, "text": "line\nbreak ü"}, sync=True)
    journal.append({"n": 2}, sync=False)
    assert journal.read() == [{"n": 1, "text": "line\nbreak ü"}, {"n": 2}]


def test_a_journal_that_is_not_there_is_empty(journal: Journal) -> None:
    assert journal.read() == []


def test_secrets_never_reach_the_file(journal: Journal, path: Path) -> None:
    journal.append({"text": "key is hunter22"}, sync=False)
    assert b"hunter22" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 5, 70_000])
def test_a_torn_last_line_is_ignored_and_replaced(journal: Journal, path: Path, cut: int) -> None:
    journal.append({"n": 1}, sync=False)
    journal.append({"n": 2, "long": "x" * 100_000}, sync=False)
    journal.close()
    os.truncate(path, path.stat().st_size - cut)
    assert [record["n"] for record in journal.read()] == [1]
    journal.append({"n": 3}, sync=False)
    assert [record["n"] for record in journal.read()] == [1, 3]


def test_a_file_of_one_torn_line_starts_anew(journal: Journal, path: Path) -> None:
    path.write_bytes(b'{"n":')
    journal.append({"n": 1}, sync=False)
    assert path.read_bytes() == b'{"n":1}\n'


def test_damage_in_the_middle_is_named(journal: Journal, path: Path) -> None:
    path.write_bytes(b'{"n":1}\nnonsense\n{"n":3}\n')
    with pytest.raises(JournalDamaged, match=r"events\.jsonl:2"):
        journal.read()


def test_a_failed_append_leaves_the_file_as_it_was(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append({"n": 1}, sync=False)
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) > 3:
            return write(fd, data[:3])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            journal.append({"number": 22}, sync=False)
    journal.append({"n": 3}, sync=False)
    assert journal.read() == [{"n": 1}, {"n": 3}]
