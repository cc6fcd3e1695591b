"""Runs one shell command, as ``process`` runs things.

The keys Pilot itself uses are not in the command's environment: what it prints goes to the model and into the session.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Final

from agents.pilot.permissions import Access, Need
from agents.pilot.places import Project
from agents.pilot.providers.choice import KEYS
from agents.pilot.providers.contract import ToolSpec
from agents.pilot.tools.contract import Job, Outcome, Progress, integer, number_of, schema, string, text_of
from agents.pilot.tools.process import End, Running

#: Seconds a command may take: unless the model says otherwise, and at most.
USUAL_S: Final = 120
LONGEST_S: Final = 1800


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
            running = Running(("/bin/sh", "-c", command), str(project.root), self._env)
            end = await running.wait(timeout, progress.output)
            return _outcome(end, timeout)

        raw = {"command": command, "cwd": str(project.root)} | ({"description": about} if about else {})
        need = Need(Access.EXECUTE, scope=("shell", command), scope_name="this very command")
        title = f"Run {' '.join(command.split())[:160]}"
        return Job(title, "execute", need, run, raw)


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return what commands inherit: no key of ours, nothing that would wait for somebody."""
    secret = {name for names in KEYS.values() for name in names}
    kept = {name: value for name, value in env.items() if name not in secret}
    return kept | {"PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "TERM": "dumb"}


def _outcome(end: End, timeout: int) -> Outcome:
    how = ""
    if end.is_late:
        how = f"(killed after {timeout} s; timeout_s allows up to {LONGEST_S})"
    elif end.code < 0:
        how = f"(killed by {signal.Signals(-end.code).name})"
    elif end.code:
        how = f"(exit code {end.code})"
    text = f"{end.output}\n{how}".strip("\n") if how else end.output
    return Outcome(text or "(no output)", has_failed=bool(how))
