"""Everything killed at once, a shutdown, a reboot: one list says who can go on, one command brings them back."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
from typing import Any

import pytest

from agents import wire
from agents.model import Lifecycle, Recovery, Turn
from agents.runtime import tree
from app.fleet import Fleet

SAY = [{"do": "say", "text": "hello"}]
ASK = [{"do": "run", "command": "echo x >> ran", "ask": True}]


def fleet_of(home: Any, resumable: int, asking: int, lost: int) -> dict[str, list[str]]:
    """Start agents of each sort and return their ids; one of the resumable ones is in the middle of a turn."""
    names: dict[str, list[str]] = {"resume": [], "needs_you": [], "lost": []}
    for n in range(resumable - 1):
        names["resume"].append(home.play(SAY, name=f"can-{n}").id)
    names["resume"].append(home.play([home.gate("never")], name="at-work").id)
    names["needs_you"] = [home.play(ASK, name=f"asks-{n}").id for n in range(asking)]
    names["lost"] = [home.run("shell", "sleep", "600", name=f"shell-{n}").id for n in range(lost)]
    for agent in names["resume"][:-1]:
        home.wait(agent, "done", turn=1)
    home.until(names["resume"][-1], lambda row: row.turn is Turn.WORKING)
    for agent in names["needs_you"]:
        home.wait(agent, "blocked")
    return names


def verdicts(home: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"resume": [], "needs_you": [], "lost": []}
    for row in home.adopted():
        if row.recovery is not None:
            found[row.recovery].append(row.id)
    return found


@pytest.mark.parametrize("how", ["killed", pytest.param("restarted", marks=pytest.mark.slow)])
def test_everything_killed_at_once_is_one_list_and_one_command(running: Any, how: str) -> None:
    names = fleet_of(running, 3, 2, 1)
    stopped = running.play(SAY, name="stopped").id
    running.wait(stopped, "done")
    running.call("agent.stop", wire.AgentRef(stopped))
    finished = running.run("shell", "true", name="finished").id
    running.wait(finished, "exited")
    running.kill_everything()
    if how == "restarted":
        running.restarted()
    running.start()
    sentence = "6 agents: 3 can resume, 2 need you, 1 lost"
    assert verdicts(running) == names
    running.settle(lambda: sentence in running.notices())
    reasons = {row.reason for row in running.adopted() if row.recovery is Recovery.RESUME}
    assert ("the machine was restarted" in reasons) is (how == "restarted")
    listed = running.cli("ls")
    assert sentence in listed.stdout
    assert "quarterdeck resume --all" in listed.stdout
    asked = {"id": names["needs_you"][0]}
    note = next(row.recovery_note for row in running.adopted() if row.id == asked["id"])
    assert "echo x >> ran" in note

    ran = running.cli("resume", "--all", "--json")
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert answer["summary"] == sentence
    assert sorted(answer["resumed"]) == sorted(names["resume"] + names["needs_you"])
    assert any("at-work: its turn was cut off" in text for text in answer["notes"])
    assert any("shell-0" in text and "run it again" in text for text in answer["notes"])
    for agent in answer["resumed"]:
        row = running.wait(agent, "idle").row
        assert (row.lifecycle, row.incarnation, row.recovery) == (Lifecycle.RUNNING, 2, None)
    assert len(running.sent(answer["resumed"][0], "session/load")) == 1
    assert running.row(stopped).lifecycle is Lifecycle.EXITED
    assert running.row(finished).lifecycle is Lifecycle.EXITED
    assert not (running.project / "ran").exists()
    running.call("agent.send", wire.Send(answer["resumed"][0], "go on"))
    assert running.wait(answer["resumed"][0], "done", turn=2).reached == "done"
    assert running.call("agent.resume_all").resumed == ()


def test_agents_are_resumed_one_after_the_other(running: Any) -> None:
    agents = [running.play(SAY, name=f"a{n}").id for n in range(3)]
    for agent in agents:
        running.wait(agent, "done")
    running.kill_everything()
    running.start()
    running.adopted()
    assert list(running.call("agent.resume_all").resumed) == agents
    launches = sorted(r["at"] for agent in agents for r in running.journal(agent) if r["t"] == "launch")[-3:]
    gaps = [later - earlier for earlier, later in itertools.pairwise(launches)]
    assert all(gap >= 0.29 for gap in gaps), gaps


def test_a_shutdown_ends_agents_and_the_next_start_offers_them(running: Any) -> None:
    idle, shell = running.play(SAY).id, running.run("shell", "sleep", "600").id
    running.wait(idle, "done")
    asking = running.play(ASK).id
    running.wait(asking, "blocked")
    keepers = [running.keeper_pid(agent) for agent in (idle, shell, asking)]
    running.daemon.terminate()
    assert running.daemon.wait(60) == 0
    for keeper in keepers:
        os.kill(keeper, signal.SIGTERM)
    running.settle(lambda: all(tree.identity(keeper) is None for keeper in keepers))
    running.start()
    assert verdicts(running) == {"resume": [idle], "needs_you": [asking], "lost": [shell]}
    assert running.row(idle).lifecycle is Lifecycle.EXITED
    assert running.call("agent.resume_all").resumed == (idle, asking)


def test_what_was_said_before_a_resume_is_not_said_again_by_a_later_daemon(running: Any) -> None:
    agent = running.play(SAY).id
    running.wait(agent, "done", turn=1)
    running.call("agent.stop", wire.AgentRef(agent))
    running.call("agent.resume", wire.AgentRef(agent))
    running.wait(agent, "idle")
    running.kill()
    running.start()
    (row,) = running.adopted()
    assert (row.queue, row.turn_number) == ((), 1)
    running.call("agent.send", wire.Send(agent, "more"))
    running.wait(agent, "done", turn=2)
    assert [m["params"]["prompt"][0]["text"] for m in running.sent(agent, "session/prompt")] == ["go", "more"]


@pytest.mark.slow
def test_a_directory_that_is_gone_needs_you(running: Any) -> None:
    work = running.path / "elsewhere"
    work.mkdir()
    agent = running.play(SAY, cwd=str(work)).id
    running.wait(agent, "done")
    running.kill_everything()
    shutil.rmtree(work)
    running.start()
    assert verdicts(running)["needs_you"] == [agent]
    answer = running.call("agent.resume_all")
    assert (answer.resumed, len(answer.problems)) == ((), 1)
    assert str(work) in answer.problems[0]
    work.mkdir()
    assert running.call("agent.resume_all").resumed == (agent,)


@pytest.mark.slow
def test_a_client_sees_the_same_list(running: Any) -> None:
    names = fleet_of(running, 1, 1, 1)
    running.kill_everything()
    running.start()
    running.adopted()
    fleet = Fleet()
    fleet.reset(running.client(subscribe=True).welcome.snapshot)
    assert {row.id: row.recovery for row in fleet.rows()} == {
        names["resume"][0]: Recovery.RESUME,
        names["needs_you"][0]: Recovery.NEEDS_YOU,
        names["lost"][0]: Recovery.LOST,
    }
