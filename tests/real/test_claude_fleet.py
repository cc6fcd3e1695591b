"""Twelve real Claude Codes at once on one daemon: all finish, the daemon stays cheap, and nothing is left of them."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agents.model import AgentId, Lifecycle, Turn
from agents.wire import AgentRef
from tests.fakes.deck import Deck, wait_until
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real.claude import environment

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

AGENTS = 12

#: Share of one core the daemon may take while they work.
TARGET = 0.15

#: What the machine's noise may add before the test fails: the target is judged by hand, in docs/reference/figures.md.
LIMIT = 3 * TARGET

WORDS = "one two three four five six seven eight nine ten " * 6


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU a process has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_twelve_at_once(deck: Deck, api: ModelApi, claude: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write = Tool("write", {"filePath": "hello.txt", "content": "hello from the model\n"}, "I write the file.")
    api.script("work", write, Text(WORDS, gap=0.1))
    repos = [deck.repository(f"repo{n}") for n in range(AGENTS)]
    with deck.client() as client:
        pid = client.welcome.pid

    def start(repo: Path) -> AgentId:
        env = environment(claude, deck.root / "agent-home" / repo.name, api.url("work", repo.name))
        return deck.run("claude", repo, prompt="Write hello.txt", env=env)

    begun, before = time.monotonic(), cpu_s(pid)
    with ThreadPoolExecutor(AGENTS) as pool:
        agents = list(pool.map(start, repos))
        for agent in agents:
            deck.wait(agent, "blocked")
        list(pool.map(lambda agent: deck.answer(agent, "allow"), agents))
        rows = list(pool.map(lambda agent: deck.wait(agent, "idle", turn=1), agents))
    took, used = time.monotonic() - begun, cpu_s(pid) - before
    assert [row.turn for row in rows] == [Turn.DONE] * AGENTS
    assert all((repo / "hello.txt").read_text() == "hello from the model\n" for repo in repos)
    assert len({row.session_id for row in rows}) == AGENTS
    with capsys.disabled():
        print(f"\n{AGENTS} claudes: {took:.1f} s, daemon {used:.2f} s of CPU, {used / took:.1%} of a core")
    assert used / took < LIMIT
    for agent in agents:
        deck.call("agent.stop", AgentRef(agent))
    assert {deck.row(agent).lifecycle for agent in agents} == {Lifecycle.EXITED}
    wait_until(lambda: not left(deck), "no process of them is left")


def left(deck: Deck) -> list[str]:
    """Return what is left of the agents; a keeper stays until its end was read."""
    return [line for line in deck.processes() if "keeper" not in line]
