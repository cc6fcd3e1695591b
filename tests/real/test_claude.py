"""The real Claude Code through the real daemon: what a user does with an agent, from the outside."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from agents.model import Blocked, BlockKind, Lifecycle, Turn
from agents.runtime import tree
from agents.wire import AgentRef, SetMode
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Fail, Text, Tool
from tests.real.claude import Start, outcomes, starter, transcript_written

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

QUESTION = {
    "questions": [
        {
            "question": "Which database?",
            "header": "Database",
            "multiSelect": False,
            "options": [{"label": "sqlite", "description": "A file"}, {"label": "postgres", "description": "A server"}],
        }
    ]
}


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, claude: Path, repo: Path) -> Start:
    return starter(deck, api, claude, repo)


def test_prompt_permission_allow_changed_file_idle(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    row = deck.wait(agent, "blocked")
    assert (row.blocked, row.source) == (Blocked.PERMISSION, "protocol")
    (request,) = row.requests
    assert (request.title, request.tool_kind) == ("Write hello.txt", "edit")
    assert [(diff.path, diff.new) for diff in request.diffs] == [(str(repo / "hello.txt"), "hello from the model\n")]
    assert [option.kind for option in request.options] == ["allow_once", "allow_always", "reject_once"]
    assert not (repo / "hello.txt").exists()
    deck.answer(agent, "allow")
    row = deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"
    assert row.turn is Turn.DONE
    assert row.mode == "default"
    assert row.usage.output_tokens
    assert row.usage.context_size
    assert row.cost is not None
    assert row.cost > 0
    assert any(command.name == "compact" for command in row.commands)
    blocks = deck.blocks(agent)
    assert [b.text for b in blocks if b.kind is BlockKind.USER] == ["Write hello.txt"]
    assert [b.text for b in blocks if b.kind is BlockKind.MESSAGE] == ["I write the file.", "The file is written."]
    assert [(b.tool.title, b.tool.status) for b in blocks if b.tool] == [("Write hello.txt", "completed")]
    assert outcomes(deck, agent) == ["allowed"]


def test_always_carries_the_mode_the_program_suggested(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "always")
    row = deck.wait(agent, "idle", turn=1)
    assert row.mode == "acceptEdits"
    (repo / "hello.txt").unlink()
    deck.wait(agent, "idle", turn=deck.send(agent, "Write it again"))
    assert (repo / "hello.txt").exists(), "it did not ask again"
    assert outcomes(deck, agent) == ["always"]


def test_deny_changes_nothing_and_tells_the_reason(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny", reason="not in this branch")
    deck.wait(agent, "idle", turn=1)
    assert not (repo / "hello.txt").exists()
    assert "not in this branch" in str(api.turns("write")[-1].body["messages"])
    assert outcomes(deck, agent) == ["denied"]


def test_a_question_is_answered(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("ask", Tool("AskUserQuestion", QUESTION), Text("sqlite it is."))
    agent = start("ask", "Ask me")
    row = deck.wait(agent, "blocked")
    assert row.blocked is Blocked.QUESTION
    (question,) = row.requests[0].questions
    assert (question.text, question.choices) == ("Which database?", ("sqlite", "postgres"))
    deck.answer(agent, "answer", answers={"Which database?": "sqlite"})
    deck.wait(agent, "idle", turn=1)
    assert '"Which database?"="sqlite"' in str(api.turns("ask")[-1].body["messages"]).replace('\\"', '"')


def test_interrupt_withdraws_the_permission_and_the_next_turn_works(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.call("agent.interrupt", AgentRef(agent))
    row = deck.wait(agent, "idle", turn=1)
    assert row.turn is Turn.IDLE
    assert row.requests == ()
    turn = deck.send(agent, "Write it after all")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=turn)
    assert (repo / "hello.txt").exists()
    assert outcomes(deck, agent) == ["withdrawn", "allowed"]


def test_interrupt_ends_an_answer_that_streams(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("slow", "Count")
    deck.wait_row(agent, lambda row: row.activity == "writing", "it streams")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)
    assert api.wait_for(lambda: bool(api.hung_up))
    said = [b.text for b in deck.blocks(agent) if b.kind is BlockKind.MESSAGE]
    assert [text.split()[0] for text in said] == ["one"], "what had come before is kept"


def test_a_message_in_mid_turn_waits_for_its_own(deck: Deck, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    second = deck.send(agent, "And be quick")
    deck.answer(agent, "deny")
    deck.wait(agent, "blocked")
    assert deck.row(agent).turn_number == second
    deck.answer(agent, "deny")
    deck.wait(agent, "idle", turn=second)
    users = [b.text for b in deck.blocks(agent) if b.kind is BlockKind.USER]
    assert users == ["Write hello.txt", "And be quick"]


def test_a_killed_daemon_loses_no_permission(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    before = deck.wait(agent, "blocked")
    killed = deck.kill_daemon()
    assert before.pid is not None
    assert tree.look(before.pid) is not None, "the agent goes on without the daemon"
    after = deck.wait(agent, "blocked")
    with deck.client() as client:
        assert client.welcome.pid != killed
    assert (after.pid, after.incarnation) == (before.pid, before.incarnation)
    assert [request.key for request in after.requests] == [request.key for request in before.requests]
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"


def test_stopped_and_resumed_it_remembers(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Remember the word lighthouse")
    before = deck.wait(agent, "idle", turn=1)
    deck.call("agent.stop", AgentRef(agent))
    row = deck.wait(agent, "exited")
    assert (row.lifecycle, row.exit_code) == (Lifecycle.EXITED, 0)
    deck.call("agent.resume", AgentRef(agent))
    after = deck.wait(agent, "idle")
    assert (after.incarnation, after.session_id) == (2, before.session_id)
    row = deck.wait(agent, "idle", turn=deck.send(agent, "Which word was it?"))
    assert "lighthouse" in str(api.turns("text")[-1].body["messages"])
    assert before.cost is not None
    assert row.cost is not None
    assert before.cost < row.cost < before.cost * 3, "what the session cost before is not counted twice"


def test_killed_at_a_permission_it_is_resumed(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    before = deck.wait(agent, "blocked")
    assert before.pid is not None
    transcript_written(deck, "Write hello.txt")
    os.kill(before.pid, signal.SIGKILL)
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    assert deck.wait(agent, "idle").requests == ()
    turn = deck.send(agent, "Write it after all")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=turn)
    assert (repo / "hello.txt").exists()


def test_everything_killed_at_a_permission_it_is_resumed(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    before = deck.wait(agent, "blocked")
    transcript_written(deck, "Write hello.txt")
    deck.kill_daemon()
    for pid in [int(line.partition(" ")[0]) for line in deck.processes(agent)]:
        with contextlib.suppress(ProcessLookupError):  # it dies with its keeper
            os.kill(pid, signal.SIGKILL)
    assert deck.wait(agent, "exited").requests == ()
    deck.call("agent.resume", AgentRef(agent))
    after = deck.wait(agent, "idle")
    assert (after.requests, after.session_id) == ((), before.session_id)
    turn = deck.send(agent, "Write it after all")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=turn)
    assert (repo / "hello.txt").exists()


def test_resumed_before_it_was_ever_told_anything(deck: Deck, start: Start) -> None:
    agent = start("text", None)
    deck.wait(agent, "idle")
    deck.call("agent.stop", AgentRef(agent))
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    deck.wait(agent, "idle")
    deck.wait(agent, "idle", turn=deck.send(agent, "Hello"))


def test_an_error_that_calls_itself_a_success_is_shown_as_failed(deck: Deck, start: Start) -> None:
    agent = start("402", "Anything")
    row = deck.wait_row(agent, lambda row: row.turn is Turn.ERROR, "the turn fails")
    assert "Credit balance is too low" in row.headline + row.reason


def test_a_wait_for_the_rate_limit_is_told(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("limited", Fail(429, "rate_limit_error", "Slow down.", {"retry-after": "3"}, times=1), Text("ok"))
    agent = start("limited", "Anything")
    deck.wait_row(agent, lambda row: "rate limited" in row.activity, "the retry is told")
    deck.wait(agent, "idle", turn=1)


def test_its_mode_is_set_and_read_back(deck: Deck, start: Start) -> None:
    agent = start("text", None, mode="plan")
    assert deck.wait(agent, "idle").mode == "plan"
    deck.call("agent.set_mode", SetMode(agent, "acceptEdits"))
    assert deck.wait_row(agent, lambda row: row.mode == "acceptEdits", "the mode is read back").mode == "acceptEdits"


def test_the_model_is_the_one_asked_for(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Hello", model="claude-opus-4-5")
    deck.wait(agent, "idle", turn=1)
    assert {seen.body["model"] for seen in api.turns("text")} == {"claude-opus-4-5"}
