"""The process table: who lives below a keeper, without blocking on anything but the kernel."""

from __future__ import annotations

import os
import sys
import time

LINUX = sys.platform == "linux"


def stat(pid: int) -> list[bytes]:
    """Return the fields of ``/proc/<pid>/stat`` from the state on; empty when there is no such process."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return []
    try:
        text = os.read(fd, 4096)
    except OSError:
        return []
    finally:
        os.close(fd)
    return text[text.rindex(b")") + 2 :].split()


def start_time(pid: int) -> int:
    """Return what tells this process from a later one with its pid."""
    fields = stat(pid) if LINUX else []
    return int(fields[19]) if fields else int(time.time())


def processes() -> list[tuple[int, int, int]]:
    """Return (pid, parent, group) of every process that is not dead."""
    if not LINUX:
        return processes_by_ps()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat(int(name))
            if fields and fields[0] not in b"ZX":
                found.append((int(name), int(fields[1]), int(fields[2])))
    return found


def processes_by_ps() -> list[tuple[int, int, int]]:
    """Return the same where there is no ``/proc``."""
    reader, writer = os.pipe()
    ps = os.posix_spawn(
        "/bin/ps",
        ["ps", "-axo", "pid=,ppid=,pgid=,stat="],
        {"PATH": "/bin"},
        file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)],
    )
    os.close(writer)
    text = b""
    while chunk := os.read(reader, 65536):
        text += chunk
    os.close(reader)
    os.waitpid(ps, 0)
    rows = [line.split() for line in text.splitlines()]
    return [(int(r[0]), int(r[1]), int(r[2])) for r in rows if r[3][:1] != b"Z" and int(r[0]) != ps]


def descendants(group: int) -> dict[int, int]:
    """Return the group of every process below this one, and of every member of the agent's group."""
    rows = processes()
    children: dict[int, list[tuple[int, int]]] = {}
    for pid, parent, its in rows:
        children.setdefault(parent, []).append((pid, its))
    found = {pid: its for pid, _, its in rows if group and its == group}
    queue = [os.getpid(), *found]
    while queue:
        for pid, its in children.get(queue.pop(), ()):
            if pid not in found:
                found[pid] = its
                queue.append(pid)
    return found


def kill(pid: int, number: int) -> bool:
    """Send a signal (to a group when ``pid`` is negative); tell whether it was sent."""
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True
