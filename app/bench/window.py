"""Runs the window offscreen beside a scene, as a process of its own, and tells when it first painted the fleet."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from agents.runtime.process import companion
from app.bench.scene import BenchFailed


class Window(msgspec.Struct, frozen=True):
    """A window that has painted: its process, and milliseconds from its start to the first paint."""

    pid: int
    painted_ms: float


@contextmanager
def window(env: Mapping[str, str], rows: int, visible: int = 0) -> Iterator[Window]:
    """Open the window, wait until it has painted ``rows`` agents (0: an empty Qt window), close it at the end."""
    argv = (sys.executable, "-P", "-m", "app.bench.paint", str(rows), str(visible))
    begun = time.monotonic_ns()
    with companion(argv, {**env, "QT_QPA_PLATFORM": "offscreen"}) as process:
        said = process.stdout.readline() if process.stdout else b""
        if not said.strip().isdigit():
            raise BenchFailed("the window ended before it painted anything")
        yield Window(process.pid, (int(said) - begun) / 1e6)


def has_window() -> bool:
    """Tell whether Qt is installed."""
    return importlib.util.find_spec("PySide6") is not None
