"""The real opencode in a terminal, through the real daemon: it reports nothing, its screen is all there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentId, Rank
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real import tui_acts as acts
from tests.real.opencode import environment
from tests.real.tui_acts import Sources, Start

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

SHOWN = (Rank.SCREEN,)


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, opencode: Path, repo: Path) -> Start:
    def run(scenario: str, **more: Any) -> AgentId:
        env = environment(opencode, deck.root / "agent-home", api.url(scenario)) | {"TERM": "xterm-256color"}
        return deck.run("opencode-tui", repo, env=env, **more)

    return run


def test_a_whole_turn_by_its_screen(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.whole_turn(deck, api, repo, start, Sources(SHOWN, SHOWN, SHOWN, SHOWN))


def test_what_is_denied_is_not_done(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.deny(deck, api, repo, start)


def test_the_daemon_is_killed_while_it_asks(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.survive_the_daemon(deck, api, repo, start)
