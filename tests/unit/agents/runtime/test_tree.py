"""The process table as this process sees itself, and searching made-up tables."""

from __future__ import annotations

import os
import signal

import pytest

from agents.runtime import tree
from agents.runtime.tree import Process


def row(pid: int, parent: int, group: int = 0, session: int = 0, start: int = 1) -> Process:
    return Process(pid, parent, group, session, start, "S")


def rows(*processes: Process) -> dict[int, Process]:
    return {process.pid: process for process in processes}


def test_this_process_is_who_it_is() -> None:
    start = tree.identity(os.getpid())
    assert start is not None
    assert tree.is_same(os.getpid(), start)
    assert not tree.is_same(os.getpid(), start + 100)
    assert os.getpid() in tree.table()
    assert tree.ancestors(os.getpid())[0] == os.getppid()
    assert os.getpid() in tree.descendants(os.getppid())


def test_there_is_no_process_of_an_impossible_pid() -> None:
    assert tree.identity(2**22 + 1) is None
    assert tree.ancestors(2**22 + 1) == []
    assert tree.marker_of(2**22 + 1) is None


def test_descendants_are_found_at_any_depth() -> None:
    table = rows(row(10, 1), row(11, 10), row(12, 11), row(13, 12), row(20, 1))
    assert tree.descendants(10, table) == [11, 12, 13]
    assert tree.descendants(13, table) == []


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[int, Process]:
    """Make up a machine: agent 100 with what its killed keeper left, and strangers."""
    table = rows(
        row(100, 1, 100, 100, 7),  # the main process
        row(101, 100, 100, 100),  # a child
        row(102, 1, 102, 102),  # daemonised, holds the nonce
        row(103, 102, 103, 103),  # below it, with an empty environment
        row(104, 1, 104, 100),  # orphan in the session
        row(200, 1, 200, 200),
        row(201, 200, 200, 200),
    )
    markers = {100: "a1:n1", 101: "a1:n1", 102: "a1:n1", 200: "a2:n2", 201: "a2:n2"}
    monkeypatch.setattr(tree, "table", lambda: table)
    monkeypatch.setattr(tree, "marker_of", markers.get)
    return table


@pytest.mark.usefixtures("machine")
def test_all_of_an_agent_is_found_and_nobody_else() -> None:
    assert tree.find_agent(100, 7, "n1") == [100, 101, 102, 103, 104]
    assert tree.find_agent(None, None, "n2") == [200, 201]
    assert tree.find_agent(None, None, "n3") == []


def test_a_dead_main_process_still_leads_to_its_session(machine: dict[int, Process]) -> None:
    del machine[100]
    assert tree.find_agent(100, 7, "unknown") == [101, 104]


@pytest.mark.usefixtures("machine")
def test_a_reused_pid_leads_nowhere() -> None:
    assert tree.find_agent(200, 99, "n1") == [100, 101, 102, 103]


def test_what_was_found_once_is_remembered_by_start_time(machine: dict[int, Process]) -> None:
    known: dict[int, int] = {}
    tree.find_agent(None, None, "n2", known)
    assert known == {200: 1, 201: 1}
    machine[201] = row(201, 1, 201, 201, start=50)  # another process has the pid now
    del machine[200]
    machine[300] = row(300, 1)
    assert tree.find_agent(None, None, "n3", known) == []


def test_everything_is_stopped_before_anything_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    alive = {1001, 1002}
    sent: list[tuple[int, int]] = []

    def kill(pid: int, number: int) -> None:
        sent.append((pid, number))
        if number == signal.SIGSTOP and pid == 1002:
            alive.add(1003)  # forked just before it was stopped
        if number == signal.SIGKILL:
            alive.discard(pid)

    monkeypatch.setattr(os, "kill", kill)
    assert tree.kill_all(lambda: set(alive)) == [1001, 1002, 1003]
    numbers = [number for _, number in sent]
    assert numbers == [signal.SIGSTOP] * 3 + [signal.SIGKILL] * 3


def test_what_may_not_be_signalled_does_not_hang_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(pid: int, number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", kill)
    assert tree.kill_all(lambda: {1001}) == []
