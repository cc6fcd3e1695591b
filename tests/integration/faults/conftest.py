"""Homes for faults: the daemon of ``main.py`` beside it, everything of it killable at once, and small disks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentRow
from agents.runtime import tree
from agents.runtime.directory import AgentDirectory, DirectoryDamaged
from tests.integration.daemon.conftest import DaemonHome, wait_for

__all__ = ["FaultHome", "wait_for"]

ROOT = Path(__file__).parents[3]


class FaultHome(DaemonHome):
    """A home whose demo sessions survive their process, so that they can be resumed."""

    main = Path(__file__).with_name("main.py")

    def __init__(self) -> None:
        super().__init__()
        self.env["QUARTERDECK_DEMO_STATE"] = str(self.path / "sessions")

    def start(self, **options: Any) -> None:
        """Run a daemon until it listens."""
        self.begin(**options)
        assert self.daemon is not None
        assert self.daemon.poll() is None, self.log()

    def begin(self, **options: Any) -> None:
        """Run a daemon until it listens or has ended."""
        self.places.state.mkdir(parents=True, exist_ok=True)
        with (self.path / "daemon.out").open("ab") as output:
            self.daemon = subprocess.Popen(  # noqa: TID251 (a test owns it and reaps it)
                [sys.executable, str(self.main), json.dumps(options)], env=self.env, stdout=output, stderr=output
            )
        wait_for(lambda: self.is_listening() or self.daemon is None or self.daemon.poll() is not None, self.log)

    def adopted(self) -> tuple[AgentRow, ...]:
        """Return all rows once every agent was taken over."""
        rows: list[AgentRow] = []

        def look() -> bool:
            rows[:] = self.call("agent.list").agents
            return all(not row.catching_up for row in rows)

        wait_for(look, self.log)
        return tuple(rows)

    def keeper_pid(self, agent: str) -> int:
        """Return the process of an agent's keeper."""
        state = AgentDirectory(self.places.agent(agent)).keeper_state()
        assert state is not None
        return state.pid

    def everything(self) -> list[int]:
        """Return the daemon, all keepers and all processes of all agents."""
        keepers = [self.keeper_pid(path.name) for path in (self.places.state / "agents").iterdir()]
        rows = tree.table()
        below = [pid for keeper in keepers for pid in tree.descendants(keeper, rows)]
        daemon = [self.daemon.pid] if self.daemon is not None else []
        return [*daemon, *(keeper for keeper in keepers if keeper in rows), *below]

    def kill_everything(self) -> None:
        """Kill -9 the daemon, the keepers and the agents, all stopped first so that none sees another die."""
        everything = self.everything()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in everything:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        assert self.daemon is not None
        self.daemon.wait()
        wait_for(lambda: all(tree.identity(pid) is None for pid in everything))

    def cli(self, *argv: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the command line in this home."""
        return subprocess.run(
            [sys.executable, "-m", "app", *argv],
            env=self.env,
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def notices(self) -> str:
        """Return all the daemon told people, one a line."""
        client = self.client(subscribe=True)
        try:
            return "\n".join(notice.text for notice in client.welcome.snapshot.notices)
        finally:
            client.close()

    def _sweep(self) -> None:
        """End what is left, also where the test damaged the journal that names it."""
        for path in self.path.glob("state/**/keeper.json"):
            with contextlib.suppress(DirectoryDamaged):
                state = AgentDirectory(path.parent).keeper_state()
                if state is not None and tree.is_same(state.pid, state.start):
                    os.kill(state.pid, signal.SIGKILL)
        for path in self.path.glob("state/**/events.jsonl"):
            for nonce in set(re.findall(rb'"nonce": ?"(\w+)"', path.read_bytes())):
                tree.kill_all(partial(tree.find_by_nonce, nonce.decode()))

    def restarted(self) -> None:
        """Make the records look as if the machine had been restarted since."""
        for path in (self.places.state / "agents").glob("*/events.jsonl"):
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            for line in lines:
                if line["t"] == "launch":
                    line["boot"] = "an earlier one"
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def home() -> Iterator[FaultHome]:
    home = FaultHome()
    try:
        yield home
    finally:
        home.close()


@pytest.fixture
def running(home: FaultHome) -> FaultHome:
    home.start()
    return home


@contextlib.contextmanager
def window(home: Any) -> Iterator[Any]:
    """Open the real window without a display, until it has subscribed."""
    before = home.call("daemon.status").clients
    env = {**home.env, "QT_QPA_PLATFORM": "offscreen"}
    with (home.path / "window.out").open("ab") as output:
        process = subprocess.Popen(  # noqa: TID251 (the test owns it)
            [sys.executable, "-m", "app"], env=env, cwd=home.project, stdout=output, stderr=output
        )
    try:
        home.settle(lambda: process.poll() is not None or home.call("daemon.status").clients > before)
        assert process.poll() is None, (home.path / "window.out").read_text()
        yield process
    finally:
        process.kill()
        process.wait()


class SmallDisk:
    """A tmpfs that can be filled to the last byte and emptied again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self) -> None:
        """Leave no byte; what others free meanwhile is taken as well."""
        fd = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (1024 * 1024, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        os.write(fd, b"x" * size)
        finally:
            os.close(fd)

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)


@pytest.fixture
def disk(home: FaultHome) -> Iterator[SmallDisk]:
    """Mount the home's state directory on a disk of 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    home.places.state.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "none", str(home.places.state)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no tmpfs here: {done.stderr.decode()}")
    try:
        yield SmallDisk(home.places.state)
    finally:
        SmallDisk(home.places.state).free()
        home.close()
        subprocess.run(["umount", "-l", str(home.places.state)], check=True)


def bounded(begun: float, limit_s: float) -> None:
    """Fail when something that must be bounded in time took longer."""
    took = time.monotonic() - begun
    assert took < limit_s, f"took {took:.1f} s"
