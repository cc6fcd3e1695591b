"""What flows: from an agent's byte to an event at a client, and a flood of lines into the logs."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from agents.events import AgentChanged, BlocksChanged, NumberedEvent
from agents.model import AgentId, Lifecycle, Turn
from agents.wire import Watch
from app.bench import usage
from app.bench.control import timed_shells
from app.bench.scene import Scene, await_fact, follow, release, say, scene
from app.cli.results import Figure
from app.client.blocking import BlockingClient

P50_MS, P99_MS = 8.0, 30.0
LINES_PER_S = 500_000

#: Growth of the daemon's resident memory during the floods that still counts as flat, MB.
FLAT_MB = 10.0

LINE = "2026-11-21T10:00:00.000Z test_login.py::test_session_expires[chromium] PASSED in 0.03s"

#: Seconds until all turns run.
SETTLE_S = 1.5

_AT_REST = frozenset({Turn.IDLE, Turn.DONE})

_STAMP = re.compile(r"\b(\d+):(\d+)\b")


# ---------------------------------------------------------------- latency


def latency(agents: int, rate: float, seconds: float, times: int) -> Iterator[Figure]:
    """Measure with ``agents`` that say ``rate`` times a second when they say it; a client watches all of them."""
    say(f"latency: {agents} agents, {rate:g} events a second each, {times} x {seconds:g} s")
    with scene() as stage, stage.client(subscribe=True) as client:
        plan = {"rate": rate, "seconds": seconds}
        started = [stage.scripted(client, plan, prompt=None) for _ in range(agents)]
        client.call("pane.watch", Watch(tuple(agent.id for agent in started)))
        follow(client, lambda rows: _are_idle(rows, agents), "the agents' sessions")
        runs = [_stamps(stage, client, [agent.id for agent in started], rate, seconds) for _ in range(times)]
    for what, found in (("row", [run.rows for run in runs]), ("text", [run.texts for run in runs])):
        share = f"{sum(map(len, found))} events"
        for quantile, target in ((0.5, P50_MS), (0.99, P99_MS)):
            values = sorted(sorted(run)[int(len(run) * quantile)] / 1e6 for run in found)
            name = f"byte to event ({what}), p{quantile * 100:.0f}"
            spread = f"median of {times} runs of {seconds:g} s, {values[0]:.1f} to {values[-1]:.1f} ms"
            detail = f"{agents} agents x {rate:g}/s; {share}; {spread}"
            yield Figure(name, round(median(values), 2), "ms", target, detail=detail)


def _stamps(stage: Scene, client: BlockingClient, agents: list[AgentId], rate: float, seconds: float) -> _Stamps:
    """Have every agent take a turn; return how old what they said was when it arrived."""
    begun = time.monotonic()
    seen = _Stamps(period_ns=int(2e9 / rate), since_ns=time.monotonic_ns())
    for agent in agents:
        stage.send(client, agent, "go")
    while (event := client.next_event(begun + seconds - time.monotonic())) is not None:
        # The turns' own beginning is not the steady state.
        seen.take(event, counts=time.monotonic() >= begun + SETTLE_S)
    await_fact(lambda: all(row.turn in _AT_REST for row in stage.rows(client)), "the end of the turns", every=0.1)
    return seen


def _are_idle(rows: tuple[object, ...], agents: int) -> bool:
    return len(rows) == agents and all(getattr(row, "session_id", None) for row in rows)


class _Stamps:
    """Collects how old stamps are when they arrive, in ns. What a later event overtook counts as arriving with it."""

    def __init__(self, period_ns: int, since_ns: int) -> None:
        self.rows: list[int] = []
        self.texts: list[int] = []
        self._period = period_ns
        self._since = since_ns  # what was said before is another run's
        self._counts = False
        self._row_at: dict[AgentId, int] = {}
        self._text_at: dict[AgentId, int] = {}

    def take(self, numbered: NumberedEvent, *, counts: bool) -> None:
        """Look for stamps in one event."""
        self._counts = counts
        now = time.monotonic_ns()
        event = numbered.event
        if isinstance(event, AgentChanged):
            stamp = _STAMP.search(event.row.activity)
            if stamp and int(stamp[2]) >= self._since:
                self._row(event.row.id, int(stamp[1]), now - int(stamp[2]))
        elif isinstance(event, BlocksChanged):
            for block in event.blocks:
                for number, sent in _STAMP.findall(block.text[-2000:]):
                    if int(sent) < self._since:
                        continue
                    self._text(event.agent, int(number), now - int(sent))

    def _row(self, agent: AgentId, number: int, age: int) -> None:
        before = self._row_at.get(agent, -1)
        if number > before:
            self._row_at[agent] = number
            missed = (number - before) // 2 - 1 if before >= 0 else 0
            if self._counts:
                self.rows += [age + self._period * n for n in range(missed + 1)]

    def _text(self, agent: AgentId, number: int, age: int) -> None:
        if number > self._text_at.get(agent, -1):
            self._text_at[agent] = number
            if self._counts:
                self.texts.append(age)


# ---------------------------------------------------------------- flood


def flood(agents: int, lines: int, times: int) -> Iterator[Figure]:
    """Measure ``agents`` that each write ``lines`` at once, ``times`` over; the control writes to plain files."""
    say(f"flood: {agents} agents x {lines} lines, {times} times")
    with scene() as stage:
        bare = timed_shells(stage, agents, f"yes {shlex.quote(LINE)} | head -n {lines}", times)
        with stage.client() as client:
            taken, growth = _floods(stage, client, agents, lines, times)
    rate = round(agents * lines / median(taken))
    control = round(agents * lines / median(bare))
    detail = f"{agents} agents x {lines} lines of {len(LINE) + 1} bytes; median of {times}; baseline: into plain files"
    yield Figure("flood: lines stored a second", rate, "1/s", LINES_PER_S, rate >= LINES_PER_S, control, detail=detail)
    yield Figure("flood: growth of the daemon", round(growth, 1), "MB", FLAT_MB, detail="resident, peak - before")


def _floods(stage: Scene, client: BlockingClient, agents: int, lines: int, times: int) -> tuple[list[float], float]:
    order = f"yes {shlex.quote(LINE)} | head -n {lines}"
    started = []
    for number in range(agents):
        gates = [stage.fifo(f"flood-{number}-{turn}") for turn in range(times + 1)]
        script = "; ".join(f": < {gate}; {order}" for gate in gates)
        started.append(stage.shell(client, f"{script}; read forever"))
    logs = [stage.home.places.agent(agent.id) / "out.0.log" for agent in started]
    daemon = client.welcome.pid
    taken, before, peak = [], 0, 0
    for turn in range(times + 1):
        begun = time.perf_counter()
        for number in range(agents):
            release(stage.root / f"flood-{number}-{turn}")
        stored = (turn + 1) * lines * (len(LINE) + 1)
        await_fact(lambda stored=stored: all(_size(log) >= stored for log in logs), "the flood's logs")  # type: ignore[misc]
        taken.append(time.perf_counter() - begun)
        _await_caught_up(stage, client, stored)
        peak = max(peak, usage.rss(daemon))
        if turn == 0:
            before = usage.rss(daemon)  # the first flood fills what stays filled
    return taken[1:], max(0.0, (peak - before) / 1e6)


def _await_caught_up(stage: Scene, client: BlockingClient, size: int) -> None:
    def caught_up() -> bool:
        return all(row.out_size >= size and row.lifecycle is Lifecycle.RUNNING for row in stage.rows(client))

    await_fact(caught_up, "the daemon to take the flood", every=0.05)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
