"""Runs the measuring window beside a scene, offscreen or on a display, and starts what is shown in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from agents.model import AgentId
from agents.runtime.process import companion
from app.bench.resting import ticking
from app.bench.scene import BenchFailed, Scene
from app.bench.tty.window.orders import PROMPT, Answer, Order
from app.client.blocking import BlockingClient

#: What a program beside prints.
LINE = "collected 128 items, test_login.py::test_session_expires PASSED in 0.03s\n"


def measured(stage: Scene, order: Order) -> dict[str, list[float]]:
    """Open the window offscreen, carry the order out in it and return what was measured."""
    with shown(stage, order) as values:
        return values


@contextlib.contextmanager
def shown(stage: Scene, order: Order, screen: str | None = None) -> Iterator[dict[str, list[float]]]:
    """Open the window (on ``screen``, else offscreen), carry the order out in it, and let it stand for the block."""
    argv = (sys.executable, "-P", "-m", "app.bench.tty.window.probe", msgspec.json.encode(order).decode())
    with companion(argv, {**stage.env, **_platform(screen)}) as process:
        said = process.stdout.readline() if process.stdout else b""
        if not said:
            raise BenchFailed(f"{order.part}: the window ended before it measured anything")
        answer = msgspec.json.decode(said, type=Answer)
        if answer.failure:
            raise BenchFailed(f"{order.part}: {answer.failure}")
        yield answer.values


def _platform(screen: str | None) -> Mapping[str, str]:
    if screen is None:
        return {"QT_QPA_PLATFORM": "offscreen"}
    return {"QT_QPA_PLATFORM": "xcb", "DISPLAY": screen}


def shell_argv() -> tuple[str, ...]:
    """Return an interactive shell whose prompts are numbered, without anybody's configuration."""
    bash = shutil.which("bash")
    if bash is None:
        raise BenchFailed("there is no bash to be interrupted: install it")
    own = (f"PS1={PROMPT}\\#> ", f"HISTFILE={os.devnull}", "LC_ALL=C.UTF-8")
    return ("/usr/bin/env", *own, bash, "--noprofile", "--norc", "-i")


def others(stage: Scene, client: BlockingClient, count: int, rate: float) -> list[AgentId]:
    """Start programs that print ``rate`` lines a second each."""
    return [stage.program(client, ticking(LINE, 1 / rate), pty=True).id for _ in range(count)]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie; the longest of a few."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
