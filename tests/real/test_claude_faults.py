"""Every fault of a provider, met by the real Claude Code: its cause is told, nothing restarts, the next turn works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.jsonrpc import RpcError
from agents.model import AgentId, Blocked, BlockKind, Cause, Headline, Health, Turn
from agents.wire import AgentRef
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Fail, Text
from tests.fakes.vendors.anthropic import RESET_S
from tests.real.claude import environment
from tests.real.faults import RECOVERS, ROWS, SILENT, Expected, expect, nobody

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

EXPECTED: dict[str, Expected] = {
    "401": Cause.AUTH,
    "402": Cause.BILLING,
    "403": Cause.AUTH,
    "404": Cause.MODEL,
    "429": Cause.RATE_LIMIT,
    "429-after": Cause.RATE_LIMIT,
    "429-soon": RECOVERS,
    "quota": Cause.QUOTA,
    "500": Cause.SERVER_ERROR,
    "503": Cause.OVERLOADED,
    "529": Cause.OVERLOADED,
    "refused": Cause.NETWORK,
    "hang": SILENT,
    "hang-stream": SILENT,
    "cut": Cause.NETWORK,
    "context": Cause.CONTEXT_FULL,
}

#: A kind that is marked as silent sooner than a test would wait.
SOON = 'extends = "claude"\nname = "claude-soon"\nsilent_s = 3\n'


def test_no_row_is_left_out() -> None:
    assert set(EXPECTED) == set(ROWS)


@pytest.fixture
def address(request: pytest.FixtureRequest, api: ModelApi) -> Iterator[str]:
    """Return the base URL of a row."""
    row = request.param
    if row != "refused":
        yield api.url(row)
        return
    with nobody() as url:
        yield url


@pytest.mark.parametrize(("address", "row"), [(row, row) for row in ROWS], indirect=["address"])
def test_a_fault_has_its_cause(address: str, api: ModelApi, deck: Deck, claude: Path, row: str) -> None:
    kinds = deck.home.places.kinds[-1]
    kinds.mkdir(parents=True)
    (kinds / "claude-soon.toml").write_text(SOON)
    env = environment(claude, deck.root / "agent-home", address)
    agent = deck.run("claude-soon", deck.repository(), prompt="Anything", env=env)
    expect(deck, agent, EXPECTED[row])
    end_turn(deck, agent)
    turn = deck.send(agent, "Once more")
    deck.wait_row(agent, lambda row: row.turn_number == turn, "the next prompt is taken")
    if row != "refused":
        assert api.wait_for(lambda: any("Once more" in str(seen.body["messages"]) for seen in api.turns(row)))
    users = [block.text for block in deck.blocks(agent) if block.kind is BlockKind.USER]
    assert users == ["Anything", "Once more"], "no prompt is lost, and none is said twice"
    assert deck.row(agent).incarnation == 1


def test_a_plan_that_is_used_up_says_until_when(deck: Deck, api: ModelApi, claude: Path) -> None:
    env = environment(claude, deck.root / "agent-home", api.url("quota"))
    env |= {"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": "none"}
    asked = time.time()
    agent = deck.run("claude", deck.repository(), prompt="Anything", env=env)
    row = expect(deck, agent, Cause.QUOTA)
    row = deck.wait_row(agent, lambda row: row.turn is Turn.ERROR, "the turn fails")
    assert row.cause is Cause.QUOTA
    assert row.until is not None
    assert asked + RESET_S - 1 <= row.until <= time.time() + RESET_S
    assert "quota used up" in row.headline


def test_a_refused_key_asks_for_the_login_of_the_kind(deck: Deck, api: ModelApi, claude: Path) -> None:
    api.script("locked", Fail(403, message="This key may not be used."))
    env = environment(claude, deck.root / "agent-home", api.url("locked"))
    agent = deck.run("claude", deck.repository(), prompt="Anything", env=env)
    row = deck.wait_row(agent, lambda row: row.turn is Turn.BLOCKED, "it asks for a login")
    assert row.blocked is Blocked.AUTH
    (told,) = [block.text for block in deck.blocks(agent) if block.kind is BlockKind.ERROR]
    assert "log in with `claude auth login`" in told


def test_while_it_tries_again_the_row_says_so(deck: Deck, api: ModelApi, claude: Path) -> None:
    env = environment(claude, deck.root / "agent-home", api.url("429"))
    agent = deck.run("claude", deck.repository(), prompt="Anything", env=env)
    row = deck.wait_row(agent, lambda row: row.health is Health.RATE_LIMITED, "the limit is told")
    assert row.turn is Turn.WORKING
    assert row.trouble is not None
    assert (row.trouble.retrying, row.trouble.attempts, row.trouble.status) == (True, 10, 429)
    assert row.until is not None
    end_turn(deck, agent)
    assert deck.row(agent).health is Health.OK


def test_a_refusal_is_a_failed_turn(deck: Deck, api: ModelApi, claude: Path) -> None:
    api.script("refusal", Text("I had rather", stop="refusal"))
    env = environment(claude, deck.root / "agent-home", api.url("refusal"))
    agent = deck.run("claude", deck.repository(), prompt="Anything", env=env)
    row = deck.wait_row(agent, lambda row: row.turn is Turn.ERROR, "the turn fails")
    assert row.cause is Cause.REFUSAL


def test_a_turn_that_did_nothing_is_worth_a_look(deck: Deck, api: ModelApi, claude: Path) -> None:
    env = environment(claude, deck.root / "agent-home", api.url("empty"))
    agent = deck.run("claude", deck.repository(), prompt="Anything", env=env)
    row = deck.wait(agent, "idle", turn=1)
    assert (row.turn, row.state) == (Turn.DONE, Headline.CHECK)


def end_turn(deck: Deck, agent: AgentId) -> None:
    """Interrupt it where it still tries or waits."""
    if deck.row(agent).turn is not Turn.WORKING:
        return
    try:
        deck.call("agent.interrupt", AgentRef(agent))
    except RpcError:  # it gave up by itself meanwhile
        assert deck.row(agent).turn is not Turn.WORKING
    else:
        deck.wait(agent, "idle", turn=1)
