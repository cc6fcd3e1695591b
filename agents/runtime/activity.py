"""What the processes of one agent do at a moment: who is there, who has the terminal, CPU time used so far.

Reads the process table once; compares nothing and judges nothing (``agents.status.processes``).
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec

from agents.runtime import tree


class Member(msgspec.Struct, frozen=True):
    """One process: ``cpu`` seconds used by it and by those of its children that ended, ``age`` seconds."""

    pid: int
    start: int
    group: int
    name: str
    cpu: float
    age: float


class Sample(msgspec.Struct, frozen=True):
    """An agent's processes: its main one and all that descend from its keeper (``below``).

    ``foreground`` is the process group that has the main one's terminal, ``None`` without one or where the system
    does not tell.
    """

    main: Member
    below: tuple[Member, ...] = ()
    foreground: int | None = None


def sample(pid: int) -> Sample | None:
    """Return the processes of the agent whose main process is ``pid``; ``None`` once that is gone.

    What left the program's tree (a server that went into the background) has become its keeper's child by then.
    """
    rows = tree.table()
    own = rows.get(pid)
    main = None if own is None else _member(pid, own)
    if own is None or main is None:
        return None
    root = own.parent if own.parent > 1 else pid  # a child of init: its keeper was just killed
    found = (_member(p, rows[p]) for p in tree.descendants(root, rows) if p != pid)
    return Sample(main, tuple(m for m in found if m is not None), _foreground(pid))


def alive(members: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return those that are still there; far cheaper than a new sample."""
    return tuple(member for member in members if tree.is_same(member.pid, member.start))


if sys.platform == "linux":
    _TICK = os.sysconf("SC_CLK_TCK")

    def _fields(pid: int) -> tuple[str, list[bytes]] | None:
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        end = text.rindex(b")")  # the name may hold anything, also ")"
        return text[text.index(b"(") + 1 : end].decode("utf-8", "replace"), text[end + 2 :].split()

    def _member(pid: int, row: tree.Process) -> Member | None:
        found = _fields(pid)
        if found is None:
            return None
        name, fields = found
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - row.start / _TICK
        return Member(pid, row.start, row.group, name, sum(map(int, fields[11:15])) / _TICK, age)

    def _foreground(pid: int) -> int | None:
        found = _fields(pid)
        group = -1 if found is None else int(found[1][5])
        return group if group > 0 else None

else:
    import psutil

    def _member(pid: int, row: tree.Process) -> Member | None:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                times, name, began = process.cpu_times(), process.name(), process.create_time()
        except psutil.Error:
            return None
        return Member(pid, row.start, row.group, name, times.user + times.system, time.time() - began)

    def _foreground(pid: int) -> int | None:
        """Return ``None``: psutil does not tell."""
        del pid
        return None
