"""Delivery and standing answers with the real programs, from the command line: what each of them shows, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agents.model import BlockKind, Capability
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool
from tests.real import claude as claude_code
from tests.real import codex as codex_app
from tests.real import conftest, opencode

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

Start = Callable[[str, str], str]

PROGRAMS = ("claude", "codex", "opencode")


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[Deck]:
    with ExitStack() as stack:
        home = stack.enter_context(codex_app.home())
        own = stack.enter_context(Deck())
        own.env["CODEX_TEST_HOME"] = str(home)
        yield own


@pytest.fixture(params=PROGRAMS)
def start(request: pytest.FixtureRequest, deck: Deck, api: ModelApi) -> Start:
    """Return what starts one of the programs on a scenario, asking before it acts."""
    kind: str = request.param
    program = conftest.installed(kind)
    repo = deck.repository()
    home = deck.root / "agent-home"

    def run(scenario: str, prompt: str) -> str:
        argv: tuple[str, ...] = ()
        if kind == "claude":
            env = claude_code.environment(program, home, api.url(scenario))
        elif kind == "codex":
            env = codex_app.environment(program, Path(deck.env["CODEX_TEST_HOME"]))
            argv = codex_app.provider(api.url(scenario))
        else:
            env = opencode.environment(program, home, api.url(scenario))
        return deck.run(kind, repo, prompt=prompt, env=env, argv=argv, name="fox")

    return run


def decided(deck: Deck, agent: str) -> list[tuple[str, str]]:
    return [
        (b.decision.outcome, b.decision.by) for b in deck.blocks(agent) if b.kind is BlockKind.PERMISSION and b.decision
    ]


def test_a_message_is_taken_by_the_program_itself(deck: Deck, start: Start) -> None:
    agent = start("text", "hello")
    deck.cli("wait", agent, "--turn", "1", "--until", "submitted", "--timeout", "60")
    deck.cli("wait", agent, "--turn", "1", "--until", "done", "--timeout", "60")
    sent = deck.cli_json("send", agent, "again", "--timeout", "60")
    assert (sent["turn"], sent["delivery"], sent["is_late"]) == (2, "submitted", False)
    deck.cli("wait", agent, "--turn", "2", "--until", "done", "--timeout", "60")
    deck.kill_daemon()
    for fact in ("delivered", "submitted", "started", "done"):
        deck.cli("wait", agent, "--turn", "1", "--until", fact, "--timeout", "60")


def test_a_rule_answers_for_any_program_and_never_a_longer_command(deck: Deck, api: ModelApi, start: Start) -> None:
    def run(command: str) -> Tool:
        return Tool("bash", {"command": command, "description": "Run it"})

    api.script("touch", run("touch fine"), run("touch fine; touch evil"), Text("Both are done."))
    deck.cli("rule", "add", "allow", "--everywhere", "--", "touch", "fine")
    agent = start("touch", "touch them")
    row = deck.wait(agent, "blocked")
    assert (Path(row.cwd) / "fine").exists()
    assert not (Path(row.cwd) / "evil").exists()
    assert "touch fine; touch evil" in (row.requests[0].command or "")
    assert decided(deck, agent) == [("allowed", "rule 1")]
    deck.cli("rule", "add", "deny", "--everywhere", "--", "touch", "evil")
    deck.cli("wait", agent, "--turn", "1", "--until", "done", "--timeout", "60")
    assert not (Path(row.cwd) / "evil").exists()
    assert decided(deck, agent) == [("allowed", "rule 1"), ("denied", "rule 2")]


def test_steering_and_forking_by_the_command_line(deck: Deck, api: ModelApi, start: Start) -> None:
    api.script("slow", Text("one two three four five " * 3, gap=0.2))
    agent = start("slow", "Count")
    deck.cli("wait", agent, "--turn", "1", "--until", "started", "--timeout", "60")
    row = deck.row(agent)
    if not {Capability.STEER, Capability.FORK} <= set(row.capabilities):  # it says so and does nothing else
        assert row.kind == "opencode"
        deck.cli("send", agent, "and be quick", "--steer", code=1)
        return
    assert "put into the running turn 1" in deck.cli("send", agent, "and be quick", "--steer")
    deck.cli("wait", agent, "--turn", "1", "--until", "done", "--timeout", "60")
    assert "and be quick" in [b.text for b in deck.blocks(agent) if b.kind is BlockKind.USER]
    twin = deck.cli_json("fork", agent, "--name", "twin", "--prompt", "go on")
    deck.cli("wait", "twin", "--turn", str(twin["turn"]), "--until", "done", "--timeout", "60")
    assert deck.row(agent).session_id != deck.row(twin["id"]).session_id
    assert deck.cli_json("ls")[1]["parent"] == agent
