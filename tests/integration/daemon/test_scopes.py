"""Keepers in scopes of systemd, where there is a user's manager: each apart from the daemon, and none lost without."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.model import Lifecycle
from agents.runtime.directory import AgentDirectory

#: Stands for systemd-run: notes how it was called, then becomes the command, as the real one with ``--scope`` does.
BECOMES = """#!/bin/sh
echo "$$ $XDG_RUNTIME_DIR $*" >> {log}
while test "$1" != --; do shift; done
shift
exec "$@"
"""

FAILS = """#!/bin/sh
echo "$$ $XDG_RUNTIME_DIR $*" >> {log}
echo "Failed to connect to bus: Connection refused" >&2
exit 1
"""


@pytest.fixture
def called(home: Any) -> Path:
    """Give the home a user's manager by the looks of it; return where its calls are noted."""
    runtime, programs = home.path / "runtime", home.path / "bin"
    (runtime / "systemd").mkdir(parents=True)
    for name in ("bus", "systemd/private"):
        (runtime / name).touch()
    programs.mkdir()
    home.env["XDG_RUNTIME_DIR"] = str(runtime)
    home.env["PATH"] = f"{programs}:{os.environ['PATH']}"
    log: Path = home.path / "called"
    return log


def pretend(home: Any, script: str, log: Path) -> None:
    program = home.path / "bin" / "systemd-run"
    program.write_text(script.format(log=log))
    program.chmod(0o755)


def test_each_keeper_is_started_in_a_scope_of_its_own(home: Any, called: Path) -> None:
    pretend(home, BECOMES, called)
    home.start()
    agents = [home.run("shell", "cat", pty=False).id for _ in range(2)]
    for agent in agents:
        home.call("agent.input", wire.Input(agent, b"hello\n"))
        home.until(agent, lambda row: row.out_size == len("hello\n"))
    lines = called.read_text().splitlines()
    assert len(lines) == 2
    for agent, line in zip(agents, lines, strict=True):
        options = f"--user --scope --quiet --collect --description=Quarterdeck agent {agent} -- "
        assert f" {home.env['XDG_RUNTIME_DIR']} {options}" in line
        assert line.endswith(str(home.places.agent(agent)))
        home.call("agent.kill", wire.AgentRef(agent))
        assert home.row(agent).lifecycle is Lifecycle.EXITED


@pytest.mark.parametrize("missing", ["nothing", "the bus"])
def test_where_that_does_not_work_they_are_started_without(home: Any, called: Path, missing: str) -> None:
    pretend(home, FAILS, called)
    if missing == "the bus":
        (home.path / "runtime" / "bus").unlink()
    home.start()
    agent = home.run("shell", "sleep", "600").id
    assert home.row(agent).lifecycle is Lifecycle.RUNNING
    state = AgentDirectory(home.places.agent(agent)).keeper_state()
    assert state is not None
    assert called.exists() is (missing == "nothing")
    assert ("it starts without" in home.log()) is (missing == "nothing")
