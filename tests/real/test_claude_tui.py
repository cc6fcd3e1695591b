"""The real Claude Code in its own terminal, and one session that goes from there to the structured view and back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import RpcError
from agents.model import AgentId, AgentRow, Blocked, BlockKind, Evidence, Lifecycle, Rank, Stream, Turn
from tests.fakes.deck import Deck, wait_until
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real.claude import transcript_written
from tests.real.claude_tui import settled

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]

Start = Callable[..., AgentId]

AT_REST = (Turn.IDLE, Turn.DONE)


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, claude: Path, repo: Path) -> Start:
    def run(scenario: str, kind: str = "claude-tui", **more: Any) -> AgentId:
        env = settled(claude, deck.root / "agent-home", api.url(scenario), repo)
        return deck.run(kind, repo, env=env, **more)

    return run


def press(deck: Deck, agent: AgentId, keys: bytes) -> None:
    deck.call("agent.input", wire.Input(agent, keys))


def screen(deck: Deck, agent: AgentId) -> bytes:
    log: wire.LogBytes = deck.call("log.read", wire.ReadLog(agent, Stream.OUT, 0, 1 << 20))
    return log.data


def press_until(deck: Deck, agent: AgentId, key: bytes, fact: Callable[[AgentRow], bool]) -> None:
    """Press a key, again while it does nothing: the hook of a question is called before the question takes keys."""
    wait_until(lambda: b"Yes" in screen(deck, agent), "the question is on the screen")

    def is_done() -> bool:
        if not fact(deck.row(agent)):
            press(deck, agent, key)
            time.sleep(1.0)  # no fact tells that a key was ignored
        return fact(deck.row(agent))

    wait_until(is_done, f"{key!r} does it")


def rest(deck: Deck, agent: AgentId) -> Any:
    return deck.wait_row(agent, lambda row: row.turn in AT_REST, "its turn ends")


def prompts(api: ModelApi, scenario: str) -> list[str]:
    """Return the texts of the user's messages in the newest request: the conversation as the model sees it."""
    messages = api.turns(scenario)[-1].body["messages"]
    texts = []
    for message in messages:
        content = message["content"] if message["role"] == "user" else []
        parts = [content] if isinstance(content, str) else [p.get("text", "") for p in content if p["type"] == "text"]
        texts += [part for part in parts if part.startswith(("first", "second", "third"))]
    return texts


def hooked(deck: Deck, agent: AgentId) -> Evidence | None:
    """Return what its hooks say now."""
    explained: wire.Explained = deck.call("agent.explain", wire.AgentRef(agent))
    return next((said for said in explained.evidence if said.rank is Rank.HOOKS), None)


