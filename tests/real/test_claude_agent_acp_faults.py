"""Every fault of a provider, met by the real Claude over ACP: its cause is told, nothing restarts or is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agents.model import Cause
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real.acp_faults import at_fault, meet
from tests.real.claude_agent_acp import environment
from tests.real.faults import RECOVERS, ROWS, SILENT, Expected

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

#: It tells every retry but those of a refused key, and of limits and failing servers only that much.
EXPECTED: dict[str, Expected] = {
    "401": SILENT,
    "402": Cause.BILLING,
    "403": Cause.AUTH,
    "404": Cause.MODEL,
    "429": Cause.RATE_LIMIT,
    "429-after": Cause.RATE_LIMIT,
    "429-soon": RECOVERS,
    "quota": Cause.QUOTA,
    "500": Cause.SERVER_ERROR,
    "503": Cause.SERVER_ERROR,
    "529": Cause.OVERLOADED,
    "refused": Cause.NETWORK,
    "hang": SILENT,
    "hang-stream": SILENT,
    "cut": Cause.NETWORK,
    "context": Cause.CONTEXT_FULL,
}


def test_no_row_is_left_out() -> None:
    assert set(EXPECTED) == set(ROWS)


@pytest.fixture
def address(request: pytest.FixtureRequest, api: ModelApi) -> Iterator[str]:
    """Return the base URL of a row."""
    with at_fault(api, request.param) as url:
        yield url


@pytest.mark.usefixtures("claude_agent_acp")
@pytest.mark.parametrize(("address", "row"), [(row, row) for row in ROWS], indirect=["address"])
def test_a_fault_has_its_cause(deck: Deck, address: str, row: str) -> None:
    meet(deck, "claude-agent-acp", environment(deck.root / "agent-home", address), EXPECTED[row])
