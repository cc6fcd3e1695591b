"""The process tree as the kernel shows it: who is who, who descends from whom, and ending all of it.

Linux reads ``/proc``; elsewhere psutil stands in. Signals processes only in ``end_agent`` and ``kill_all``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple

#: Every process of an agent inherits this; the value is ``<agent id>:<nonce>``.
VARIABLE = "QUARTERDECK_AGENT"

_DEAD = "ZX"
#: psutil's start times are rounded differently from the keeper's, which are epoch seconds outside Linux.
_START_TOLERANCE = 0 if sys.platform == "linux" else 2


class Process(NamedTuple):
    """One row of the process table."""

    pid: int
    parent: int
    group: int
    session: int
    start: int
    state: str


def table() -> dict[int, Process]:
    """Return all processes that are not zombies, by pid."""
    rows = (look(pid) for pid in pids())
    return {row.pid: row for row in rows if row is not None and row.state not in _DEAD}


if sys.platform == "linux":

    def boot() -> str:
        """Return what tells this run of the machine (and this container) from another: its pids mean others."""
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 (no path: "pid:[4026531836]")
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text('ascii').strip()} {space}"

    def pids() -> list[int]:
        """Return the pids there are."""
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208

    def look(pid: int) -> Process | None:
        """Return the row of one process, ``None`` when there is none."""
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The name in parentheses may hold anything, also ")".
        state, parent, group, session, *rest = text[text.rindex(b")") + 2 :].split()
        return Process(pid, int(parent), int(group), int(session), int(rest[15]), state.decode("ascii"))

    def marker_of(pid: int) -> str | None:
        """Return ``<agent id>:<nonce>`` from the environment a process was started with, if it may be read."""
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:  # another user's, or just gone
            return None
        prefix = VARIABLE.encode("ascii") + b"="
        for entry in environment.split(b"\0"):
            if entry.startswith(prefix):
                return entry[len(prefix) :].decode("utf-8", "replace")
        return None

else:
    import psutil

    def boot() -> str:
        """Return what tells this run of the machine from another: its pids mean others."""
        return str(int(psutil.boot_time()))

    def pids() -> list[int]:
        """Return the pids there are."""
        return psutil.pids()

    def look(pid: int) -> Process | None:
        """Return the row of one process, ``None`` when there is none."""
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                parent, start = process.ppid(), int(process.create_time())
                state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "R"
            return Process(pid, parent, os.getpgid(pid), os.getsid(pid), start, state)
        except (psutil.Error, OSError):
            return None

    def marker_of(pid: int) -> str | None:
        """Return ``<agent id>:<nonce>`` from the environment a process was started with, if it may be read."""
        try:
            return psutil.Process(pid).environ().get(VARIABLE)
        except (psutil.Error, OSError):
            return None


def identity(pid: int) -> int | None:
    """Return the start time that tells this process from a later one with its pid, ``None`` if it is gone.

    Clock ticks since boot on Linux, else epoch seconds. A zombie is gone.
    """
    row = look(pid)
    return None if row is None or row.state in _DEAD else row.start


def is_same(pid: int, start: int) -> bool:
    """Tell whether the process that had ``pid`` since ``start`` still lives."""
    now = identity(pid)
    return now is not None and abs(now - start) <= _START_TOLERANCE


def ancestors(pid: int) -> list[int]:
    """Return the parents of ``pid``, nearest first, down to pid 1."""
    found: list[int] = []
    row = look(pid)
    while row is not None and row.parent > 0 and row.parent not in found:
        found.append(row.parent)
        row = look(row.parent)
    return found


def descendants(pid: int, rows: dict[int, Process] | None = None) -> list[int]:
    """Return all living children, grandchildren and so on of ``pid``, parents before their children."""
    return _below([pid], table() if rows is None else rows)


def _below(roots: Iterable[int], rows: dict[int, Process]) -> list[int]:
    children: dict[int, list[int]] = {}
    for row in rows.values():
        children.setdefault(row.parent, []).append(row.pid)
    seen: dict[int, None] = {}
    queue = list(roots)
    while queue:
        fresh = [pid for pid in children.get(queue.pop(), ()) if pid not in seen]
        seen.update(dict.fromkeys(fresh))
        queue += fresh
    return list(seen)


def find_by_nonce(nonce: str, rows: Iterable[int] | None = None) -> list[int]:
    """Return every living process but this one whose environment holds the nonce."""
    found = []
    for pid in table() if rows is None else rows:
        if pid == os.getpid():
            continue
        marker = marker_of(pid)
        if marker is not None and marker.rpartition(":")[2] == nonce:
            found.append(pid)
    return found


def find_agent(
    child: int | None, child_start: int | None, nonce: str, known: dict[int, int] | None = None
) -> list[int]:
    """Return every living process of an agent whose keeper is gone: by session, group, descent and nonce.

    The session id of an agent is its main process' pid; it counts only while no stranger has that pid.
    ``known`` (pid to start time) remembers finds between calls: reading environments is what takes time.
    """
    known = {} if known is None else known
    rows = table()
    found = {pid for pid, start in known.items() if pid in rows and rows[pid].start == start}
    leader = rows.get(child) if child else None
    if child and (leader is None or (child_start is not None and abs(leader.start - child_start) <= _START_TOLERANCE)):
        found |= {row.pid for row in rows.values() if child in (row.session, row.group)}
    found |= set(find_by_nonce(nonce, rows.keys() - found))
    found.update(_below(found, rows))
    found -= {os.getpid(), 1}
    known.update((pid, rows[pid].start) for pid in found)
    return sorted(found)


def end_agent(child: int | None, child_start: int | None, nonce: str, timeout: float = 5.0) -> list[int]:
    """Kill what a killed keeper left behind, and return the pids. Blocks for up to ``timeout`` seconds."""
    known: dict[int, int] = {}
    return kill_all(lambda: find_agent(child, child_start, nonce, known), timeout)


def kill_all(find: Callable[[], Collection[int]], timeout: float = 5.0) -> list[int]:
    """Kill whatever ``find`` finds until it finds nothing or ``timeout`` seconds passed; return the pids.

    Everything is stopped before anything is killed, so that nothing can fork its way out.
    """
    deadline = time.monotonic() + timeout
    killed: set[int] = set()
    while time.monotonic() < deadline:
        frozen: set[int] = set()
        while (fresh := set(find()) - frozen) and time.monotonic() < deadline:
            frozen |= {pid for pid in fresh if _signal(pid, signal.SIGSTOP)}
            if not fresh & frozen:
                break
        if not frozen:
            break
        killed |= {pid for pid in frozen if _signal(pid, signal.SIGKILL)}
        time.sleep(0.01)  # death takes a moment to show in the process table
    return sorted(killed)


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
