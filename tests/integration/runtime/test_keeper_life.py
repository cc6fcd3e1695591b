"""A keeper and its agent's process: beginning, end, the stop ladder, and what is left behind."""

from __future__ import annotations

import os
import signal

import pytest

from agents.model import Stream
from agents.runtime import tree
from agents.runtime.process import KeeperNotStarted
from tests.integration.runtime.conftest import Kept

STUBBORN = """
import signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("ready", flush=True)
while True:
    time.sleep(60)
"""

#: A daemonised grandchild: own session, no parent, ignores SIGTERM. Prints its pid.
DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        null = os.open("/dev/null", os.O_RDWR)
        os.write(1, b"%d\\n" % os.getpid())
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        while True:
            time.sleep(60)
    os._exit(0)
os.wait()
"""


async def test_exit_code_is_recorded_everywhere(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "echo out; echo err >&2; exit 7")
    state = await ear.exit()
    assert (state.state, state.exit_code, state.exit_signal, state.leftovers) == ("exited", 7, None, ())
    assert kept.out == b"out\n"
    assert kept.bytes(Stream.ERR) == b"err\n"
    assert kept.state().exit_code == 7
    exits = kept.events("exit")
    assert exits == [{"ev": "exit", "code": 7, "signal": None, "leftovers": []}]
    assert kept.marks()[-1][0].seq == ear.next_seq - 1, "the last poke covers the exit"
    assert link.welcome.incarnation == 1


async def test_death_by_signal_is_told_from_an_exit_code(kept: Kept) -> None:
    _, ear = await kept.run("bash", "-c", "kill -SEGV $$")
    state = await ear.exit()
    assert (state.exit_code, state.exit_signal) == (None, signal.SIGSEGV)


async def test_start_is_recorded_first(kept: Kept) -> None:
    _, ear = await kept.run("bash", "-c", "echo hi", cwd="/tmp")
    state = await ear.exit()
    (start,) = kept.events("start")
    assert start["argv"] == ["bash", "-c", "echo hi"]
    assert (start["pid"], start["cwd"], start["pty"], start["incarnation"]) == (state.child, "/tmp", False, 1)
    assert kept.marks()[0][0].stream is Stream.CTL


@pytest.mark.parametrize(
    ("argv", "cwd", "program", "error"),
    [
        (("no-such-program-here", "x"), "/", "no-such-program-here", "No such file"),
        (("/etc/passwd",), "/", "/etc/passwd", "Permission denied"),
        (("bash",), "/no/such/folder", "/no/such/folder", "No such file"),
    ],
)
async def test_what_cannot_be_started_is_named(
    kept: Kept, argv: tuple[str, ...], cwd: str, program: str, error: str
) -> None:
    _, ear = await kept.run(*argv, cwd=cwd)
    state = await ear.exit()
    assert state.state == "failed"
    assert state.errno
    assert program in (state.error or "")
    assert error in (state.error or "")
    (failed,) = kept.events("failed")
    assert failed["program"] == program
    assert kept.state().state == "failed"


async def test_a_keeper_stays_until_its_exit_was_read(kept: Kept) -> None:
    link, ear = await kept.run("true")
    await ear.exit()
    link.close()
    link, again = await kept.attach()
    assert link.welcome.state == "exited"
    assert (await again.exit()).exit_code == 0
    link.bye()
    await again.until(lambda: tree.identity(kept.pid) is None)
    assert not kept.socket.exists()


async def test_bye_does_not_end_a_running_agent(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    await ear.until(lambda: kept.state().state == "running")
    link.bye()
    link, ear = await kept.attach()
    assert link.welcome.state == "running"
    link.close_stdin()
    assert (await ear.exit()).exit_code == 0


async def test_ladder_ends_a_process_that_ignores_everything_ignorable(kept: Kept) -> None:
    link, ear = await kept.python(STUBBORN, grace={"eof": 0.1, "int": 0.1, "term": 0.1})
    await ear.until(lambda: b"ready" in kept.out)
    link.stop()
    link.stop()
    state = await ear.exit()
    assert state.exit_signal == signal.SIGKILL
    steps = [(event["signal"], event["by"]) for event in kept.events("signal")]
    assert steps == [(signal.SIGINT, "stop"), (signal.SIGTERM, "stop"), (signal.SIGKILL, "stop")]
    assert kept.events("stdin_closed")


async def test_ladder_stops_at_the_first_step_that_works(kept: Kept) -> None:
    link, ear = await kept.run("cat", grace={"eof": 30})
    link.stop()
    assert (await ear.exit()).exit_code == 0
    assert kept.events("signal") == []


async def test_kill_overtakes_a_patient_ladder(kept: Kept) -> None:
    link, ear = await kept.python(STUBBORN, grace={"eof": 600, "int": 600, "term": 600})
    await ear.until(lambda: b"ready" in kept.out)
    link.stop()
    link.stop(("kill",))
    assert (await ear.exit()).exit_signal == signal.SIGKILL


async def test_a_stopped_agent_can_be_stopped(kept: Kept) -> None:
    link, ear = await kept.run("sleep", "600", grace={"term": 30})
    await ear.until(lambda: kept.state().state == "running")
    link.signal(signal.SIGSTOP)
    link.stop(("term", "kill"))
    assert (await ear.exit()).exit_signal == signal.SIGTERM


async def test_kill_takes_the_whole_tree(kept: Kept) -> None:
    code = f"""
