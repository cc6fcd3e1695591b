"""A home of its own with real daemons, keepers and agents, driven by the real program."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

PROGRAM = (sys.executable, "-P", "-m", "app")


@dataclass
class Deck:
    """Types command lines at a real home."""

    root: Path
    env: dict[str, str]

    def __call__(self, *argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *argv],
            env=self.env | options.pop("env", {}),
            cwd=options.pop("cwd", self.root / "project"),
            capture_output=True,
            text=options.pop("text", True),
            timeout=90,
            check=False,
            **options,
        )

    def json(self, *argv: str) -> Any:
        ran = self(argv[0], "--json", *argv[1:])
        assert ran.returncode == 0, ran.stderr
        return msgspec.json.decode(ran.stdout)

    def start(self, *argv: str) -> subprocess.Popen[str]:  # noqa: TID251
        return subprocess.Popen(  # noqa: TID251 (the test owns it)
            [*PROGRAM, *argv],
            env=self.env,
            cwd=self.root / "project",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def daemon_pid(self) -> int:
        return int(self.json("daemon", "status")["pid"])

    def kill_daemon(self) -> None:
        """Kill -9 the daemon and return when it is gone."""
        pid = self.daemon_pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def wait_until(reached: Any, timeout: float = 20.0) -> None:
    """Poll a fact of the system that tells nobody when it changes."""
    deadline = time.monotonic() + timeout
    while not reached():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.01)


@pytest.fixture
def deck() -> Iterator[Deck]:
    root = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    (root / "project" / ".git").mkdir(parents=True)
    env = {
        **os.environ,
        "HOME": str(root),
        "QUARTERDECK_HOME": str(root / "h"),
        "QUARTERDECK_LEASES": str(root / "l"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for name in ("XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        env.pop(name, None)
    deck = Deck(root, env)
    yield deck
    ended = deck("daemon", "stop", "--agents")
    assert ended.returncode == 0, ended.stderr
    shutil.rmtree(root)
