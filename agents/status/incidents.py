"""One incident instead of N rows: agents that lost the same login, or that wait for the same provider, as one entry.

Pure: rows in, no clock, no I/O. Only tells; nobody is parked, moved or logged in by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agents.model import AgentId, AgentRow, Cause, Headline, Health, Incident
from agents.spec import KindInfo
from agents.status.untrusted import one_line
from agents.status.words import moment

#: Names told in a sentence; the rest is counted.
_NAMED = 4

#: Healths that are the provider's matter: whoever depends on it waits alike. A full disk is the machine's.
_PROVIDERS = frozenset({Health.RATE_LIMITED, Health.PROVIDER_DOWN})


def vendors(kinds: Iterable[KindInfo]) -> dict[str, str]:
    """Return whose login each kind runs on, by the kind's name: kinds that share sessions share the login."""
    return {kind.name: kind.sessions or kind.name for kind in kinds}


def incidents(rows: Sequence[AgentRow], vendor_of: Mapping[str, str]) -> tuple[Incident, ...]:
    """Return what befell more than one agent, in the order of ``rows``."""
    found: dict[tuple[Headline, str, Health], list[AgentRow]] = {}
    for row in rows:
        state = None if row.archived else _state(row)
        if state is not None:
            health = row.health if state is Headline.PARKED else Health.AUTH_LOST
            found.setdefault((state, vendor_of.get(row.kind, row.kind), health), []).append(row)
    return tuple(_incident(state, vendor, its) for (state, vendor, _), its in found.items() if len(its) > 1)


def heads(queue: Sequence[AgentRow], vendor_of: Mapping[str, str]) -> tuple[AgentRow, ...]:
    """Return the queue with one entry for each lost login: the first of its agents stands for all."""
    behind = {agent for found in incidents(queue, vendor_of) for agent in found.agents[1:]}
    return tuple(row for row in queue if row.id not in behind)


def of(agent: AgentId, found: Iterable[Incident]) -> Incident | None:
    """Return the incident an agent is part of."""
    return next((incident for incident in found if agent in incident.agents), None)


def sentence(incident: Incident, now: float) -> str:
    """Return an incident for people: how many, what, until when, who (``now`` epoch seconds)."""
    names = ", ".join(one_line(name, 40) for name in incident.names[:_NAMED])
    more = len(incident.names) - _NAMED
    who = f"{names} and {more} more" if more > 0 else names
    vendor, number = one_line(incident.vendor, 40), len(incident.agents)
    if incident.state is Headline.LOG_IN:
        return f"{number} agents wait for one login to {vendor}: {who}"
    until = "" if incident.until is None else f" until {moment(incident.until, now)}"
    return f"{number} agents are parked by {vendor}{until}: {who}"


def _state(row: AgentRow) -> Headline | None:
    """Return what an agent shares with others: a login it needs, or a provider it waits for."""
    if row.state is Headline.LOG_IN or (row.state is Headline.FAILED and row.cause is Cause.AUTH):
        return Headline.LOG_IN
    return Headline.PARKED if row.state is Headline.PARKED and row.health in _PROVIDERS else None


def _incident(state: Headline, vendor: str, rows: Sequence[AgentRow]) -> Incident:
    known = [row.until for row in rows if row.until is not None]
    until = max(known) if state is Headline.PARKED and len(known) == len(rows) else None
    return Incident(state, vendor, tuple(row.id for row in rows), tuple(row.name for row in rows), until)
