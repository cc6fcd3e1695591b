"""What a key costs: from typing at a watched program until a client hears that its echo lies in the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from operator import le
from pathlib import Path

import msgspec

from agents.events import LogGrew
from agents.model import AgentId
from agents.wire import Input, Watch
from app.bench.scene import BenchFailed, Scene, await_fact, say, scene
from app.cli.results import Figure
from app.client.blocking import BlockingClient

#: Seconds between two lines: longer than the daemon expects an echo, and never in step with what it does regularly.
PAUSE_S, STEP_S, STEPS = 0.3, 0.013, 7

#: Seconds between two keys, as somebody types who is fast.
KEY_S = 0.07

#: What the daemon may add to a key's way at most, milliseconds.
TARGET_MS = 15.0

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

#: Echoes every key by itself, as an editor does.
_KEYS = "import os, tty; tty.setraw(0); os.write(1, b'ready'); [os.write(1, os.read(0, 99)) for _ in iter(int, 1)]"


class Typist(msgspec.Struct, frozen=True):
    """A watched program, where its output lies, and who types at it."""

    client: BlockingClient
    agent: AgentId
    log: Path


def figures(rate: float, times: int) -> Iterator[Figure]:
    """Measure ``times`` lines to a silent program and to one that prints ``rate`` lines a second meanwhile."""
    say(f"echo: {times} lines to a silent program, and to one that prints {rate:g} lines a second")
    with scene() as stage, stage.client(subscribe=True) as client:
        for what, pause in (("silent", 3600.0), (f"printing {rate:g} lines/s", 1 / rate)):
            taken = sorted(_echoes(stage, client, pause, times))
            detail = f"{times} lines, p90 {taken[int(times * 0.9)]:.1f} ms, longest {taken[-1]:.1f} ms"
            yield Figure(f"key to echo, {what}, p50", round(taken[times // 2], 1), "ms", detail=detail)


def keys(rate: float, others: int, times: int) -> Iterator[Figure]:
    """Measure ``times`` raw keys, alone and beside ``others`` watched programs that print ``rate`` lines a second."""
    say(f"typing: {times} keys alone, and beside {others} programs that print {rate:g} lines a second")
    for count in (0, others):
        with scene() as stage, stage.client(subscribe=True) as client:
            typist = _seated(stage, client, [_talker(stage, client, 1 / rate) for _ in range(count)])
            taken = sorted(_keys(typist, times))
        what = f"beside {count} that print {rate:g} lines/s" if count else "alone"
        p99 = round(taken[int(times * 0.99)], 1)
        detail = f"{times} keys by agent.input, p50 {taken[times // 2]:.1f} ms, longest {taken[-1]:.1f} ms"
        yield Figure(f"typed key to echo, {what}, p99", p99, "ms", TARGET_MS, p99 <= TARGET_MS, detail=detail)


def _echoes(stage: Scene, client: BlockingClient, pause: float, times: int) -> Iterator[float]:
    agent = _talker(stage, client, pause)
    client.call("pane.watch", Watch((agent,)))
    log = stage.home.places.agent(agent) / "out.0.log"
    typist = Typist(client, agent, log)
    for number in range(times):
        _rest(client, PAUSE_S + number % STEPS * STEP_S)
        begun = time.monotonic()
        stage.send(client, agent, f"key-{number}.")
        _await_echo(typist, partial(_holds, log, f"echo key-{number}.".encode()))
        yield (time.monotonic() - begun) * 1000


def _keys(typist: Typist, times: int) -> Iterator[float]:
    size = typist.log.stat().st_size
    for number in range(1, times + 1):
        _rest(typist.client, KEY_S + number % STEPS * STEP_S)
        begun = time.monotonic()
        typist.client.call("agent.input", Input(typist.agent, b"k"))
        _await_echo(typist, partial(le, size + number))
        yield (time.monotonic() - begun) * 1000


def _seated(stage: Scene, client: BlockingClient, others: list[AgentId]) -> Typist:
    agent = stage.program(client, (sys.executable, "-I", "-S", "-c", _KEYS), pty=True).id
    log = stage.home.places.agent(agent) / "out.0.log"
    await_fact(lambda: log.exists() and log.read_bytes() == b"ready", "a program that reads keys")
    client.call("pane.watch", Watch((agent, *others)))
    return Typist(client, agent, log)


def _talker(stage: Scene, client: BlockingClient, pause: float) -> AgentId:
    argv = (sys.executable, "-I", "-S", "-c", _PROGRAM.format(pause=pause))
    return stage.program(client, argv, pty=True).id


def _rest(client: BlockingClient, seconds: float) -> None:
    end = time.monotonic() + seconds
    while client.next_event(max(0.0, end - time.monotonic())) is not None:
        pass


def _holds(log: Path, echo: bytes, size: int) -> bool:
    return echo in log.read_bytes()[:size]


def _await_echo(typist: Typist, is_there: Callable[[int], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while (event := typist.client.next_event(max(0.0, end - time.monotonic()))) is not None:
        grown = event.event
        if isinstance(grown, LogGrew) and grown.agent == typist.agent and is_there(grown.out):
            return
    raise BenchFailed(f"after {PATIENCE_S:g} s still waiting for the echo of a key")
