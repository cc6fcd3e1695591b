"""Every fault of a provider, met by Pilot in both formats: its cause is told, nothing restarts, no prompt is lost."""

from __future__ import annotations

import pytest

from agents.model import Cause
from tests.fakes.deck import Deck
from tests.fakes.model_api import ModelApi
from tests.real.acp_faults import at_fault, meet
from tests.real.faults import ROWS
from tests.real.pilot import VENDORS, environment

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

#: It tries nothing again by itself, so every fault is told at once.
EXPECTED = {
    "401": Cause.AUTH,
    "402": Cause.BILLING,
    "403": Cause.AUTH,
    "404": Cause.MODEL,
    "429": Cause.RATE_LIMIT,
    "429-after": Cause.RATE_LIMIT,
    "429-soon": Cause.RATE_LIMIT,
    "quota": Cause.QUOTA,
    "500": Cause.SERVER_ERROR,
    "503": Cause.OVERLOADED,
    "529": Cause.OVERLOADED,
    "refused": Cause.NETWORK,
    "hang": Cause.TIMEOUT,
    "hang-stream": Cause.TIMEOUT,
    "cut": Cause.NETWORK,
    "context": Cause.CONTEXT_FULL,
}


def test_no_row_is_left_out() -> None:
    assert set(EXPECTED) == set(ROWS)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("row", ROWS)
def test_a_fault_has_its_cause(deck: Deck, api: ModelApi, row: str, vendor: str) -> None:
    with at_fault(api, row) as address:
        more = {"PILOT_TIMEOUT_S": "2", "PILOT_MODEL": "scripted"}
        meet(deck, "pilot", environment(deck.root / "agent-home", vendor, address, **more), EXPECTED[row])
