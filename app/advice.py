"""What the user can do about an agent that is held up: a sentence, and the command to type where there is one.

Pure; says nothing about agents that need no help.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import msgspec

from agents.model import AgentRow, Blocked, Cause, Headline, Health
from agents.spec import KindInfo
from agents.status.words import CAUSES, STEPS, failed, trouble_words

_HELD = frozenset({Headline.FAILED, Headline.CHECK})
_WAITING = frozenset({Headline.PARKED, Headline.OVERLOADED})


class Advice(msgspec.Struct, frozen=True):
    """``command`` is what to run in a terminal of one's own; ``role`` colours it."""

    words: str
    command: str = ""
    role: str = "info"


def needs_login(row: AgentRow) -> bool:
    """Tell whether it goes on only after a login."""
    is_blocked = row.blocked is Blocked.AUTH or row.health is Health.AUTH_LOST
    return is_blocked or (row.cause is Cause.AUTH and row.state in _HELD)


def login_of(row: AgentRow, kinds: Iterable[KindInfo]) -> str:
    """Return the command that logs an agent's program in, empty when its kind names none."""
    return next((shlex.join(kind.login) for kind in kinds if kind.name == row.kind), "")


def advice(row: AgentRow | None, kinds: Iterable[KindInfo]) -> Advice | None:
    """Return what can be done about an agent, ``None`` when it needs nothing."""
    if row is None:
        return None
    if needs_login(row):
        command = login_of(row, kinds)
        how = "Run this in a terminal" if command else "Log in with its own program"
        return Advice(f"{row.kind} is not logged in. {how}, then send the message again.", command, "danger")
    if row.trouble is not None and row.state in _WAITING:
        again = "It goes on by itself." if row.trouble.retrying else ""
        return Advice(f"{_sentence(trouble_words(row.trouble))} {again}".rstrip())
    if row.cause is None or row.state not in _HELD or row.cause not in STEPS:
        return None
    until, since = (row.trouble.until, row.trouble.since) if row.trouble is not None else (None, 0.0)
    why = failed(row.cause, until, since) or CAUSES[row.cause]
    return Advice(f"{_sentence(why)} Next: {STEPS[row.cause]}.", role="warning")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
