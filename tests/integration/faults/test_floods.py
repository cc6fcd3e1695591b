"""Too much of everything: agents that print without end, a full stdin, ten thousand children, few descriptors."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import RpcError
from agents.model import Capability, Lifecycle, Stream, Turn
from agents.runtime import tree
from tests.integration.faults.conftest import bounded

#: 500 lines ten times a second once the gate is open.
FLOOD = """
lines=$(seq -f 'line %g of a log that does not end' 500)
until test -e "$1"; do read -r -t 0.1; done
while :; do printf '%s\\n' "$lines"; read -r -t 0.1; done
"""

WORK = [{"do": "say", "text": "working"}, {"do": "gate", "path": "/nowhere/at/all"}]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("floods", [6, pytest.param(100, marks=pytest.mark.slow)])
def test_one_is_interrupted_while_all_others_flood(running: Any, floods: int) -> None:
    agent = running.play(WORK).id
    running.until(agent, lambda row: row.turn is Turn.WORKING)
    gate = running.path / "gate"
    # Their stdin says nothing for ever, so reading it is a pause that costs no process.
    noisy = ["bash", "-c", FLOOD, "-", str(gate)]
    flooding = [running.run("shell", *noisy, name=f"flood-{n}", pty=False).id for n in range(floods)]
    running.open_gate()
    for flood in flooding:
        running.until(flood, lambda row: row.out_size > 0)
    watcher = running.client(subscribe=True)
    watcher.call("pane.watch", wire.Watch(tuple(flooding[:4])))
    running.call("agent.interrupt", wire.AgentRef(agent))
    row = running.wait(agent, "idle").row
    assert (row.lifecycle, row.turn_number) == (Lifecycle.RUNNING, 1)
    assert len(running.sent(agent, "session/cancel")) == 1
    before = {flood: running.row(flood).out_size for flood in flooding}
    for flood in flooding:
        running.until(flood, lambda row, flood=flood: row.out_size > before[flood])
    running.call("daemon.stop", wire.StopDaemon(agents=True))
    assert running.daemon.wait(120) == 0
    assert all(b"line 500 of" in running.raw(flood, Stream.OUT) for flood in flooding[:3])


@pytest.mark.slow
def test_a_hung_agent_whose_stdin_is_full_can_still_be_ended(running: Any) -> None:
    """A pipe takes 64 KiB and the keeper 4 MiB: beyond that writes wait, in order, and nothing else does."""
    agent = running.run("shell", "bash", "-c", "exec sleep 600", pty=False).id
    other = running.run("shell", "cat", pty=False).id
    piece = b"x" * (512 * 1024)
    for _ in range(20):
        running.call("agent.input", wire.Input(agent, piece))
    running.call("agent.input", wire.Input(other, b"hello\n"))
    assert running.until(other, lambda row: row.out_size == 6).lifecycle is Lifecycle.RUNNING
    assert running.row(agent).lifecycle is Lifecycle.RUNNING
    running.kill()
    running.start()
    running.adopted()
    begun = time.monotonic()
    running.call("agent.stop", wire.AgentRef(agent))
    assert running.wait(agent, "exited").reached == "exited"
    bounded(begun, 30)


@pytest.mark.timeout(300)
def test_a_slow_reader_gets_everything_once_it_reads(running: Any) -> None:
    code = f"while ! test -e {running.path}/gate; do sleep 0.01; done; cat | cksum"
    agent = running.run("shell", "bash", "-c", code, pty=False).id
    piece = bytes(range(256)) * 4096
    for _ in range(8):
        running.call("agent.input", wire.Input(agent, piece))
    running.open_gate()
    running.settle(lambda: len(running.raw(agent, Stream.IN)) == 8 * len(piece))
    assert running.raw(agent, Stream.IN) == piece * 8


#: Children that ignore SIGTERM, in sessions of their own, until there are as many as asked for or as fit.
BOMB = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
made, why = 0, ""
for n in range(int(sys.argv[1])):
    try:
        if os.fork() == 0:
            if n % 3 == 0: os.setsid()
            while True: time.sleep(600)
    except OSError as error:
        why = str(error)
        break
    made += 1
open(sys.argv[2] + ".new", "w").write(f"{made} {why}")
os.rename(sys.argv[2] + ".new", sys.argv[2])
while True: time.sleep(600)
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("children", [150, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("how", ["kill", "keeper killed"])
def test_a_fork_bomb_ends_in_bounded_time(running: Any, children: int, how: str) -> None:
    script, noted = running.path / "bomb.py", running.path / "made"
    script.write_text(BOMB)
    agent = running.run("shell", sys.executable, "-I", "-S", str(script), str(children), str(noted)).id
    while not noted.exists():  # however long a busy machine takes: the test's own limit is the end of it
        assert running.row(agent).lifecycle is Lifecycle.RUNNING
        time.sleep(0.1)
    made, _, why = noted.read_text().partition(" ")
    if int(made) < children:
        pytest.skip(f"this machine allows {made} processes of {children}: {why}")
    nonce = next(r["nonce"] for r in running.journal(agent) if r["t"] == "launch")
    begun = time.monotonic()
    if how == "kill":
        running.call("agent.kill", wire.AgentRef(agent))
    else:
        os.kill(running.keeper_pid(agent), 9)
    row = running.until(agent, lambda row: row.lifecycle in (Lifecycle.EXITED, Lifecycle.LOST))
    while tree.find_by_nonce(nonce):
        time.sleep(0.05)
    bounded(begun, 90)
    assert row.lifecycle is (Lifecycle.EXITED if how == "kill" else Lifecycle.LOST)
    assert running.call("agent.list").agents[0].id == agent


@pytest.mark.parametrize("agents", [12, pytest.param(60, marks=pytest.mark.slow)])
def test_few_descriptors_refuse_by_name_or_work(home: Any, agents: int) -> None:
    """``ulimit -n 256``: what fits works, what does not is refused, and nobody who runs is hurt."""
    home.start(nofile=256 if agents > 50 else 96)
    started, refused = [], []
    for n in range(agents):
        try:
            started.append(home.run("shell", "cat", name=f"a{n}", pty=False).id)
        except RpcError as error:
            refused.append(error.message)
    assert len(started) >= 10
    assert all("too many open files" in text.lower() for text in refused), refused
    for agent in started:
        home.call("agent.input", wire.Input(agent, b"still here\n"))
    for agent in started:
        home.until(agent, lambda row: row.out_size == 11)
    home.kill()
    home.start(nofile=256 if agents > 50 else 96)
    rows = home.adopted()
    assert [row.id for row in rows if row.lifecycle is Lifecycle.RUNNING] == started
    assert all(Capability.INPUT in row.capabilities for row in rows)
