"""Has a program draw its screen anew when a part of it was not seen: after an adoption, after a flood.

A terminal can ask for that only by another size: one column less, and back. Never while somebody else resizes it.
"""

from __future__ import annotations

from agents.supervisor.unit import Unit

#: Seconds a screen must have been torn before it is mended (a flood that goes on would tear it again), between the two
#: sizes, and between two attempts.
TORN_S = 0.3
BACK_S = 0.1
AGAIN_S = 10.0


class Mending:
    """Owned by one unit's life."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._torn_since: float | None = None
        self._narrow: tuple[int, int] | None = None  # the size it was given
        self._back_at = 0.0
        self._not_before = 0.0

    def step(self, now: float) -> float | None:
        """Do what is due; return when to look again."""
        unit = self._unit
        if unit.adapter is None or not unit.is_live or unit.catching_up or unit.intents.writer is None:
            self._torn_since = None
            return None
        if self._narrow is not None:
            return self._go_back(now)
        size = unit.adapter.torn_size()
        if size is None:
            self._torn_since = None
            return None
        self._torn_since = now if self._torn_since is None else self._torn_since
        due = max(self._torn_since + TORN_S, self._not_before)
        if now < due:
            return due
        rows, cols = size
        if cols <= 2:
            return None
        unit.sizing.tell(rows, cols - 1)
        self._narrow, self._back_at, self._not_before = (rows, cols - 1), now + BACK_S, now + AGAIN_S
        return self._back_at

    def _go_back(self, now: float) -> float | None:
        if now < self._back_at:
            return self._back_at
        narrow, self._narrow = self._narrow, None
        size = None if self._unit.adapter is None else self._unit.adapter.size()
        if narrow is not None and size in (narrow, (narrow[0], narrow[1] + 1)):  # else somebody chose another one
            self._unit.sizing.tell(narrow[0], narrow[1] + 1)
        return self._not_before
