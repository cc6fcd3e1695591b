"""The real Claude over ACP through the real daemon: what a user does with an agent, from the outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.jsonrpc import RpcError
from agents.model import AgentId, Blocked, Lifecycle
from agents.wire import AdoptSession, AgentRef
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real import acp_acts as acts
from tests.real.acp_acts import Start
from tests.real.claude_agent_acp import environment

pytestmark = [pytest.mark.real, pytest.mark.timeout(180), pytest.mark.usefixtures("claude_agent_acp")]


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, repo: Path) -> Start:
    def run(scenario: str, prompt: str | None = "Write hello.txt", **more: Any) -> AgentId:
        env = environment(deck.root / "agent-home", api.url(scenario)) | more.pop("env", {})
        return deck.run("claude-agent-acp", repo, prompt=prompt, env=env, **more)

    return run


def test_prompt_permission_allow_changed_file_idle(deck: Deck, repo: Path, start: Start) -> None:
    row = acts.allow_an_edit(deck, repo, start)
    assert row.mode == "default"
    assert {"default", "acceptEdits", "plan"} <= {mode.id for mode in row.modes}
    assert row.usage.context_size
    assert row.cost
    assert row.usage.input_tokens
    assert row.usage.output_tokens


def test_deny_changes_nothing(deck: Deck, repo: Path, start: Start) -> None:
    acts.deny_an_edit(deck, repo, start)


def test_an_interrupt_ends_the_stream_and_the_next_turn_works(deck: Deck, api: ModelApi, start: Start) -> None:
    acts.interrupt_a_stream(deck, api, start)


def test_an_interrupt_ends_a_tool_and_the_next_turn_works(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.interrupt_a_tool(deck, api, repo, start)


def test_messages_sent_meanwhile_wait_their_turn(deck: Deck, start: Start) -> None:
    acts.queue_two_messages(deck, start)


def test_its_mode_is_set_and_read_back(deck: Deck, start: Start) -> None:
    acts.change_the_mode(deck, start, "plan", "default")


def test_its_model_is_switched(deck: Deck, api: ModelApi, start: Start) -> None:
    acts.change_the_model(deck, api, start, "haiku", "haiku")


def test_a_fork_knows_what_was_said(deck: Deck, api: ModelApi, start: Start) -> None:
    acts.fork_it(deck, api, start)


def test_after_everything_was_killed_it_remembers(deck: Deck, api: ModelApi, start: Start) -> None:
    acts.remember_after_everything_was_killed(deck, api, start)


def test_a_killed_daemon_loses_no_permission(deck: Deck, repo: Path, start: Start) -> None:
    acts.allow_after_the_daemon_was_killed(deck, repo, start)


def test_a_question_is_answered(deck: Deck, api: ModelApi, start: Start) -> None:
    choices = [{"label": "sqlite", "description": "One file"}, {"label": "postgres", "description": "A server"}]
    asked = {"question": "Which database?", "header": "Database", "multiSelect": False, "options": choices}
    api.script("ask", Tool("AskUserQuestion", {"questions": [asked]}), Text("sqlite it is."))
    agent = start("ask", "Ask me")
    row = deck.wait(agent, "blocked")
    assert row.blocked is Blocked.QUESTION
    (request,) = row.requests
    assert request.title == "Which database?"
    question, other = request.questions
    assert (question.text, other.text, other.choices) == ("Database", "Other", ())
    assert {"sqlite", "postgres"} <= {choice.partition(" ")[0] for choice in question.choices}
    deck.answer(agent, "answer", answers={"Database": question.choices[0]})
    deck.wait(agent, "idle", turn=1)
    assert "sqlite" in str(api.turns("ask")[-1].body["messages"][-1])


def test_a_session_of_claude_code_is_the_same_session(deck: Deck, repo: Path, start: Start) -> None:
    deck.env["CLAUDE_CONFIG_DIR"] = str(deck.root / "agent-home" / "claude")  # where the daemon looks for sessions
    agent = start("text", "Remember the word lighthouse")
    row = deck.wait(agent, "idle", turn=1)
    assert row.session_id is not None
    take = AdoptSession("claude", row.session_id, str(repo), prompt="Which word was it?")
    with pytest.raises(RpcError, match="is run by"):
        deck.call("session.adopt", take)


def test_stop_leaves_no_process(deck: Deck, start: Start) -> None:
    agent = start("text", "Hello")
    deck.wait(agent, "idle", turn=1)
    deck.call("agent.stop", AgentRef(agent))
    assert deck.wait(agent, "exited").lifecycle is Lifecycle.EXITED
