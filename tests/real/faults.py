"""What a provider can do wrong, once for all kinds, and what Quarterdeck must say of it.

Every kind's test module has a table with one entry for each of ``ROWS``: the causes that are right for it, or
``SILENT`` where the program says nothing for longer than a test can wait and the mark for silence is all there is.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from agents.model import AgentId, AgentRow, Cause, Health, Turn
from tests.fakes.deck import Deck

#: Scenarios of the scripted model API; “refused” is an address on which nobody listens.
ROWS = (
    "401",
    "402",
    "403",
    "404",
    "429",
    "429-after",
    "429-soon",
    "quota",
    "500",
    "503",
    "529",
    "refused",
    "hang",
    "hang-stream",
    "cut",
    "context",
)

#: The program says nothing: the row shows the mark for silence, and the turn stays what it is.
SILENT = "silent"

#: The program gets over it by itself and the turn ends well.
RECOVERS = "recovers"

Expected = Cause | str


@contextmanager
def nobody() -> Iterator[str]:
    """Yield a base URL on loopback that refuses every connection; its port stays taken so that nobody gets it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/refused/a/v1"


def meets(row: AgentRow, expected: Expected) -> bool:
    """Tell whether the row says what is expected of it by now."""
    if expected == SILENT:
        return row.health is Health.STALLED
    if expected == RECOVERS:
        return row.turn is Turn.DONE
    return row.cause is expected


def expect(deck: Deck, agent: AgentId, expected: Expected) -> AgentRow:
    """Wait until the row says it; then nothing may have restarted the program, and the prompt is where it was."""
    row = deck.wait_row(agent, lambda row: meets(row, expected), f"{expected}; the row says otherwise")
    assert row.incarnation == 1
    assert row.turn_number == 1
    assert not [prompt for prompt in row.queue if prompt.state == "undelivered"]
    return row
