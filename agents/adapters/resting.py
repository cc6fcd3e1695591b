"""How things stand between turns: the piece of state every structured family keeps alike.

A value only; part of the families' checkpoints, so a change of shape raises their VERSION.
"""

from __future__ import annotations

import msgspec

from agents.model import Turn


class Resting(msgspec.Struct):
    """How things stand between turns, and since when."""

    turn: Turn
    since: float
    wall: float
    detail: str = ""
    auth: bool = False
