"""What of a log's picture can stay when the log grew or moved: pure arithmetic on line numbers, no Qt.

A pane that follows a talking program shows mostly what it showed before, a few lines higher: moving the picture and
painting the new lines costs a tenth of painting all.
"""

from __future__ import annotations

from typing import NamedTuple


class Picture(NamedTuple):
    """What is on screen: lines from ``first``, of ``total`` that there were, on a grid that starts at ``left``.

    ``shift`` is how far it is scrolled sideways, ``width`` and ``height`` are the view's; all in pixels.
    """

    first: int
    total: int
    left: int
    shift: int
    width: int
    height: int


class Step(NamedTuple):
    """From one picture to the next: move up by ``lines``, then paint from line ``dirty`` on."""

    lines: int
    dirty: int


def step(before: Picture, now: Picture, rows: int) -> Step | None:
    """Return how ``before`` becomes ``now`` where ``rows`` whole lines fit; ``None`` when all must be painted."""
    lines = now.first - before.first
    if not before.total or before[2:] != now[2:] or now.total < before.total or not 0 <= lines < rows:
        return None
    # The last line may have grown since, and the one below the last whole row was cut off.
    dirty = min(before.total - 1, before.first + rows)
    return Step(lines, max(dirty, now.first))
