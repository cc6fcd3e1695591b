"""Ranked evidence reduced to one verdict about the turn, with the reasons (status.md, "Evidence").

Pure: no clock, no I/O. The strongest source that has spoken and has not expired is the authority; weaker ones
corroborate it or are listed as ignored. The fallback is ``unknown``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status.untrusted import one_line

#: How long an end of turn told by rank 3 or weaker is held back, seconds: the agent may go straight on.
SETTLE_S: Final = 0.7

#: Ranks whose explicit end of turn is believed at once.
_EXPLICIT: Final = frozenset({Rank.PROTOCOL, Rank.OSC7501})

#: Weakest rank whose tool activity may demote a ``blocked``: screens and CPU are guesses.
_DEMOTING: Final = Rank.HOOKS

_AT_REST: Final = frozenset({Turn.IDLE, Turn.DONE})

SOURCES: Final[dict[Rank, str]] = {
    Rank.PROTOCOL: "protocol",
    Rank.OSC7501: "osc7501",
    Rank.HOOKS: "hooks",
    Rank.TITLE: "title",
    Rank.SCREEN: "screen",
    Rank.PROCESS: "process",
}


class Verdict(msgspec.Struct, frozen=True):
    """What is believed about the turn, on whose word, and what was not believed and why.

    ``since`` is on the agent's monotonic clock. ``recheck`` is when the same evidence would give another verdict
    (an expiry or the end of the settle window), ``None`` for never. ``settling`` marks a held back end of turn.
    """

    turn: Turn = Turn.UNKNOWN
    blocked: Blocked | None = None
    source: str = "none"
    since: float = 0.0
    confidence: float = 0.0
    detail: str = ""
    ignored: tuple[str, ...] = ()
    chosen: Evidence | None = None
    recheck: float | None = None
    settling: bool = False


def reduce(evidence: Sequence[Evidence], now: float, before: Turn = Turn.UNKNOWN) -> Verdict:
    """Return the verdict at ``now`` (the agent's monotonic clock); ``before`` is the turn shown so far."""
    ranked = sorted(evidence, key=lambda e: (e.rank, -e.since))
    ignored: list[str] = []
    current = [e for e in ranked if _is_current(e, now, ignored)]
    alive = [e for e in current if e.rank is not Rank.PROCESS]
    chosen = _authority(alive, ranked, ignored)
    if chosen is None:
        only = (f"{_name(e)}: processes only corroborate" for e in current if e.rank is Rank.PROCESS)
        return Verdict(ignored=(*ignored, *only))
    for other in current:
        if other is not chosen:
            _note_other(chosen, other, ignored)
    recheck = min((e.expires for e in alive if e.expires is not None), default=None)
    settled = chosen.since + SETTLE_S
    if _settles(chosen, now, before):
        ignored.append(f"{_name(chosen)}: end of turn held back for {SETTLE_S:g} s, it may go straight on")
        return Verdict(
            turn=Turn.WORKING,
            source=SOURCES[chosen.rank],
            since=chosen.since,
            confidence=chosen.confidence,
            ignored=tuple(ignored),
            chosen=chosen,
            recheck=settled if recheck is None else min(recheck, settled),
            settling=True,
        )
    return Verdict(
        turn=chosen.turn,
        blocked=chosen.blocked if chosen.turn is Turn.BLOCKED else None,
        source=SOURCES[chosen.rank],
        since=chosen.since,
        confidence=_confidence(chosen, current),
        detail=one_line(chosen.detail),
        ignored=tuple(ignored),
        chosen=chosen,
        recheck=recheck,
    )


def why(verdict: Verdict, evidence: Sequence[Evidence]) -> str:
    """Return in plain words why the verdict rests on what it rests on; ``evidence`` is all there is."""
    chosen = verdict.chosen
    if chosen is None:
        return "no evidence counts now, so the turn is unknown"
    if any(
        other.rank < chosen.rank and f"{_name(other)}: demoted" in said
        for other in evidence
        for said in verdict.ignored
    ):
        return "a tool ran after a stronger source said blocked: the answer was given elsewhere"
    if verdict.settling:
        return f"the strongest source that speaks; its end of turn is held back for {SETTLE_S:g} s"
    agreeing = [SOURCES[e.rank] for e in evidence if e.rank > chosen.rank and e.turn is chosen.turn]
    support = f", corroborated by {', '.join(dict.fromkeys(agreeing))}" if agreeing else ""
    return f"the strongest source that speaks and has not expired{support}"


def _name(evidence: Evidence) -> str:
    claim = evidence.turn.value
    if evidence.turn is Turn.BLOCKED and evidence.blocked is not None:
        claim = f"{claim} ({evidence.blocked.value})"
    return f"{SOURCES[evidence.rank]} says {claim}"


def _is_current(evidence: Evidence, now: float, ignored: list[str]) -> bool:
    if evidence.expires is None or now < evidence.expires:
        return True
    ignored.append(f"{_name(evidence)}: expired")
    return False


def _authority(alive: Sequence[Evidence], ranked: Sequence[Evidence], ignored: list[str]) -> Evidence | None:
    """Return the strongest claim, or the later tool activity that shows its ``blocked`` was answered elsewhere.

    That activity demotes also once it expired: what was answered is not asked again by nobody saying anything.
    """
    for claim in alive:
        later = _demoter(claim, ranked)
        if later is None:
            return claim
        ignored.append(f"{_name(claim)}: demoted, a tool ran later ({SOURCES[later.rank]})")
        if later in alive:
            return later
    return None


def _demoter(claim: Evidence, ranked: Sequence[Evidence]) -> Evidence | None:
    # The protocol knows its open requests; nothing weaker, which a program can forge, may close them.
    if claim.turn is not Turn.BLOCKED or claim.rank is Rank.PROTOCOL:
        return None
    for other in ranked:
        works = other.tool_activity and other.turn is Turn.WORKING
        if works and other.rank <= _DEMOTING and other.since > claim.since:
            return other
    return None


def _note_other(chosen: Evidence, other: Evidence, ignored: list[str]) -> None:
    if other.rank < chosen.rank:
        return  # the demoted claim: its reason is already told
    if other.rank == chosen.rank:
        ignored.append(f"{_name(other)}: older than what the same source says now")
    elif other.turn is chosen.turn:
        return  # it corroborates
    elif other.rank is Rank.PROCESS:
        ignored.append(f"{_name(other)}: processes only corroborate")
    else:
        ignored.append(f"{_name(other)}: weaker than {SOURCES[chosen.rank]}")


def _settles(chosen: Evidence, now: float, before: Turn) -> bool:
    if chosen.rank in _EXPLICIT or chosen.turn not in _AT_REST:
        return False
    # Only something that was going on can go straight on; a first "idle" has nothing to be held back for.
    return before in (Turn.WORKING, Turn.BLOCKED) and now < chosen.since + SETTLE_S


def _confidence(chosen: Evidence, alive: Sequence[Evidence]) -> float:
    """Return the authority's confidence; every weaker source that agrees halves the remaining doubt."""
    doubt = 1.0 - chosen.confidence
    for other in alive:
        if other.rank > chosen.rank and other.turn is chosen.turn:
            doubt /= 2
    return 1.0 - doubt
