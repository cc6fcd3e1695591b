"""One line of a replay: what is said of a recorded agent from a moment on. A value; loads nothing of the replay."""

from __future__ import annotations

import msgspec

from agents.model import Blocked, Health, Turn


class Change(msgspec.Struct, frozen=True):
    """What is said from ``t`` on, seconds since the recording began: a line of ``status replay``."""

    t: float
    turn: Turn
    blocked: Blocked | None
    health: Health
    headline: str
    source: str
