"""Terminals beside agents through the whole daemon: where they stand, how long they live, what they may not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from typing import Any

import pytest

from agents import wire
from agents.events import AgentRemoved
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Lifecycle, Stream
from tests.integration.daemon.test_door import SNITCH
from tests.integration.daemon.test_views import SHELL, type_in


@pytest.fixture
def owner(running: Any) -> str:
    agent: str = running.run("shell", "sleep", "600", name="fix").id
    return agent


def beside(deck: Any, owner: str, *argv: str, **fields: Any) -> wire.Started:
    started: wire.Started = deck.run("shell", *(argv or SHELL), terminal_of=owner, **fields)
    return started


def listed(deck: Any, *, terminals: bool = False) -> list[str]:
    return [row.name for row in deck.call("agent.list", wire.ListAgents(terminals)).agents]


def test_it_works_where_its_agent_works_and_is_none_of_the_fleet(running: Any, owner: str) -> None:
    place = running.project / "sub"
    place.mkdir()
    there = running.run("shell", "sleep", "600", name="there", cwd=str(place)).id
    terminal = beside(running, there)
    assert terminal.name == "there-terminal"
    type_in(running, terminal.id, "pwd; tty\r")
    running.settle(lambda: f"{place}\r\n/dev/".encode() in running.raw(terminal.id, Stream.OUT))
    row = running.row(terminal.id)
    assert (row.terminal_of, row.project, row.slot, row.rank) == (there, str(running.project), None, None)
    assert listed(running) == ["fix", "there"]
    assert listed(running, terminals=True) == ["fix", "there", "there-terminal"]
    assert running.call("daemon.status").agents == 2
    type_in(running, terminal.id, "exit 1\r")
    running.until(terminal.id, lambda row: row.lifecycle is Lifecycle.EXITED)
    assert running.call("agent.next", wire.Next()).row is None


def test_none_stands_beside_a_terminal(running: Any, owner: str) -> None:
    terminal = beside(running, owner)
    with pytest.raises(RpcError, match="fix-terminal is itself the terminal of fix"):
        beside(running, terminal.id)


def test_it_survives_its_agents_stop_and_the_daemons_death_and_goes_with_its_agent(running: Any, owner: str) -> None:
    terminal = beside(running, owner).id
    running.call("agent.stop", wire.AgentRef(owner))
    running.kill()
    running.start()
    row = running.until(terminal, lambda row: not row.catching_up)
    assert (row.lifecycle, row.terminal_of) == (Lifecycle.RUNNING, owner)
    type_in(running, terminal, "echo still-$((1+1))\r")
    running.settle(lambda: b"still-2" in running.raw(terminal, Stream.OUT))
    client = running.client(subscribe=True)
    client.call("agent.remove", wire.Remove(owner))
    gone: list[str] = []
    while gone[-1:] != [owner]:
        event = client.next_event(60).event
        gone += [event.id] if isinstance(event, AgentRemoved) else []
    assert gone == [terminal, owner]
    assert listed(running, terminals=True) == []
    assert not running.places.agent(terminal).exists()


def test_refused_to_remove_a_running_agent_its_terminal_stays(running: Any, owner: str) -> None:
    terminal = beside(running, owner).id
    with pytest.raises(RpcError, match="fix is running"):
        running.call("agent.remove", wire.Remove(owner))
    assert running.row(terminal).lifecycle is Lifecycle.RUNNING
    running.call("agent.remove", wire.Remove(owner, force=True))
    assert listed(running, terminals=True) == []


def test_one_whose_agent_is_gone_goes_at_the_next_start(running: Any, owner: str) -> None:
    terminal = beside(running, owner).id
    running.call("agent.kill", wire.AgentRef(owner))
    running.kill()
    shutil.rmtree(running.places.agent(owner))  # as a daemon leaves it that dies in the middle of a removal
    running.start()
    running.settle(lambda: listed(running, terminals=True) == [])
    assert not running.places.agent(terminal).exists()


def test_cut_off_it_is_nobodys_to_resume(running: Any, owner: str) -> None:
    terminal = beside(running, owner, "sleep", "600").id
    keeper = json.loads((running.places.agent(terminal) / "keeper.json").read_text())["pid"]
    os.kill(keeper, signal.SIGKILL)
    row = running.until(terminal, lambda row: row.lifecycle is Lifecycle.LOST)
    assert (row.recovery, row.rank) == (None, None)
    resumed = running.call("agent.resume_all")
    assert (resumed.resumed, resumed.problems, resumed.summary) == ((), (), "")
    assert running.call("agent.restart", wire.AgentRef(terminal)).pid


def test_a_process_in_it_may_not_answer_for_anybody(running: Any, owner: str) -> None:
    asks = running.play([{"do": "run", "command": "touch no", "ask": True}]).id
    running.wait(asks, "blocked")
    script = running.path / "spy.py"
    script.write_text(SNITCH)
    calls = [["agent.answer", {"id": asks, "decision": "allow"}], ["agent.show", {"id": "fix"}]]
    argv = (sys.executable, str(script), str(running.places.daemon_socket), "me", asks, json.dumps(calls))
    terminal = beside(running, owner, *argv).id
    running.wait(terminal, "exited")
    said = running.raw(terminal, Stream.OUT).decode()
    refused = str(int(ErrorCode.REFUSED))
    got = [tuple(line.split(" ")[:2]) for line in said.splitlines()]
    assert got == [("hello", "ok"), ("role", "agent"), ("agent.answer", refused), ("agent.show", refused)]
    assert running.row(asks).requests
