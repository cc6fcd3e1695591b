"""The real Gemini CLI through the real daemon: what a user does with an agent, from the outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentId, Blocked, Capability, Lifecycle, Turn
from agents.wire import AgentRef
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real import acp_acts as acts
from tests.real.acp_acts import Start
from tests.real.gemini import environment

pytestmark = [pytest.mark.real, pytest.mark.timeout(180), pytest.mark.usefixtures("gemini")]


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, repo: Path) -> Start:
    def run(scenario: str, prompt: str | None = "Write hello.txt", **more: Any) -> AgentId:
        env = environment(deck.root / "agent-home", api.url(scenario)) | more.pop("env", {})
        return deck.run("gemini", repo, prompt=prompt, env=env, **more)

    return run


def test_prompt_permission_allow_changed_file_idle(deck: Deck, repo: Path, start: Start) -> None:
    row = acts.allow_an_edit(deck, repo, start)
    assert row.mode == "default"
    assert {mode.id for mode in row.modes} == {"default", "autoEdit", "yolo", "plan"}
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
    acts.change_the_model(deck, api, start, "gemini-3.8-flash", "gemini-3.8-flash")


def test_it_begins_with_any_model_asked_for(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Hello", model="gemini-2.5-flash")
    assert deck.wait(agent, "idle", turn=1).model == "gemini-2.5-flash"
    assert "gemini-2.5-flash:" in api.turns("text")[-1].path


def test_after_everything_was_killed_it_remembers_within_a_minute(deck: Deck, api: ModelApi, start: Start) -> None:
    acts.remember_after_everything_was_killed(deck, api, start)


def test_a_killed_daemon_loses_no_permission(deck: Deck, repo: Path, start: Start) -> None:
    acts.allow_after_the_daemon_was_killed(deck, repo, start)


def test_without_a_key_or_login_it_says_how_to_log_in(deck: Deck, start: Start) -> None:
    agent = start("text", None, env={"GEMINI_API_KEY": "", "GOOGLE_GEMINI_BASE_URL": ""})
    row = deck.wait_row(agent, lambda row: row.turn is Turn.BLOCKED, "it asks for a login")
    assert row.blocked is Blocked.AUTH
    assert "`gemini`" in row.reason
    assert Capability.FORK not in row.capabilities


def test_stop_ends_it_although_it_ignores_the_polite_way(deck: Deck, start: Start) -> None:
    agent = start("text", "Hello")
    deck.wait(agent, "idle", turn=1)
    deck.call("agent.stop", AgentRef(agent))
    assert deck.wait(agent, "exited").lifecycle is Lifecycle.EXITED
