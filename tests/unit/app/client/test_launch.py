"""Starting a daemon: once, detached, and with its last words when it fails. No process is made here."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from app.client import launch
from app.client.launch import DaemonNotStarted, daemon_argv, ensure_daemon
from app.paths import Home, home_from
from tests.fakes.scripted_daemon import ScriptedDaemon


@pytest.fixture
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    yield home_from({"QUARTERDECK_HOME": str(folder), "QUARTERDECK_LEASES": str(folder / "leases")})
    shutil.rmtree(folder)


class Starter:
    """Stands for the creation of a process: notes the order, then does ``work`` with the descriptor it keeps open."""

    def __init__(self, work: Callable[[Path, int], None]) -> None:
        self.orders: list[tuple[tuple[str, ...], Mapping[str, str], Path]] = []
        self._work = work

    def __call__(self, argv: tuple[str, ...], *, env: Mapping[str, str], cwd: Path, log: Path, keep: int) -> None:
        self.orders.append((argv, env, cwd))
        self._work(log, keep)


def ends_at_once(log: Path, keep: int) -> None:
    with log.open("a") as file:
        file.write("cannot lock\nno space left\n")


def test_a_running_daemon_is_left_alone(home: Home) -> None:
    home.prepare()
    starter = Starter(ends_at_once)
    with ScriptedDaemon(home.places):
        ensure_daemon(home, {}, starter)
    assert starter.orders == []


def test_a_daemon_that_comes_up_is_waited_for(home: Home) -> None:
    daemon = ScriptedDaemon(home.places)
    held: list[int] = []

    def comes_up(_: Path, keep: int) -> None:
        held.append(os.dup(keep))  # as the child does
        daemon.__enter__()

    starter = Starter(comes_up)
    try:
        ensure_daemon(home, {"A": "b"}, starter)
    finally:
        daemon.__exit__()
        os.close(held[0])
    ((argv, env, cwd),) = starter.orders
    assert (argv, cwd) == (daemon_argv(), home.places.state)
    assert env == {"A": "b", "QUARTERDECK_LAUNCHER": "double-fork"}


def test_one_that_ends_is_reported_with_what_it_logged_since_and_nothing_older(home: Home) -> None:
    home.prepare()
    home.log.write_text("an older story\n")
    with pytest.raises(DaemonNotStarted) as failure:
        ensure_daemon(home, {}, Starter(ends_at_once))
    text = str(failure.value)
    assert text.splitlines() == [
        f"the daemon ended while it started; the end of {home.log}:",
        "  cannot lock",
        "  no space left",
    ]


def test_one_that_says_nothing_is_reported_too(home: Home) -> None:
    with pytest.raises(DaemonNotStarted, match=r"it wrote nothing to|cannot be read"):
        ensure_daemon(home, {}, Starter(lambda _log, _keep: None))


def test_one_that_never_listens_is_reported_after_the_time_limit(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "START_S", 0.05)
    held: list[int] = []
    with pytest.raises(DaemonNotStarted, match="does not listen after"):
        ensure_daemon(home, {}, Starter(lambda _log, keep: held.append(os.dup(keep))))
    os.close(held[0])


def test_a_program_that_cannot_be_executed_is_named(home: Home) -> None:
    def fail(_log: Path, _keep: int) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(DaemonNotStarted, match="could not be started: No such file"):
        ensure_daemon(home, {}, Starter(fail))


def test_a_process_of_an_agent_may_not_start_one(home: Home) -> None:
    starter = Starter(ends_at_once)
    with pytest.raises(DaemonNotStarted, match="a process of an agent may not start one"):
        ensure_daemon(home, {"QUARTERDECK_AGENT": "a:b"}, starter)
    assert starter.orders == []


def with_systemd(folder: Path) -> dict[str, str]:
    (folder / "bin").mkdir()
    (folder / "bin" / "systemd-run").write_text("#!/bin/sh\n")
    (folder / "bin" / "systemd-run").chmod(0o755)
    (folder / "systemd").mkdir()
    (folder / "systemd" / "private").touch()
    (folder / "bus").touch()
    return {"PATH": str(folder / "bin"), "XDG_RUNTIME_DIR": str(folder)}


def test_with_a_user_bus_it_gets_a_scope_of_its_own_and_falls_back_when_that_fails(home: Home, tmp_path: Path) -> None:
    starter = Starter(ends_at_once)
    with pytest.raises(DaemonNotStarted):
        ensure_daemon(home, with_systemd(tmp_path), starter)
    (first, env, _), (second, fallback, _) = starter.orders
    assert first[:3] == (str(tmp_path / "bin" / "systemd-run"), "--user", "--scope")
    assert first[-len(daemon_argv()) :] == daemon_argv() == second
    assert (env["QUARTERDECK_LAUNCHER"], fallback["QUARTERDECK_LAUNCHER"]) == ("systemd-scope", "double-fork")


@pytest.mark.parametrize("missing", ["bus", "systemd/private", "bin/systemd-run"])
def test_without_a_whole_user_bus_it_is_forked_away(home: Home, tmp_path: Path, missing: str) -> None:
    env = with_systemd(tmp_path)
    (tmp_path / missing).unlink()
    starter = Starter(ends_at_once)
    with pytest.raises(DaemonNotStarted):
        ensure_daemon(home, env, starter)
    assert [order[1]["QUARTERDECK_LAUNCHER"] for order in starter.orders] == ["double-fork"]


def test_a_lock_held_too_long_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.prepare()
    monkeypatch.setattr(launch, "START_S", 0.05)
    with (home.places.state / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DaemonNotStarted, match="another client has been starting the daemon"):
            ensure_daemon(home, {}, Starter(ends_at_once))


def test_the_daemon_is_run_by_this_very_installation_and_never_from_the_working_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert daemon_argv() == (sys.executable, "-P", "-m", "app", "daemon", "run")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert daemon_argv() == (sys.executable, "daemon", "run")


def test_a_dying_daemons_lock_is_outwaited_before_another_is_started(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.prepare()
    lock = home.places.daemon_lock.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    looks: list[bool] = []
    monkeypatch.setattr(launch.time, "sleep", lambda _: looks.append(lock.closed) or (len(looks) == 3 and lock.close()))
    starter = Starter(ends_at_once)
    monkeypatch.setattr(launch, "_comes_up", lambda _: False)
    with pytest.raises(DaemonNotStarted, match="ended while it started"):
        ensure_daemon(home, {}, starter)
    assert looks == [False, False, False]
    assert len(starter.orders) == 1


def test_a_starting_daemons_lock_means_that_it_is_waited_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.prepare()
    daemon, starter = ScriptedDaemon(home.places), Starter(ends_at_once)
    with home.places.daemon_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        monkeypatch.setattr(launch.time, "sleep", lambda _: daemon.__enter__())
        ensure_daemon(home, {}, starter)
    daemon.__exit__()
    assert starter.orders == []


def test_a_lock_without_a_listener_is_named_in_the_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.prepare()
    monkeypatch.setattr(launch, "START_S", 0.05)
    with home.places.daemon_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DaemonNotStarted, match=r"has the lock .*daemon\.lock but does not listen"):
            ensure_daemon(home, {}, Starter(ends_at_once))
