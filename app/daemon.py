"""The daemon: builds the supervisor and its door, and keeps them until it is told to go. A composition root.

One per home. Agents go on without it; it may be killed at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import logging
import logging.handlers
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from agents import wire
from agents.adapters.registry import Family, families
from agents.jsonrpc import ErrorCode, RpcError
from agents.runtime.places import Places
from agents.runtime.redact import Redactor
from agents.runtime.tree import VARIABLE, find_by_nonce
from agents.server.door import Identity, Server
from agents.server.peer import KernelProcesses
from agents.supervisor.fleet import Supervisor
from agents.supervisor.intents import NoSteps, Steps
from agents.supervisor.retention import Limits
from agents.supervisor.services import Clock, SystemClock
from agents.supervisor.unit import secrets_of
from app.version import VERSION

log = logging.getLogger(__name__)

#: Descriptors of the listening socket and the lock, passed over the exec of a hand-over.
INHERITED = "QUARTERDECK_HANDOVER"

#: How this daemon was started, for ``doctor``; set by whoever starts it.
LAUNCHER = "QUARTERDECK_LAUNCHER"

#: Clients that may wait to be accepted (all of them, during a hand-over).
BACKLOG = 256

#: Descriptors wanted: a socket, a journal and a transcript per agent, with room.
WANTED_FILES = 65536

LOG_BYTES = 4 * 1024 * 1024
LOG_FILES = 3


class AlreadyRunning(Exception):
    """Another daemon has the lock of this home; the text names its process."""


def hook_command() -> tuple[str, ...]:
    """Return what an agent's program runs to report a hook; the event follows."""
    if getattr(sys, "frozen", False):
        return (sys.executable, "hook")
    return (sys.executable, "-I", "-S", str(Path(__file__).with_name("hook.py")))


@dataclass
class Seams:
    """What tests replace: where a crash may fall, how a program is replaced, and what time it is."""

    steps: Steps = field(default_factory=NoSteps)
    families: Callable[[], Mapping[str, Family]] = families
    execute: Callable[[str, list[str], dict[str, str]], None] = os.execve
    out_limit: int | None = None
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=SystemClock)


