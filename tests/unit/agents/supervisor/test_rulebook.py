"""The file of the rules: numbers, undo, and what is wrong with it never allows anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.jsonrpc import RpcError
from agents.model import Rule
from agents.supervisor.rulebook import Rulebook

LS = Rule(0, "allow", command=("ls",))
PUSH = Rule(0, "deny", command=("git", "push"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rules.jsonl"


def book(path: Path) -> Rulebook:
    loaded = Rulebook(path, lambda: 100.0)
    loaded.load()
    return loaded


def numbers(held: Rulebook) -> tuple[list[int], list[int]]:
    return [rule.id for rule in held.rules], [rule.id for rule in held.removed]


def test_rules_get_numbers_no_other_ever_had_and_outlive_the_daemon(path: Path) -> None:
    first = book(path)
    assert [first.add(rule).id for rule in (LS, PUSH, LS)] == [1, 2, 3]
    first.remove(3)
    assert first.add(LS).id == 4
    first.remove(1)
    again = book(path)
    assert numbers(again) == ([2, 4], [3, 1])
    assert again.rules[0].created_at == 100.0
    assert (again.remove(1, undo=True).id, numbers(again)) == (1, ([2, 4, 1], [3]))
    assert numbers(book(path)) == ([2, 4, 1], [3])
    assert path.read_text().splitlines()[0] == '{"v":1}'
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_change_raises_the_revision(path: Path) -> None:
    held = book(path)
    seen = [held.revision]
    held.add(LS)
    seen.append(held.revision)
    held.remove(1)
    seen.append(held.revision)
    held.remove(1, undo=True)
    assert [*seen, held.revision] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.add(Rule(0, "allow", tool="execute")), "may be anything"),
        (lambda held: held.add(Rule(0, "allow", command=("ls",), expires=100.0)), "expired already"),
        (lambda held: held.remove(9), "there is no rule 9; there are: 1"),
        (lambda held: held.remove(1, undo=True), "there is no removed rule 1; there are: none"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(path: Path, change, words: str) -> None:
    held = book(path)
    held.add(LS)
    before = path.read_bytes()
    with pytest.raises(RpcError, match=words):
        change(held)
    assert path.read_bytes() == before


def test_a_torn_last_line_is_left_out_and_the_next_rule_is_whole(path: Path) -> None:
    held = book(path)
    held.add(LS)
    path.write_bytes(path.read_bytes() + b'{"t":"added","ru')
    again = book(path)
    assert (numbers(again), again.problems) == (([1], []), ())
    again.add(PUSH)
    last = book(path)
    assert numbers(last) == ([1, 2], [])
    assert len(last.problems) == 1  # the torn line stays visible


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b'{"t":"allowed"}',
        b'{"t":"added","rule":{"id":1,"effect":"allow","tool":"execute"}}',  # edited by hand into too much
        b'{"t":"added","rule":{"id":"x"}}',
        b'{"t":"removed","id":7}',
        b"{}",
        b"[]",
    ],
)
def test_a_line_that_is_wrong_is_named_and_skipped(path: Path, line: bytes) -> None:
    held = book(path)
    held.add(LS)
    path.write_bytes(path.read_bytes() + line + b"\n")
    again = book(path)
    assert numbers(again) == ([1], [])
    (problem,) = again.problems
    assert f"{path}:3: not understood" in problem


@pytest.mark.parametrize("head", [b'{"v":2}', b"nonsense", b'{"t":"added"}', b"[]"])
def test_a_file_of_another_version_allows_nothing_and_is_not_written_into(path: Path, head: bytes) -> None:
    added = b'{"t":"added","rule":{"id":1,"effect":"allow","command":["ls"]}}\n'
    path.write_bytes(head + b"\n" + added)
    held = book(path)
    assert numbers(held) == ([], [])
    assert len(held.problems) == 1
    with pytest.raises(RpcError, match="move the file away first"):
        held.add(LS)
    assert path.read_bytes() == head + b"\n" + added


def test_a_file_that_cannot_be_read_allows_nothing(path: Path) -> None:
    path.mkdir()
    held = book(path)
    assert (held.rules, "cannot be read" in held.problems[0]) == ((), True)


def test_a_disk_that_does_not_take_it_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = book(path)
    held.add(LS)
    before = path.read_bytes()
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:5]))
    with pytest.raises(RpcError, match="cannot be written"):
        held.add(PUSH)
    monkeypatch.undo()
    assert (path.read_bytes(), numbers(held)) == (before, ([1], []))
