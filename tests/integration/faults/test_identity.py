"""Who is who: reused pids, two daemons, two homes, another machine's leftovers. A stranger is never signalled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import RpcError
from agents.model import Lifecycle
from agents.runtime import tree
from agents.runtime.marks import MarkReader
from tests.integration.faults.conftest import FaultHome

SAY = [{"do": "say", "text": "hello"}]

#: A process that outlives its session's leader, as a desktop's do: whoever kills by session id kills it.
ORPHAN = (
    "import os, sys, time\nif os.fork(): os._exit(0)\nprint(os.getpid(), os.getsid(0), flush=True)\ntime.sleep(600)"
)


@pytest.fixture
def stranger() -> Iterator[Any]:
    process = subprocess.Popen(  # noqa: TID251 (the test owns it)
        ["sleep", "600"], text=True, start_new_session=True
    )
    yield process
    process.kill()
    process.wait()


def pretend(home: Any, agent: str, **changes: Any) -> None:
    """Change what the dead keeper left in keeper.json."""
    path = home.places.agent(agent) / "keeper.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("who", ["keeper", "child", "both"])
def test_a_reused_pid_is_never_signalled(running: Any, stranger: Any, who: str) -> None:
    agent = running.run("shell", "sleep", "600").id
    running.kill_everything()
    started = tree.identity(stranger.pid)
    assert started is not None
    other = {"pid": stranger.pid, "start": started - 1} if who != "child" else {}
    other |= {"child": stranger.pid, "child_start": started - 1} if who != "keeper" else {}
    pretend(running, agent, **other)
    running.start()
    row = running.until(agent, lambda row: row.lifecycle is Lifecycle.LOST)
    assert "nothing of it was left" in row.reason
    assert stranger.poll() is None
    assert tree.look(stranger.pid).state != "T"


def test_after_a_restart_of_the_machine_recorded_sessions_are_nobodys(running: Any) -> None:
    agent = running.run("shell", "sleep", "600").id
    running.kill_everything()
    with subprocess.Popen(  # noqa: TID251 (the test owns it)
        [sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        orphan, session = map(int, leader.stdout.readline().split())
    try:
        # The session's number is the one our agent had before the restart; its leader is gone, its member lives.
        pretend(running, agent, child=session, child_start=1)
        running.restarted()
        running.start()
        row = running.until(agent, lambda row: row.lifecycle is Lifecycle.LOST)
        assert row.reason == "the machine was restarted"
        assert tree.identity(orphan) is not None
    finally:
        os.kill(orphan, signal.SIGKILL)


def test_of_daemons_started_at_the_same_time_one_runs(home: Any) -> None:
    home.places.state.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, str(home.main), "{}"]
    rivals = [
        subprocess.Popen(argv, env=home.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # noqa: TID251
        for _ in range(4)
    ]
    try:
        home.settle(lambda: sum(rival.poll() is not None for rival in rivals) == 3 and home.is_listening())
        (winner,) = [rival for rival in rivals if rival.poll() is None]
        assert home.call("daemon.status").pid == winner.pid
        for rival in rivals:
            if rival is not winner:
                assert rival.returncode == 1
                assert f"process {winner.pid}" in rival.stderr.read()
    finally:
        for rival in rivals:
            rival.terminate()
            rival.communicate(timeout=60)


def test_two_homes_never_run_one_vendor_session(running: Any) -> None:
    agent = running.play(SAY).id
    session = running.wait(agent, "done").row.session_id
    assert session
    other = FaultHome()
    try:
        other.env["QUARTERDECK_LEASES"] = running.env["QUARTERDECK_LEASES"]
        other.env["QUARTERDECK_DEMO_STATE"] = running.env["QUARTERDECK_DEMO_STATE"]
        other.start()
        mine = other.play(SAY).id
        other.wait(mine, "done")
        other.call("agent.stop", wire.AgentRef(mine))
        # As if both homes had been made from one copy: the ended agent here continues the session running there.
        other.kill()
        folder = other.places.agent(mine)
        (folder / "checkpoint").unlink()
        begin = {"seq": MarkReader(folder).next_seq, "blocks": 2, "turns": 1}
        with (folder / "events.jsonl").open("a") as journal:
            journal.write(json.dumps({"t": "session", "at": 1.0, "id": session}) + "\n")
            journal.write(json.dumps({"t": "dropped", "at": 1.0, "bytes": 0, "why": "copied", **begin}) + "\n")
        other.start()
        other.adopted()
        with pytest.raises(RpcError) as caught:
            other.call("agent.resume", wire.AgentRef(mine))
        assert agent in caught.value.message
        assert str(running.places.state) in caught.value.message
        assert other.row(mine).lifecycle is Lifecycle.EXITED
        assert running.row(agent).lifecycle is Lifecycle.RUNNING
        # The one who holds it is killed with everything: the lease is nobody's then.
        running.kill_everything()
        assert other.call("agent.resume", wire.AgentRef(mine)).pid
        running.start()
        running.adopted()
        with pytest.raises(RpcError, match="already run by agent"):
            running.call("agent.resume", wire.AgentRef(agent))
    finally:
        other.close()


def test_kinds_of_one_vendor_share_its_sessions_and_give_them_back(home: Any) -> None:
    """Two kinds that say so run from one store of sessions: the lease counts for both, and ends with its holder."""
    kinds = home.path / "config" / "agents"
    kinds.mkdir(parents=True, exist_ok=True)
    for name in ("one", "two"):
        (kinds / f"{name}.toml").write_text(
            f'name = "{name}"\nfamily = "acp"\nsessions = "vendor"\nresume = true\n'
            'command = ["{python}", "{resources}/demo/agent.py", "script"]\n'
        )
    home.start()
    scene = home.path / "scene.json"
    scene.write_text(json.dumps({"title": "test", "turns": [SAY], "later": SAY}))
    agent = home.run("one", str(scene), prompt="go").id
    session = home.wait(agent, "done").row.session_id
    other = home.run("two", str(scene), prompt="go").id
    home.wait(other, "done")
    home.call("agent.stop", wire.AgentRef(other))
    home.kill()
    with (home.places.agent(other) / "events.jsonl").open("a") as journal:
        journal.write(json.dumps({"t": "session", "at": 1.0, "id": session}) + "\n")
    home.start()
    home.adopted()
    with pytest.raises(RpcError, match=f"vendor session {session} is already run by agent {agent}"):
        home.call("agent.resume", wire.AgentRef(other))
    home.call("agent.stop", wire.AgentRef(agent))
    home.settle(lambda: list((home.path / "leases").glob("*.json")) == [])
    assert home.call("agent.resume", wire.AgentRef(other)).pid
    assert home.wait(other, "idle").row.lifecycle is Lifecycle.RUNNING
