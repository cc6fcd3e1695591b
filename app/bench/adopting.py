"""Adoption: the daemon is killed, the next one must show the same fleet, field by field, and soon.

The agents stand still while the daemon is dead, so that the two snapshots may be compared without exceptions.
Before every kill the agents in the middle of a turn stream a burst that no checkpoint was made for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import msgspec

from agents.model import LIVE, AgentRow, Lifecycle, Turn
from app.bench.scene import BenchFailed, Scene, follow, release, say, scene
from app.cli.results import Figure

TARGET_MS = 2000.0

#: Share of the log that is structured output; the rest is stderr, which agents use for their own logs.
STRUCTURED = 0.2

#: Of a hundred agents: in a turn, asking for a permission, on a pty. The others have ended their turn.
WORKING, ASKING, PTYS = 0.2, 0.1, 0.1

#: What each working agent streams between the last checkpoint's chance and the kill, kB.
BURST_KB = 256


class Fleet(msgspec.Struct, frozen=True):
    """How large a fleet to adopt."""

    agents: int
    log_mb: float
    kills: int
    structured: float = STRUCTURED


def figures(fleet: Fleet, big_mb: int) -> Iterator[Figure]:
    """Measure the fleet, and one agent with ``big_mb`` of log."""
    with scene() as stage:
        empty = [_start(stage) for _ in range(fleet.kills + 1)][1:]
    name = f"adopt {fleet.agents} agents ({fleet.log_mb:g} MB log each)"
    yield _figure(name, fleet, median(empty))
    alone = Fleet(1, big_mb, min(3, fleet.kills), structured=1.0)
    yield _figure(f"adopt one agent with a {big_mb / 1000:g} GB log", alone, median(empty))


def _figure(name: str, fleet: Fleet, empty: float) -> Figure:
    say(f"{name}: writing the logs")
    with scene() as stage:
        _populate(stage, fleet)
        taken = []
        wrong: dict[str, int] = {}
        for kill in range(fleet.kills):
            before = _burst(stage, fleet, kill)
            stage.kill_daemon()
            begun = time.perf_counter()
            after = _adopted(stage)
            taken.append((time.perf_counter() - begun) * 1000)
            for field in _differences(before, after):
                wrong[field] = wrong.get(field, 0) + 1
            say(f"{name}: {taken[-1]:.0f} ms")
    equal = "equal field by field" if not wrong else f"NOT equal: {wrong}"
    value = round(median(taken), 1)
    detail = f"kill -9 to a snapshot {equal}; median of {fleet.kills}; baseline: the daemon of an empty home"
    return Figure(name, value, "ms", TARGET_MS, value <= TARGET_MS and not wrong, round(empty, 1), detail=detail)


def _start(stage: Scene) -> float:
    """Return the milliseconds from nothing to the snapshot of an empty home."""
    begun = time.perf_counter()
    stage.client(subscribe=True).close()
    taken = (time.perf_counter() - begun) * 1000
    stage.kill_daemon()
    return taken


def _working(fleet: Fleet) -> int:
    return max(1, round(fleet.agents * WORKING))


def _populate(stage: Scene, fleet: Fleet) -> None:
    """Start the agents and wait until each is where it shall stay."""
    working, asking, ptys = _working(fleet), round(fleet.agents * ASKING), round(fleet.agents * PTYS)
    log: dict[str, Any] = {
        "out_mb": fleet.log_mb * fleet.structured,
        "err_mb": fleet.log_mb * (1 - fleet.structured),
    }
    with stage.client() as client:
        for number in range(fleet.agents - ptys):
            if number < working:
                bursts = [str(stage.fifo(f"burst-{kill}-{number}")) for kill in range(fleet.kills)]
                stage.scripted(client, {**log, "end": "working", "bursts": bursts, "burst_kb": BURST_KB})
            else:
                stage.scripted(client, {**log, "end": "permission" if number < working + asking else "done"})
        lines = round(fleet.log_mb * 1_000_000 / 100)
        text = "x" * 97
        for _ in range(ptys):
            stage.shell(client, f"yes {text} | head -n {lines}; printf '\\033]2;idle\\007'; read forever", pty=True)
    wanted = fleet.log_mb * 1_000_000 * 0.9
    with stage.client(subscribe=True) as client:
        follow(client, lambda rows: all(_is_settled(row, wanted) for row in rows), "the fleet's logs")


def _is_settled(row: AgentRow, size: float) -> bool:
    if row.lifecycle not in LIVE:
        raise BenchFailed(f"agent {row.name}: {row.headline} {row.reason}")
    if row.lifecycle is not Lifecycle.RUNNING or row.out_size + row.err_size < size:
        return False
    return row.family == "terminal" or row.turn in (Turn.BLOCKED, Turn.DONE, Turn.IDLE) or bool(row.plan)


def _burst(stage: Scene, fleet: Fleet, kill: int) -> tuple[AgentRow, ...]:
    """Have the working agents stream; return the rows once the daemon has taken all of it."""
    working, title = _working(fleet), f"check {kill}"
    with stage.client(subscribe=True) as client:
        for number in range(working):
            release(stage.root / f"burst-{kill}-{number}")
        follow(client, lambda rows: sum(title in row.activity for row in rows) == working, "the burst before a kill")
    return _snapshot(stage)


def _snapshot(stage: Scene) -> tuple[AgentRow, ...]:
    with stage.client(subscribe=True) as client:
        return follow(client, lambda rows: True, "a snapshot").rows()


def _adopted(stage: Scene) -> tuple[AgentRow, ...]:
    """Start a daemon; return its rows once it has caught up with every agent."""
    with stage.client(subscribe=True) as client:
        return follow(client, lambda rows: not any(row.catching_up for row in rows), "the adoption").rows()


def _differences(before: tuple[AgentRow, ...], after: tuple[AgentRow, ...]) -> list[str]:
    """Return the fields that differ, once for every agent in which they do."""
    known = {row.id: row for row in after}
    found = []
    for row in before:
        other = known.pop(row.id, None)
        if other is None:
            found.append("missing agent")
            continue
        fields = type(row).__struct_fields__
        found += [field for field in fields if getattr(row, field) != getattr(other, field)]
    return found + ["new agent"] * len(known)
