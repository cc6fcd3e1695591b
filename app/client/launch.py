"""Starts the daemon of a home, detached from whoever asks, and says why when it does not come up.

Blocking; the shell calls it in a thread. Stops nothing.
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from agents.runtime import scope
from agents.runtime.places import Places
from app.client.frames import CHUNK
from app.client.unix import open_daemon
from app.paths import Home

#: Seconds a daemon may take until it listens (adopting agents goes on after that).
START_S = 20.0

#: Lines of the daemon's log shown when it does not start.
LOG_LINES = 12

_POLL_S = 0.02


class DaemonNotStarted(Exception):
    """No daemon could be started; the text says why, with the end of its log."""


class Detach(Protocol):
    """Starts a program that outlives us: ``agents.runtime.process.spawn_detached``."""

    def __call__(self, argv: tuple[str, ...], *, env: Mapping[str, str], cwd: Path, log: Path, keep: int) -> None:
        """Start ``argv`` with its output appended to ``log`` and the descriptor ``keep`` held open."""


def daemon_argv() -> tuple[str, ...]:
    """Return the command that runs a daemon of this very installation.

    ``-P`` keeps the working directory off the module path: many projects have a folder called ``app``.
    """
    if getattr(sys, "frozen", False):
        return (sys.executable, "daemon", "run")
    return (sys.executable, "-P", "-m", "app", "daemon", "run")


def _detach(argv: tuple[str, ...], *, env: Mapping[str, str], cwd: Path, log: Path, keep: int) -> None:
    # Imported when needed only: process creation brings asyncio, which would double the start of every command.
    from agents.runtime.process import spawn_detached  # noqa: PLC0415

    spawn_detached(argv, env=env, cwd=cwd, log=log, keep=keep)


def ensure_daemon(home: Home, env: Mapping[str, str], detach: Detach = _detach) -> None:
    """Return once a daemon of ``home`` listens, starting it if needed. Raises DaemonNotStarted, HomeRefused."""
    if env.get("QUARTERDECK_AGENT"):
        raise DaemonNotStarted(
            "no daemon runs, and a process of an agent may not start one: it would end with the agent. "
            "Run `quarterdeck daemon start` in a shell of your own."
        )
    home.prepare()
    deadline = time.monotonic() + START_S
    with _start_lock(home.places, deadline):
        if _settled(home.places, deadline):
            return
        failures = []
        for launcher, prefix in _launchers(env):
            failure = _start(home, {**env, "QUARTERDECK_LAUNCHER": launcher}, (*prefix, *daemon_argv()), detach)
            if failure is None:
                return
            failures.append(failure)
        raise DaemonNotStarted("\n".join(failures))


def _settled(places: Places, deadline: float) -> bool:
    """Tell whether a daemon listens, once none is between two states.

    One that starts, hands over or was just killed has the lock of this home and would make ours end at once.
    """
    while not _is_up(places):
        if not _is_locked(places.daemon_lock):
            return False
        if time.monotonic() > deadline:
            raise DaemonNotStarted(
                f"a daemon has the lock {places.daemon_lock} but does not listen; the file names its process: end that"
            )
        time.sleep(_POLL_S)
    return True


def _is_locked(path: Path) -> bool:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)  # and with it a lock we got
    return False


def _launchers(env: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the ways to start, best first: a scope of its own outlives the session it was started from."""
    prefix = scope.prefix(env, "Quarterdeck daemon")
    if prefix:
        yield "systemd-scope", prefix
    yield "double-fork", ()


def _start(home: Home, env: Mapping[str, str], argv: tuple[str, ...], detach: Detach) -> str | None:
    """Start one way; return why it failed. The pipe's end is held by the daemon alone: EOF means that it ended."""
    told = home.log.stat().st_size if home.log.exists() else 0
    alive, keep = os.pipe()
    try:
        detach(argv, env=env, cwd=home.places.state, log=home.log, keep=keep)
    except OSError as error:
        os.close(alive)
        return f"the daemon could not be started: {error.strerror or error} ({argv[0]})"
    finally:
        os.close(keep)
    try:
        return _await(home, alive, told)
    finally:
        os.close(alive)


def _await(home: Home, alive: int, told: int) -> str | None:
    deadline = time.monotonic() + START_S
    ended = select.poll()
    ended.register(alive)
    while time.monotonic() < deadline:
        if _is_up(home.places):
            return None
        if ended.poll(_POLL_S * 1000):
            return None if _comes_up(home.places) else "the daemon ended while it started" + _tail(home.log, told)
    return f"the daemon does not listen after {START_S:.0f} s" + _tail(home.log, told)


def _comes_up(places: Places) -> bool:
    """Wait a moment for another daemon: ours also ends when one that is being replaced holds this home's lock."""
    deadline = time.monotonic() + 1
    while not _is_up(places):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _is_up(places: Places) -> bool:
    try:
        open_daemon(places).close()
    except OSError:
        return False
    return True


def _tail(log: Path, begin: int) -> str:
    """Return what the daemon logged since ``begin``, indented, with where to read all of it."""
    try:
        with log.open("rb") as file:
            file.seek(max(begin, file.seek(0, os.SEEK_END) - CHUNK))
            lines = file.read().decode("utf-8", "replace").splitlines()[-LOG_LINES:]
    except OSError as error:
        return f"; its log {log} cannot be read: {error.strerror}"
    if not lines:
        return f"; it wrote nothing to {log}"
    return f"; the end of {log}:\n" + "\n".join(f"  {line}" for line in lines)


@contextmanager
def _start_lock(places: Places, deadline: float) -> Iterator[None]:
    """Let one client at a time start a daemon; the kernel frees the lock of a client that dies."""
    lock = os.open(places.state / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DaemonNotStarted("another client has been starting the daemon for too long") from None
                time.sleep(_POLL_S)
        yield
    finally:
        os.close(lock)
