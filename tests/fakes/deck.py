"""A whole Quarterdeck in a home of its own, with its real daemon and real keepers, for tests from the outside.

Short paths (sockets), nothing of the user's, and at the end nothing is left: no process, no file.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from agents.model import AgentId, AgentRow, Block
from agents.runtime import tree
from agents.wire import (
    AgentRef,
    AnswerRequest,
    PageTranscript,
    Run,
    Send,
    Shown,
    Started,
    StopDaemon,
    Wait,
    Waited,
)
from app.client.blocking import BlockingClient, connect
from app.paths import Home, home_from

#: Seconds anything may take: a guard against a wedged daemon, no expectation.
LIMIT_S = 60.0

#: Seconds in which what an agent's end left behind is ended too, by its keeper.
LEFTOVERS_S = 10.0


class Deck:
    """Owns the home and its daemon; a context manager for one test, used from one thread."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
        outer = {k: v for k, v in os.environ.items() if not k.startswith(("QUARTERDECK", "PYTEST", "COV_"))}
        home = {"QUARTERDECK_HOME": str(self.root / "home"), "QUARTERDECK_LEASES": str(self.root / "leases")}
        self.env = outer | home | dict(env or {})
        self.home: Home = home_from(self.env)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.home.places.state.exists():
            with self.client() as client:
                pid = client.welcome.pid
                start = tree.identity(pid)
                client.call("daemon.stop", StopDaemon(agents=True), timeout=LIMIT_S)
            wait_until(lambda: start is None or not tree.is_same(pid, start), f"daemon {pid} ends")
        if self.home.has_short_sockets:
            shutil.rmtree(self.home.places.sockets, ignore_errors=True)
        left = self._leftovers()
        shutil.rmtree(self.root)
        assert not left, f"left behind: {left}"

    # -- the daemon

    def client(self) -> BlockingClient:
        """Return a new connection; the daemon is started when it does not run."""
        return connect(self.home, self.env)

    def call(self, method: str, params: msgspec.Struct, timeout: float = LIMIT_S) -> Any:
        """Call once, on a connection of its own: what is tested must not depend on a connection that lives."""
        with self.client() as client:
            return client.call(method, params, timeout=timeout)

    def kill_daemon(self) -> int:
        """Kill the daemon with -9 and wait until it is gone; return its pid."""
        with self.client() as client:
            pid = client.welcome.pid
        start = tree.identity(pid)
        assert start is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not tree.is_same(pid, start), f"daemon {pid} dies")
        return pid

    # -- agents

    def repository(self, name: str = "repo") -> Path:
        """Make a git repository with one commit."""
        path = self.root / name
        for argv in (
            ["init", "-q", "-b", "main", str(path)],
            ["-C", str(path), *_AUTHOR, "commit", "-qm", "x", _EMPTY],
        ):
            subprocess.run(["git", *argv], check=True)
        return path

    def run(self, kind: str, project: Path, **more: Any) -> AgentId:
        """Start an agent and return its id."""
        started: Started = self.call("agent.run", Run(kind, str(project), **more))
        return started.id

    def row(self, agent: AgentId) -> AgentRow:
        """Return the agent's row."""
        shown: Shown = self.call("agent.show", AgentRef(agent))
        return shown.row

    def wait(self, agent: AgentId, until: str, turn: int | None = None) -> AgentRow:
        """Wait until the daemon says so; fail naming what it reached instead."""
        waited: Waited = self.call("agent.wait", Wait(agent, until, turn, LIMIT_S), timeout=LIMIT_S + 5)
        assert waited.reached == until, f"{waited.reached}: {waited.row.headline} {waited.row.reason}"
        return waited.row

    def wait_row(self, agent: AgentId, fact: Callable[[AgentRow], bool], what: str) -> AgentRow:
        """Wait until a fact about the row holds."""
        wait_until(lambda: fact(self.row(agent)), what)
        return self.row(agent)

    def answer(self, agent: AgentId, decision: str, **more: Any) -> None:
        """Decide the agent's only open request."""
        self.call("agent.answer", AnswerRequest(agent, decision, **more))

    def send(self, agent: AgentId, text: str) -> int:
        """Send a message and return its turn."""
        turn: int = self.call("agent.send", Send(agent, text)).turn
        return turn

    def blocks(self, agent: AgentId) -> tuple[Block, ...]:
        """Return the transcript."""
        blocks: tuple[Block, ...] = self.call("transcript.page", PageTranscript(agent, None, 1000)).blocks
        return blocks

    def processes(self, agent: AgentId = "") -> list[str]:
        """Return the processes that carry the mark of this agent, or of any agent of this home."""
        return [f"{pid} {_command(pid)}" for pid in tree.table() if self._is_ours(pid, agent)]

    def _leftovers(self) -> list[str]:
        """Return what still runs once the keepers had the time they take to end what an agent left behind."""
        deadline = time.monotonic() + LEFTOVERS_S
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    def _is_ours(self, pid: int, agent: AgentId) -> bool:
        marker = tree.marker_of(pid)
        return marker is not None and marker.partition(":")[0] in ({agent} if agent else self._agents())

    def _agents(self) -> set[str]:
        folder = self.home.places.state / "agents"
        return {path.name for path in folder.iterdir()} if folder.is_dir() else set()

    # -- the command line

    def cli(self, *argv: str, code: int = 0) -> str:
        """Run a command line as a user does; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "app", *argv], env=self.env, text=True, capture_output=True, check=False, timeout=90
        )
        assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def cli_json(self, *argv: str) -> Any:
        """Run a command line with --json; return what it says."""
        return json.loads(self.cli(*argv, "--json"))


_AUTHOR = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
_EMPTY = "--allow-empty"


def wait_until(fact: Callable[[], bool], what: str) -> None:
    """Wait for a fact that nobody tells us about."""
    deadline = time.monotonic() + LIMIT_S
    while not fact():
        assert time.monotonic() < deadline, f"waited {LIMIT_S:.0f} s: {what}"
        time.sleep(0.02)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return "gone"
