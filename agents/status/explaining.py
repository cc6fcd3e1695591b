"""Evidence in words, for the command line and the window alike: what it claims, by which rule, since when, until when.

Pure; every text of an agent comes out as one safe line.
"""

from __future__ import annotations

import time

import msgspec

from agents.model import Evidence, Rank, Turn
from agents.status.headline import age
from agents.status.untrusted import one_line

#: What each rank is, in plain words.
SOURCES: dict[Rank, str] = {
    Rank.PROTOCOL: "protocol",
    Rank.OSC7501: "OSC 7501",
    Rank.HOOKS: "hooks",
    Rank.TITLE: "title",
    Rank.SCREEN: "screen",
    Rank.PROCESS: "processes",
}

#: Longest text of an agent in one line.
_LONGEST = 2000


def claim(evidence: Evidence) -> str:
    """Return what it says of the turn."""
    is_blocked = evidence.turn is Turn.BLOCKED and evidence.blocked is not None
    return (
        f"{evidence.turn.value} ({evidence.blocked.value})" if is_blocked and evidence.blocked else evidence.turn.value
    )


def with_file(evidence: Evidence, file: str) -> Evidence:
    """Name the file beside the rule (``file`` without its ending): that is what a user would look into, or replace."""
    return (
        msgspec.structs.replace(evidence, rule=f"{evidence.rule} ({file}.toml)") if evidence.rule and file else evidence
    )


def facts(evidence: Evidence, now: float) -> tuple[tuple[str, str], ...]:
    """Return names and values of all that is known of it at ``now`` (epoch seconds); what is not known is empty."""
    return (
        ("says", one_line(evidence.detail, _LONGEST)),
        ("rule", one_line(evidence.rule, _LONGEST)),
        ("since", f"{_clock(evidence.wall)}, {age(now - evidence.wall)} ago"),
        ("sure", f"{evidence.confidence:.0%}"),
        ("expires", _expiry(evidence, now)),
    )


def _expiry(evidence: Evidence, now: float) -> str:
    if evidence.expires is None:
        return ""
    # The agent's clock does not run while the machine sleeps: good enough to tell people.
    at = evidence.wall + evidence.expires - evidence.since
    return f"{_clock(at)}, in {age(at - now)}" if at > now else f"{_clock(at)}, over"


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
