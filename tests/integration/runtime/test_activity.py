"""What real processes do: who is below, what left the tree, CPU time, who has the terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from agents.runtime import activity
from agents.runtime.activity import Sample
from agents.status.processes import leftovers, use

PATIENCE_S = 30.0

#: Stands for a keeper: whatever its descendants leave behind becomes its child.
KEEPER = (
    "import ctypes, subprocess, sys;"
    "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0);"
    "child = subprocess.Popen(sys.argv[1:], stdin=sys.stdin);"
    "print(child.pid, flush=True); child.wait()"
)


@contextmanager
def kept(*argv: str, stdin: int | None = None) -> Iterator[int]:
    """Run a program under something like a keeper; yield its pid, and end all of it."""
    keeper = subprocess.Popen(  # noqa: TID251 (the test owns it)
        [sys.executable, "-c", KEEPER, *argv], stdin=stdin, stdout=subprocess.PIPE, start_new_session=True
    )
    assert keeper.stdout is not None
    pid = int(keeper.stdout.readline())
    try:
        yield pid
    finally:
        found = activity.sample(pid)
        for member in () if found is None else (found.main, *found.below):
            os.kill(member.pid, signal.SIGKILL)
        keeper.wait()
        keeper.stdout.close()


def until(pid: int, holds: Callable[[Sample], bool]) -> Sample:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = activity.sample(pid)
        assert found is not None
        if holds(found):
            return found
        time.sleep(0.01)
    raise AssertionError(f"never: {found}")


def job_of(found: Sample) -> list[str]:
    return [m.name for m in found.below if m.group == found.foreground != found.main.group]


def test_what_is_below_a_program_and_what_left_it() -> None:
    with kept("/bin/sh", "-c", "(sleep 500 &) ; sleep 500 & wait") as pid:
        found = until(pid, lambda s: [m.name for m in s.below] == ["sleep"] * 2)
        assert found.main.pid == pid
        assert len(leftovers(found, ())) == 2
        assert activity.alive(found.below) == found.below
        os.kill(found.below[0].pid, signal.SIGKILL)
        until(pid, lambda s: len(s.below) == 1)
        assert activity.alive(found.below) == found.below[1:]
        assert all(0 <= m.age < PATIENCE_S * 2 for m in found.below)


def test_a_child_that_computes_is_seen_and_one_that_sleeps_is_not() -> None:
    with kept("/bin/sh", "-c", "sleep 500 & while :; do :; done & wait") as pid:
        before = until(pid, lambda s: len(s.below) == 2)
        began = time.monotonic()
        after = until(pid, lambda s: sum(m.cpu for m in s.below) > sum(m.cpu for m in before.below) + 0.2)
        used = use(before, after, time.monotonic() - began)
        assert used.is_busy
        assert used.below > 0.02
        assert used.own < 0.2


def test_cpu_of_children_that_ended_counts_for_their_parent() -> None:
    burn = f"{sys.executable} -c 'sum(range(3_000_000))'; sleep 500"
    with kept("/bin/sh", "-c", f"({burn})") as pid:
        until(
            pid, lambda s: any(m.name == "sleep" for m in s.below) and s.main.cpu + sum(m.cpu for m in s.below) > 0.02
        )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a terminal")
def test_a_job_of_a_shell_has_its_terminal_and_what_runs_behind_does_not() -> None:
    child, master = pty.fork()
    if child == 0:
        os.execv("/bin/bash", ["bash", "--norc", "--noprofile", "-i"])
    try:
        os.write(master, b"sleep 400 &\n")
        behind = until(child, lambda s: any(m.name == "sleep" for m in s.below) and s.foreground == s.main.group)
        assert [m.name for m in leftovers(behind, ()) if m.name == "sleep"] == ["sleep"]
        os.write(master, b"sleep 500\n")
        busy = until(child, lambda s: job_of(s) == ["sleep"])
        assert [m.name for m in leftovers(busy, ()) if m.name == "sleep"] == ["sleep"]
    finally:
        found = activity.sample(child)
        for member in () if found is None else (found.main, *found.below):
            if member.name in ("bash", "sleep"):
                os.kill(member.pid, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(master)


def test_without_a_terminal_nobody_has_it() -> None:
    with kept("sleep", "500", stdin=subprocess.DEVNULL) as pid:
        found = activity.sample(pid)
        assert found is not None
        assert found.foreground is None or found.foreground != found.main.group


def test_a_program_that_is_gone_has_no_processes() -> None:
    with subprocess.Popen(["/bin/true"]) as gone:  # noqa: TID251 (the test owns it)
        gone.wait()
    assert activity.sample(gone.pid) is None
