"""The one home of process creation: keepers, detached programs, and short commands with a time limit.

Every process made here has an owner: keepers and detached programs leave us at once and belong to nobody, a
command belongs to the call that awaits it. Decides nothing about agents.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import functools
import hashlib
import logging
import os
import py_compile
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import msgspec

from agents.runtime import scope
from agents.runtime.directory import AgentDirectory, write_durably
from agents.runtime.places import Places
from agents.runtime.rawlog import SEGMENT

log = logging.getLogger(__name__)

#: Seconds a keeper may need until its socket listens; it needs some tens of milliseconds.
START_S = 20.0

#: Parts of the keeper in the order they are bundled; each may use those before it.
_PARTS = ("codec", "table", "store", "client", "door", "input", "ladder", "child")

#: What the interpreter of a keeper may need from our environment; the agent gets its own.
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_DETACH = "import os, sys\nif os.fork(): os._exit(0)\nos.execv(sys.argv[1], sys.argv[1:])"


class Launch(msgspec.Struct, frozen=True):
    """What a keeper is told on its stdin (docs/reference/keeper-protocol.md, "Launch").

    ``env`` is the agent's whole environment. ``nofile`` is the agent's soft limit of open files, 0 for ours.
    """

    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    socket: str
    secret: str
    pty: bool = False
    rows: int = 40
    cols: int = 120
    incarnation: int = 1
    grace: dict[str, float] = {}
    segment: int = SEGMENT
    nofile: int = 0
    v: int = 1


class KeeperNotStarted(OSError):
    """A keeper did not come up; the text says what it said."""


class Finished(msgspec.Struct, frozen=True):
    """How a short command ended; ``code`` is negative for a signal."""

    code: int
    out: bytes
    err: bytes


async def spawn_keeper(directory: AgentDirectory, launch: Launch, places: Places) -> int:
    """Start a keeper and return its pid once its socket takes connections. Raises KeeperNotStarted, OSError.

    Whether the agent itself could be started is the keeper's to say (``KeeperListener.on_exit``).
    """
    return await asyncio.to_thread(_start_apart, install_keeper(places.keepers), directory, launch)


def _start_apart(program: Path, directory: AgentDirectory, launch: Launch) -> int:
    """Start it in a scope of its own where that works: in the daemon's, what ends that or eats its memory ends all."""
    prefix = scope.prefix(os.environ, f"Quarterdeck agent {directory.path.name}")
    if prefix:
        try:
            return start_keeper(program, directory, launch, prefix)
        except OSError as error:
            log.info("no scope for the keeper of %s, it starts without: %s", directory.path.name, error)
    return start_keeper(program, directory, launch)


def start_keeper(program: Path, directory: AgentDirectory, launch: Launch, prefix: tuple[str, ...] = ()) -> int:
    """Run one keeper file; see ``spawn_keeper``. Blocks for some tens of milliseconds."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    errors = os.open(directory.keeper_errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        starter = subprocess.Popen(
            [*prefix, sys.executable, "-I", "-S", str(program), str(directory.path.absolute())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd="/",
            env={**kept, **scope.variables(os.environ)} if prefix else kept,
            start_new_session=True,
        )
    finally:
        os.close(errors)
    with starter:
        try:
            said, _ = starter.communicate(msgspec.json.encode(launch), timeout=START_S)
        except subprocess.TimeoutExpired:
            os.killpg(starter.pid, signal.SIGKILL)
            raise KeeperNotStarted(f"the keeper of {directory.path} did not start within {START_S:.0f} s") from None
    if not said:
        why = directory.keeper_errors.read_text("utf-8", "replace").strip().rpartition("\n")[2]
        raise KeeperNotStarted(f"the keeper of {directory.path} did not start: {why or 'it said nothing'}")
    return int(said)


def bundle() -> bytes:
    """Return the keeper as one file: its parts joined, without the imports among them."""
    here = Path(__file__).parent
    texts = [(here / "keep" / f"{part}.py").read_text("utf-8") for part in _PARTS]
    texts.append((here / "keeper.py").read_text("utf-8"))
    body = "\n\n".join(_without_own_imports(text) for text in texts)
    return ("from __future__ import annotations\n\n" + body).encode("utf-8")


def _without_own_imports(source: str) -> str:
    lines = source.splitlines()
    for node in ast.parse(source).body:
        own = isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in {"__future__", "agents"}
        if own:
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(lines).strip() + "\n"


def install_keeper(keepers: Path) -> Path:
    """Put the keeper's own copy in place and return the compiled file: compiling takes longer than starting."""
    path = _install(keepers)
    if not path.exists():
        _install.cache_clear()
        path = _install(keepers)
    return path


