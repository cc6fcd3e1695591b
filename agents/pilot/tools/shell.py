"""Runs one shell command: in a session of its own, without input, bounded in time and output, killed whole.

The keys Pilot itself uses are not in the command's environment: what it prints goes to the model and into the session.
"""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Mapping
from typing import Any, Final

import psutil

from agents.pilot.permissions import Access, Need
from agents.pilot.places import Project
from agents.pilot.providers.choice import KEYS
from agents.pilot.providers.contract import ToolSpec
from agents.pilot.tools.contract import Job, Outcome, Progress, integer, number_of, schema, string, text_of

#: Seconds a command may take: unless the model says otherwise, and at most.
USUAL_S: Final = 120
LONGEST_S: Final = 1800

#: Characters kept of the beginning and of the end of the output.
HEAD: Final = 12_000
TAIL: Final = 20_000

#: Seconds to end after SIGTERM, and to go on reading what a process left behind still prints.
GRACE_S: Final = 1.0
AFTER_S: Final = 0.2

#: In the environment of a command and of all it starts: finds also those that left its process group.
MARK: Final = "PILOT_CALL"


class Shell:
    """Runs commands with ``sh``."""

    spec = ToolSpec(
        "shell",
        "Run a command with sh in the project's directory. It has no input and no terminal. Long output is cut in the "
        "middle. Not for reading or editing files: there are tools for that.",
        schema(
            ("command",),
            command=string("the command line"),
            description=string("what it is for, in a few words"),
            timeout_s=integer(f"seconds after which it is killed, default {USUAL_S}"),
        ),
    )

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = environment(env)

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return the running of a command."""
        command = text_of(arguments, "command")
        timeout = number_of(arguments, "timeout_s", USUAL_S, LONGEST_S)
        about = text_of(arguments, "description", required=False)

        async def run(progress: Progress) -> Outcome:
            return await Running(command, str(project.root), self._env).wait(timeout, progress)

        raw = {"command": command, "cwd": str(project.root)} | ({"description": about} if about else {})
        need = Need(Access.EXECUTE, scope=("shell", command), scope_name="this very command")
        title = f"Run {' '.join(command.split())[:160]}"
        return Job(title, "execute", need, run, raw)


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what commands inherit: no key of ours, nothing that would wait for somebody."""
    secret = {name for names in KEYS.values() for name in names}
    kept = {name: value for name, value in env.items() if name not in secret}
    return kept | {"PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "TERM": "dumb"}


class Output:
    """The head and the tail of what a command prints."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Take a piece."""
        room = HEAD - len(self._head)
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
    """One command from its start to the end of its last process."""

    def __init__(self, command: str, cwd: str, env: Mapping[str, str]) -> None:
        self._command, self._cwd = command, cwd
        self._mark = uuid.uuid4().hex
        self._env = {**env, MARK: self._mark}
        self._output = Output()

    async def wait(self, limit_s: float, progress: Progress) -> Outcome:
        """Run it. When cancelled, everything it started is dead before this returns."""
        try:
            process = await asyncio.create_subprocess_exec(
                "/bin/sh", "-c", self._command, cwd=self._cwd, env=self._env, start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return Outcome(f"The command could not be started: {error}", has_failed=True)
        try:
            async with asyncio.timeout(limit_s):
                await self._follow(process, progress)
        except TimeoutError:
            await self._kill(process)
            text = f"{self._output.text()}\n(killed after {limit_s:.0f} s; timeout_s allows up to {LONGEST_S})"
            return Outcome(text.lstrip("\n"), has_failed=True)
        except asyncio.CancelledError:
            await asyncio.shield(self._kill(process))
            raise
        finally:
            _close(process)
        return self._outcome(process.returncode or 0)

    async def _follow(self, process: asyncio.subprocess.Process, progress: Progress) -> None:
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._read(process, progress))
            await process.wait()
            # What was left behind in the background may hold the pipe open for ever.
            await asyncio.wait({reading}, timeout=AFTER_S)
            reading.cancel()

    async def _read(self, process: asyncio.subprocess.Process, progress: Progress) -> None:
        while process.stdout is not None and (data := await process.stdout.read(65536)):
            self._output.add(data)
            progress.output(self._output.text)

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

    def _outcome(self, code: int) -> Outcome:
        text = self._output.text()
        if code == 0:
            return Outcome(text or "(no output)")
        how = f"(killed by {signal.Signals(-code).name})" if code < 0 else f"(exit code {code})"
        return Outcome(f"{text}\n{how}".lstrip("\n"), has_failed=True)


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


def _close(process: asyncio.subprocess.Process) -> None:
    """Close our end of the pipe, which a process in the background may hold open."""
    transport: Any = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
