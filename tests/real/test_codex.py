"""The real Codex through the real daemon: what a user does with an agent, from the outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.model import AgentId, Blocked, BlockKind, Lifecycle, Turn
from agents.runtime import tree
from agents.wire import AgentRef, Fork, Send, SetMode, SetModel, Started
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real.codex import environment, provider

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

Start = Callable[..., AgentId]

QUESTION = {
    "questions": [
        {
            "id": "db",
            "header": "Database",
            "question": "Which database?",
            "options": [{"label": "sqlite", "description": "A file"}, {"label": "postgres", "description": "A server"}],
        }
    ]
}


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
    def run(scenario: str, prompt: str | None = "Write hello.txt", **more: Any) -> AgentId:
        argv = (*provider(api.url(scenario)), *more.pop("argv", ()))
        return deck.run("codex", repo, prompt=prompt, env=environment(codex, codex_home), argv=argv, **more)

    return run


def outcomes(deck: Deck, agent: AgentId) -> list[str]:
    blocks = deck.blocks(agent)
    return [b.decision.outcome for b in blocks if b.kind is BlockKind.PERMISSION and b.decision]


def said(deck: Deck, agent: AgentId, kind: BlockKind = BlockKind.MESSAGE) -> list[str]:
    return [block.text for block in deck.blocks(agent) if block.kind is kind]


def test_prompt_permission_allow_changed_file_idle(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    row = deck.wait(agent, "blocked")
    assert (row.blocked, row.source) == (Blocked.PERMISSION, "protocol")
    (request,) = row.requests
    assert (request.title, request.tool_kind) == ("Write hello.txt", "edit")
    assert [(diff.path, diff.new) for diff in request.diffs] == [(str(repo / "hello.txt"), "hello from the model\n")]
    assert [option.kind for option in request.options] == ["allow_once", "allow_always", "reject_once", "reject_once"]
    assert not (repo / "hello.txt").exists()
    deck.answer(agent, "allow")
    row = deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").read_text() == "hello from the model\n"
    assert row.turn is Turn.DONE
    assert row.mode == "ask"
    assert row.usage.output_tokens
    assert row.usage.context_size
    assert row.usage.context_used
    assert row.cost is None, "it tells no dollars"
    assert said(deck, agent, BlockKind.USER) == ["Write hello.txt"]
    assert said(deck, agent) == ["I write the file.", "The file is written."]
    tools = [(b.tool.title, b.tool.status) for b in deck.blocks(agent) if b.tool]
    assert tools == [("Write hello.txt", "completed")]
    assert outcomes(deck, agent) == ["allowed"]


def test_always_is_for_the_session(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "always")
    deck.wait(agent, "idle", turn=1)
    (repo / "hello.txt").unlink()
    deck.wait(agent, "idle", turn=deck.send(agent, "Write it again"))
    assert (repo / "hello.txt").exists(), "it did not ask again"
    assert outcomes(deck, agent) == ["always"]


def test_a_command_is_allowed_for_good_by_the_rule_it_proposes(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("bash", "Run it")
    row = deck.wait(agent, "blocked")
    (request,) = row.requests
    assert (request.title, request.command) == ("Run echo ran > ran.txt", "/bin/bash -lc 'echo ran > ran.txt'")
    always = next(option for option in request.options if option.kind == "allow_always")
    assert always.name.startswith("Always: commands that begin with /bin/bash")
    deck.answer(agent, "always")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "ran.txt").read_text() == "ran\n"
    (repo / "ran.txt").unlink()
    deck.wait(agent, "idle", turn=deck.send(agent, "Run it again"))
    assert (repo / "ran.txt").exists(), "it did not ask again"


def test_deny_changes_nothing_and_the_reason_follows(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny", reason="not in this branch")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny")
    deck.wait(agent, "idle", turn=2)
    assert not (repo / "hello.txt").exists()
    assert "not in this branch" in str(api.turns("write")[-1].body["input"])
    assert outcomes(deck, agent) == ["denied", "denied"]


def test_a_denial_that_ends_the_turn(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny", option="cancel")
    row = deck.wait(agent, "idle", turn=1)
    assert row.turn is Turn.IDLE
    assert len(api.turns("write")) == 1, "the model was not asked to go on"


def test_a_question_of_plan_mode_is_answered(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("ask", Tool("request_user_input", QUESTION), Text("sqlite it is."))
    agent = start("ask", "Ask me", mode="plan")
    row = deck.wait(agent, "blocked")
    assert (row.blocked, row.mode) == (Blocked.QUESTION, "plan")
    (question,) = row.requests[0].questions
    assert (question.text, question.choices) == ("Which database?", ("sqlite", "postgres"))
    deck.answer(agent, "answer", answers={"Which database?": "sqlite"})
    deck.wait(agent, "idle", turn=1)
    assert "sqlite" in str(api.turns("ask")[-1].body["input"][-1])


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
    assert [text.split()[0] for text in said(deck, agent)] == ["one"], "what had come before is kept"
    api.script("slow", Text("Counted."))
    deck.wait(agent, "idle", turn=deck.send(agent, "Again"))
    assert said(deck, agent)[-1] == "Counted."


# Codex itself leaves a command alone once it has run for a moment.
@pytest.mark.parametrize("before", ["", "sleep 1; "])
def test_interrupt_ends_a_command_that_runs(before: str, deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    command = f"{before}touch begun.txt; sleep 600"
    api.script("long", Tool("bash", {"command": command}), Text("It is over."))
    agent = start("long", "Run it")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.wait_row(agent, lambda _: (repo / "begun.txt").exists(), "the command runs")
    deck.call("agent.interrupt", AgentRef(agent))
    row = deck.wait(agent, "idle", turn=1)
    assert row.turn is Turn.IDLE
    deck.wait_row(agent, lambda _: not any("sleep 600" in one for one in deck.processes(agent)), "the command is gone")
    assert [b.tool.status for b in deck.blocks(agent) if b.tool] == ["cancelled"]
    api.script("long", Text("Nothing to do."))
    deck.wait(agent, "idle", turn=deck.send(agent, "And now?"))


def test_a_message_in_mid_turn_waits_for_its_own(deck: Deck, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    second, third = deck.send(agent, "And be quick"), deck.send(agent, "And tidy")
    deck.answer(agent, "deny")
    for turn in (second, third):
        deck.wait(agent, "blocked")
        assert deck.row(agent).turn_number == turn
        deck.answer(agent, "deny")
    deck.wait(agent, "idle", turn=third)
    assert said(deck, agent, BlockKind.USER) == ["Write hello.txt", "And be quick", "And tidy"]


def test_a_message_steers_the_running_turn(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("steered", Tool("bash", {"command": "echo ran > ran.txt"}), Text("You said: {prompt}"))
    agent = start("steered", "Run it")
    deck.wait(agent, "blocked")
    sent = deck.call("agent.send", Send(agent, "and be quick", steer=True))
    assert sent.turn == 1
    deck.answer(agent, "allow")
    deck.wait_row(agent, lambda _: len(api.turns("steered")) > 1, "the model is asked again")
    # The scripted model sees a new message of the user and begins its turn anew.
    deck.wait(agent, "blocked")
    assert "and be quick" in str(api.turns("steered")[1].body["input"][-1])
    assert said(deck, agent, BlockKind.USER) == ["Run it", "and be quick"]
    assert deck.row(agent).turn_number == 1


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
    assert "lighthouse" in str(api.turns("text")[-1].body["input"])
    spent, more = before.usage.input_tokens, row.usage.input_tokens
    assert spent is not None
    assert more is not None
    assert spent < more < spent * 3, "what was spent before is not counted twice"


def test_everything_killed_at_a_permission_it_is_resumed(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write")
    before = deck.wait(agent, "blocked")
    assert before.pid is not None
    deck.kill_daemon()
    for pid in [int(one.split()[0]) for one in deck.processes(agent)]:
        if tree.look(pid) is not None:
            os.kill(pid, signal.SIGKILL)
    row = deck.wait(agent, "exited")
    assert row.requests == ()
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


def test_a_fork_begins_with_the_conversation(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Remember the word lighthouse")
    before = deck.wait(agent, "idle", turn=1)
    started: Started = deck.call("agent.fork", Fork(agent, prompt="Which word was it?"))
    row = deck.wait(started.id, "idle", turn=1)
    assert row.session_id not in (None, before.session_id)
    assert "lighthouse" in str(api.turns("text")[-1].body["input"])
    texts = [block.text for block in deck.blocks(started.id)]
    assert texts.index("Remember the word lighthouse") < texts.index("Which word was it?"), "it shows what was said"
    assert before.usage.input_tokens is not None
    assert row.usage.input_tokens is not None
    assert row.usage.input_tokens < before.usage.input_tokens * 2, "what the other spent is not its own"


def test_room_is_made_in_the_context(deck: Deck, start: Start) -> None:
    agent = start("text", "Hello")
    row = deck.wait(agent, "idle", turn=1)
    assert [command.name for command in row.commands] == ["compact"]
    assert deck.wait(agent, "idle", turn=deck.send(agent, "/compact")).turn is Turn.DONE
    assert "the conversation was compacted to make room in the context" in said(deck, agent, BlockKind.NOTE)
    deck.wait(agent, "idle", turn=deck.send(agent, "Still there?"))


def test_its_mode_is_set_and_read_back(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write", None, mode="read-only")
    assert deck.wait(agent, "idle").mode == "read-only"
    deck.call("agent.set_mode", SetMode(agent, "auto"))
    deck.wait_row(agent, lambda row: row.mode == "auto", "the mode is read back")
    deck.wait(agent, "idle", turn=deck.send(agent, "Write hello.txt"))
    assert (repo / "hello.txt").exists()
    assert outcomes(deck, agent) == [], "it asks for nothing inside the project"
    for mode in ("plan", "full-access", "unattended", "read-only", "ask"):
        assert mode in [known.id for known in deck.row(agent).modes]
        deck.call("agent.set_mode", SetMode(agent, mode))
        deck.wait_row(agent, lambda row, mode=mode: row.mode == mode, f"{mode} is read back")  # type: ignore[misc]


def test_its_model_is_chosen_listed_and_switched(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Hello", model="gpt-6-astra")
    row = deck.wait(agent, "idle", turn=1)
    assert row.model == "gpt-6-astra"
    row = deck.wait_row(agent, lambda row: bool(row.models), "the models are listed")
    other = next(model.id for model in row.models if model.id != row.model)
    deck.call("agent.set_model", SetModel(agent, other))
    deck.wait_row(agent, lambda row: row.model == other, "the model is read back")
    deck.wait(agent, "idle", turn=deck.send(agent, "Hello"))
    assert [seen.body["model"] for seen in api.turns("text")] == ["gpt-6-astra", other]


def test_without_a_login_it_says_so(deck: Deck, codex: Path, codex_home: Path, repo: Path) -> None:
    env = environment(codex, codex_home)
    agent = deck.run("codex", repo, prompt="Hello", env=env)
    row = deck.wait_row(agent, lambda row: row.blocked is Blocked.AUTH, "it asks for a login")
    assert "codex login" in f"{row.headline} {row.reason} {row.activity}"


def test_a_model_that_calls_its_tools_by_a_script_is_asked_about_each(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("steps", model="gpt-6-astra")
    assert deck.wait(agent, "blocked").requests[0].title == "Write hello.txt"
    deck.answer(agent, "allow")
    deck.wait_row(agent, lambda row: [r.title for r in row.requests] == ["Run echo ran > ran.txt"], "the command asks")
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "hello.txt").exists()
    assert (repo / "ran.txt").exists()
