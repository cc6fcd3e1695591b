"""The real opencode through the real daemon: what a user does with an agent, from the outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentId, Blocked, BlockKind, Cause, Lifecycle, Turn
from agents.runtime import tree
from agents.wire import AdoptSession, AgentRef, ListSessions, Remove, SetMode
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real import acp_acts as acts
from tests.real.opencode import environment

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

Start = Callable[..., AgentId]


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, opencode: Path, repo: Path) -> Start:
    def run(scenario: str, prompt: str | None = "Write hello.txt", **more: Any) -> AgentId:
        env = environment(opencode, deck.root / "agent-home", api.url(scenario))
        return deck.run("opencode", repo, prompt=prompt, env=env, **more)

    return run


def test_prompt_permission_allow_changed_file_idle(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    row = deck.wait(agent, "blocked")
    assert row.blocked is Blocked.PERMISSION
    assert row.source == "protocol"
    (request,) = row.requests
    assert request.tool_kind == "edit"
    assert [(diff.path, diff.new) for diff in request.diffs] == [(str(repo / "hello.txt"), "hello from the model\n")]
    assert not (repo / "hello.txt").exists()
    deck.answer(agent, "allow")
    row = deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"
    assert row.turn is Turn.DONE
    assert row.branch == "main"
    assert row.usage.context_size == 100_000
    assert row.usage.output_tokens
    assert {mode.id for mode in row.modes} == {"build", "plan"}
    blocks = deck.blocks(agent)
    assert [b.text for b in blocks if b.kind is BlockKind.USER] == ["Write hello.txt"]
    assert [b.text for b in blocks if b.kind is BlockKind.MESSAGE] == ["I write the file.", "The file is written."]
    decisions = [b.decision.outcome for b in blocks if b.kind is BlockKind.PERMISSION and b.decision]
    assert decisions == ["allowed"]


def test_the_same_by_the_command_line(deck: Deck, api: ModelApi, opencode: Path, repo: Path) -> None:
    deck.env |= environment(opencode, deck.root / "agent-home", api.url("bash"))
    started = deck.cli_json("run", "opencode", "-p", str(repo), "--here", "--prompt", "Run it", "-n", "runner")
    assert started["pid"] == deck.row(started["id"]).pid
    blocked = deck.cli_json("wait", "runner", "--until", "blocked", "--timeout", "60")
    assert blocked["row"]["requests"][0]["command"] == "echo ran > ran.txt"
    assert "runner" in deck.cli("next")
    deck.cli("allow", "runner")
    deck.cli("wait", "runner", "--until", "idle", "--timeout", "60")
    assert (repo / "ran.txt").read_text() == "ran\n"
    assert deck.cli_json("show", "runner")["turn"] == "done"
    deck.cli("stop", "runner")
    deck.cli("wait", "runner", "--until", "exited", "--timeout", "60")


def test_a_killed_daemon_loses_no_permission(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    before = deck.wait(agent, "blocked")
    killed = deck.kill_daemon()
    assert before.pid is not None
    assert tree.look(before.pid) is not None, "the agent goes on without the daemon"
    after = deck.wait(agent, "blocked")
    with deck.client() as client:
        assert client.welcome.pid != killed
    assert (after.pid, after.incarnation) == (before.pid, before.incarnation)
    assert [request.key for request in after.requests] == [request.key for request in before.requests]
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"


def test_a_daemon_killed_right_after_the_answer_repeats_nothing(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("steps")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.kill_daemon()
    row = deck.wait_row(agent, lambda row: any(r.command for r in row.requests), "the second permission")
    assert (repo / "hello.txt").exists()
    assert not (repo / "ran.txt").exists()
    assert row.incarnation == 1
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "ran.txt").exists()
    outcomes = [b.decision.outcome for b in deck.blocks(agent) if b.kind is BlockKind.PERMISSION and b.decision]
    assert outcomes == ["allowed", "allowed"]


def test_deny_changes_nothing(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny")
    row = deck.wait(agent, "idle", turn=1)
    assert not (repo / "hello.txt").exists()
    assert row.requests == ()
    tools = [b.tool.status for b in deck.blocks(agent) if b.tool is not None]
    assert tools == ["failed"]


def test_allowed_for_good_it_asks_once(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("bash", "Run it")
    deck.wait(agent, "blocked")
    deck.answer(agent, "always")
    deck.wait(agent, "idle", turn=1)
    (repo / "ran.txt").unlink()
    deck.wait(agent, "idle", turn=deck.send(agent, "Run it again"))
    assert (repo / "ran.txt").exists()


def test_an_interrupt_ends_the_stream_and_the_next_turn_works(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("slow", "Count")
    deck.wait_row(agent, lambda row: row.turn is Turn.WORKING, "it works")
    assert api.wait_for(lambda: bool(api.turns("slow")))
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)
    assert api.wait_for(lambda: bool(api.hung_up)), "it goes on reading what nobody wants"
    turn = deck.send(agent, "Count again")
    deck.wait_row(agent, lambda row: row.turn is Turn.WORKING and row.turn_number == turn, "it works again")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=turn)


def test_an_interrupt_withdraws_the_open_permission(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.call("agent.interrupt", AgentRef(agent))
    row = deck.wait(agent, "idle", turn=1)
    assert row.requests == ()
    assert not (repo / "hello.txt").exists()


def test_an_interrupt_reaches_it_while_the_model_is_silent(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("hang", "Anything")
    assert api.wait_for(lambda: bool(api.turns("hang")))
    assert deck.row(agent).turn is Turn.WORKING
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)


@pytest.mark.parametrize("moment", ["blocked", "working", "idle"])
def test_stop_leaves_no_process(deck: Deck, api: ModelApi, start: Start, moment: str) -> None:
    agent = start({"blocked": "write", "working": "slow", "idle": "text"}[moment])
    if moment == "working":
        assert api.wait_for(lambda: bool(api.turns("slow")))
    else:
        deck.wait(agent, moment)
    assert deck.processes(agent)
    deck.call("agent.stop", AgentRef(agent))
    row = deck.wait(agent, "exited")
    assert row.lifecycle is Lifecycle.EXITED
    assert row.exit_code == 0
    assert [line for line in deck.processes(agent) if "keeper" not in line] == []


def test_killed_and_resumed_it_remembers(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    agent = start("text", "Remember the word lighthouse")
    before = deck.wait(agent, "idle", turn=1)
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    after = deck.wait(agent, "idle")
    assert after.incarnation == 2
    assert after.session_id == before.session_id
    deck.wait(agent, "idle", turn=deck.send(agent, "Which word was it?"))
    assert "lighthouse" in str(api.turns("text")[-1].body["messages"])
    users = [b.text for b in deck.blocks(agent) if b.kind is BlockKind.USER and not b.replayed]
    assert users == ["Remember the word lighthouse", "Which word was it?"]


def test_a_refused_key_is_told_in_the_vendors_words(deck: Deck, start: Start) -> None:
    agent = start("401", "Anything")
    row = deck.wait_row(agent, lambda row: row.turn is Turn.BLOCKED, "it asks for a login")
    assert (row.blocked, row.cause) == (Blocked.AUTH, Cause.AUTH)
    assert row.trouble is not None
    assert "Incorrect API key provided" in row.trouble.detail
    assert "opencode auth login" in deck.cli("show", agent)


def test_an_interrupt_ends_a_tool_and_the_next_turn_works(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.interrupt_a_tool(deck, api, repo, start)


def test_messages_sent_meanwhile_wait_their_turn(deck: Deck, start: Start) -> None:
    acts.queue_two_messages(deck, start)


def test_after_everything_was_killed_it_remembers(deck: Deck, api: ModelApi, start: Start) -> None:
    acts.remember_after_everything_was_killed(deck, api, start)


def test_a_fork_knows_what_was_said(deck: Deck, api: ModelApi, start: Start) -> None:
    acts.fork_it(deck, api, start)


def test_its_sessions_are_listed_and_one_is_adopted(deck: Deck, api: ModelApi, opencode: Path, repo: Path) -> None:
    deck.env |= environment(opencode, deck.root / "agent-home", api.url("text"))
    agent = deck.run("opencode", repo, prompt="Remember the word lighthouse")
    row = deck.wait(agent, "idle", turn=1)
    deck.call("agent.stop", AgentRef(agent))
    deck.wait(agent, "exited")
    (found,) = deck.call("session.list", ListSessions(str(repo), "opencode")).sessions
    assert (found.id, found.agent, found.is_running) == (row.session_id, agent, False)
    deck.call("agent.remove", Remove(agent))
    adopted = deck.call("session.adopt", AdoptSession("opencode", found.id, str(repo), prompt="Which word?")).id
    deck.wait(adopted, "idle", turn=1)
    assert "lighthouse" in str(api.turns("text")[-1].body)


def test_its_model_is_read_back(deck: Deck, start: Start) -> None:
    agent = start("text", "Hello")
    row = deck.wait(agent, "idle", turn=1)
    assert (row.model, [model.id for model in row.models]) == ("scripted/scripted", ["scripted/scripted"])


def test_its_mode_is_set_and_read_back(deck: Deck, start: Start) -> None:
    agent = start("text", "Hello", mode="plan")
    assert deck.wait(agent, "idle", turn=1).mode == "plan"
    deck.call("agent.set_mode", SetMode(agent, "build"))
    assert deck.wait_row(agent, lambda row: row.mode == "build", "the mode is read back").mode == "build"


def test_the_kind_makes_it_ask_whatever_its_own_configuration_says(
    deck: Deck, api: ModelApi, opencode: Path, repo: Path
) -> None:
    env = environment(opencode, deck.root / "agent-home", api.url("write"))
    env["OPENCODE_CONFIG_CONTENT"] = env["OPENCODE_CONFIG_CONTENT"].replace('"ask"', '"allow"')
    agent = deck.run("opencode", repo, prompt="Write hello.txt", env=env)
    deck.wait(agent, "blocked")
    assert not (repo / "hello.txt").exists()
