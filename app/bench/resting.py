"""What a fleet costs that does little or nothing: CPU and memory of daemon, window and keepers."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from agents.model import Lifecycle
from agents.wire import Started
from app.bench import usage
from app.bench.control import tmux_cpu
from app.bench.scene import Scene, follow, say, scene
from app.bench.window import window
from app.cli.results import Figure

#: What each group of processes used in one span.
Run: TypeAlias = tuple["Spent", ...]

IDLE_CPU, IDLE_MB = 1.5, 200.0
BUSY_CPU = 15.0

#: What a hundred xterm.js panes in Chromium take, MB, measured elsewhere: quoted, not measured here.
BROWSER_MB = 604.0

#: Seconds between the last change and the first reading: windows paint, daemons save.
SETTLE_S = 3.0

#: Programs of the agents: say something every so often, without starting a process for each pause.
_TICK = "import sys, time\nwhile True:\n sys.stdout.write({text!r})\n sys.stdout.flush()\n time.sleep({pause})"
_TITLE = "\x1b]2;claude: thinking\x07"
_LINE = "collected 128 items, test_login.py::test_session_expires PASSED in 0.03s\n"


class Span(msgspec.Struct, frozen=True):
    """For how long is measured, and how often: the median counts."""

    seconds: float
    times: int

    def __str__(self) -> str:
        return f"{self.times} x {self.seconds:g} s"


class Spent(msgspec.Struct, frozen=True):
    """What one set of processes used: percent of one core, and MB."""

    cpu: float
    memory: float


def idle(agents: int, span: Span) -> Iterator[Figure]:
    """Measure ``agents``: half of them on ptys that set their title once a second, half silent and structured."""
    say(f"idle: {agents} agents, {span}")
    ptys = agents // 2
    with scene() as stage:
        with stage.client() as client:
            started = [stage.program(client, ticking(_TITLE, 1.0), pty=True) for _ in range(ptys)]
            started += [stage.scripted(client, {}, prompt=None) for _ in range(agents - ptys)]
            daemon = client.welcome.pid
        _await_sessions(stage, agents)
        keepers = keepers_of(stage, started)
        with window(stage.env, agents) as shown:
            runs = measure(([daemon], [shown.pid], keepers), span)
    spent, spread = middle(runs, lambda run: run[0].cpu + run[1].cpu)
    ours = Spent(spent[0].cpu + spent[1].cpu, spent[0].memory + spent[1].memory)
    who = f"daemon {spent[0].cpu:.2f} % {spent[0].memory:.0f} MB, window {spent[1].cpu:.2f} % {spent[1].memory:.0f} MB"
    beside = f"keepers beside: {spent[2].cpu:.2f} % {spent[2].memory:.0f} MB; median of {span}, {spread}"
    name = f"{agents} idle agents: daemon + window"
    yield Figure(f"{name}, CPU", round(ours.cpu, 2), "%", IDLE_CPU, detail=f"{who}; {beside}")
    quoted = "baseline: 100 xterm.js panes in Chromium, measured elsewhere"
    yield Figure(f"{name}, memory (PSS)", round(ours.memory, 1), "MB", IDLE_MB, baseline=BROWSER_MB, detail=quoted)


def busy(agents: int, rate: float, visible: int, span: Span) -> Iterator[Figure]:
    """Measure ``agents`` that print ``rate`` lines a second on ptys, ``visible`` of them in open panes."""
    say(f"busy: {agents} agents, {rate:g} lines a second each, {visible} visible, {span}")
    program = ticking(_LINE, 1 / rate)
    with scene() as stage:
        control = tmux_cpu(stage, program, agents, span.seconds, span.times)
        with stage.client() as client:
            started = [stage.program(client, program, pty=True) for _ in range(agents)]
            daemon = client.welcome.pid
        keepers = keepers_of(stage, started)
        with window(stage.env, agents, visible) as shown:
            runs = measure(([daemon], [shown.pid], keepers), span)
    spent, spread = middle(runs, lambda run: sum(part.cpu for part in run))
    parts = ", ".join(
        f"{what} {part.cpu:.1f} %" for what, part in zip(("daemon", "window", "keepers"), spent, strict=True)
    )
    total = round(sum(part.cpu for part in spent), 1)
    against = "baseline: a tmux server, nobody attached" if control is not None else "no tmux here as control"
    name = f"{agents} agents x {rate:g} lines/s, {visible} visible: CPU"
    yield Figure(name, total, "%", BUSY_CPU, baseline=control, detail=f"{parts}; {against}; median of {span}, {spread}")


def ticking(text: str, pause: float) -> tuple[str, ...]:
    """Return the command that prints ``text`` every ``pause`` seconds."""
    return (sys.executable, "-I", "-S", "-c", _TICK.format(text=text, pause=pause))


def measure(groups: Sequence[Sequence[int]], span: Span) -> list[Run]:
    """Return what each group of processes uses in each of the spans, memory as it is at its end."""
    time.sleep(SETTLE_S)
    return [_measure(groups, span.seconds) for _ in range(span.times)]


def _measure(groups: Sequence[Sequence[int]], seconds: float) -> Run:
    before, begun = [usage.cpu_seconds(group) for group in groups], time.monotonic()
    time.sleep(seconds)
    after, taken = [usage.cpu_seconds(group) for group in groups], time.monotonic() - begun
    return tuple(
        Spent((late - early) / taken * 100, usage.pss(group) / 1e6)
        for early, late, group in zip(before, after, groups, strict=True)
    )


def middle(runs: Sequence[Run], cost: Callable[[Run], float]) -> tuple[Run, str]:
    """Return the run of median cost (of two in the middle the dearer), and the cheapest and dearest in words."""
    ordered = sorted(runs, key=cost)
    return ordered[len(ordered) // 2], f"{cost(ordered[0]):.1f} to {cost(ordered[-1]):.1f} %"


def keepers_of(stage: Scene, agents: Sequence[Started]) -> list[int]:
    """Return the keepers' process ids."""
    files = (stage.home.places.agent(agent.id) / "keeper.json" for agent in agents)
    return [int(json.loads(file.read_text("utf-8"))["pid"]) for file in files]


def _await_sessions(stage: Scene, agents: int) -> None:
    with stage.client(subscribe=True) as client:
        follow(
            client,
            lambda rows: len(rows) == agents and all(row.lifecycle is Lifecycle.RUNNING for row in rows),
            "the agents' sessions",
        )
