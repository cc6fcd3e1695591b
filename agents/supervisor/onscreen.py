"""Answers to what an agent asks on its screen: given only to what is on it after all it said was read.

Reads marks that are on the disk already; waits a moment for a screen that is being drawn. Decides nothing itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from agents.adapters.contract import Adapter, NotPossible
from agents.model import AgentRow, Turn
from agents.supervisor.unit import Unit

#: Slices of marks taken at most before an answer: an agent that prints faster than it is read shows nothing to answer.
MOST_SLICES = 64

#: Seconds an answer waits for the approval to be drawn: a program may tell that it asks before it shows what.
DRAWN_S = 1.0


async def drawn(unit: Unit) -> None:
    """Wait a moment for what it asks, where it only told that it does."""

    def now() -> tuple[AgentRow, str] | None:
        row = unit.row()
        is_coming = row.turn is Turn.BLOCKED and not row.requests and unit.is_live
        return None if is_coming else (row, "drawn")

    if unit.adapter is not None and unit.adapter.ASKS_ON_SCREEN:
        with contextlib.suppress(TimeoutError):  # the answer itself says that nothing is asked
            await unit.waiters.until(now, DRAWN_S)


def settled(unit: Unit, adapter: Adapter, make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Return ``make``, on a screen only after everything the agent said until then was taken in."""
    if not adapter.ASKS_ON_SCREEN:
        return make

    def after_reading() -> bytes:
        take_in(unit)
        return make()

    return after_reading


def noticed(unit: Unit, title: str, make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Return ``make``, which tells the user when it is too late: he was told already that it would be done."""

    def or_notice() -> bytes:
        try:
            return make()
        except NotPossible as error:
            unit.notice("warning", f"the answer to “{title}” was not given: {error}")
            raise

    return or_notice


def take_in(unit: Unit) -> None:
    """Take in all that is on the disk now. Raises NotPossible when that never ends."""
    with unit.firewall("reading what it said"):
        for _ in range(MOST_SLICES):
            if not unit.intake.slice():
                unit.refresh()
                return
    raise NotPossible(f"{unit.name} prints faster than it can be read: there is no screen to answer")