def run(places: Places, *, environ: Mapping[str, str] | None = None, seams: Seams | None = None) -> int:
    """Be the daemon of this home until told to go; return the exit code."""
    environ = dict(os.environ if environ is None else environ)
    _set_up_log(places.state / "daemon.log", environ)
    inherited = environ.pop(INHERITED, "")
    launcher = environ.pop(LAUNCHER, "unknown")
    os.environ.pop(INHERITED, None)
    try:
        door = _Door.inherit(inherited) if inherited else _Door.take(places)
    except (AlreadyRunning, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 (a sentence for the user, no traceback)
        print(error, file=sys.stderr)  # noqa: T201 (the one who starts it reads this)
        return 1
    _raise_file_limit()
    environ.pop(VARIABLE, None)  # what we start belongs to its own agent, not to the one we were started from
    with asyncio.Runner() as runner:
        return runner.run(_Daemon(places, environ, door, launcher, seams or Seams()).run())


class _Door:
    """The listening socket and the lock, which belong together: the socket file is only touched under the lock."""

    def __init__(self, listener: socket.socket, lock: int) -> None:
        self.listener = listener
        self.lock = lock

    @classmethod
    def take(cls, places: Places) -> _Door:
        """Lock the home and listen. Raises AlreadyRunning, OSError."""
        for folder in (places.state, places.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(places.daemon_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise AlreadyRunning(f"a daemon already runs for {places.state} (process {holder})") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        path = places.daemon_socket
        path.unlink(missing_ok=True)  # stale: its daemon would hold the lock
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(BACKLOG)
        return cls(listener, lock)

    @classmethod
    def inherit(cls, text: str) -> _Door:
        """Take over what the daemon before us left open."""
        listening, lock = (int(part) for part in text.split(","))
        os.set_inheritable(listening, False)
        os.set_inheritable(lock, False)
        return cls(socket.socket(fileno=listening), lock)

    def lend(self) -> str:
        """Keep both open over an exec; return how the next program finds them."""
        os.set_inheritable(self.listener.fileno(), True)
        os.set_inheritable(self.lock, True)
        return f"{self.listener.fileno()},{self.lock}"

    def take_back(self) -> None:
        """Undo ``lend``: the exec failed."""
        os.set_inheritable(self.listener.fileno(), False)
        os.set_inheritable(self.lock, False)


class _Daemon:
    """The running daemon; also what clients may ask about it (``agents.server.methods.Control``)."""

    def __init__(self, places: Places, environ: dict[str, str], door: _Door, launcher: str, seams: Seams) -> None:
        self._places = places
        self._environ = environ
        self._door = door
        self._launcher = launcher
        self._seams = seams
        self._started = seams.clock.wall()
        self._epoch = ""
        self._ended = asyncio.Event()
        self._successor: tuple[str, ...] | None = None
        self._supervisor: Supervisor | None = None

    async def run(self) -> int:
        """Serve until ended; exec the successor if there is one."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        while True:
            self._ended.clear()
            self._epoch = _next_epoch(self._places.state / "epoch.json")
            log.info("daemon %s, process %s, epoch %s, home %s", VERSION, os.getpid(), self._epoch, self._places.state)
            await self._serve()
            if self._successor is None:
                log.info("the daemon ends; agents go on")
                self._places.daemon_socket.unlink(missing_ok=True)
                return 0
            self._replace(self._successor)
            self._successor = None

    async def _serve(self) -> None:
        """Supervise and listen until ended."""
        ready = asyncio.Event()
        limits = {} if self._seams.out_limit is None else {"out_limit": self._seams.out_limit}
        seams = self._seams
        supervisor = Supervisor(
            self._places,
            seams.families(),
            self._environ,
            steps=seams.steps,
            clock=seams.clock,
            limits=seams.limits,
            hook=hook_command(),
        )
        self._supervisor = supervisor
        server = Server(supervisor, self, Identity(VERSION, self._epoch), KernelProcesses(), **limits)
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(supervisor.run(ready))]
            await ready.wait()
            work.append(tasks.create_task(server.serve(self._door.listener.dup())))
            await self._ended.wait()
            server.close()
            await asyncio.sleep(0)  # what was just answered leaves before the connections do
            for task in reversed(work):
                task.cancel()

    # -- what clients may ask

    def status(self, clients: int) -> wire.DaemonStatus:
        """Return facts about the daemon."""
        supervisor = self._running()
        return wire.DaemonStatus(
            pid=os.getpid(),
            version=VERSION,
            agents=len(supervisor.roster.agents()),
            epoch=self._epoch,
            started=self._started,
            clients=clients,
            home=str(self._places.state),
            launcher=self._launcher,
            rss=psutil.Process().memory_info().rss,
            index_size=supervisor.index.size,
        )

    async def doctor(self, clients: int) -> wire.DoctorFacts:
        """Return leftovers, sizes and problems."""
        supervisor = self._running()
        ended = supervisor.roster.ended_nonces()
        leftovers, log_bytes = await asyncio.to_thread(_inspect, self._places, ended)
        return wire.DoctorFacts(
            status=self.status(clients),
            leftovers=leftovers,
            log_bytes=log_bytes,
            disk_free=shutil.disk_usage(self._places.state).free,
            problems=supervisor.kinds().problems,
        )

    async def stop(self, *, agents: bool) -> str:
        """Begin to stop the daemon, the agents first if asked."""
        if agents:
            await self._running().stop_agents()
        asyncio.get_running_loop().call_soon(self._ended.set)
        return "the agents were stopped; the daemon ends" if agents else "the daemon ends; agents go on"

    async def hand_over(self, argv: tuple[str, ...]) -> str:
        """Begin to replace the program by ``argv``."""
        program = shutil.which(argv[0], path=self._environ.get("PATH")) if argv else None
        if program is None:
            raise RpcError(ErrorCode.NOT_POSSIBLE, f"“{argv[0] if argv else ''}” cannot be executed; the daemon stays")
        self._successor = (program, *argv[1:])
        asyncio.get_running_loop().call_soon(self._ended.set)
        return f"the daemon is replaced by {program}; agents go on"

    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise RpcError(ErrorCode.NOT_POSSIBLE, "the daemon is starting")
        return self._supervisor

    def _replace(self, argv: tuple[str, ...]) -> None:
        """Exec the successor; come back only when that failed, and go on as we were."""
        env = {**self._environ, INHERITED: self._door.lend(), LAUNCHER: self._launcher}
        log.info("handing over to %s", " ".join(argv))
        for handler in logging.getLogger().handlers:
            handler.flush()
        try:
            self._seams.execute(argv[0], list(argv), env)
        except OSError as error:
            log.error("the hand-over to %s failed: %s; this daemon goes on", argv[0], error)  # noqa: TRY400
        self._door.take_back()


def _next_epoch(path: Path) -> str:
    """Count the daemons of this home; a file that is lost or torn is replaced by the time, which is larger."""
    try:
        number = int(json.loads(path.read_text("utf-8"))["epoch"]) + 1
    except (OSError, ValueError, KeyError, TypeError):
        number = time.time_ns()
    temporary = path.with_suffix(".new")
    try:
        temporary.write_text(json.dumps({"epoch": number}), "utf-8")
        temporary.replace(path)
    except OSError as error:
        log.warning("the epoch could not be kept: %s", error)
        number = time.time_ns()
    return f"{number:x}-{os.getpid():x}"  # the pid tells two homes copied from one another apart


def _inspect(places: Places, ended: Mapping[str, str]) -> tuple[tuple[wire.Leftover, ...], int]:
    """Find processes that carry a nonce of an ended agent, and add up the logs. Blocks: for a thread."""
    leftovers = []
    for nonce, agent in ended.items():
        for pid in find_by_nonce(nonce):
            with contextlib.suppress(psutil.Error):
                leftovers.append(wire.Leftover(pid, agent, " ".join(psutil.Process(pid).cmdline())[:200]))
    size = 0
    for path in (places.state / "agents").glob("*/*.log"):
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size
    return tuple(leftovers), size


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            log.warning("the limit of open files stays at %s: %s", soft, error)


class _Redacting(logging.Formatter):
    """Formats records without secrets."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self._redactor.text(super().format(record))


class _Rotating(logging.handlers.RotatingFileHandler):
    """A log that a full disk silences for a while, never a reason to fail."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (an override)
        """Leave out what cannot be written while the disk is full; anything else is told as always."""
        error = sys.exc_info()[1]
        if not (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
            super().handleError(record)


def _set_up_log(path: Path, environ: Mapping[str, str]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = _Rotating(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    path.chmod(0o600)
    handler.setFormatter(_Redacting(Redactor(secrets_of(dict(environ)))))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
