"""Short commands end in time and leave nothing behind; detached programs belong to nobody."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import time
from pathlib import Path

import pytest

from agents.runtime import tree
from agents.runtime.process import Finished, bundle, find_program, install_keeper, run_once, spawn_detached


async def test_a_command_gives_its_code_and_both_outputs() -> None:
    done = await run_once(["bash", "-c", "cat; echo err >&2; exit 3"], 20, data=b"in")
    assert (done.code, done.out, done.err) == (3, b"in", b"err\n")


async def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    with pytest.raises(TimeoutError, match="bash did not end within"):
        await run_once(["bash", "-c", f"sleep 600 & echo $! > {pidfile}; wait"], 1.0)
    await _gone(int(pidfile.read_text()))


async def test_a_cancelled_command_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    started = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run_once(["bash", "-c", f"echo $$ > {fifo}; exec sleep 600"], 60))
        await asyncio.to_thread(select.select, [started], [], [], 20)
        task.cancel()
    pid = int(os.read(started, 100))
    os.close(started)
    await _gone(pid)


async def _gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while tree.identity(pid) is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_missing_program_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program-here"):
        await run_once(["no-such-program-here"], 5)


async def test_endless_output_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        await run_once(["yes"], 20, limit=1000)


async def test_a_command_that_does_not_read_its_input_is_no_error() -> None:
    assert (await run_once(["true"], 20, data=b"x" * 1_000_000)).code == 0


def test_programs_are_found_by_the_given_environment(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_program("tool", {"PATH": str(tmp_path)}) == str(program)
    with pytest.raises(FileNotFoundError):
        find_program("tool", {"PATH": "/bin"})


def test_a_detached_program_is_nobodys_child_and_holds_the_descriptor(tmp_path: Path) -> None:
    alive, keep = os.pipe()
    log = tmp_path / "log"
    code = (
        f"import os, time\nos.write({keep}, b'%d %d %d' % (os.getpid(), os.getsid(0), os.getppid()))\ntime.sleep(600)"
    )
    spawn_detached([sys.executable, "-c", code], env=os.environ, cwd=tmp_path, log=log, keep=keep)
    os.close(keep)
    pid, session, parent = map(int, os.read(alive, 100).split())
    try:
        assert parent != os.getpid()
        assert session != os.getsid(0)
    finally:
        os.kill(pid, signal.SIGKILL)
    assert os.read(alive, 1) == b"", "the descriptor's end tells that the program ended"
    os.close(alive)


def test_a_missing_program_cannot_be_detached(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program-here"):
        spawn_detached(["no-such-program-here"], env={}, cwd=tmp_path, log=tmp_path / "log", keep=0)


def test_the_keepers_copy_is_named_by_its_content_and_private(tmp_path: Path) -> None:
    compiled = install_keeper(tmp_path / "keepers")
    assert install_keeper(tmp_path / "keepers") == compiled
    (source,) = (tmp_path / "keepers").glob("*.py")
    assert source.read_bytes() == bundle()
    assert source.stat().st_mode & 0o777 == 0o700
    compiled.unlink()
    assert install_keeper(tmp_path / "keepers").exists(), "a deleted copy is put back"


async def test_a_command_that_waits_for_more_is_ended_once_it_said_what_was_wanted() -> None:
    talk = ["sh", "-c", "read line; echo got $line; cat; echo never"]
    done = await run_once(talk, 10, data=b"this\n", until=lambda out: b"got" in out)
    assert done == Finished(0, b"got this\n", b"")


async def test_a_command_that_never_says_what_was_wanted_is_ended_too() -> None:
    with pytest.raises(TimeoutError, match="did not end within"):
        await run_once(["cat"], 0.2, until=lambda out: b"x" in out)
    done = await run_once(["sh", "-c", "exit 3"], 10, until=lambda out: b"x" in out)
    assert done.code == 3
