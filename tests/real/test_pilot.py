"""Pilot through the real daemon, over both vendors' formats: what a user does with an agent, from the outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from agents.model import AgentId, Blocked, BlockKind, Capability, Cause, Turn
from agents.runtime import tree
from agents.wire import AgentRef, Fork, SetMode, SetModel, Started
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text
from tests.real.pilot import VENDORS, environment, script

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

Start = Callable[..., AgentId]


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, repo: Path, vendor: str) -> Start:
    script(api)

    def run(scenario: str, prompt: str | None = "Write hello.txt", **more: Any) -> AgentId:
        return deck.run(
            "pilot", repo, prompt=prompt, env=environment(deck.root / "agent-home", vendor, api.url(scenario)), **more
        )

    return run


def texts(deck: Deck, agent: AgentId, kind: BlockKind) -> list[str]:
    return [block.text for block in deck.blocks(agent) if block.kind is kind]


def test_prompt_permission_allow_changed_file_idle(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("pilot-write")
    row = deck.wait(agent, "blocked")
    assert (row.blocked, row.source, row.mode) == (Blocked.PERMISSION, "protocol", "ask")
    (request,) = row.requests
    assert (request.tool_kind, request.title) == ("edit", "Write hello.txt")
    assert [(diff.path, diff.new) for diff in request.diffs] == [(str(repo / "hello.txt"), "hello from the model\n")]
    assert not (repo / "hello.txt").exists()
    deck.answer(agent, "allow")
    row = deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"
    assert row.turn is Turn.DONE
    assert {mode.id for mode in row.modes} == {"ask", "accept-edits", "plan"}
    assert row.model == "scripted"
    assert row.usage.input_tokens
    assert row.usage.output_tokens
    assert row.usage.context_used
    assert texts(deck, agent, BlockKind.USER) == ["Write hello.txt"]
    assert texts(deck, agent, BlockKind.MESSAGE) == ["I write the file.", "The file is written."]


def test_deny_changes_nothing(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("pilot-write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny")
    row = deck.wait(agent, "idle", turn=1)
    assert not (repo / "hello.txt").exists()
    assert row.requests == ()


def test_allowed_for_good_it_asks_once(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("pilot-run", "Run it")
    assert deck.wait(agent, "blocked").requests[0].command == "echo ran > ran.txt"
    deck.answer(agent, "always")
    deck.wait(agent, "idle", turn=1)
    (repo / "ran.txt").unlink()
    deck.wait(agent, "idle", turn=deck.send(agent, "Run it again"))
    assert (repo / "ran.txt").exists()


def test_an_interrupt_ends_the_stream_and_the_next_turn_works(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("slow", "Count")
    assert api.wait_for(lambda: bool(api.turns("slow")))
    deck.wait_row(agent, lambda row: any("one" in text for text in texts(deck, agent, BlockKind.MESSAGE)), "it speaks")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)
    assert api.wait_for(lambda: bool(api.hung_up)), "it goes on reading what nobody wants"
    turn = deck.send(agent, "Count again")
    deck.wait_row(agent, lambda row: row.turn is Turn.WORKING and row.turn_number == turn, "it works again")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=turn)


def test_an_interrupt_kills_the_running_command_and_the_next_turn_works(
    deck: Deck, api: ModelApi, repo: Path, start: Start
) -> None:
    agent = start("pilot-wait", "Sleep")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    sleeper = repo / "sleeper.pid"
    deck.wait_row(agent, lambda row: sleeper.exists() and bool(sleeper.read_text().strip()), "the command runs")
    pid = int(sleeper.read_text())
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)
    assert not psutil.pid_exists(pid)
    turn = deck.send(agent, "Something else")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny")
    assert deck.wait(agent, "idle", turn=turn).turn is Turn.DONE


def test_two_messages_wait_for_their_turns(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("pilot-write", "First")
    deck.wait(agent, "blocked")
    second, third = deck.send(agent, "Second"), deck.send(agent, "Third")
    assert [prompt.text for prompt in deck.row(agent).queue] == ["Second", "Third"]
    api.script("pilot-write", Text("You said: {prompt}"))
    deck.answer(agent, "deny")
    deck.wait(agent, "idle", turn=third)
    assert second < third
    assert texts(deck, agent, BlockKind.USER) == ["First", "Second", "Third"]
    assert texts(deck, agent, BlockKind.MESSAGE)[-2:] == ["You said: Second", "You said: Third"]


def test_its_mode_is_set_and_holds(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("pilot-write", "Write", mode="plan")
    assert deck.wait(agent, "idle", turn=1).mode == "plan"
    assert not (repo / "hello.txt").exists()
    deck.call("agent.set_mode", SetMode(agent, "accept-edits"))
    deck.wait_row(agent, lambda row: row.mode == "accept-edits", "the mode is read back")
    deck.wait(agent, "idle", turn=deck.send(agent, "Write"))
    assert (repo / "hello.txt").exists(), "edits of the project are not asked for in this mode"


def test_its_mode_holds_over_a_resume(deck: Deck, start: Start) -> None:
    agent = start("text", "Hello")
    row = deck.wait(agent, "idle", turn=1)
    assert row.mode == "ask"
    deck.call("agent.set_mode", SetMode(agent, "plan"))
    deck.wait_row(agent, lambda row: row.mode == "plan", "the mode is read back")
    assert row.pid is not None
    os.kill(row.pid, signal.SIGKILL)
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    assert deck.wait_row(agent, lambda row: row.incarnation == 2 and row.turn is Turn.IDLE, "it is back").mode == "plan"


def test_its_model_is_chosen_and_switched(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Hello")
    row = deck.wait(agent, "idle", turn=1)
    assert Capability.MODELS in row.capabilities
    assert [model.id for model in row.models] == ["scripted"]
    deck.call("agent.set_model", SetModel(agent, "scripted"))
    deck.wait_row(agent, lambda row: row.model == "scripted", "the model is read back")


def test_a_model_asked_for_is_used(deck: Deck, api: ModelApi, repo: Path, vendor: str, start: Start) -> None:
    env = environment(deck.root / "agent-home", vendor, api.url("text"), PILOT_MODEL="another")
    agent = deck.run("pilot", repo, prompt="Hello", env=env)
    assert deck.wait(agent, "idle", turn=1).model == "another"
    assert api.turns("text")[-1].body["model"] == "another"
    deck.call("agent.set_model", SetModel(agent, "scripted"))
    deck.wait_row(agent, lambda row: row.model == "scripted", "the model is read back")
    deck.wait(agent, "idle", turn=deck.send(agent, "Hello again"))
    assert api.turns("text")[-1].body["model"] == "scripted"


def test_everything_killed_and_resumed_it_remembers(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Remember the word lighthouse")
    before = deck.wait(agent, "idle", turn=1)
    for line in deck.processes(agent):
        os.kill(int(line.split()[0]), signal.SIGKILL)
    deck.kill_daemon()
    deck.wait_row(agent, lambda row: row.lifecycle.value in ("lost", "exited"), "it is gone")
    deck.call("agent.resume", AgentRef(agent))
    after = deck.wait(agent, "idle")
    assert (after.incarnation, after.session_id) == (2, before.session_id)
    deck.wait(agent, "idle", turn=deck.send(agent, "Which word was it?"))
    assert "lighthouse" in str(api.turns("text")[-1].body["messages"])
    assert texts(deck, agent, BlockKind.USER) == ["Remember the word lighthouse", "Which word was it?"]


def test_killed_in_the_middle_of_a_command_and_resumed(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    agent = start("pilot-wait", "Sleep")
    row = deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.wait_row(agent, lambda row: (repo / "sleeper.pid").exists(), "the command runs")
    assert row.pid is not None
    os.kill(row.pid, signal.SIGKILL)
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    deck.wait_row(agent, lambda row: row.incarnation == 2 and row.turn is Turn.IDLE, "it is back")
    api.script("pilot-wait", Text("You said: {prompt}"))
    assert deck.wait(agent, "idle", turn=deck.send(agent, "What happened?")).turn is Turn.DONE
    assert "was interrupted" in str(api.turns("pilot-wait")[-1].body["messages"])


def test_a_fork_remembers_and_goes_its_own_way(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Remember the word lighthouse")
    origin = deck.wait(agent, "idle", turn=1)
    begun: Started = deck.call("agent.fork", Fork(agent, prompt="Which word was it?"))
    fork = deck.wait(begun.id, "idle", turn=1)
    assert fork.session_id not in (None, origin.session_id)
    assert "lighthouse" in str(api.turns("text")[-1].body["messages"])
    deck.wait(agent, "idle", turn=deck.send(agent, "And you?"))
    assert "Which word" not in str(api.turns("text")[-1].body["messages"])


def test_a_killed_daemon_loses_no_permission(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("pilot-write")
    before = deck.wait(agent, "blocked")
    deck.kill_daemon()
    assert before.pid is not None
    assert tree.look(before.pid) is not None, "the agent goes on without the daemon"
    after = deck.wait(agent, "blocked")
    assert [request.key for request in after.requests] == [request.key for request in before.requests]
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"


def test_without_any_key_the_row_says_what_to_do(deck: Deck, repo: Path) -> None:
    env = environment(deck.root / "agent-home", "openai", "") | {"OPENAI_API_KEY": ""}
    agent = deck.run("pilot", repo, env=env)
    row = deck.wait_row(agent, lambda row: row.blocked is Blocked.AUTH, "it asks for a key")
    assert row.headline
    assert "OPENAI_BASE_URL" in row.reason


def test_a_local_endpoint_is_enough(deck: Deck, api: ModelApi, repo: Path) -> None:
    env = environment(deck.root / "agent-home", "openai", api.url("text")) | {"OPENAI_API_KEY": ""}
    agent = deck.run("pilot", repo, prompt="Hello", env=env)
    assert deck.wait(agent, "idle", turn=1).turn is Turn.DONE
    assert texts(deck, agent, BlockKind.MESSAGE) == ["You said: Hello"]


def test_a_limit_says_until_when(deck: Deck, start: Start) -> None:
    agent = start("429-after", "Anything")
    row = deck.wait_row(agent, lambda row: row.cause is Cause.RATE_LIMIT, "the cause is told")
    assert row.until is not None
    assert row.trouble is not None
    assert 3500 < row.until - row.trouble.since < 3700