@functools.cache
def _install(keepers: Path) -> Path:
    # Once a process, whatever lies there: a crash of the machine may have torn the files.
    source = bundle()
    keepers.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = keepers / f"keeper-{hashlib.sha256(source).hexdigest()[:16]}.py"
    compiled = path.with_suffix(f".{sys.implementation.cache_tag}.pyc")
    write_durably(path, source)
    path.chmod(0o700)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(path), cfile=str(compiled), doraise=True, optimize=2, invalidation_mode=mode)
    return compiled


def spawn_detached(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, keep: int) -> None:
    """Start a program that belongs to nobody, in its own session, its output appended to ``log``.

    The descriptor ``keep`` stays open in it: its end tells the caller that the program ended. Raises OSError
    when the program does not exist.
    """
    program = find_program(argv[0], env)
    with log.open("ab") as output:
        starter = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _DETACH, program, *argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=dict(env),
            start_new_session=True,
            pass_fds=(keep,),
        )
    with starter:
        code = starter.wait(START_S)
    if code:
        raise OSError(f"{argv[0]} could not be started; see {log}")


def find_program(name: str, env: Mapping[str, str]) -> str:
    """Return the path of a program as a shell with ``env`` would find it. Raises FileNotFoundError naming it."""
    found = shutil.which(name, path=env.get("PATH", os.defpath))
    if found is None:
        raise FileNotFoundError(2, "no such program", name)
    return found


async def run_once(  # noqa: PLR0913  what a command is
    argv: Sequence[str],
    timeout: float,  # noqa: ASYNC109  the command is killed at its end, not only waited for
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    data: bytes = b"",
    until: Callable[[bytes], bool] | None = None,
    limit: int = 4 * 1024 * 1024,
) -> Finished:
    """Run a short command and return how it ended, with up to ``limit`` bytes of each output.

    With ``until`` its input stays open, and it is killed once its output is what is waited for; its code is then 0.
    On timeout, cancellation or too much output the command and its session are killed. Raises TimeoutError,
    OSError (FileNotFoundError names the missing program), ValueError for too much output.
    """
    program = find_program(argv[0], os.environ if env is None else env)
    transport, command = await asyncio.get_running_loop().subprocess_exec(
        lambda: _Command(limit, until),
        program,
        *argv[1:],
        cwd=cwd,
        env=None if env is None else dict(env),
        start_new_session=True,
    )
    try:
        stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
        stdin.write(data)
        if until is None:
            stdin.write_eof()
        async with asyncio.timeout(timeout):
            await command.done
        code = transport.get_returncode()
        return Finished(0 if code is None else code, bytes(command.output[1]), bytes(command.output[2]))
    except TimeoutError:
        raise TimeoutError(f"{argv[0]} did not end within {timeout:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        # Closed only once its end was seen: closing asks for it too, and whoever asks second finds no such process.
        try:
            await command.exited
        finally:
            transport.close()


class _Command(asyncio.SubprocessProtocol):
    """Collects what a command writes; ``done`` once it ended and both outputs did, or wrote too much."""

    def __init__(self, limit: int, until: Callable[[bytes], bool] | None = None) -> None:
        self._limit = limit
        self._until = until
        self._transport: asyncio.SubprocessTransport | None = None
        self._open = {1, 2}
        self.output = {1: bytearray(), 2: bytearray()}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, for the end of the input (called by asyncio)."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep output (called by asyncio)."""
        self.output[fd] += data
        if fd == 1 and self._until is not None and self._until(bytes(self.output[1])):
            self._until = None
            self._end()
        if len(self.output[fd]) > self._limit and not self.done.done():
            self.done.set_exception(ValueError(f"more than {self._limit} bytes of output"))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note the end of an output; a command need not read its input (called by asyncio)."""
        self._open.discard(fd)
        self._settle()

    def process_exited(self) -> None:
        """Note the end of the command (called by asyncio)."""
        self.exited.set_result(None)
        self._settle()

    def _end(self) -> None:
        """Stop listening: what was waited for is there. Whoever runs the command kills what is left of it."""
        if not self.done.done():
            self.done.set_result(None)

    def _settle(self) -> None:
        if self.exited.done() and not self._open and not self.done.done():
            self.done.set_result(None)


@contextlib.contextmanager
def companion(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for as long as the block lasts; the caller reads its stdout. It and its session are then killed.

    Raises OSError (FileNotFoundError names the missing program).
    """
    process = subprocess.Popen(
        [find_program(argv[0], env), *argv[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=dict(env),
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