def test_hooks_say_what_its_own_reports_say(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write", prompt="Write hello.txt")
    row = deck.wait_row(agent, lambda row: row.turn is Turn.BLOCKED, "it asks")
    assert (row.blocked, row.mode) == (Blocked.PERMISSION, "default")
    assert not (repo / "hello.txt").exists()
    wait_until(
        lambda: (said := hooked(deck, agent)) is not None and said.blocked is Blocked.PERMISSION,
        "its hooks say that it asks",
    )
    said = hooked(deck, agent)
    assert said is not None
    assert said.detail.startswith("Write: ")
    assert deck.row(agent).source == "osc7501", "its own report is the stronger one"
    with pytest.raises(RpcError, match="in the middle of a turn"):
        deck.call("agent.switch", wire.Switch(agent, "claude"))
    press_until(deck, agent, b"\r", lambda row: row.turn is not Turn.BLOCKED)
    rest(deck, agent)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"
    deck.call("agent.stop", wire.AgentRef(agent))
    assert deck.row(agent).lifecycle is Lifecycle.EXITED


def test_structured_terminal_structured_with_the_daemon_killed(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("talk", Text("A reply."))
    agent = start("talk", kind="claude", prompt="first question")
    row = deck.wait(agent, "idle", turn=1)
    session, cost = row.session_id, row.cost
    deck.call("agent.switch", wire.Switch(agent, "claude-tui"))
    row = rest(deck, agent)
    assert (row.kind, row.session_id, row.incarnation) == ("claude-tui", session, 2)
    deck.kill_daemon()
    rest(deck, agent)
    deck.send(agent, "second question\nof two lines")
    deck.wait_row(agent, lambda row: row.turn is Turn.WORKING or len(prompts(api, "talk")) == 2, "it takes it")
    rest(deck, agent)
    assert [text.splitlines()[0] for text in prompts(api, "talk")] == ["first question", "second question"]
    deck.call("agent.switch", wire.Switch(agent, "claude"))
    row = deck.wait_row(agent, lambda row: row.kind == "claude" and row.turn in AT_REST, "it is structured again")
    assert (row.session_id, row.incarnation) == (session, 3)
    deck.wait(agent, "idle", turn=deck.send(agent, "third question"))
    assert [text.split()[0] for text in prompts(api, "talk")] == ["first", "second", "third"]
    row = deck.row(agent)
    assert row.session_id == session
    assert row.cost is not None
    assert cost is not None
    assert row.cost > cost, "what the session cost goes on"
    blocks = deck.blocks(agent)
    said = [b.text for b in blocks if b.kind is BlockKind.USER]
    assert (said[0], said[-1]) == ("first question", "third question")
    assert len(deck.processes(agent)) > 0


def test_a_terminal_that_was_killed_goes_on_with_its_session(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("talk", Text("A reply."))
    agent = start("talk", prompt="first question")
    transcript_written(deck, "A reply.")
    rest(deck, agent)
    session = deck.row(agent).session_id
    deck.call("agent.kill", wire.AgentRef(agent))
    deck.call("agent.resume", wire.AgentRef(agent))
    rest(deck, agent)
    deck.send(agent, "second question")
    deck.wait_row(agent, lambda _: len(prompts(api, "talk")) == 2, "both questions are in one conversation")
    assert deck.row(agent).session_id == session


def test_escape_ends_a_turn_and_what_is_believed_of_it_expires(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("tool", Tool("Bash", {"command": "touch made.txt", "description": "make a file"}), Text("never"))
    agent = start("tool", prompt="first question")
    deck.wait_row(agent, lambda row: row.turn is Turn.BLOCKED, "it asks")
    press_until(deck, agent, b"\x1b", lambda _: b"Interrupted" in screen(deck, agent))
    said = hooked(deck, agent)
    assert said is not None
    assert said.expires is not None, "no hook tells of a refusal: the claim is only kept for a while"
    row = deck.wait_row(agent, lambda row: row.turn in AT_REST, "its own report tells that it is over")
    assert row.source == "osc7501"


def test_a_session_nothing_was_said_in_begins_again_under_its_id(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("talk", Text("A reply."))
    agent = start("talk")
    session = rest(deck, agent).session_id
    assert session is not None
    deck.call("agent.kill", wire.AgentRef(agent))
    deck.call("agent.resume", wire.AgentRef(agent))
    rest(deck, agent)
    deck.call("agent.switch", wire.Switch(agent, "claude"))
    deck.wait_row(agent, lambda row: row.kind == "claude" and row.turn in AT_REST, "it is structured")
    deck.wait(agent, "idle", turn=deck.send(agent, "first question"))
    assert prompts(api, "talk") == ["first question"]
    assert deck.row(agent).session_id == session


def test_a_session_the_user_began_anew_inside_is_the_one_that_goes_on(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("talk", Text("A reply."))
    agent = start("talk", prompt="first question")
    transcript_written(deck, "A reply.")
    rest(deck, agent)
    before = deck.row(agent).session_id
    deck.send(agent, "/clear")
    row = deck.wait_row(agent, lambda row: row.session_id != before, "its hooks tell the new session")
    deck.send(agent, "second question")
    deck.wait_row(agent, lambda _: prompts(api, "talk") == ["second question"], "the model sees a new conversation")
    rest(deck, agent)
    deck.call("agent.switch", wire.Switch(agent, "claude"))
    deck.wait_row(agent, lambda row: row.kind == "claude" and row.turn in AT_REST, "it is structured")
    deck.wait(agent, "idle", turn=deck.send(agent, "third question"))
    assert prompts(api, "talk") == ["second question", "third question"]
    assert deck.row(agent).session_id == row.session_id
