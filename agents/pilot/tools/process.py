"""Runs a program for a tool: in a session of its own, without input, bounded in time and output, killed whole."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import psutil

from agents.pilot.tools.contract import ToolError

#: Bytes kept of the beginning and of the end of the output.
HEAD: Final = 12_000
TAIL: Final = 20_000

#: Seconds to end after SIGTERM, and to go on reading what a process left behind still prints.
GRACE_S: Final = 1.0
AFTER_S: Final = 0.2

#: In the environment of a program and of all it starts: finds also those that left its process group.
MARK: Final = "PILOT_CALL"


Tell = Callable[[Callable[[], str]], None]


class End(msgspec.Struct, frozen=True):
    """How a program ended: its output, its exit code (negative: the signal), whether its time was over."""

    output: str
    code: int = 0
    is_late: bool = False


class Output:
    """The head and the tail of what a program prints."""

    def __init__(self, head: int = HEAD) -> None:
        self._most = head
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take a piece."""
        room = self._most - len(self._head)
        self._head += data[:room]
        self._tail += data[max(0, room) :]
        if len(self._tail) > 2 * TAIL:
            cut = len(self._tail) - TAIL
            self._left_out += cut
            del self._tail[:cut]

    def text(self) -> str:
        """Return it as text, with a line where something was left out."""
        cut = max(0, len(self._tail) - TAIL)
        left_out = self._left_out + cut
        middle = f"\n[… {left_out} bytes left out …]\n".encode() if left_out else b""
        return (bytes(self._head) + middle + bytes(self._tail[cut:])).decode("utf-8", "replace")


class Running:
    """One program from its start to the end of its last process."""

    def __init__(self, argv: Sequence[str], cwd: str, env: Mapping[str, str], head: int = HEAD) -> None:
        self._argv, self._cwd = argv, cwd
        self._mark = uuid.uuid4().hex
        self._env = {**env, MARK: self._mark}
        self._output = Output(head)

    async def wait(self, limit_s: float, tell: Tell | None = None) -> End:
        """Run it; ``tell`` is given the output as it grows. Raises ToolError when it cannot be started.

        When cancelled or late, everything it started is dead before this returns.
        """
        # A pipe of our own: asyncio's wait for an exit would last until all that was left behind has closed the pipe.
        source, sink = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv, cwd=self._cwd, env=self._env, start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            os.close(source)
            raise ToolError(f"the command could not be started: {error}") from error
        finally:
            os.close(sink)
        try:
            async with asyncio.timeout(limit_s):
                await self._follow(process, source, tell)
        except TimeoutError:
            await self._kill(process)
            return End(self._output.text(), is_late=True)
        except asyncio.CancelledError:
            await asyncio.shield(self._kill(process))
            raise
        return End(self._output.text(), process.returncode or 0)

    async def _follow(self, process: asyncio.subprocess.Process, source: int, tell: Tell | None) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", buffering=0)
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(self._read(reader, tell))
                await process.wait()
                # What was left behind in the background may hold the pipe open for ever.
                await asyncio.wait({reading}, timeout=AFTER_S)
                reading.cancel()
        finally:
            pipe.close()

    async def _read(self, reader: asyncio.StreamReader, tell: Tell | None) -> None:
        while data := await reader.read(65536):
            self._output.add(data)
            if tell is not None:
                tell(self._output.text)

    async def _kill(self, process: asyncio.subprocess.Process) -> None:
        """End everything that carries the mark: politely, then not."""
        _signal(process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        except TimeoutError:
            pass  # it is not polite either
        _signal(process.pid, signal.SIGKILL)
        for _ in range(20):  # each round may find what the last one's victims started meanwhile
            if not await asyncio.to_thread(_end_marked, self._mark):
                break
        await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # it ended by itself; macOS says so with the latter


def _end_marked(mark: str) -> bool:
    """Kill every process with the mark; tell whether there was one."""
    found = False
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                process.kill()
                found = True
        except psutil.Error:
            continue  # it ended, or is another user's
    return found
