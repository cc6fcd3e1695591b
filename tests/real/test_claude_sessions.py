"""The real Claude Code beyond a turn: models, forks, messages put into turns, subagents, its own commands, servers."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from agents.model import Blocked, BlockKind, Headline, Lifecycle, Turn
from agents.wire import AgentRef, Fork, SetMode, SetModel, Started
from tests.fakes import mcp_server
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real.claude import Start, outcomes, starter, steer, texts

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]


@pytest.fixture
def repo(deck: Deck) -> Path:
    return deck.repository()


@pytest.fixture
def start(deck: Deck, api: ModelApi, claude: Path, repo: Path) -> Start:
    return starter(deck, api, claude, repo)


def test_the_model_is_switched_and_stays_so_over_a_resume(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Hello")
    row = deck.wait(agent, "idle", turn=1)
    assert {"default", "sonnet"} <= {model.id for model in row.models}
    assert row.model == "default"
    deck.call("agent.set_model", SetModel(agent, "sonnet"))
    deck.wait_row(agent, lambda row: row.model == "sonnet", "the model is read back")
    deck.wait(agent, "idle", turn=deck.send(agent, "Hello again"))
    before, after = (seen.body["model"] for seen in api.turns("text"))
    assert "sonnet" in after
    assert "sonnet" not in before
    deck.call("agent.stop", AgentRef(agent))
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    deck.wait(agent, "idle", turn=deck.send(agent, "And again"))
    assert api.turns("text")[-1].body["model"] == after


def test_a_fork_remembers_and_goes_its_own_way(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Remember the word lighthouse")
    origin = deck.wait(agent, "idle", turn=1)
    begun: Started = deck.call("agent.fork", Fork(agent, prompt="Which word was it?"))
    fork = deck.wait(begun.id, "idle", turn=1)
    assert "lighthouse" in str(api.turns("text")[-1].body["messages"])
    assert (fork.parent, fork.session_id == origin.session_id) == (agent, False)
    assert texts(deck, fork.id, BlockKind.USER) == ["Which word was it?"]
    assert fork.pid is not None
    os.kill(fork.pid, signal.SIGKILL)
    deck.wait(fork.id, "exited")
    deck.call("agent.resume", AgentRef(fork.id))
    row = deck.wait(fork.id, "idle", turn=deck.send(fork.id, "Go on"))
    assert row.session_id == fork.session_id, "it continues what is its own"
    assert "Which word was it?" in str(api.turns("text")[-1].body["messages"])
    deck.wait(agent, "idle", turn=deck.send(agent, "Nobody asked you that"))
    assert "Which word was it?" not in str(api.turns("text")[-1].body["messages"])


def test_a_fork_of_what_was_never_told_anything_says_what_to_do(deck: Deck, start: Start) -> None:
    agent = start("text", None)
    deck.wait(agent, "idle")
    begun: Started = deck.call("agent.fork", Fork(agent, prompt="Which word was it?"))
    row = deck.wait_row(begun.id, lambda row: row.lifecycle is Lifecycle.EXITED, "it ends")
    assert "send that one a message, then fork again" in row.reason
    assert row.incarnation == 1


def test_a_message_is_put_into_the_running_turn(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("write")
    deck.wait(agent, "blocked")
    assert steer(deck, agent, "And be quick") == 1
    deck.wait_row(agent, lambda _: "And be quick" in texts(deck, agent, BlockKind.USER), "it is in the transcript")
    deck.answer(agent, "allow")
    row = deck.wait(agent, "idle", turn=1)
    assert "And be quick" in str(api.turns("write")[-1].body["messages"])
    assert (row.turn_number, row.queue) == (1, ())
    assert texts(deck, agent, BlockKind.USER) == ["Write hello.txt", "And be quick"]


def test_a_message_too_late_for_the_turn_lengthens_it(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("count", Text("one two three four five six seven eight nine ten " * 3, gap=0.2))
    agent = start("count", "Count")
    deck.wait_row(agent, lambda row: row.activity == "writing", "it streams")
    steer(deck, agent, "Once more")
    deck.wait(agent, "idle", turn=1)
    assert len(api.turns("count")) == 2
    kinds = [b.kind for b in deck.blocks(agent) if b.kind in (BlockKind.USER, BlockKind.MESSAGE, BlockKind.TURN)]
    assert kinds.count(BlockKind.TURN) == 1, "to the user it is one turn"
    assert texts(deck, agent, BlockKind.USER) == ["Count", "Once more"]


def test_interrupt_ends_a_tool_that_runs(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script(
        "wait", Tool("bash", {"command": "touch begun && tail -f /dev/null", "description": "Wait"}), Text("Waited.")
    )
    agent = start("wait", "Wait")
    deck.wait(agent, "blocked")
    deck.answer(agent, "allow")
    deck.wait_row(agent, lambda _: "tail -f" in str(deck.processes(agent)), "the tool runs")
    deck.call("agent.interrupt", AgentRef(agent))
    row = deck.wait(agent, "idle", turn=1)
    assert row.turn is Turn.IDLE
    deck.wait_row(agent, lambda _: "tail -f" not in str(deck.processes(agent)), "the tool is gone")
    deck.send(agent, "Wait again")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny")
    deck.wait(agent, "idle", turn=2)


def test_a_subagent_is_shown_under_the_call_that_made_it(deck: Deck, api: ModelApi, start: Start) -> None:
    task = {"description": "Look around", "prompt": "Look", "subagent_type": "Explore", "run_in_background": False}
    api.script("delegate", Tool("Task", task), Text("Nothing there."))
    agent = start("delegate", "Delegate it")
    row = deck.wait(agent, "idle", turn=1)
    titles = [block.tool.title for block in deck.blocks(agent) if block.tool is not None]
    assert titles[0] == "Delegate Look around"
    assert all(title.startswith("Look around › ") for title in titles[1:])
    assert set(texts(deck, agent, BlockKind.MESSAGE)) == {"Nothing there."}, "what it says is not the agent's word"
    sent = sum(len(str(seen.body["messages"])) for seen in api.turns("delegate"))
    assert row.usage.input_tokens is not None
    assert row.usage.input_tokens > sent / 8, "what the subagent read is counted"


def test_while_a_subagent_works_in_the_background_it_is_not_finished(deck: Deck, api: ModelApi, start: Start) -> None:
    task = {"description": "Look around", "prompt": "Look", "subagent_type": "Explore"}
    api.script("delegate", Tool("Task", task), Text("Nothing there at all.", gap=0.3))
    agent = start("delegate", "Delegate it")
    row = deck.wait(agent, "idle", turn=1)
    assert row.turn is Turn.DONE
    assert len(api.turns("delegate")) == 5, "two of its turn, two of the subagent, one that takes up what it found"
    tool = next(block.tool for block in deck.blocks(agent) if block.tool is not None)
    assert (tool.title, tool.status, tool.output) == ("Delegate Look around", "completed", "Nothing there at all.")


def test_its_own_commands_need_no_answer_and_clearing_is_told(deck: Deck, api: ModelApi, start: Start) -> None:
    agent = start("text", "Remember the word lighthouse")
    before = deck.wait(agent, "idle", turn=1)
    row = deck.wait(agent, "idle", turn=deck.send(agent, "/compact"))
    assert row.state is not Headline.CHECK
    assert any("was compacted as asked" in text for text in texts(deck, agent, BlockKind.NOTE))
    deck.wait(agent, "idle", turn=deck.send(agent, "/clear"))
    after = deck.wait(agent, "idle", turn=deck.send(agent, "Which word was it?"))
    assert any("was cleared" in text for text in texts(deck, agent, BlockKind.NOTE))
    assert "lighthouse" not in str(api.turns("text")[-1].body["messages"])
    assert after.session_id != before.session_id
    deck.call("agent.stop", AgentRef(agent))
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    deck.wait(agent, "idle", turn=deck.send(agent, "Go on"))
    assert "Which word was it?" in str(api.turns("text")[-1].body["messages"]), "it goes on where it was"


def test_bypass_is_there_only_where_the_launch_allowed_it(deck: Deck, repo: Path, start: Start) -> None:
    agent = start("write", None)
    row = deck.wait(agent, "idle")
    assert "bypassPermissions" not in {mode.id for mode in row.modes}
    agent = start("write", None, env={"IS_SANDBOX": "1"}, argv=("--allow-dangerously-skip-permissions",))
    assert "bypassPermissions" in {mode.id for mode in deck.wait(agent, "idle").modes}
    deck.call("agent.set_mode", SetMode(agent, "bypassPermissions"))
    deck.wait_row(agent, lambda row: row.mode == "bypassPermissions", "the mode is read back")
    deck.wait(agent, "idle", turn=deck.send(agent, "Write hello.txt"))
    assert (repo / "hello.txt").exists()
    assert outcomes(deck, agent) == []


def test_a_servers_form_is_answered(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("deploy", Tool("mcp__deploys__deploy", {}), Text("Deployed."))
    server = {"command": sys.executable, "args": [str(Path(mcp_server.__file__))]}
    config = json.dumps({"mcpServers": {"deploys": server}})
    agent = start("deploy", "Deploy", env={"ENABLE_TOOL_SEARCH": "false"}, argv=("--mcp-config", config))
    assert deck.wait(agent, "blocked").blocked is Blocked.PERMISSION
    deck.answer(agent, "allow")
    row = deck.wait_row(agent, lambda row: row.blocked is Blocked.QUESTION, "the server asks")
    (question,) = row.requests[0].questions
    assert (question.text, question.choices) == ("Where to?", ("staging", "production"))
    deck.answer(agent, "answer", answers={"Where to?": "staging"})
    deck.wait(agent, "idle", turn=1)
    (output,) = [block.tool.output for block in deck.blocks(agent) if block.tool is not None]
    assert json.loads(output) == {"action": "accept", "content": {"place": "staging"}}
    assert outcomes(deck, agent) == ["allowed", "answered"]
