"""The real Codex in a terminal, through the real daemon: it reports what it does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentId, Rank
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real import tui_acts as acts
from tests.real.codex import environment, provider
from tests.real.tui_acts import Sources, Start

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

REPORTED = (Rank.OSC7501,)
#: It draws its input box before it reports anything.
STARTED = (Rank.OSC7501, Rank.SCREEN)


@pytest.fixture
def deck(codex_home: Path) -> Iterator[Deck]:
    """Open a Quarterdeck whose agents are gone before their home is."""
    with Deck() as own:
        yield own


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, codex_home: Path, api: ModelApi, codex: Path, repo: Path) -> Start:
    def run(scenario: str, **more: Any) -> AgentId:
        trusted = f'[projects."{repo}"]\ntrust_level = "trusted"\n'
        (codex_home / "codex" / "config.toml").write_text(trusted)
        argv = ("-a", "on-request", "-s", "read-only", *provider(api.url(scenario)))
        env = environment(codex, codex_home) | {"TERM": "xterm-256color"}
        return deck.run("codex-tui", repo, env=env, argv=argv, **more)

    return run


def test_a_whole_turn_by_its_own_reports(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.whole_turn(deck, api, repo, start, Sources(STARTED, REPORTED, REPORTED, REPORTED))


def test_what_is_denied_is_not_done(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.deny(deck, api, repo, start)


def test_the_daemon_is_killed_while_it_asks(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    acts.survive_the_daemon(deck, api, repo, start)
