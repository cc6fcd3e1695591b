"""Every fault of a provider under the real Codex: the cause is right, nothing restarts, no prompt is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agents.model import Blocked, Cause, Health, Turn
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real.codex import environment, provider
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

#: Rows in which the program goes on trying while we look.
RETRIES = {"401", "402", "403", "429-after", "500", "503", "529", "refused", "cut"}

#: Of these the ones that end soon enough to wait for it.
GIVES_UP = {"401", "402", "403", "cut"}

#: A kind that is silent sooner than a test can wait.
IMPATIENT = """
name = "codex"
extends = "codex"
silent_s = 3
"""


@pytest.fixture
def deck(codex_home: Path) -> Iterator[Deck]:
    """Open a Quarterdeck whose agents are gone before their home is."""
    with Deck() as own:
        yield own


def test_there_is_an_entry_for_every_row() -> None:
    assert tuple(EXPECTED) == ROWS


@pytest.mark.parametrize("name", ROWS)
def test_fault(name: str, deck: Deck, codex_home: Path, api: ModelApi, codex: Path) -> None:
    expected = EXPECTED[name]
    if expected == SILENT:
        kinds = deck.home.places.kinds[-1]
        kinds.mkdir(parents=True)
        (kinds / "codex.toml").write_text(IMPATIENT)
    with ExitStack() as stack:
        url = stack.enter_context(nobody()) if name == "refused" else api.url(name)
        env = environment(codex, codex_home)
        agent = deck.run("codex", deck.repository(), prompt="Say something", env=env, argv=provider(url))
        row = expect(deck, agent, expected)
        if name in RETRIES:
            assert row.turn is Turn.WORKING
            assert row.trouble is not None
            assert row.trouble.retrying
            assert row.health is not Health.OK
        if name in GIVES_UP:
            row = deck.wait_row(agent, lambda row: row.turn is not Turn.WORKING, "it gives up")
            assert row.cause is expected, "the end of the turn says the same as its retries"
        if isinstance(expected, Cause) and name not in RETRIES - GIVES_UP:
            assert row.turn in (Turn.ERROR, Turn.BLOCKED)
            assert row.reason or row.blocked is Blocked.AUTH
