"""Runs one program on a pty and records every byte both ways with its time; decides nothing about it.

Used by ``quarterdeck record`` and by the drivers that make the corpus. Lives on one event loop, and owns the process:
leaving the block ends it with everything in its process group.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, Self

import msgspec

from agents.recording.answering import Answering
from agents.recording.timed import Timed
from agents.vt.modes import Modes
from agents.vt.screen import Snapshot

#: Seconds a program has to leave after its terminal was hung up.
LEAVE_S = 3.0

_CHUNK = 64 * 1024

#: Becomes the program with the pty as its controlling terminal; no code of ours runs between fork and exec.
_SEATED = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "try: os.execvp(sys.argv[1], sys.argv[1:])\n"
    "except OSError as error: sys.exit(f'{sys.argv[1]}: {error.strerror}')\n"
)


class Tape(Protocol):
    """Where a recording goes (``cast.Writer`` is one); times in seconds since the program was started."""

    def output(self, t: float, data: bytes) -> None:
        """Take what the program wrote."""

    def input(self, t: float, data: bytes) -> None:
        """Take what was typed, or answered for the user."""

    def resize(self, t: float, rows: int, cols: int) -> None:
        """Take a new size."""


Show = Callable[[bytes], None]

#: Our end of the pty, and who sits at the other.
_Seat = tuple[int, asyncio.subprocess.Process]


class NotRecorded(Exception):
    """There is no recording: the text names what is missing and what to do."""


class NotSeen(Exception):
    """What was waited for did not come in time; the text holds what was there instead."""


class Program(msgspec.Struct, frozen=True):
    """What to run; ``env`` is its whole environment."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]

    def found(self) -> tuple[str, ...]:
        """Return the command line with the place of its program. Raises NotRecorded."""
        name = self.argv[0]
        place = self.cwd / name if os.sep in name else Path(name)
        found = shutil.which(place, path=self.env.get("PATH", os.defpath))
        if found is None:
            raise NotRecorded(f"{name} was not found or may not be run: install it, or give its whole path")
        if not self.cwd.is_dir():
            raise NotRecorded(f"{self.cwd} is no directory: give one to run {name} in")
        return (os.fspath(found), *self.argv[1:])


class Capture(Timed):
    """One program on a pty. ``now`` is the time of the recording; it ends with ``stop`` or with the program."""

    def __init__(self, seat: _Seat, tape: Tape, terminal: Answering, show: Show | None) -> None:
        super().__init__()
        self._master, self._process = seat
        self._tape = tape
        self._terminal = terminal
        self._show = show
        self._waiting = b""  # typed and not yet taken by the pty
        self._heard = asyncio.Event()
        self._is_open = True

    @classmethod
    @asynccontextmanager
    async def run(
        cls,
        program: Program,
        tape: Tape,
        terminal: Answering,
        show: Show | None = None,
    ) -> AsyncIterator[Self]:
        """Start it; ``show`` gets the output without the questions we answer. Raises NotRecorded, OSError."""
        it = cls(await _seated(program, *terminal.size), tape, terminal, show)
        try:
            asyncio.get_running_loop().add_reader(it._master, it._on_readable)
            yield it
        finally:
            it._is_recording = False
            it._close()  # hangs up
            await end_group(it._process)

    @property
    def pid(self) -> int:
        """Return the program's process."""
        return self._process.pid

    @property
    def modes(self) -> Modes:
        """Return what the program has switched on."""
        return self._terminal.modes

    def type(self, data: bytes | str) -> float:
        """Type into the program; return when."""
        at = self.now
        self._waiting += data.encode() if isinstance(data, str) else data
        self._write()
        return at

    def paste(self, text: str) -> float:
        """Paste as a terminal does: bracketed where the program asked for that; return when."""
        body = text.replace("\n", "\r").encode()
        return self.type(b"\x1b[200~" + body + b"\x1b[201~" if self.modes.bracketed else body)

    def resize(self, rows: int, cols: int) -> float:
        """Change the size of the terminal; return when."""
        at = self.now
        self._terminal.resize(rows, cols)
        if self._is_recording:
            self._tape.resize(at, rows, cols)
        if self._is_open:
            _set_size(self._master, rows, cols)
        return at

    def snapshot(self) -> Snapshot | None:
        """Return what is on the screen, ``None`` while that is not known."""
        return self._terminal.snapshot()

    async def until(self, fact: Callable[[Snapshot], bool], within: float = 30.0) -> float:
        """Wait until ``fact`` holds of the screen and return when it did. Raises NotSeen with the screen."""
        try:
            async with asyncio.timeout(within):
                while (seen := self.snapshot()) is None or not fact(seen):
                    if not self._is_open:
                        raise NotSeen(f"the program ended; its screen:\n{_drawn(seen)}")
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            raise NotSeen(f"not on the screen within {within:g} s:\n{_drawn(self.snapshot())}") from None
        return self.now

    async def until_quiet(self, seconds: float, within: float = 30.0) -> None:
        """Wait until nothing was written for so long, or the time is over: some programs draw for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._is_open:
                    self._heard.clear()
                    try:
                        await asyncio.wait_for(self._heard.wait(), seconds)
                    except TimeoutError:
                        return

    async def wait(self) -> int:
        """Wait until the program ended and its output is read; return its exit code, negative for a signal."""
        code = await self._process.wait()
        self._drain()
        return code

    def stop(self) -> float:
        """End the recording with what was written so far, not the program; return when."""
        self._drain()
        return super().stop()

    # -- the pty

    def _on_readable(self) -> None:
        self._read()
        self._heard.set()

    def _read(self) -> bool:
        """Take one piece of output; tell whether there was one."""
        try:
            data = os.read(self._master, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # EIO: nobody holds the other end any more
            data = b""
        if not data:
            self._close()
            return False
        if self._is_recording:
            self._tape.output(self.now, data)
        replies, shown = self._terminal.feed(data, self.now)
        if self._show is not None:
            self._show(shown)
        if replies:
            self.type(replies)
        return True

    def _drain(self) -> None:
        while self._is_open and self._read():
            pass

    def _write(self) -> None:
        if not self._is_open or not self._waiting:
            return
        loop = asyncio.get_running_loop()
        try:
            count = os.write(self._master, self._waiting)
        except BlockingIOError:
            count = 0
        except OSError:
            self._close()
            return
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        if taken and self._is_recording:
            self._tape.input(self.now, taken)
        if self._waiting:
            loop.add_writer(self._master, self._write)
        else:
            loop.remove_writer(self._master)

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._master)
            loop.remove_writer(self._master)
            os.close(self._master)
        self._heard.set()


async def _seated(program: Program, rows: int, cols: int) -> _Seat:
    argv = program.found()
    master, slave = os.openpty()
    try:
        _set_size(slave, rows, cols)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _SEATED, *argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=program.cwd,
            env=dict(program.env),
            start_new_session=True,
        )
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    os.set_blocking(master, False)
    return master, process


async def end_group(process: asyncio.subprocess.Process) -> None:
    """End a program that leads a group of its own, and what is left of the group."""
    if process.returncode is None:
        _signal(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), LEAVE_S)
    _signal(process.pid, signal.SIGKILL)
    await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _set_size(descriptor: int, rows: int, cols: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def _drawn(seen: Snapshot | None) -> str:
    return "(unknown)" if seen is None else "\n".join(seen.lines).strip("\n")
