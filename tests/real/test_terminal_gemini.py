"""The real Gemini CLI in a terminal, through the real daemon: its title tells too little apart, its screen says all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentId, Rank
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real import tui_acts as acts
from tests.real.gemini import environment
from tests.real.tui_acts import Sources, Start

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.usefixtures("gemini")]


@pytest.fixture
def deck() -> Iterator[Deck]:
    """Open a Quarterdeck whose daemon inherits what build machines set: alone, Gemini CLI takes no terminal then."""
    with Deck({"CI": "true", "GITHUB_ACTIONS": "true"}) as own:
        yield own


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, repo: Path) -> Start:
    def run(scenario: str, **more: Any) -> AgentId:
        folder = deck.root / "agent-home" / ".gemini"
        folder.mkdir(parents=True)
        settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"enableAutoUpdate": False}}
        (folder / "settings.json").write_text(json.dumps(settings))
        env = environment(folder.parent, api.url(scenario)) | {"TERM": "xterm-256color"}
        return deck.run("gemini-tui", repo, env=env, **more)

    return run


def test_a_whole_turn_by_its_screen(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    shown = (Rank.SCREEN,)
    acts.whole_turn(deck, api, repo, start, Sources(shown, shown, shown, shown))


def test_what_is_denied_is_not_done(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.deny(deck, api, repo, start)


def test_the_daemon_is_killed_while_it_asks(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.survive_the_daemon(deck, api, repo, start)
