"""What a user does with an agent that speaks ACP, alike for every kind; the tests of a kind say what applies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from agents.model import AgentId, AgentRow, Blocked, BlockKind, Capability, Turn
from agents.runtime import tree
from agents.wire import AgentRef, Fork, SetMode, SetModel, Started, Wait
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool

#: Seconds a session may take to be open again: a guard, no expectation.
PATIENCE_S = 120.0

Start = Callable[..., AgentId]

#: Runs until it is killed; says that it began.
WAITS = Tool("bash", {"command": "touch begun && tail -f /dev/null", "description": "Wait"})


def allow_an_edit(deck: Deck, repo: Path, start: Start) -> AgentRow:
    """Prompt, permission, allow: the file is there and the agent rests."""
    agent = start("write")
    row = deck.wait(agent, "blocked")
    assert (row.blocked, row.source) == (Blocked.PERMISSION, "protocol")
    (request,) = row.requests
    assert request.tool_kind == "edit"
    assert [diff.new for diff in request.diffs] == ["hello from the model\n"]
    assert not (repo / "hello.txt").exists()
    deck.answer(agent, "allow")
    row = deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"
    assert row.turn is Turn.DONE
    blocks = deck.blocks(agent)
    assert [b.text for b in blocks if b.kind is BlockKind.USER] == ["Write hello.txt"]
    assert "".join(b.text for b in blocks if b.kind is BlockKind.MESSAGE) == "I write the file.The file is written."
    assert [b.decision.outcome for b in blocks if b.kind is BlockKind.PERMISSION and b.decision] == ["allowed"]
    return row


def deny_an_edit(deck: Deck, repo: Path, start: Start) -> None:
    """Deny: nothing is written and nothing waits."""
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny")
    row = deck.wait_row(agent, lambda row: row.turn in (Turn.DONE, Turn.IDLE), "the turn ends")
    assert not (repo / "hello.txt").exists()
    assert row.requests == ()


def interrupt_a_stream(deck: Deck, api: ModelApi, start: Start) -> None:
    """Interrupt while text streams; the next turn works."""
    agent = start("slow", "Count")
    assert api.wait_for(lambda: bool(api.turns("slow")))
    deck.wait_row(agent, lambda row: row.activity == "writing", "text streams")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)
    assert api.wait_for(lambda: bool(api.hung_up)), "it goes on reading what nobody wants"
    turn = deck.send(agent, "Count again")
    deck.wait_row(agent, lambda row: row.turn is Turn.WORKING and row.turn_number == turn, "it works again")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=turn)


def interrupt_a_tool(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    """Interrupt while a command runs; the next turn works."""
    api.script("waits", WAITS, Text("Waited."))
    agent = start("waits", "Wait")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.wait_row(agent, lambda _: (repo / "begun").exists(), "the command runs")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)
    turn = deck.send(agent, "Wait again")
    deck.wait_row(agent, lambda row: bool(row.requests) and row.turn_number == turn, "the next turn works")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=turn)


def queue_two_messages(deck: Deck, start: Start) -> None:
    """Send two messages while a turn runs: they wait, and are worked on in order."""
    agent = start("write")
    deck.wait(agent, "blocked")
    turns = [deck.send(agent, "Second"), deck.send(agent, "Third")]
    assert [prompt.text for prompt in deck.row(agent).queue] == ["Second", "Third"]
    for turn in [1, *turns]:
        row = deck.wait_row(agent, lambda row, turn=turn: _is_blocked_in(row, turn), f"turn {turn} asks")  # type: ignore[misc]
        assert len(row.requests) == 1
        deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=turns[-1])
    users = [b.text for b in deck.blocks(agent) if b.kind is BlockKind.USER]
    assert users == ["Write hello.txt", "Second", "Third"]


def _is_blocked_in(row: AgentRow, turn: int) -> bool:
    return bool(row.requests) and row.turn_number == turn


def change_the_mode(deck: Deck, start: Start, first: str, second: str) -> None:
    """Begin in one mode, switch to another; both are read back."""
    agent = start("text", "Hello", mode=first)
    assert deck.wait(agent, "idle", turn=1).mode == first
    deck.call("agent.set_mode", SetMode(agent, second))
    deck.wait_row(agent, lambda row: row.mode == second, "the mode is read back")


def change_the_model(deck: Deck, api: ModelApi, start: Start, model: str, sent: str) -> None:
    """Switch the model: the row says so, and the next request goes to it."""
    agent = start("text", "Hello")
    row = deck.wait(agent, "idle", turn=1)
    assert Capability.MODELS in row.capabilities
    assert model in {one.id for one in row.models}
    deck.call("agent.set_model", SetModel(agent, model))
    deck.wait_row(agent, lambda row: row.model == model, "the model is read back")
    deck.wait(agent, "idle", turn=deck.send(agent, "Once more"))
    last = api.turns("text")[-1]
    assert sent in last.path + str(last.body.get("model"))


def remember_after_everything_was_killed(deck: Deck, api: ModelApi, start: Start) -> AgentRow:
    """Kill daemon, keeper and agent with -9, resume: the same session, and what was said is sent again."""
    agent = start("text", "Remember the word lighthouse")
    before = deck.wait(agent, "idle", turn=1)
    kill_everything(deck, agent)
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    # Some kinds hold it back for up to a minute.
    deck.call("agent.wait", Wait(agent, "idle", None, PATIENCE_S), timeout=PATIENCE_S + 5)
    after = deck.row(agent)
    assert (after.incarnation, after.session_id) == (2, before.session_id)
    deck.wait(agent, "idle", turn=deck.send(agent, "Which word was it?"))
    assert "lighthouse" in str(api.turns("text")[-1].body)
    users = [b.text for b in deck.blocks(agent) if b.kind is BlockKind.USER and not b.replayed]
    assert users == ["Remember the word lighthouse", "Which word was it?"]
    return after


def kill_everything(deck: Deck, agent: AgentId) -> None:
    """Kill the daemon and every process of the agent with -9."""
    deck.kill_daemon()
    for line in deck.processes(agent):
        try:
            os.kill(int(line.partition(" ")[0]), signal.SIGKILL)
        except ProcessLookupError:
            continue


def fork_it(deck: Deck, api: ModelApi, start: Start) -> None:
    """Fork: the copy knows what was said, under a session of its own."""
    agent = start("text", "Remember the word lighthouse")
    first = deck.wait(agent, "idle", turn=1)
    assert Capability.FORK in first.capabilities
    forked: Started = deck.call("agent.fork", Fork(agent, prompt="Which word was it?"))
    row = deck.wait(forked.id, "idle", turn=1)
    assert row.parent == agent
    assert row.session_id not in (None, first.session_id)
    assert "lighthouse" in str(api.turns("text")[-1].body)


def allow_after_the_daemon_was_killed(deck: Deck, repo: Path, start: Start) -> None:
    """Kill the daemon with a permission open, then allow."""
    agent = start("write")
    before = deck.wait(agent, "blocked")
    deck.kill_daemon()
    assert before.pid is not None
    assert tree.look(before.pid) is not None, "the agent goes on without the daemon"
    after = deck.wait(agent, "blocked")
    assert (after.pid, after.incarnation) == (before.pid, 1)
    assert [request.key for request in after.requests] == [request.key for request in before.requests]
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"
