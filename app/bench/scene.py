"""A home for measuring: its own daemon, its own agents, and nothing left of either afterwards, also on Ctrl-C.

Measures nothing itself. Everything lies under one directory in /tmp.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from agents.model import AgentRow
from agents.runtime.tree import identity, is_same
from agents.wire import AgentRef, ListAgents, Run, Send, Started, StopDaemon
from app.client.blocking import BlockingClient, NoDaemon, connect
from app.fleet import Fleet
from app.paths import Home, home_from

#: Seconds a step of a benchmark may take; beyond that something is wrong and it says what.
STEP_S = 180.0

#: Seconds agents and daemon get to end.
STOP_S = 60.0

_AGENT = Path(__file__).resolve().parents[2] / "resources" / "bench" / "agent.py"
_PREFIX = "qd-bench-"
_NOT_OURS = frozenset({"QUARTERDECK_AGENT", "PYTHONDONTWRITEBYTECODE"})


class BenchFailed(Exception):
    """A benchmark could not be carried out; the text says at what."""


def say(text: str) -> None:
    """Tell how far we are, on stderr."""
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


class Scene:
    """Owns one home and its daemon; used by one thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = _environment(root)
        self.home: Home = home_from(self.env)
        self.work = root / "work"
        self.work.mkdir()

    def client(self, *, subscribe: bool = False) -> BlockingClient:
        """Return a connection, starting the daemon if there is none."""
        return connect(self.home, self.env, subscribe=subscribe)

    def daemon(self) -> int:
        """Return the daemon's process id; it is started if there is none."""
        with self.client() as client:
            return client.welcome.pid

    def kill_daemon(self) -> None:
        """Kill the daemon as a crash would; return once it is gone."""
        pid = self.daemon()
        started = identity(pid)
        os.kill(pid, signal.SIGKILL)
        await_end(pid, started)

    def stop_daemon(self, *, agents: bool) -> None:
        """Stop the daemon, the agents first if asked."""
        try:
            client = connect(self.home, self.env, start=agents)
        except NoDaemon:
            return
        with client:
            pid = client.welcome.pid
            started = identity(pid)
            client.call("daemon.stop", StopDaemon(agents=agents), timeout=STOP_S)
        await_end(pid, started)

    def scripted(self, client: BlockingClient, plan: Mapping[str, Any], prompt: str | None = "measure") -> Started:
        """Start an ACP agent that plays ``plan`` (resources/bench/agent.py)."""
        argv = (sys.executable, "-I", "-S", str(_AGENT), json.dumps(plan))
        return self._run(client, Run("acp", str(self.work), argv=argv, prompt=prompt))

    def shell(self, client: BlockingClient, script: str, *, pty: bool = False) -> Started:
        """Start a POSIX shell script as an agent without a protocol."""
        return self.program(client, ("/bin/sh", "-c", script), pty=pty)

    def program(self, client: BlockingClient, argv: tuple[str, ...], *, pty: bool = False) -> Started:
        """Start a program as an agent without a protocol."""
        return self._run(client, Run("shell", str(self.work), argv=argv, pty=pty))

    def send(self, client: BlockingClient, agent: str, text: str) -> None:
        """Send an agent a message."""
        client.call("agent.send", Send(agent, text))

    def rows(self, client: BlockingClient) -> tuple[AgentRow, ...]:
        """Return the fleet's rows."""
        rows: tuple[AgentRow, ...] = client.call("agent.list", ListAgents()).agents
        return rows

    def fifo(self, name: str) -> Path:
        """Make a FIFO that holds back whoever opens it for reading."""
        path = self.root / name
        os.mkfifo(path, 0o600)
        return path

    def _run(self, client: BlockingClient, order: Run) -> Started:
        started: Started = client.call("agent.run", order)
        if started.pid is None:
            row = client.call("agent.show", AgentRef(started.id)).row
            raise BenchFailed(f"agent {started.name} could not be started: {row.headline} {row.reason}")
        return started


@contextmanager
def scene() -> Iterator[Scene]:
    """Make a home, and end and remove all of it afterwards."""
    root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))
    made = Scene(root)
    try:
        yield made
    finally:
        with _interrupts_ignored():
            if made.home.places.daemon_lock.exists():
                made.stop_daemon(agents=True)
            shutil.rmtree(root)


@contextmanager
def ending_signals() -> Iterator[None]:
    """Let a termination unwind the stack, so that every scene is torn down; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _unwind) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(
    client: BlockingClient, reached: Callable[[tuple[AgentRow, ...]], bool], what: str, timeout: float = STEP_S
) -> Fleet:
    """Fold the events of a subscribed client until ``reached``; return the fleet. Raises BenchFailed."""
    fleet = Fleet()
    if client.welcome.snapshot is None:
        raise BenchFailed("the daemon sent no snapshot")
    fleet.reset(client.welcome.snapshot)
    deadline = time.monotonic() + timeout
    while not reached(fleet.rows()):
        event = client.next_event(max(0.0, deadline - time.monotonic()))
        if event is None:
            raise BenchFailed(f"after {timeout:.0f} s still waiting for: {what}")
        fleet.apply(event)
    return fleet


def await_fact(fact: Callable[[], bool], what: str, timeout: float = STEP_S, every: float = 0.002) -> None:
    """Wait until something outside our processes holds. Raises BenchFailed."""
    deadline = time.monotonic() + timeout
    while not fact():
        if time.monotonic() > deadline:
            raise BenchFailed(f"after {timeout:.0f} s still waiting for: {what}")
        time.sleep(every)


def await_end(pid: int, started: int | None) -> None:
    """Wait until a process is gone."""
    if started is not None:
        await_fact(lambda: not is_same(pid, started), f"the end of process {pid}", STOP_S)


def release(fifo: Path) -> None:
    """Let go whoever waits for ``fifo``: opens it for writing and closes it."""
    fifo.open("wb").close()


def _environment(root: Path) -> dict[str, str]:
    # A benchmark started by an agent is a fleet of its own, not a part of that agent.
    outer = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    return outer | {
        "QUARTERDECK_HOME": str(root / "home"),
        "QUARTERDECK_LEASES": str(root / "leases"),
        # As installed, programs start from byte code, wherever we were started from; the first start makes it.
        "PYTHONPYCACHEPREFIX": str(root / "bytecode"),
    }


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let a second Ctrl-C not cut the tear-down short: it is bounded by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unwind(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
