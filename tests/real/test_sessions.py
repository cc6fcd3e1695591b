"""Conversations that were held without Quarterdeck, by the real programs: listed, adopted, and continued."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import RpcError
from agents.model import AgentId, Turn
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text
from tests.real import codex as codexes
from tests.real.claude_tui import settled

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

AT_REST = (Turn.IDLE, Turn.DONE)


@pytest.fixture
def opened() -> Iterator[Callable[[Mapping[str, str]], Deck]]:
    """Open a Quarterdeck whose daemon, and so whose agents, have an environment."""
    decks: list[Deck] = []

    def make(env: Mapping[str, str]) -> Deck:
        deck = Deck(env)
        decks.append(deck)
        return deck

    yield make
    for deck in decks:
        deck.__exit__(None, None, None)


def hold(argv: list[str], env: Mapping[str, str], repo: Path) -> None:
    """Have a conversation the way a person does without us."""
    done = subprocess.run(argv, cwd=repo, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)


def listed(deck: Deck, repo: Path) -> tuple[wire.FoundSession, ...]:
    found: wire.FoundSessions = deck.call("session.list", wire.ListSessions(str(repo)))
    assert found.problems == ()
    return found.sessions


def adopt(deck: Deck, repo: Path, kind: str, session: str, **more: Any) -> AgentId:
    started: wire.Started = deck.call("session.adopt", wire.AdoptSession(kind, session, str(repo), **more))
    return started.id


def test_a_conversation_of_claude_goes_on_here(
    opened: Callable[[Mapping[str, str]], Deck], api: ModelApi, claude: Path, tmp_path: Path
) -> None:
    api.script("talk", Text("A reply."))
    deck = opened(settled(claude, tmp_path / "home", api.url("talk"), tmp_path / "unused"))
    repo = deck.repository()
    hold(["claude", "-p", "the first question"], deck.env, repo)
    (session,) = listed(deck, repo)
    assert (session.title, session.cwd, session.agent) == ("the first question", str(repo), None)
    assert {"claude", "claude-tui", "claude-agent-acp"} <= set(session.kinds)
    assert listed(deck, deck.root) == ()
    agent = adopt(deck, repo, "claude", session.id, name="docs")
    deck.wait(agent, "idle", turn=deck.send(agent, "the second question"))
    conversation = str(api.turns("talk")[-1].body["messages"])
    assert "the first question" in conversation
    assert "the second question" in conversation
    assert deck.row(agent).session_id == session.id
    (session,) = listed(deck, repo)
    assert (session.agent, session.agent_name, session.is_running) == (agent, "docs", True)
    with pytest.raises(RpcError, match="is run by docs"):
        adopt(deck, repo, "claude-tui", session.id)


def codex_environment(codex: Path, home: Path, base_url: str) -> dict[str, str]:
    """Return the environment of a Codex that was set up before: everything it needs is in its own configuration."""
    settings = "\n".join(codexes.provider(base_url)[1::2])
    (home / "codex" / "config.toml").write_text(f"{settings}\n")
    return codexes.environment(codex, home)


def test_a_conversation_of_codex_goes_on_here(
    opened: Callable[[Mapping[str, str]], Deck], api: ModelApi, codex: Path, codex_home: Path
) -> None:
    api.script("talk", Text("A reply."))
    deck = opened(codex_environment(codex, codex_home, api.url("talk")))
    repo = deck.repository()
    hold(["codex", "exec", "the first question"], deck.env, repo)
    (session,) = listed(deck, repo)
    assert (session.title, session.cwd) == ("the first question", str(repo))
    assert {"codex", "codex-tui"} <= set(session.kinds)
    agent = adopt(deck, repo, "codex", session.id)
    deck.wait(agent, "idle", turn=deck.send(agent, "the second question"))
    conversation = str(api.turns("talk")[-1].body["input"])
    assert "the first question" in conversation
    assert "the second question" in conversation
    assert deck.row(agent).session_id == session.id
    pid = deck.row(agent).pid
    assert deck.call("agent.switch", wire.Switch(agent, "codex-tui")).pid not in (None, pid)
    deck.wait_row(agent, lambda row: row.out_size > 1000, "its own terminal draws")
    row = deck.row(agent)
    assert (row.kind, row.session_id, row.incarnation) == ("codex-tui", session.id, 2)
    deck.call("agent.switch", wire.Switch(agent, "codex"))
    deck.wait_row(agent, lambda row: row.kind == "codex" and row.turn in AT_REST, "it is structured again")
    deck.wait(agent, "idle", turn=deck.send(agent, "the third question"))
    conversation = str(api.turns("talk")[-1].body["input"])
    assert all(f"the {each} question" in conversation for each in ("first", "second", "third"))
