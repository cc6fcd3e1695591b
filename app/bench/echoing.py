"""What a key costs: from writing a line to a watched program until a client hears that its echo lies in the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from agents.events import LogGrew
from agents.model import AgentId
from agents.wire import Watch
from app.bench.scene import BenchFailed, Scene, say, scene
from app.cli.results import Figure
from app.client.blocking import BlockingClient

#: Seconds between two lines: longer than the daemon expects an echo, and never in step with what it does regularly.
PAUSE_S, STEP_S, STEPS = 0.3, 0.013, 7

#: Seconds an echo may take before something is wrong.
PATIENCE_S = 10.0

#: Echoes what it reads and prints a line every ``pause`` seconds besides.
_PROGRAM = """
import sys, threading, time
def talk():
    while True:
        print("x" * 70, flush=True)
        time.sleep({pause})
threading.Thread(target=talk, daemon=True).start()
for line in sys.stdin:
    print("echo", line, end="", flush=True)
"""


def figures(rate: float, times: int) -> Iterator[Figure]:
    """Measure ``times`` lines to a silent program and to one that prints ``rate`` lines a second meanwhile."""
    say(f"echo: {times} lines to a silent program, and to one that prints {rate:g} lines a second")
    with scene() as stage, stage.client(subscribe=True) as client:
        for what, pause in (("silent", 3600.0), (f"printing {rate:g} lines/s", 1 / rate)):
            taken = sorted(_echoes(stage, client, pause, times))
            detail = f"{times} lines, p90 {taken[int(times * 0.9)]:.1f} ms, longest {taken[-1]:.1f} ms"
            yield Figure(f"key to echo, {what}, p50", round(taken[times // 2], 1), "ms", detail=detail)


def _echoes(stage: Scene, client: BlockingClient, pause: float, times: int) -> Iterator[float]:
    argv = (sys.executable, "-I", "-S", "-c", _PROGRAM.format(pause=pause))
    agent = stage.program(client, argv, pty=True).id
    client.call("pane.watch", Watch((agent,)))
    log = stage.home.places.agent(agent) / "out.0.log"
    for number in range(times):
        end = time.monotonic() + PAUSE_S + number % STEPS * STEP_S
        while client.next_event(max(0.0, end - time.monotonic())) is not None:
            pass
        begun = time.monotonic()
        stage.send(client, agent, f"key-{number}.")
        _await_echo(client, agent, log, f"echo key-{number}.".encode())
        yield (time.monotonic() - begun) * 1000


def _await_echo(client: BlockingClient, agent: AgentId, log: Path, echo: bytes) -> None:
    end = time.monotonic() + PATIENCE_S
    while (event := client.next_event(max(0.0, end - time.monotonic()))) is not None:
        grown = event.event
        if isinstance(grown, LogGrew) and grown.agent == agent and echo in log.read_bytes()[: grown.out]:
            return
    raise BenchFailed(f"after {PATIENCE_S:g} s still waiting for: {echo.decode()}")
