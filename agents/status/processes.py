"""What an agent's processes say (status.md, rank 6): they corroborate and tell silence from work, never decide a turn.

Pure: samples in, no clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from agents.model import Evidence, Rank, Turn
from agents.runtime.activity import Member, Sample
from agents.status.untrusted import one_line

#: Seconds a look at the processes counts.
EXPIRY_S: Final = 5.0

#: Share of a core from which a process below the program works; the program itself needs more to be called at work:
#: a spinner and an event loop take a few hundredths.
BUSY: Final = 0.02
OWN_BUSY: Final = 0.2

#: What a look at processes is worth beside a stronger source that says the same.
CONFIDENCE: Final = 0.5

#: Names told at most.
_NAMED: Final = 4


class Use(msgspec.Struct, frozen=True):
    """Shares of a core over a span: of the program itself and of all processes below it."""

    own: float = 0.0
    below: float = 0.0
    busiest: str = ""

    @property
    def is_busy(self) -> bool:
        """Tell whether a process of the agent works, so that its silence means nothing."""
        return self.below >= BUSY or self.own >= OWN_BUSY


def use(before: Sample, after: Sample, span: float) -> Use:
    """Return what was used between two samples ``span`` seconds apart."""
    former = {(m.pid, m.start): m.cpu for m in (before.main, *before.below)}
    shares = {m: _share(m, former, span) for m in (after.main, *after.below)}
    busiest = max(after.below, key=lambda m: shares[m], default=None)
    return Use(
        own=shares[after.main],
        below=sum(shares[m] for m in after.below),
        busiest="" if busiest is None or not shares[busiest] else busiest.name,
    )


def _share(member: Member, former: dict[tuple[int, int], float], span: float) -> float:
    """Return a member's share of a core; all that a new one has used it used within the span."""
    used = member.cpu - former.get((member.pid, member.start), 0.0)
    return max(0.0, used) / span if span > 0 else 0.0


def older(sample: Sample, age: float) -> frozenset[int]:
    """Return the processes beside the program that were there ``age`` seconds ago: they belong to it."""
    return frozenset(member.pid for member in sample.below if member.age > age)


def leftovers(sample: Sample, baseline: Collection[int]) -> tuple[Member, ...]:
    """Return what an ended turn left running: neither the program's own helpers nor a job that has the terminal."""
    job = sample.foreground if _has_job(sample) else None
    return tuple(m for m in sample.below if m.pid not in baseline and m.group != job)


def claim(sample: Sample, used: Use, now: float, wall: float) -> Evidence:
    """Return what a look at ``now`` says."""
    works = used.is_busy or _has_job(sample)
    return Evidence(
        rank=Rank.PROCESS,
        turn=Turn.WORKING if works else Turn.IDLE,
        since=now,
        wall=wall,
        detail=_detail(sample, used),
        confidence=CONFIDENCE,
        expires=now + EXPIRY_S,
    )


def _has_job(sample: Sample) -> bool:
    """Tell whether the terminal belongs to a job of the program, as that of a shell does while a command runs."""
    return sample.foreground not in (None, sample.main.group)


def _detail(sample: Sample, used: Use) -> str:
    parts = []
    if _has_job(sample):
        job = _names(m for m in sample.below if m.group == sample.foreground)
        parts.append(f"{job or 'another process'} has the terminal")
    if sample.below:
        number = "1 process" if len(sample.below) == 1 else f"{len(sample.below)} processes"
        parts.append(f"{number} below it ({_names(sample.below)})")
    else:
        parts.append("no process below it")
    total = used.own + used.below
    by = f", most by {one_line(used.busiest, 40)}" if used.below >= BUSY and used.busiest else ""
    parts.append(f"{total:.0%} of a core{by}")
    return "; ".join(parts)


def _names(members: Iterable[Member]) -> str:
    names = list(dict.fromkeys(one_line(member.name, 40) for member in members))
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
