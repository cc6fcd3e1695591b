"""How an agent that speaks ACP meets one fault of a provider, the same for every kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agents.model import BlockKind, Turn
from agents.wire import AgentRef
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real.faults import Expected, expect, nobody

#: A kind that is marked as silent sooner than a test would wait.
SOON = 'extends = "{kind}"\nname = "soon"\nsilent_s = 3\n'


@contextmanager
def at_fault(api: ModelApi, row: str) -> Iterator[str]:
    """Yield the base URL of a row of faults."""
    if row != "refused":
        yield api.url(row)
        return
    with nobody() as url:
        yield url


def meet(deck: Deck, kind: str, env: dict[str, str], expected: Expected) -> None:
    """Expect the cause, or the mark for silence; then the next prompt is taken and the first one was not lost."""
    kinds = deck.home.places.kinds[-1]
    kinds.mkdir(parents=True)
    (kinds / "soon.toml").write_text(SOON.format(kind=kind))
    agent = deck.run("soon", deck.repository(), prompt="Anything", env=env)
    row = expect(deck, agent, expected)
    if row.turn is Turn.WORKING:
        deck.call("agent.interrupt", AgentRef(agent))
    deck.wait_row(agent, lambda row: row.turn not in (Turn.WORKING, Turn.UNKNOWN), "the turn ends")
    turn = deck.send(agent, "Once more")
    deck.wait_row(agent, lambda row: row.turn_number == turn, "the next prompt is taken")
    users = [block.text for block in deck.blocks(agent) if block.kind is BlockKind.USER]
    assert users == ["Anything", "Once more"], "no prompt is lost, and none is said twice"
    assert deck.row(agent).incarnation == 1
