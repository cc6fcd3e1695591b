"""What programs in terminals cost the daemon: twenty that work, from recordings, and a hundred that wait."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from agents.model import Lifecycle
from agents.wire import Run
from app.bench.control import tmux_cpu
from app.bench.resting import Span, measure, middle
from app.bench.scene import BenchFailed, Scene, ending_signals, say, scene
from app.cli.results import Figure
from app.client.blocking import BlockingClient

LIVE_CPU, IDLE_CPU = 25.0, 3.0

WHOLE, QUICK = Span(15, 5), Span(8, 1)

_TESTS = Path(__file__).resolve().parents[1]
_CORPUS = _TESTS / "corpus" / "status" / "tuned"
_PLAYER = _TESTS / "fakes" / "player.py"

#: The environment variable that tells the player what to play.
_PLAYED = "BENCH_PLAYED"

#: What a program draws while it works: one recording a kind, played for ever.
_LIVE = ("claude-tui/steps.cast", "codex-tui/steps.cast", "gemini-tui/steps.cast", "claude-tui/steps-plain.cast")
_IDLE = ("claude-tui/start.cast", "codex-tui/start.cast", "gemini-tui/start.cast", "claude-tui/start-plain.cast")


def figures() -> Iterator[Figure]:
    """Measure everything."""
    for part in parts().values():
        yield from part()


def quick() -> Iterator[Figure]:
    """Measure less of everything."""
    for part in parts(is_quick=True).values():
        yield from part()


def parts(*, is_quick: bool = False) -> Mapping[str, Callable[[], Iterable[Figure]]]:
    """Return what can be measured alone."""
    span = QUICK if is_quick else WHOLE
    return {
        "live": partial(_terminals, 20, _LIVE, span, LIVE_CPU, is_live=True),
        "idle": partial(_terminals, 100, _IDLE, span, IDLE_CPU, is_live=False),
    }


def _terminals(
    count: int, recordings: tuple[str, ...], span: Span, target: float, *, is_live: bool
) -> Iterator[Figure]:
    what = "working" if is_live else "waiting"
    say(f"terminals: {count} {what}, {span}")
    with ending_signals(), scene() as stage:
        _provide(stage)
        program = (sys.executable, "-I", "-S", str(_PLAYER), *_played(recordings[0], is_live=is_live))
        control = tmux_cpu(stage, program, count, span.seconds, span.times)
        with stage.client() as client:
            for number in range(count):
                _start(stage, client, recordings[number % len(recordings)], is_live=is_live)
            runs = measure(([client.welcome.pid],), span)
            _require_running(stage, client)
    spent, spread = middle(runs, lambda run: run[0].cpu)
    against = "baseline: a tmux server, nobody attached" if control is not None else "no tmux here as control"
    detail = f"{spent[0].memory:.0f} MB; {against}; median of {span}, {spread}"
    yield Figure(
        f"{count} {what} terminals: daemon CPU", round(spent[0].cpu, 2), "%", target, baseline=control, detail=detail
    )


def _provide(stage: Scene) -> None:
    """Put the player where the programs of the kinds are looked for."""
    folder = stage.root / "bin"
    folder.mkdir()
    player = shlex.join((sys.executable, "-I", "-S", str(_PLAYER)))
    for name in {recording.partition("-")[0] for recording in (*_LIVE, *_IDLE)}:
        program = folder / name
        program.write_text(f'#!/bin/sh\n[ "$1" = --version ] || exec {player} ${_PLAYED}\n', encoding="utf-8")
        program.chmod(0o700)
    stage.env["PATH"] = f"{folder}{os.pathsep}{stage.env['PATH']}"


def _start(stage: Scene, client: BlockingClient, recording: str, *, is_live: bool) -> None:
    kind = recording.partition("/")[0]
    client.call("agent.run", Run(kind, str(stage.work), env={_PLAYED: shlex.join(_played(recording, is_live=is_live))}))


def _played(recording: str, *, is_live: bool) -> tuple[str, ...]:
    return (str(_CORPUS / recording), *(() if is_live else ("once",)))


def _require_running(stage: Scene, client: BlockingClient) -> None:
    for row in stage.rows(client):
        if row.lifecycle is not Lifecycle.RUNNING or not row.out_size:
            raise BenchFailed(f"{row.name} is {row.headline} {row.reason}: nothing was measured")
