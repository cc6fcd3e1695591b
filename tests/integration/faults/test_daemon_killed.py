"""kill -9 of the daemon in the middle of a write, an adoption, a hand-over: nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import Any

import msgspec
import pytest

from agents import wire
from agents.model import BlockKind, Lifecycle, Turn
from agents.runtime import tree
from agents.runtime.directory import AgentDirectory
from app.client.api import ConnectionLost

ASK = [{"do": "say", "text": "before"}, {"do": "run", "command": "echo x >> ran", "ask": True}]


def finish(home: Any, agent: str) -> None:
    """Answer, and see that the whole turn happened once and is told once."""
    home.wait(agent, "blocked", turn=1)
    home.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    assert home.wait(agent, "done", turn=1).reached == "done"
    assert (home.project / "ran").read_text() == "x\n"
    assert len(home.sent(agent, "session/prompt")) == 1
    blocks = home.call("transcript.page", wire.PageTranscript(agent)).blocks
    assert [b.text for b in blocks if b.kind is BlockKind.MESSAGE][:1] == ["before"]
    assert sum(b.kind is BlockKind.USER for b in blocks) == 1
    assert [b.n for b in blocks] == list(range(len(blocks)))


def sometimes(step: str, number: int) -> Any:
    """Return a case of the slow suite: one of each sort is in the fast one."""
    return pytest.param(step, number, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("step", "number"),
    [
        ("in adoption", 5),
        sometimes("in adoption", 1),
        sometimes("in adoption", 9),
        sometimes("after connecting", 1),
        sometimes("after connecting", 2),
    ],
)
def test_during_adoption(running: Any, step: str, number: int) -> None:
    agent, other = running.play(ASK).id, running.run("shell", "sleep", "600").id
    before = running.wait(agent, "blocked").row
    running.kill()
    running.begin(die=[step, number])
    running.await_crash()
    running.start()
    after = running.wait(agent, "blocked").row
    assert (after.requests, after.unread, after.headline) == (before.requests, before.unread, before.headline)
    assert running.until(other, lambda row: not row.catching_up).lifecycle is Lifecycle.RUNNING
    finish(running, agent)


@pytest.mark.parametrize(
    ("step", "number"),
    [
        sometimes("before checkpoint", 1),
        sometimes("before checkpoint", 2),
        sometimes("in checkpoint", 1),
        ("in checkpoint", 2),
        sometimes("in transcript", 1),
        sometimes("in transcript", 2),
        ("in journal", 1),
    ],
)
def test_during_its_own_writes(home: Any, step: str, number: int) -> None:
    home.start(die=[step, number])
    with contextlib.suppress(ConnectionLost):
        agent = home.play(ASK, [{"do": "say", "text": "more"}]).id
        home.wait(agent, "blocked")
        home.call("agent.answer", wire.AnswerRequest(agent, "allow"))
        home.wait(agent, "done", turn=1)
        home.call("agent.send", wire.Send(agent, "again"))
        home.wait(agent, "done", turn=2)
    home.await_crash()
    home.start()
    (row,) = home.adopted()
    if not (home.project / "ran").exists():
        finish(home, row.id)
    home.until(row.id, lambda row: row.turn in (Turn.DONE, Turn.IDLE))
    assert (home.project / "ran").read_text() == "x\n"
    prompts = [m["params"]["prompt"][0]["text"] for m in home.sent(row.id, "session/prompt")]
    assert prompts[:1] == ["go"]
    assert len(prompts) == len(set(prompts))
    page = home.call("transcript.page", wire.PageTranscript(row.id)).blocks
    assert [b.n for b in page] == list(range(len(page)))
    # What a next daemon reads from its files is what this one has in memory.
    shown = home.row(row.id)
    home.kill()
    home.start()
    (again,) = home.adopted()
    assert msgspec.to_builtins(again) == msgspec.to_builtins(shown)
    assert home.call("transcript.page", wire.PageTranscript(row.id)).blocks == page
    assert home.notices() == ""


@pytest.mark.slow
def test_between_letting_go_and_the_successor(home: Any) -> None:
    home.start(die=["before exec", 1])
    agent = home.play(ASK).id
    before = home.wait(agent, "blocked").row
    with contextlib.suppress(ConnectionLost):
        home.call("daemon.handover", wire.HandOver((sys.executable, str(home.main), "{}")))
    home.await_crash()
    home.start()
    assert home.wait(agent, "blocked").row.requests == before.requests
    finish(home, agent)


@pytest.mark.parametrize("step", ["after connecting", "in adoption"])
def test_the_successor_dies_while_it_adopts(running: Any, step: str) -> None:
    agent = running.play(ASK).id
    before = running.wait(agent, "blocked").row
    successor = (sys.executable, str(running.main), json.dumps({"die": [step, 1]}))
    running.call("daemon.handover", wire.HandOver(successor))
    running.await_crash()
    running.start()
    assert running.wait(agent, "blocked").row.requests == before.requests
    finish(running, agent)


STUBBORN = """
import os, signal, sys, time
os.setsid()
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(600)
"""


@pytest.mark.parametrize("died", ["keeper only", pytest.param("daemon while it clears up", marks=pytest.mark.slow)])
def test_a_killed_keeper_leaves_no_stubborn_grandchild(home: Any, died: str) -> None:
    home.start(**({} if died == "keeper only" else {"die": ["sweeping", 1]}))
    script, noted = home.path / "stubborn.py", home.path / "pid"
    script.write_text(STUBBORN)
    # Its parent is gone, its session is its own, SIGTERM means nothing to it, its environment says whose it is.
    agent = home.run("shell", "bash", "-c", f"({sys.executable} {script} {noted} &) ; exec sleep 600").id
    home.settle(lambda: noted.exists() and noted.read_text())
    grandchild = int(noted.read_text())
    os.kill(home.keeper_pid(agent), signal.SIGKILL)
    home.settle(lambda: tree.identity(grandchild) is None)
    if died != "keeper only":
        home.await_crash()
        home.start()
    row = home.until(agent, lambda row: row.lifecycle is Lifecycle.LOST)
    assert "its keeper was killed" in row.reason
    state = AgentDirectory(home.places.agent(agent)).keeper_state()
    assert state.child is not None
    assert tree.identity(state.child) is None
