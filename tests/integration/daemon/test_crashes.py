"""kill -9 at every border: afterwards all goes on, and everything was written exactly once."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any

import msgspec
import pytest

from agents import wire
from agents.model import Lifecycle, Stream, Turn
from agents.runtime import tree
from agents.runtime.directory import AgentDirectory
from app.client.api import ConnectionLost

ASK = [{"do": "run", "command": "echo x >> ran", "ask": True}, {"do": "say", "text": "done"}]


def crash_in(home: Any, method: str, params: Any) -> None:
    with pytest.raises(ConnectionLost):
        home.call(method, params)
    home.await_crash()


@pytest.mark.parametrize("step", ["decided", "recorded", "written", "acknowledged"])
@pytest.mark.parametrize("what", ["want", "prompt"])
def test_killed_while_an_agent_starts(home: Any, step: str, what: str) -> None:
    home.start(crash=[step, what, 1])
    with contextlib.suppress(ConnectionLost):
        home.play(ASK)
    home.await_crash()
    home.start()
    (row,) = home.call("agent.list").agents
    home.wait(row.id, "blocked", turn=1)
    home.call("agent.answer", wire.AnswerRequest(row.id, "allow"))
    assert home.wait(row.id, "done", turn=1).reached == "done"
    assert len(home.sent(row.id, "initialize")) == len(home.sent(row.id, "session/new")) == 1
    assert len(home.sent(row.id, "session/prompt")) == 1
    assert (home.project / "ran").read_text() == "x\n"


@pytest.mark.parametrize("step", ["decided", "recorded", "written", "acknowledged"])
def test_killed_around_an_answer(home: Any, step: str) -> None:
    home.start(crash=[step, "answer", 1])
    agent = home.play(ASK).id
    key = home.wait(agent, "blocked").row.requests[0].key
    with contextlib.suppress(ConnectionLost):
        home.call("agent.answer", wire.AnswerRequest(agent, "allow", key, by="first"))
    home.await_crash()
    home.start()
    home.until(agent, lambda row: not row.catching_up)
    answered = home.call("agent.answer", wire.AnswerRequest(agent, "allow", key, by="second"))
    # Only what was never recorded was never said.
    assert (answered.already, answered.by) == ((False, "second") if step == "decided" else (True, "first"))
    assert home.wait(agent, "done", turn=1).reached == "done"
    assert (home.project / "ran").read_text() == "x\n"
    assert len([m for m in home.sent(agent, "") if "outcome" in m.get("result", {})]) == 1


def test_killed_before_the_keeper_was_started(home: Any) -> None:
    home.start(crash=["launching", "launch", 1])
    crash_in(home, "agent.run", wire.Run("shell", str(home.project), argv=("true",)))
    state = home.places.state / "agents"
    (folder,) = state.iterdir()
    # As if it had happened a while ago: nobody waits for that keeper any more.
    os.utime(folder / "events.jsonl", (1, 1))
    home.start()
    row = home.until(folder.name, lambda row: not row.catching_up)
    assert row.lifecycle in (Lifecycle.LOST, Lifecycle.FAILED)
    assert row.rank is not None


def test_killed_in_the_middle_of_a_turn_and_with_messages_waiting(running: Any) -> None:
    agent = running.play([{"do": "say", "text": "before "}, running.gate(), {"do": "say", "text": "after"}]).id
    running.until(agent, lambda row: row.turn is Turn.WORKING)
    running.call("agent.send", wire.Send(agent, "second sk-ant-" + "k" * 30))
    running.kill()
    running.open_gate()
    running.start()
    assert running.wait(agent, "done", turn=2).reached == "done"
    prompts = [m["params"]["prompt"][0]["text"] for m in running.sent(agent, "session/prompt")]
    assert prompts == ["go", "second sk-ant-" + "k" * 30]
    assert b"sk-ant-k" not in (running.places.agent(agent) / "events.jsonl").read_bytes()
    blocks = running.call("transcript.page", wire.PageTranscript(agent)).blocks
    assert next(b.text for b in blocks if b.kind == "message") == "before after"
    assert [b.n for b in blocks] == list(range(len(blocks)))


def test_killed_with_a_permission_open_again_and_again(running: Any) -> None:
    agent = running.play(ASK).id
    before = running.wait(agent, "blocked").row
    for _ in range(3):
        running.kill()
        running.start()
    after = running.wait(agent, "blocked").row
    assert (after.requests, after.since, after.headline) == (before.requests, before.since, before.headline)
    assert after.unread == before.unread == 1
    running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    assert running.wait(agent, "done", turn=1).reached == "done"
    assert (running.project / "ran").read_text() == "x\n"


def test_an_agent_that_ends_while_no_daemon_runs_is_found_ended(running: Any) -> None:
    agent = running.run("shell", "bash", "-c", f"while ! test -e {running.path}/gate; do sleep 0.01; done; exit 7").id
    running.kill()
    running.open_gate()
    state = AgentDirectory(running.places.agent(agent))
    running.settle(lambda: (found := state.keeper_state()) is not None and found.finished)
    running.start()
    row = running.wait(agent, "exited").row
    assert (row.lifecycle, row.exit_code) == (Lifecycle.EXITED, 7)


def test_the_wish_to_stop_outlives_the_daemon(home: Any) -> None:
    home.start(crash=["decided", "interrupt", 1])
    agent = home.play([home.gate()]).id
    home.until(agent, lambda row: row.turn is Turn.WORKING)
    crash_in(home, "agent.stop", wire.AgentRef(agent))
    home.start()
    row = home.wait(agent, "exited").row
    assert row.lifecycle is Lifecycle.EXITED
    assert row.headline.startswith("exited")


@pytest.mark.parametrize("how", ["running", "absent"])
def test_a_killed_keeper_leaves_nothing_running_and_a_lost_row_that_says_so(running: Any, how: str) -> None:
    agent = running.run("shell", "bash", "-c", "setsid sleep 500 & sleep 600").id
    child = running.row(agent).pid
    running.until(agent, lambda row: len(tree.descendants(child)) == 2)
    left = {child, *tree.descendants(child)}
    keeper = AgentDirectory(running.places.agent(agent)).keeper_state()
    if how == "absent":
        running.kill()
    os.kill(keeper.pid, signal.SIGKILL)
    if how == "absent":
        running.start()
    row = running.until(agent, lambda row: row.lifecycle is Lifecycle.LOST)
    assert [pid for pid in left if tree.identity(pid) is not None] == []
    assert "its keeper was killed" in row.reason
    assert row.headline.startswith("failed: ")
    assert row.rank is not None
    running.kill()
    running.start()
    again = running.until(agent, lambda row: not row.catching_up)
    assert (again.lifecycle, again.reason, again.since) == (row.lifecycle, row.reason, row.since)


def test_without_a_checkpoint_the_log_is_replayed_to_the_same_state(running: Any) -> None:
    agent = running.play([{"do": "tools", "count": 20, "title": "t{n}"}, *ASK]).id
    running.wait(agent, "blocked")
    running.daemon.terminate()
    running.daemon.wait()
    before = (running.places.agent(agent) / "transcript.jsonl").read_bytes()
    checkpoint = running.places.agent(agent) / "checkpoint"
    assert checkpoint.exists()
    checkpoint.unlink()
    running.start()
    replayed = running.wait(agent, "blocked").row
    running.daemon.terminate()
    running.daemon.wait()
    running.start()
    again = running.wait(agent, "blocked").row
    assert msgspec.to_builtins(again) == msgspec.to_builtins(replayed)
    assert (running.places.agent(agent) / "transcript.jsonl").read_bytes() == before


def test_unusable_directories_are_set_aside_by_name(running: Any) -> None:
    agent = running.run("shell", "sleep", "600").id
    running.kill()
    folder = running.places.state / "agents"
    (folder / "empty").mkdir()
    (folder / "torn").mkdir()
    (folder / "torn" / "spec.json").write_text('{"id": "to')
    (folder / "copied").mkdir()
    (folder / "copied" / "spec.json").write_bytes((folder / agent / "spec.json").read_bytes())
    running.start()
    assert [row.id for row in running.call("agent.list").agents] == [agent]
    snapshot = running.client(subscribe=True).welcome.snapshot
    told = "\n".join(notice.text for notice in snapshot.notices)
    for name in ("empty", "torn", "copied"):
        assert f"agent directory {name} cannot be used" in told
        assert len(list((running.places.state / "damaged").glob(f"{name}-*"))) == 1
    assert running.until(agent, lambda row: not row.catching_up).lifecycle is Lifecycle.RUNNING


def test_the_bytes_on_the_disk_are_complete_after_all_this(running: Any) -> None:
    agent = running.run("shell", "bash", "-c", "for i in $(seq 20000); do echo $i; done; sleep 600").id
    expected = "".join(f"{i}\n" for i in range(1, 20001)).encode()
    running.kill()
    running.start()
    row = running.until(agent, lambda row: row.out_size == len(expected))
    assert running.raw(agent, Stream.OUT) == expected
    assert row.lifecycle is Lifecycle.RUNNING
