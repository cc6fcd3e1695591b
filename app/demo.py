"""The demo fleet: six scripted agents at work in two real, throw-away repositories; no key, no network.

Qt-free. Everything lies under one temporary directory with a daemon of its own, and is gone when the fleet is
left, also by Ctrl-C; what a killed demo left behind is removed by the next one.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import msgspec

from agents.jsonrpc import RpcError
from agents.model import AgentRow, Blocked, Lifecycle, Turn
from agents.runtime.tree import identity, is_same
from agents.wire import Input, Run, Started, StopDaemon
from app.client.api import Caller, ConnectionLost
from app.client.blocking import connect
from app.client.launch import DaemonNotStarted
from app.fleet import Fleet
from app.paths import Home, HomeRefused, home_from

#: Seconds the fleet may take until it is where the pictures are taken, and its daemon until it has stopped.
SETTLE_S = 60.0
STOP_S = 30.0

_log = logging.getLogger(__name__)

PREFIX = "qd-demo-"
_OWNER = "owner"
_PROJECTS = Path(__file__).resolve().parent.parent / "resources" / "demo" / "project"

#: Commits of each demo repository: message and what it adds. What no commit names is left out.
_HISTORY: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "storefront": (
        ("Sessions of signed-in customers", (".gitignore", "README.md", "storefront")),
        ("Test sessions and totals", ("tests",)),
        ("Describe the login", ("docs",)),
    ),
    "tidelog": (
        ("Parse access logs, say what was slow", (".gitignore", "README.md", "tidelog")),
        ("Test the parser", ("tests",)),
        ("Measure it, and describe it", ("tools", "docs")),
    ),
}


class DemoFailed(Exception):
    """The demo cannot go on; the text says why and what to do."""


class Member(msgspec.Struct, frozen=True):
    """One scripted agent. ``settled`` tells from its row whether it is where the demo wants it.

    ``least_pace`` keeps one at work while the others are hurried to where they wait.
    """

    name: str
    kind: str
    project: str
    prompt: str
    settled: Callable[[AgentRow], bool]
    least_pace: float = 0.0


CAST = (
    Member(
        "fix-login",
        "demo-edit",
        "storefront",
        "Customers are signed out at once, and expired sessions still work. Find out why and fix it.",
        lambda row: sum(entry.status == "completed" for entry in row.plan) >= 2,
        least_pace=1.0,
    ),
    Member(
        "docs-pass",
        "demo-permission",
        "storefront",
        "Compare docs/login.md with the code and correct what is wrong.",
        lambda row: row.blocked is Blocked.PERMISSION,
    ),
    Member(
        "cart-rounding",
        "demo-question",
        "storefront",
        "Totals are a cent off now and then. Make the rounding right.",
        lambda row: row.blocked is Blocked.QUESTION,
    ),
    Member(
        "perf-hunt",
        "demo-quick",
        "tidelog",
        "Where does the parser spend its time? Measure, change nothing.",
        lambda row: row.turn_number > 0 and row.turn in (Turn.IDLE, Turn.DONE),
    ),
    Member(
        "nightly-report",
        "demo-failing",
        "tidelog",
        "Write the report of last night's slowest paths.",
        lambda row: row.turn is Turn.ERROR,
    ),
    Member(
        "import-check",
        "demo-flood",
        "tidelog",
        "Check all rotated logs for broken lines.",
        lambda row: row.lifecycle is Lifecycle.EXITED,
    ),
)

#: Programs in terminals, for the pictures: they begin once the cast is settled and so come behind it in the queue.
TERMINALS = (
    Member(
        "cache-headers",
        "demo-report",
        "storefront",
        "Responses for signed-in customers are cached. Send the right headers.",
        lambda row: row.blocked is Blocked.PERMISSION and bool(row.requests),
    ),
    Member(
        "log-rotation",
        "demo-screen",
        "tidelog",
        "A line that is cut in two by the rotation is counted twice. Count it once.",
        lambda row: row.blocked is Blocked.PERMISSION and bool(row.requests),
    ),
)


#: The shell beside the first of them, the same on every machine, and what is typed into it.
_SHELL = ("/bin/sh", "-i")
_SHELL_ENV = {"PS1": "storefront $ ", "ENV": "", "GIT_PAGER": "cat", "GIT_CONFIG_GLOBAL": os.devnull}
_TYPED = b"git log --oneline; git status -sb\r"


class DemoFleet:
    """Owns the temporary directory, its repositories and its daemon; used as a context manager by one thread."""

    home: Home
    env: dict[str, str]
    root: Path

    def __init__(self, env: Mapping[str, str], *, pace: float = 1.0, folder: Path | None = None) -> None:
        """Play at ``pace`` (pauses are multiplied by it, 0 = none) under ``folder`` (default: /tmp)."""
        self._outer_env = dict(env)
        self._pace = pace
        self._stack = ExitStack()
        # Not the user's TMPDIR: sockets need a short path.
        self._folder = folder or Path("/tmp")  # noqa: S108 (a fresh 0700 directory is made in it)

    def __enter__(self) -> Self:
        sweep(self._folder, self._outer_env)
        self.root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._folder))
        (self.root / _OWNER).write_text(f"{os.getpid()} {identity(os.getpid())}")
        self.env = _demo_env(self._outer_env, self.root)
        self.home = home_from(self.env)
        try:
            for project in _HISTORY:
                make_repository(project, self.root / project)
        except BaseException:
            shutil.rmtree(self.root)
            raise
        self._stack.enter_context(_ending_signals())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack, _interrupts_ignored():
            tear_down(self.root, self.env)

    @property
    def projects(self) -> tuple[Path, ...]:
        """Return the repositories."""
        return tuple(self.root / project for project in _HISTORY)

    def runs(self) -> tuple[Run, ...]:
        """Return what starts the cast, in order."""
        return tuple(self._run(member) for member in CAST)

    def prepare(self) -> None:
        """Start the daemon and the cast. Raises DemoFailed."""
        with _named_failures(), connect(self.home, self.env) as client:
            for run in self.runs():
                client.call("agent.run", run)

    async def prepare_through(self, caller: Caller) -> None:
        """Start the cast through a connection of the caller's. Raises DemoFailed."""
        with _named_failures():
            for run in self.runs():
                await caller.call("agent.run", run)

    def add_terminals(self) -> None:
        """Start the programs in terminals beside the cast, and a shell beside the first of them. Raises DemoFailed."""
        with _named_failures(), connect(self.home, self.env) as client:
            started: list[Started] = [client.call("agent.run", self._run(member)) for member in TERMINALS]
            project = str(self.root / TERMINALS[0].project)
            shell = Run("shell", project, argv=_SHELL, env=_SHELL_ENV, pty=True, terminal_of=started[0].id)
            beside: Started = client.call("agent.run", shell)
            client.call("agent.input", Input(beside.id, _TYPED))

    def settle(self, timeout: float = SETTLE_S, *, cast: Sequence[Member] = CAST) -> tuple[AgentRow, ...]:
        """Wait until ``cast`` is where the demo wants it; return all rows. Raises DemoFailed naming who is not."""
        deadline = time.monotonic() + timeout
        fleet = Fleet()
        with _named_failures(), connect(self.home, self.env, subscribe=True) as client:
            if client.welcome.snapshot is None:
                raise DemoFailed("the demo's daemon sent no snapshot")
            fleet.reset(client.welcome.snapshot)
            while missing := unsettled(fleet.rows(), cast):
                event = client.next_event(max(0.0, deadline - time.monotonic()))
                if event is None:
                    raise DemoFailed(f"after {timeout:.0f} s not where they should be: {'; '.join(missing)}")
                fleet.apply(event)
            return fleet.rows()

    def _run(self, member: Member) -> Run:
        env = {
            "QUARTERDECK_DEMO_PACE": str(max(self._pace, member.least_pace)),
            "QUARTERDECK_DEMO_STATE": str(self.root / "sessions"),
            # The agents run the projects' tests; git status shall show their edits and nothing else.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        project = str(self.root / member.project)
        return Run(member.kind, project, name=member.name, prompt=member.prompt, env=env, labels=("demo",))


def unsettled(rows: Sequence[AgentRow], cast: Sequence[Member] = CAST) -> list[str]:
    """Return who of ``cast`` is not where the demo wants it, with what it does instead."""
    by_name = {row.name: row for row in rows}
    missing = []
    for member in cast:
        row = by_name.get(member.name)
        if row is None:
            missing.append(f"{member.name} is not there")
        elif not member.settled(row):
            missing.append(f"{member.name} ({row.lifecycle}, {row.headline})")
    return missing


# ---------------------------------------------------------------- repositories


def make_repository(project: str, target: Path) -> None:
    """Make ``target`` a git repository with the history of a demo project. Raises DemoFailed without git."""
    shutil.copytree(_PROJECTS / project, target, ignore=shutil.ignore_patterns("__pycache__"))
    # Kept under another name so that it does not apply to our own repository.
    (target / "gitignore").rename(target / ".gitignore")
    _git(target, "init", "--quiet", "--initial-branch=main")
    for day, (message, paths) in enumerate(_HISTORY[project], start=2):
        _git(target, "add", "--", *paths)
        _git(target, "commit", "--quiet", "--message", message, date=f"2026-11-{day:02}T10:00:00+00:00")


def _git(folder: Path, *argv: str, date: str = "") -> None:
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        # Neither the user's hooks and signing keys nor a repository around us shall matter.
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada Demo",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada Demo",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        **({"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}),
    }
    try:
        done = subprocess.run(["git", *argv], cwd=folder, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise DemoFailed("the demo works in git repositories and git is not on PATH: install git") from None
    if done.returncode:
        raise DemoFailed(f"git {argv[0]} failed in {folder}: {done.stderr.strip()}")


# ---------------------------------------------------------------- ending


def tear_down(root: Path, env: Mapping[str, str]) -> None:
    """Stop the agents and the daemon of a demo and remove its files. Raises DemoFailed when they do not stop."""
    home = home_from(env)
    if home.places.state.exists():
        with _named_failures(f"the demo did not stop cleanly; its files are in {root}"):
            # Started again if it was killed: only a daemon finds and ends the agents that go on without one.
            with connect(home, env) as client:
                pid = client.welcome.pid
                started = identity(pid)
                client.call("daemon.stop", StopDaemon(agents=True), timeout=STOP_S)
            _await_end(pid, started)
    if home.has_short_sockets:
        shutil.rmtree(home.places.sockets, ignore_errors=True)
    shutil.rmtree(root)


def sweep(folder: Path, env: Mapping[str, str]) -> None:
    """Remove the demos in ``folder`` whose owner was killed before it could."""
    for root in folder.glob(f"{PREFIX}*"):
        if root.stat().st_uid != os.getuid() or _is_owned(root):
            continue
        try:
            tear_down(root, _demo_env(env, root))
        except (DemoFailed, HomeRefused) as problem:
            # An older demo that does not go away is no reason to refuse a new one.
            _log.warning("%s", problem)


def _is_owned(root: Path) -> bool:
    try:
        pid, start = (int(word) for word in (root / _OWNER).read_text().split())
    except (FileNotFoundError, ValueError):
        return True  # just being made by another demo, or not one of ours: not ours to remove
    return is_same(pid, start)


def _demo_env(env: Mapping[str, str], root: Path) -> dict[str, str]:
    # A demo started by an agent is a fleet of its own, not a part of that agent.
    outer = {name: value for name, value in env.items() if name != "QUARTERDECK_AGENT"}
    return outer | {"QUARTERDECK_HOME": str(root / "home"), "QUARTERDECK_LEASES": str(root / "home" / "leases")}


def _await_end(pid: int, started: int | None) -> None:
    deadline = time.monotonic() + STOP_S
    while started is not None and is_same(pid, started):
        if time.monotonic() > deadline:
            raise DemoFailed(f"the demo's daemon (pid {pid}) does not end")
        time.sleep(0.01)


@contextmanager
def _named_failures(what: str = "the demo cannot go on") -> Iterator[None]:
    try:
        yield
    except (RpcError, ConnectionLost, DaemonNotStarted) as failure:
        raise DemoFailed(f"{what}: {failure}") from failure


@contextmanager
def _ending_signals() -> Iterator[None]:
    """Let a termination unwind the stack, so that the fleet is torn down; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _unwind) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        _restore(before)


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
        _restore(before)


def _unwind(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _restore(handlers: Mapping[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
