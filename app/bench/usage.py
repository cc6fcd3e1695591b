"""What processes use: CPU seconds and memory, read from the kernel. Changes nothing.

CPU time comes in nanoseconds where the kernel tells (``/proc/<pid>/task/*/schedstat``): a keeper that needs 3 ms in
ten seconds would otherwise count as 0 or as 10.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import psutil

_PROC = Path("/proc")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time the processes have used so far."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    fine = 0
    for task in (_PROC / str(pid) / "task").glob("*/schedstat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that just ended
            fine += int(task.read_text("ascii").split()[0])
    times = psutil.Process(pid).cpu_times()
    # The coarse count also knows of threads that have ended.
    return max(fine / 1e9, times.user + times.system - 0.01)


def pss(pids: Iterable[int]) -> int:
    """Return the proportional memory of the processes in bytes (unique memory where the kernel tells no better)."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid: int) -> int:
    rollup = _PROC / str(pid) / "smaps_rollup"
    if rollup.exists():
        for line in rollup.read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    full = psutil.Process(pid).memory_full_info()
    return int(getattr(full, "pss", 0) or full.uss)


def rss(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    return int(psutil.Process(pid).memory_info().rss)
