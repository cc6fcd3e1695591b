"""What is wrong around an agent's turn, from facts and timers that only mark.

Pure; nothing follows from it by itself.
"""

from __future__ import annotations

import math

import msgspec

from agents.model import Cause, Health, Trouble, Turn

#: Seconds without any event after which a working agent is marked as silent, and with a tool call open.
SILENT_S = 120.0
SILENT_TOOL_S = 900.0

#: Seconds before an agent would be called silent that its processes are watched for.
LOOK_S = 1.0


#: What a cause means for the health of an agent that goes on trying; the others are no matter of health.
TOLD: dict[Cause, Health] = {
    Cause.AUTH: Health.AUTH_LOST,
    Cause.RATE_LIMIT: Health.RATE_LIMITED,
    Cause.QUOTA: Health.RATE_LIMITED,
    Cause.OVERLOADED: Health.OVERLOADED,
    Cause.SERVER_ERROR: Health.OVERLOADED,
    Cause.TIMEOUT: Health.OVERLOADED,
    Cause.NETWORK: Health.PROVIDER_DOWN,
}


def told(trouble: Trouble | None) -> Health:
    """Return the health that follows from what the agent said; one that gave up has failed, which the turn says."""
    if trouble is None or not trouble.retrying:
        return Health.OK
    return TOLD.get(trouble.cause, Health.OVERLOADED)


class Signs(msgspec.Struct, frozen=True):
    """What the assessment depends on. Times are on the agent's monotonic clock.

    ``still_at`` is when its processes were last found to use no CPU; a recording, which knows of none, leaves it out.
    """

    turn: Turn
    last_event: float
    tool_open: bool = False
    disk_error: str = ""
    told: Health = Health.OK  # what the agent itself said
    still_at: float = math.inf


class Assessment(msgspec.Struct, frozen=True):
    """The health, when time alone would change it, and from when on it is silent unless a process of it works."""

    health: Health
    recheck: float | None = None
    silent_from: float | None = None


def assess(signs: Signs, now: float, silent_s: float = SILENT_S, silent_tool_s: float = SILENT_TOOL_S) -> Assessment:
    """Return the health at ``now``."""
    if signs.disk_error:
        return Assessment(Health.DISK_FULL)
    if signs.told is not Health.OK:
        return Assessment(signs.told)
    if signs.turn is not Turn.WORKING:
        return Assessment(Health.OK)
    due = signs.last_event + (silent_tool_s if signs.tool_open else silent_s)
    if now < due:
        return Assessment(Health.OK, due, due)
    # Not before its processes were looked at in time: a test suite that prints nothing for minutes is no silence.
    is_still = signs.still_at > due - LOOK_S
    return Assessment(Health.STALLED if is_still else Health.OK, None, due)