import os, time
code = {DAEMON!r}
for _ in range(40):
    if os.fork() == 0:
        while True: time.sleep(60)
exec(code)
print("up", flush=True)
time.sleep(600)
"""
    link, ear = await kept.python(code)
    await ear.until(lambda: b"up" in kept.out)
    assert len(kept.processes()) == 42
    link.stop(("kill",))
    state = await ear.exit()
    assert state.exit_signal == signal.SIGKILL
    assert state.leftovers == ()
    await ear.until(lambda: kept.state().swept)
    assert kept.processes() == []


async def test_a_fork_storm_ends_in_bounded_time(kept: Kept) -> None:
    code = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("up", flush=True)
n = 0
while True:
    if os.fork() == 0:
        if n % 2: os.setsid()
        time.sleep(600)
    n += 1
    if n == 400: print("many", flush=True)
    if n > 400: time.sleep(0.002)
"""
    link, ear = await kept.python(code)
    await ear.until(lambda: b"many" in kept.out)
    link.stop(("kill",))
    await ear.until(lambda: ear.exits and kept.state().swept)
    assert kept.processes() == []


async def test_leftovers_are_named_and_ended(kept: Kept) -> None:
    _, ear = await kept.python(DAEMON)
    state = await ear.exit()
    leftover = int(kept.out)
    assert state.exit_code == 0
    assert state.leftovers == (leftover,)
    await ear.until(lambda: kept.state().swept)
    assert tree.identity(leftover) is None


async def test_a_leftover_that_holds_the_pipe_delays_the_exit_only_briefly(kept: Kept) -> None:
    _, ear = await kept.run("bash", "-c", "sleep 600 & echo main; exit 3")
    state = await ear.exit()
    assert state.exit_code == 3
    assert len(state.leftovers) == 1
    assert kept.out == b"main\n"


async def test_sigterm_to_the_keeper_ends_the_agent_and_then_the_keeper(kept: Kept) -> None:
    _, ear = await kept.python(STUBBORN, grace={"eof": 0.1, "int": 0.1, "term": 0.1})
    await ear.until(lambda: b"ready" in kept.out)
    os.kill(kept.pid, signal.SIGTERM)
    await ear.until(lambda: tree.identity(kept.pid) is None)
    assert not kept.socket.exists()
    assert kept.state().exit_signal == signal.SIGKILL
    assert kept.processes() == []


async def test_sighup_and_sigpipe_leave_a_keeper_alone(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    for number in (signal.SIGHUP, signal.SIGPIPE):
        os.kill(kept.pid, number)
    link.write("w", b"still here")
    link.close_stdin()
    assert (await ear.exit()).exit_code == 0
    assert kept.out == b"still here"


async def test_the_agent_inherits_neither_signals_nor_descriptors_nor_umask(kept: Kept) -> None:
    code = """
import os, _signal
ignored = [n for n in (1, 2, 13, 15, 17) if _signal.getsignal(n) == 1]
mask = list(_signal.pthread_sigmask(0, ()))
print(sorted(os.listdir("/proc/self/fd"), key=int)[:3], ignored, mask, os.getsid(0) == os.getpid())
umask = os.umask(0)
print(umask, len(os.listdir("/proc/self/fd")))
"""
    _, ear = await kept.python(code)
    await ear.exit()
    umask = os.umask(0)
    os.umask(umask)
    # Python itself ignores SIGPIPE (13); the fourth descriptor is the folder being listed.
    assert kept.out.decode() == f"['0', '1', '2'] [13] [] True\n{umask} 4\n"


async def test_nofile_limits_the_agent_only(kept: Kept) -> None:
    _, ear = await kept.run("bash", "-c", "ulimit -Sn", nofile=77)
    await ear.exit()
    assert kept.out == b"77\n"


async def test_a_socket_served_by_another_keeper_is_refused_by_name(kept: Kept) -> None:
    await kept.run("cat")
    with pytest.raises(KeeperNotStarted, match="another keeper serves"):
        await kept.spawn("cat")
    kept.directory.keeper_errors.unlink()


async def test_a_dead_keepers_socket_is_replaced(kept: Kept) -> None:
    _, ear = await kept.run("cat")
    os.kill(kept.pid, signal.SIGKILL)
    await ear.until(lambda: ear.lost)
    assert kept.socket.exists()
    _, ear = await kept.run("true")
    assert (await ear.exit()).exit_code == 0


async def test_a_folder_that_cannot_hold_logs_is_an_error_with_its_reason(kept: Kept) -> None:
    (kept.directory.path / "marks").mkdir()
    with pytest.raises(KeeperNotStarted, match="Is a directory"):
        await kept.spawn("true")
    kept.directory.keeper_errors.unlink()
    assert kept.directory.keeper_state() is None
