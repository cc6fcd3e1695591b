"""A program on a pty of ours, as a terminal would run it: written to, read from, waited for, ended at the end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from agents.runtime.process import companion
from app.bench.scene import BenchFailed

#: Seconds to wait for anything: programs on a pty answer at once, also on a busy machine.
STEP_S = 60.0

_AT_ONCE = 256 * 1024

#: How much of what was read is kept to look for something in it.
_KEPT = 64 * 1024

#: Becomes the program, with the pty for everything and as what controls it: it leads a session of its own.
_SEATED = (
    "import os, sys; fd = os.open(sys.argv[1], os.O_RDWR); os.write(1, b'.'); [os.dup2(fd, n) for n in (0, 1, 2)]; "
    "os.execvp(sys.argv[2], sys.argv[2:])"
)


class Pty:
    """Owned by one benchmark, used by one thread: what nobody reads holds the program up, so waiting reads."""

    def __init__(self, master: int, pid: int) -> None:
        self._master = master
        self.pid = pid
        self._seen = b""

    def send(self, data: bytes) -> None:
        """Write to the program, as if typed."""
        while data:
            data = data[os.write(self._master, data) :]

    def forget(self) -> None:
        """Look from now on only at what comes."""
        self._seen = b""

    def await_output(self, wanted: bytes, what: str) -> None:
        """Read until ``wanted`` was printed. Raises BenchFailed."""
        self.await_fact(lambda: wanted in self._seen, what)

    def await_fact(self, fact: Callable[[], bool], what: str, every: float = 0.25) -> None:
        """Read until ``fact`` holds, asked after each read and every so often. Raises BenchFailed."""
        end = time.monotonic() + STEP_S
        while not fact():
            if time.monotonic() > end:
                raise BenchFailed(f"after {STEP_S:.0f} s still waiting for: {what}; seen last: {self._seen[-200:]!r}")
            self.read(every)

    def rest(self, seconds: float) -> None:
        """Read for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def read(self, patience: float) -> None:
        """Read once, if there is something within ``patience`` seconds."""
        ready, _, _ = select.select([self._master], [], [], patience)
        if ready:
            try:
                self._seen = (self._seen + os.read(self._master, _AT_ONCE))[-_KEPT:]
            except OSError as gone:  # Linux says EIO when the last of the program's processes is gone
                raise BenchFailed(f"the program on the pty ended: {self._seen[-200:]!r}") from gone


@contextlib.contextmanager
def running(argv: Sequence[str], env: Mapping[str, str], rows: int, cols: int) -> Iterator[Pty]:
    """Run a program on a pty of the given size for as long as the block lasts."""
    master, slave = os.openpty()
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, master)
        seat = stack.enter_context(contextlib.ExitStack())
        seat.callback(os.close, slave)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        seated = (sys.executable, "-I", "-S", "-c", _SEATED, os.ttyname(slave), *argv)
        process = stack.enter_context(companion(seated, {**env, "TERM": "xterm-256color"}))
        if process.stdout is None or not process.stdout.read(1):
            raise BenchFailed(f"{argv[0]} could not be put on a pty")
        seat.close()  # or its end would not be seen
        yield Pty(master, process.pid)
