"""The real Claude Code in a terminal, through the real daemon: its own reports, and without them its screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentId, Rank
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real import tui_acts as acts
from tests.real.claude_tui import settled
from tests.real.deaf import shim
from tests.real.tui_acts import Sources, Start

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

REPORTED = (Rank.OSC7501,)
#: It calls the hook of its start before it reports anything.
STARTED = (Rank.OSC7501, Rank.HOOKS)


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, claude: Path, repo: Path) -> Start:
    def run(scenario: str, **more: Any) -> AgentId:
        env = settled(claude, deck.root / "agent-home", api.url(scenario), repo)
        return deck.run("claude-tui", repo, env=env, **more)

    return run


def test_a_whole_turn_by_its_own_reports(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.whole_turn(deck, api, repo, start, Sources(STARTED, REPORTED, REPORTED, REPORTED))


def test_a_whole_turn_in_a_terminal_that_knows_no_reports(deck: Deck, api: ModelApi, claude: Path, repo: Path) -> None:
    def start(scenario: str, **more: Any) -> AgentId:
        env = settled(claude, deck.root / "agent-home", api.url(scenario), repo)
        env["PATH"] = f"{shim(deck.root / 'shim', claude)}:{env['PATH']}"
        return deck.run("claude-tui", repo, env=env, **more)

    shown, titled = (Rank.SCREEN,), (Rank.TITLE, Rank.SCREEN)
    acts.whole_turn(deck, api, repo, start, Sources(shown, shown, titled, shown))


def test_what_is_denied_is_not_done(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.deny(deck, api, repo, start)


def test_the_daemon_is_killed_while_it_asks(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.survive_the_daemon(deck, api, repo, start)
