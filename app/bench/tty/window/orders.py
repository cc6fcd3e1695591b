"""What a measuring window is asked and what it answers, as JSON: its argument, and the one line it writes to stdout.

Loads no Qt: who starts the window shares it.
"""

from __future__ import annotations

import msgspec

#: Seconds any step in the window may take; beyond that it says what it waited for.
STEP_S = 60.0

#: What the shells of the bench prompt with: a number that grows with each command, so that an old prompt is none.
PROMPT = "ready-"


class Order(msgspec.Struct, frozen=True):
    """What to measure: ``agents`` are shown, in tiles or as tabs, the first of them is typed into.

    ``times`` is how often, ``seconds`` for how long where that matters; ``command`` is typed where one is needed.
    """

    part: str
    agents: tuple[str, ...] = ()
    is_tiled: bool = False
    times: int = 1
    seconds: float = 1.0
    command: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What was measured, by name, in the order of measuring; ``failure`` says what could not be done."""

    values: dict[str, list[float]] = {}
    failure: str = ""
