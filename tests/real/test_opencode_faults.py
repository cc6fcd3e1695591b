"""Every fault of a provider, met by the real opencode: its cause is told, nothing restarts, no prompt is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.model import Cause
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real.acp_faults import at_fault, meet
from tests.real.faults import RECOVERS, ROWS, SILENT, Expected
from tests.real.opencode import environment

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

#: It tries what may pass again for minutes and says nothing meanwhile.
EXPECTED: dict[str, Expected] = {
    "401": Cause.AUTH,
    "402": Cause.BILLING,
    "403": Cause.AUTH,
    "404": Cause.MODEL,
    "429": SILENT,
    "429-after": SILENT,
    "429-soon": RECOVERS,
    "quota": SILENT,
    "500": SILENT,
    "503": SILENT,
    "529": SILENT,
    "refused": SILENT,
    "hang": SILENT,
    "hang-stream": SILENT,
    "cut": SILENT,
    "context": Cause.CONTEXT_FULL,
}


def test_no_row_is_left_out() -> None:
    assert set(EXPECTED) == set(ROWS)


@pytest.fixture
def address(request: pytest.FixtureRequest, api: ModelApi) -> Iterator[str]:
    """Return the base URL of a row."""
    with at_fault(api, request.param) as url:
        yield url


@pytest.mark.parametrize(("address", "row"), [(row, row) for row in ROWS], indirect=["address"])
def test_a_fault_has_its_cause(deck: Deck, opencode: Path, address: str, row: str) -> None:
    meet(deck, "opencode", environment(opencode, deck.root / "agent-home", address), EXPECTED[row])
