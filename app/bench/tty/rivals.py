"""Other terminals doing the same beside ours: tmux on a pty of ours, xterm on a display of its own.

Says by name which of them is not installed. Each is started without its user's configuration and ended at the end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator

import msgspec

from agents.runtime.process import companion
from agents.runtime.tree import identity
from app.bench import usage
from app.bench.control import tmux_asked
from app.bench.scene import BenchFailed, Scene, await_end, await_fact, release
from app.bench.tty import pty
from app.bench.tty.texts import COLS, ROWS

#: Prints a file on its terminal whenever the gate opens, asks then where the cursor is, and writes down how many
#: seconds it took until the terminal, which answers in order, did so.
_PRINTER = """
import os, sys, time, tty
path, gate, told = sys.argv[1:]
tty.setraw(0)
data = open(path, "rb").read()
while True:
    open(gate, "rb").read()
    begun, left = time.perf_counter(), memoryview(data)
    while left:
        left = left[os.write(1, left[:65536]):]
    os.write(1, b"\\x1b[6n")
    while b"R" not in os.read(0, 64):
        pass
    with open(told + ".new", "w") as out:
        out.write(str(time.perf_counter() - begun))
    os.rename(told + ".new", told)
"""


class Taken(msgspec.Struct, frozen=True):
    """What a terminal needed to take something in: seconds, and seconds of the processor."""

    wall: float
    cpu: float


def missing(name: str) -> str:
    """Return why a rival (or the display it needs) cannot be measured here, empty when it can."""
    for program in (name, "Xvfb") if name == "xterm" else (name,):
        if shutil.which(program) is None:
            return f"{name} not measured: {program} is not installed"
    return ""


# ---------------------------------------------------------------- tmux


class Tmux:
    """A tmux server of our own and one client of it, which is drawn on a pty of ours."""

    def __init__(self, server: tuple[str, ...], client: pty.Pty) -> None:
        self._server = server
        self.client = client
        self.pid = int(self.run("display-message", "-p", "#{pid}"))

    def run(self, *command: str) -> str:
        """Run one command of tmux and return what it prints."""
        return tmux_asked(*self._server, *command)


@contextlib.contextmanager
def tmux(stage: Scene, *program: str) -> Iterator[Tmux | None]:
    """Run ``program`` in tmux, attached; ``None`` where there is no tmux."""
    path = shutil.which("tmux")
    if path is None:
        yield None
        return
    server = (path, "-f", os.devnull, "-u", "-S", str(stage.root / "tmux-seen"))
    with pty.running((*server, "new-session", *program), stage.env, ROWS, COLS) as client:
        try:
            client.await_output(b"[0]", "tmux to draw its first screen")
            made = Tmux(server, client)
            started = identity(made.pid)
            yield made
        finally:
            tmux_asked(*server, "kill-server")
        with contextlib.suppress(ProcessLookupError):
            os.kill(made.pid, signal.SIGKILL)  # a server that has much to draw may not have heard
        await_end(made.pid, started)


def tmux_takes(stage: Scene, data: bytes, times: int) -> list[Taken]:
    """Return what tmux needs to take ``data`` in, ``times`` over and drawn for a client; nothing without tmux."""
    files = _Files(stage, "tmux", data)
    with tmux(stage, *files.printer()) as server:
        if server is None:
            return []
        return [files.timed(server.pid, server.client.await_fact) for _ in range(times + 1)][1:]


# ---------------------------------------------------------------- xterm


@contextlib.contextmanager
def display() -> Iterator[str]:
    """Run a display nobody sees; yield its name. Raises FileNotFoundError without Xvfb."""
    argv = ("Xvfb", "-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp", "-noreset")
    with companion(argv, os.environ) as server:
        said = server.stdout.readline() if server.stdout else b""
        if not said.strip().isdigit():
            raise BenchFailed("Xvfb did not start")
        yield f":{int(said)}"


@contextlib.contextmanager
def xterm(stage: Scene, screen: str, *program: str) -> Iterator[int]:
    """Run ``program`` in an xterm on ``screen``; yield the terminal's process id."""
    argv = ("xterm", "-fa", "Monospace", "-fs", "10", "-geometry", f"{COLS}x{ROWS}+0+0", "+sb", "-e", *program)
    # No resources of the user's: what was set for a desktop says nothing about xterm.
    own = {"DISPLAY": screen, "HOME": str(stage.root), "XENVIRONMENT": os.devnull, "LC_ALL": "C.UTF-8"}
    with companion(argv, {**stage.env, **own}) as process:
        yield process.pid


def xterm_takes(stage: Scene, data: bytes, times: int) -> list[Taken]:
    """Return what xterm needs to take ``data`` in, ``times`` over; nothing where it cannot run."""
    if missing("xterm"):
        return []
    files = _Files(stage, "xterm", data)
    with display() as screen, xterm(stage, screen, *files.printer()) as pid:
        return [files.timed(pid, await_fact) for _ in range(times + 1)][1:]


class _Files:
    """What the printer is told by, and tells by."""

    def __init__(self, stage: Scene, name: str, data: bytes) -> None:
        self._gate = stage.root / f"{name}-gate"
        self._told = stage.root / f"{name}-told"
        self._data = stage.root / f"{name}-data"
        self._data.write_bytes(data)
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._gate, 0o600)

    def printer(self) -> tuple[str, ...]:
        return (sys.executable, "-I", "-S", "-c", _PRINTER, str(self._data), str(self._gate), str(self._told))

    def timed(self, pid: int, wait: Callable[..., None]) -> Taken:
        before = usage.cpu_seconds([pid])
        release(self._gate)
        wait(self._told.exists, "a terminal to take its output in", every=0.01)
        taken = Taken(float(self._told.read_text("ascii")), usage.cpu_seconds([pid]) - before)
        self._told.unlink()
        return taken
