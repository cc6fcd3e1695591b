"""What may be deleted of old logs and of the trash: pure, values in and decisions out.

Transcripts, specs and journals are never deleted here. Who carries it out is ``agents.supervisor.sweep``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agents.model import AgentId
from agents.runtime.rawlog import SEGMENT

DAY_S = 24 * 3600.0
GB = 1000**3


class Limits(msgspec.Struct, frozen=True):
    """How much is kept: raw logs of ended agents, of each live agent, and what was removed by ``rm``.

    On a full disk raw logs of ended agents go until ``room_bytes`` are free.
    """

    ended_s: float = 14 * DAY_S
    ended_bytes: int = 10 * GB
    live_bytes: int = 2 * GB
    trash_s: float = 14 * DAY_S
    room_bytes: int = GB // 4


class Ended(msgspec.Struct, frozen=True):
    """The raw logs of an agent that ended at ``at`` (epoch seconds), ``size`` bytes."""

    agent: AgentId
    at: float
    size: int


class Held(msgspec.Struct, frozen=True):
    """One log of a live agent: bytes from ``start`` up to ``size``; a replay begins at ``needed``."""

    start: int
    size: int
    needed: int


class Trashed(msgspec.Struct, frozen=True):
    """One entry of the trash; ``at`` is when it was put there (epoch seconds)."""

    name: str
    at: float


def too_old(ended: Iterable[Ended], limits: Limits, now: float) -> list[AgentId]:
    """Return whose raw logs go: first what is older than the limit, then the oldest until the rest fits."""
    going: list[AgentId] = []
    by_age = sorted((one for one in ended if one.size > 0), key=lambda one: (one.at, one.agent))
    total = sum(one.size for one in by_age)
    for one in by_age:
        if now - one.at < limits.ended_s and total <= limits.ended_bytes:
            break
        going.append(one.agent)
        total -= one.size
    return going


def for_room(ended: Iterable[Ended], wanted: int) -> list[AgentId]:
    """Return whose raw logs go so that ``wanted`` bytes become free: those who ended first, and no more than needed."""
    going: list[AgentId] = []
    for one in sorted((one for one in ended if one.size > 0), key=lambda one: (one.at, one.agent)):
        if wanted <= 0:
            break
        going.append(one.agent)
        wanted -= one.size
    return going


def trims(logs: Sequence[Held], limits: Limits, segment: int = SEGMENT) -> list[int]:
    """Return the offset before which each log of one live agent goes; its ``start`` where nothing does.

    Whole segments, never the newest of a log and none that a replay needs, the longest log first, and only
    while all logs together are beyond the limit.
    """
    starts = [log.start for log in logs]
    total = sum(log.size - log.start for log in logs)
    while total > limits.live_bytes:
        free = [n for n, log in enumerate(logs) if _next(starts[n], segment) <= min(log.needed, log.size - 1)]
        if not free:
            break
        longest = max(free, key=lambda n: logs[n].size - starts[n])
        following = _next(starts[longest], segment)
        total -= following - starts[longest]
        starts[longest] = following
    return starts


def _next(start: int, segment: int) -> int:
    return (start // segment + 1) * segment


def expired(trash: Iterable[Trashed], limits: Limits, now: float) -> list[str]:
    """Return the names of what lay in the trash for too long."""
    return [one.name for one in trash if now - one.at >= limits.trash_s]
