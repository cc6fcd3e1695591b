"""Which agents a list shows, and how the fleet is counted in words. Pure; time is passed in."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from agents.model import AgentRow, Headline
from app.fleet import needs_user


class Group(StrEnum):
    """What the attention bar counts."""

    NEEDS_YOU = "needs_you"
    WORKING = "working"
    IDLE = "idle"
    UNKNOWN = "unknown"
    PARKED = "parked"
    ENDED = "ended"


class GroupLook(msgspec.Struct, frozen=True):
    """How a group is shown: icon, colour role, and its words for one and for several."""

    icon: str
    role: str
    one: str
    many: str


LOOKS: dict[Group, GroupLook] = {
    Group.NEEDS_YOU: GroupLook("diamond", "attention", "needs you", "need you"),
    Group.WORKING: GroupLook("half-disc", "accent", "working", "working"),
    Group.IDLE: GroupLook("circle", "muted", "idle", "idle"),
    Group.UNKNOWN: GroupLook("question", "muted", "unknown", "unknown"),
    Group.PARKED: GroupLook("pause", "info", "parked", "parked"),
    Group.ENDED: GroupLook("dash", "muted", "ended", "ended"),
}

_WORKING = frozenset({Headline.WORKING, Headline.STARTING, Headline.STOPPING, Headline.OVERLOADED})
_ENDED = frozenset({Headline.EXITED})


def group_of(row: AgentRow, now: float) -> Group:
    """Return the one group a row is counted in at ``now`` (epoch seconds)."""
    if needs_user(row, now):
        return Group.NEEDS_YOU
    if row.state in _WORKING:
        return Group.WORKING
    if row.state is Headline.PARKED:
        return Group.PARKED
    if row.state in _ENDED or row.state is Headline.FAILED:
        return Group.ENDED
    return Group.UNKNOWN if row.state is Headline.UNKNOWN else Group.IDLE


def counts(rows: Iterable[AgentRow], now: float) -> dict[Group, int]:
    """Return how many rows are in each group, groups without any left out, in the order of the bar."""
    found = dict.fromkeys(Group, 0)
    for row in rows:
        if not row.archived:
            found[group_of(row, now)] += 1
    return {group: number for group, number in found.items() if number}


def words(group: Group, number: int) -> str:
    """Return “1 needs you”, “2 need you”."""
    look = LOOKS[group]
    return f"{number} {look.one if number == 1 else look.many}"


class Filter(msgspec.Struct, frozen=True):
    """What the roster shows: one group or all, and words that must all occur."""

    group: Group | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return self.group is not None or bool(self.text.strip())

    def matches(self, row: AgentRow, now: float) -> bool:
        """Tell whether a row is shown at ``now`` (epoch seconds)."""
        if self.group is not None and group_of(row, now) is not self.group:
            return False
        wanted = self.text.casefold().split()
        if not wanted:
            return True
        hay = " ".join((row.name, row.kind, row.branch or "", row.project, row.headline, row.activity, row.note,
                        row.team or "", *row.labels)).casefold()  # fmt: skip
        return all(word in hay for word in wanted)
