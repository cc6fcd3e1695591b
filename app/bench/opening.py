"""How quick daily work is: the command line, starting and killing an agent, the window's first paint."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median

from agents.runtime.process import run_once
from agents.wire import AgentRef, Remove, Wait
from app.bench.scene import STEP_S, BenchFailed, Scene, say, scene
from app.bench.window import has_window, window
from app.cli.results import Figure
from app.client.blocking import BlockingClient

LS_MS, WARM_MS, COLD_MS = 200.0, 600.0, 1800.0


def figures(agents: int, times: int) -> Iterator[Figure]:
    """Measure in a home with ``agents`` running, each time ``times`` over."""
    say(f"opening: a home with {agents} agents, {times} times each")
    how = f"{agents} agents; median of {times}"
    against = "baseline: python -c pass"
    with scene() as stage:
        python = _median_ms(times, lambda: _run(stage.env, "-c", "pass"))
        with stage.client() as client:
            yield from _one_agent(stage, client, times)
            for _ in range(agents):
                stage.shell(client, "read forever")
            version = _median_ms(times, lambda: _cli(stage.env, "--version"))
            yield Figure(
                "quarterdeck --version", version, "ms", baseline=python, detail=f"median of {times}; {against}"
            )
            listed = _median_ms(times, lambda: _cli(stage.env, "ls"))
            yield Figure(
                "quarterdeck ls, daemon running", listed, "ms", LS_MS, baseline=python, detail=f"{how}; {against}"
            )
        if has_window():
            yield from _paints(stage, agents, times)


def _paints(stage: Scene, agents: int, times: int) -> Iterator[Figure]:
    say(f"first paint: {times} times warm, cold and empty")
    how = f"{agents} agents, offscreen; median of {times}; baseline: an empty Qt window"
    empty = _paint_ms(stage, 0, times, lambda: None)
    warm = _paint_ms(stage, agents, times, lambda: None)
    yield Figure("first paint, daemon running", warm, "ms", WARM_MS, baseline=empty, detail=how)
    cold = _paint_ms(stage, agents, times, stage.kill_daemon)
    yield Figure("first paint, nothing running", cold, "ms", COLD_MS, baseline=empty, detail=f"{how}; all adopted")


def _paint_ms(stage: Scene, agents: int, times: int, prepare: Callable[[], None]) -> float:
    taken = []
    for _ in range(times + 1):
        prepare()
        with window(stage.env, agents) as shown:
            taken.append(shown.painted_ms)
    return round(median(taken[1:]), 1)


def _one_agent(stage: Scene, client: BlockingClient, times: int) -> Iterator[Figure]:
    """Measure an agent's start (spec synced, keeper up, program started, answer on the wire) and its end."""
    started = []
    bare = _median_ms(times, lambda: asyncio.run(run_once(("sleep", "0"), STEP_S)))
    spawned = _median_ms(times, lambda: started.append(stage.shell(client, "read forever")))
    control = f"median of {times}; baseline: a bare sleep 0"
    yield Figure("start an agent", spawned, "ms", baseline=bare, detail=control)
    left = iter(started)

    def kill() -> None:
        agent = next(left).id
        client.call("agent.kill", AgentRef(agent))
        client.call("agent.wait", Wait(agent, "exited"))

    yield Figure("kill an agent and see it gone", _median_ms(times, kill), "ms", detail=f"median of {times}")
    for agent in started:
        client.call("agent.remove", Remove(agent.id, force=True))


def _median_ms(times: int, work: Callable[[], object]) -> float:
    """Return the median wall time of ``work`` in milliseconds, after one run that is not counted."""
    taken = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return round(median(taken[1:]), 1)


def _run(env: Mapping[str, str], *argv: str) -> None:
    ended = asyncio.run(run_once((sys.executable, *argv), STEP_S, env=env))
    if ended.code:
        raise BenchFailed(f"{' '.join(argv)} failed: {ended.err.decode(errors='replace')}")


def _cli(env: Mapping[str, str], *argv: str) -> None:
    _run(env, "-P", "-m", "app", *argv)
