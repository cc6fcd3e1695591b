"""What every test is held to: no unexpected warning in the log, nothing left running behind it.

Leaks looked for: child processes, threads, and (when the test used Qt) top-level widgets and running timers.
A test that means to log a warning says so: ``@pytest.mark.logs("part of the message")``.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, settings

# Tests never read or write the user's own fleet, whatever they forget to set.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
for _name in ("QUARTERDECK_HOME", "QUARTERDECK_AGENT", "QUARTERDECK_LEASES"):
    os.environ.pop(_name, None)

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every program they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: Seconds a thread or child may need to end after the test ended it.
GRACE_S = 20.0

# How fast examples are drawn and run says something about the machine only.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _unexpected_logs(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    expected = [str(arg) for mark in request.node.iter_markers("logs") for arg in mark.args]
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    unexpected = [
        f"{r.levelname} {r.name}: {r.getMessage()}"
        for r in records
        if r.levelno >= logging.WARNING and not any(part in r.getMessage() for part in expected)
    ]
    if unexpected:
        pytest.fail("unexpected log records:\n" + "\n".join(unexpected))


@pytest.fixture(autouse=True)
def _leaks() -> Iterator[None]:
    threads = set(threading.enumerate())
    children = {child.pid for child in psutil.Process().children()}
    yield
    _wait(lambda: not _new_threads(threads) and not _new_children(children))
    leaked = [f"thread {t.name}" for t in _new_threads(threads)]
    leaked += [f"child process {_describe(pid)}" for pid in _new_children(children)]
    leaked += _leaked_qt()
    if leaked:
        pytest.fail("left behind by the test: " + "; ".join(leaked))


def _wait(settled: object) -> None:
    deadline = time.monotonic() + GRACE_S
    while not settled() and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.01)


def _new_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    # Executor threads are reused by later tests and end with the process.
    return [
        t
        for t in threading.enumerate()
        if t not in before and not t.name.startswith(("asyncio_", "pytest", "ThreadPoolExecutor", "Dummy"))
    ]


def _new_children(before: set[int]) -> list[int]:
    found = []
    for child in psutil.Process().children():
        if child.pid in before:
            continue
        try:
            if child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)
                continue
        except (psutil.NoSuchProcess, ChildProcessError):
            continue
        found.append(child.pid)
    return found


def _describe(pid: int) -> str:
    try:
        return f"{pid} ({' '.join(psutil.Process(pid).cmdline())[:200]})"
    except psutil.Error:
        return str(pid)


def _leaked_qt() -> list[str]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None:
        return []
    app = widgets.QApplication.instance()
    if app is None:
        return []
    core = sys.modules["PySide6.QtCore"]
    app.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    app.processEvents()
    left = [w for w in app.topLevelWidgets() if w.isVisible()]
    if left:
        gc.collect()
        app.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    names = [f"visible window {w.objectName() or type(w).__name__}" for w in app.topLevelWidgets() if w.isVisible()]
    for widget in app.topLevelWidgets():
        widget.close()
    return names
