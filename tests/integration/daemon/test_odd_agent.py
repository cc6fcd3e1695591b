"""An ACP agent nobody has heard of, added by a file of ten lines and no code, through the real daemon."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.adapters.kinds import load_kinds
from agents.jsonrpc import RpcError
from agents.model import AgentId, Blocked, BlockKind, Capability, Turn
from agents.wire import AdoptSession, AgentRef, ListSessions, Remove
from tests.fakes import odd_agent
from tests.fakes.deck import Deck

PROGRAM = Path(odd_agent.__file__)
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guide" / "adding-an-agent.md"

pytestmark = pytest.mark.timeout(120)


def recipe() -> str:
    """Return the file as the guide prints it: what users copy is what is tested."""
    found = re.search(r"```toml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck() as own:
        yield own


@pytest.fixture
def repo(deck: Deck) -> Path:
    kinds = deck.home.places.kinds[-1]
    kinds.mkdir(parents=True)
    text = recipe().replace('["odd", "--acp"]', f'["{{python}}", "{PROGRAM}"]')
    (kinds / "odd.toml").write_text(text.replace("/home/me/.odd", str(deck.root / "odd")))
    return deck.repository()


def run(deck: Deck, repo: Path, prompt: str) -> AgentId:
    return deck.run("odd", repo, prompt=prompt)


def test_the_recipe_is_ten_lines_and_sound(tmp_path: Path) -> None:
    lines = [line for line in recipe().splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) == 10
    (tmp_path / "odd.toml").write_text(recipe())
    known = load_kinds([tmp_path])
    assert known.problems == ()
    assert (known.kinds["odd"].mode, known.kinds["odd"].login) == ("careful", ("odd", "login"))


def test_prompt_permission_allow_changed_file_idle(deck: Deck, repo: Path) -> None:
    agent = run(deck, repo, "write it")
    row = deck.wait(agent, "blocked")
    assert row.blocked is Blocked.PERMISSION
    assert row.mode == "careful", "its own default would have been wild"
    (request,) = row.requests
    assert [(diff.path, diff.new) for diff in request.diffs] == [(str(repo / "odd.txt"), "odd\n")]
    deck.answer(agent, "allow")
    row = deck.wait(agent, "idle", turn=1)
    assert (repo / "odd.txt").read_text() == "odd\n"
    assert (row.turn, row.usage.output_tokens, row.cost) == (Turn.DONE, None, None)
    blocks = deck.blocks(agent)
    assert [block.tool.status for block in blocks if block.tool is not None] == ["completed"]
    assert not [block.text for block in blocks if block.kind is BlockKind.ERROR]


def test_deny_changes_nothing(deck: Deck, repo: Path) -> None:
    agent = run(deck, repo, "write it")
    deck.wait(agent, "blocked")
    deck.answer(agent, "deny")
    deck.wait_row(agent, lambda row: row.turn in (Turn.DONE, Turn.IDLE), "the turn ends")
    assert not (repo / "odd.txt").exists()


def test_interrupt_ends_its_turn_and_the_next_one_works(deck: Deck, repo: Path) -> None:
    agent = run(deck, repo, "wait for me")
    deck.wait_row(agent, lambda row: row.activity == "writing", "it waits")
    deck.call("agent.interrupt", AgentRef(agent))
    deck.wait(agent, "idle", turn=1)
    deck.wait(agent, "idle", turn=deck.send(agent, "recall"))
    assert "You said: wait for me" in [block.text for block in deck.blocks(agent)]


def test_a_huge_line_is_an_answer_like_any_other(deck: Deck, repo: Path) -> None:
    agent = run(deck, repo, "talk")
    assert deck.wait(agent, "idle", turn=1).turn is Turn.DONE
    (said,) = [block for block in deck.blocks(agent) if block.kind is BlockKind.MESSAGE]
    assert said.text.startswith("xxxx")
    assert said.ref is not None, "what is cut says where the whole lies"


def test_killed_and_resumed_it_remembers(deck: Deck, repo: Path) -> None:
    agent = run(deck, repo, "remember the lighthouse")
    before = deck.wait(agent, "idle", turn=1)
    assert Capability.RESUME in before.capabilities
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    deck.wait(agent, "exited")
    deck.call("agent.resume", AgentRef(agent))
    deck.wait(agent, "idle")
    deck.wait(agent, "idle", turn=deck.send(agent, "recall"))
    row = deck.row(agent)
    assert (row.session_id, row.incarnation) == (before.session_id, 2)
    assert "You said: remember the lighthouse" in [block.text for block in deck.blocks(agent)]


def test_its_sessions_are_listed_and_one_is_adopted(deck: Deck, repo: Path) -> None:
    agent = run(deck, repo, "remember the lighthouse")
    row = deck.wait(agent, "idle", turn=1)
    (found,) = deck.call("session.list", ListSessions(str(repo), "odd")).sessions
    assert (found.id, found.title, found.kinds) == (row.session_id, "remember the lighthouse", ("odd",))
    assert (found.agent, found.is_running) == (agent, True)
    deck.call("agent.stop", AgentRef(agent))
    deck.wait(agent, "exited")
    deck.call("agent.remove", Remove(agent))
    adopted = deck.call("session.adopt", AdoptSession("odd", found.id, str(repo), prompt="recall")).id
    deck.wait(adopted, "idle", turn=1)
    assert "You said: remember the lighthouse" in [block.text for block in deck.blocks(adopted)]


@pytest.mark.parametrize(
    ("command", "project", "words"),
    [
        ('["no-such-agent"]', "", "“no-such-agent” was not found on PATH; install it: pip install odd-agent"),
        ('["{python}", "-c", "print(1)"]', "", "odd does not list its sessions: it did not answer"),
        ('["{python}", "-c", "print(1)"]', "/gone", "the project .*/gone does not exist"),
        ('["{python}", "-c", "print(1)"]', None, "must be an absolute path"),
    ],
)
def test_who_cannot_list_its_sessions_says_why(
    deck: Deck, repo: Path, command: str, project: str | None, words: str
) -> None:
    file = deck.home.places.kinds[-1] / "odd.toml"
    file.write_text(re.sub(r"command = .*", lambda _: f"command = {command}", file.read_text()))
    with pytest.raises(RpcError, match=words):
        deck.call("session.list", ListSessions("repo" if project is None else f"{repo}{project}", "odd"))


def test_a_killed_daemon_loses_no_permission(deck: Deck, repo: Path) -> None:
    agent = run(deck, repo, "write it")
    before = deck.wait(agent, "blocked")
    deck.kill_daemon()
    after = deck.wait(agent, "blocked")
    assert [request.key for request in after.requests] == [request.key for request in before.requests]
    deck.answer(agent, "allow")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "odd.txt").exists()
