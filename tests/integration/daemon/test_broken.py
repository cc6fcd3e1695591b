"""An adapter of ours that fails: its agent says so, its process goes on, and a resume begins with a fresh one."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import RpcError
from agents.model import BlockKind, Capability, Lifecycle
from agents.runtime import tree
from agents.runtime.directory import AgentDirectory


def test_an_adapter_that_fails_fails_its_agent_only_and_leaves_the_process_alone(home: Any) -> None:
    home.start(fragile=True)
    healthy = home.run("shell", "cat").id
    sick = home.run("shell", "bash", "-c", "read line; echo $line; exec sleep 600").id
    pid = home.row(sick).pid
    home.call("agent.input", wire.Input(sick, b"poison\n"))
    row = home.until(sick, lambda row: row.lifecycle is Lifecycle.FAILED)
    assert "ZeroDivisionError" in home.log()
    assert ("poison" in row.reason, str(pid) in row.reason, row.pid) == (True, True, pid)
    os.kill(pid, 0)
    home.call("agent.input", wire.Input(healthy, b"hello"))
    assert home.until(healthy, lambda row: row.out_size == 5).lifecycle is Lifecycle.RUNNING
    assert home.call("log.read", wire.ReadLog(sick, "out", 0, 10)).data == b"poison\n"
    home.call("agent.stop", wire.AgentRef(sick))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_agent_whose_adapter_failed_is_resumed_with_a_fresh_one(home: Any) -> None:
    """The new process begins behind the bytes nobody understood, for this daemon and for every later one."""
    home.env["QUARTERDECK_DEMO_STATE"] = str(home.path / "sessions")
    home.start(fragile=True)
    words, noise = {"do": "say", "text": "before"}, {"do": "raw", "text": "poison\n"}
    agent = home.play([words], [{"do": "say", "text": "second"}, noise, home.gate()]).id
    session = home.wait(agent, "done", turn=1).row.session_id
    home.call("agent.send", wire.Send(agent, "more"))
    home.until(agent, lambda row: row.lifecycle is Lifecycle.FAILED)
    for method, params in (("agent.resume", wire.AgentRef(agent)), ("agent.send", wire.Send(agent, "lost"))):
        with pytest.raises(RpcError, match=r"is running already|stop it and resume it"):
            home.call(method, params)
    home.call("agent.stop", wire.AgentRef(agent))
    home.kill()
    home.start(fragile=True)  # falls over the same bytes again
    row = home.until(agent, lambda row: not row.catching_up)
    assert ("poison" in row.reason, Capability.RESUME in row.capabilities) == (True, True)
    (scene,) = home.path.glob("scene-*.json")
    scene.write_text(scene.read_text().replace("poison", "harmless"))
    home.open_gate()
    home.call("agent.resume", wire.AgentRef(agent))
    row = home.wait(agent, "idle").row
    assert (row.lifecycle, row.incarnation, row.session_id) == (Lifecycle.RUNNING, 2, session)
    sent = home.call("agent.send", wire.Send(agent, "again"))
    row = home.wait(agent, "done", turn=sent.turn).row
    blocks = home.call("transcript.page", wire.PageTranscript(agent)).blocks
    assert [b.n for b in blocks] == list(range(len(blocks)))
    said = [b.text for b in blocks if b.kind is BlockKind.MESSAGE and not b.replayed]
    assert said == ["before", "second", "second"]
    home.kill()
    for name in ("checkpoint", "checkpoint.kept"):  # a replay begins there, too, and writes nothing twice
        (home.places.agent(agent) / name).unlink(missing_ok=True)
    home.start(fragile=True)
    again = home.until(agent, lambda row: not row.catching_up)
    assert (again.turn, again.turn_number, again.blocks, again.reason) == (row.turn, sent.turn, row.blocks, "")
    assert home.call("transcript.page", wire.PageTranscript(agent)).blocks == blocks


def test_a_broken_agent_whose_process_is_gone_with_its_daemon_is_known_to_have_ended(home: Any) -> None:
    """The next daemon falls over the same bytes, and still learns that nobody lives behind them."""
    home.start(fragile=True)
    agent = home.run("shell", "bash", "-c", "read line; echo $line; exec sleep 600").id
    home.call("agent.input", wire.Input(agent, b"poison\n"))
    pid = home.until(agent, lambda row: row.lifecycle is Lifecycle.FAILED).pid
    home.kill()
    state = AgentDirectory(home.places.agent(agent)).keeper_state()
    for victim in (state.pid, pid):
        os.kill(victim, signal.SIGKILL)
    home.settle(lambda: tree.identity(pid) is None)
    home.start(fragile=True)
    row = home.until(agent, lambda row: row.pid is None)
    assert (row.lifecycle, "poison" in row.reason, "goes on" in row.reason) == (Lifecycle.FAILED, True, False)
    assert "its keeper was killed" in home.log()
