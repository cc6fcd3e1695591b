"""Controls: the same programs with nothing of ours around them."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import time
from collections.abc import Sequence
from statistics import median

from agents.runtime.process import run_once
from app.bench import usage
from app.bench.scene import STEP_S, Scene


def timed_shells(stage: Scene, count: int, script: str, times: int) -> list[float]:
    """Return how many seconds ``count`` shells take to run ``script`` at once, each into a file of its own."""
    return asyncio.run(_repeated(stage, count, script, times + 1))[1:]


async def _repeated(stage: Scene, count: int, script: str, times: int) -> list[float]:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        files = [stage.root / f"control-{number}" for number in range(count)]
        await asyncio.gather(*(run_once(("/bin/sh", "-c", f"({script}) > {file}"), STEP_S) for file in files))
        taken.append(time.perf_counter() - begun)
        for file in files:
            file.unlink()
    return taken


def tmux_cpu(stage: Scene, program: Sequence[str], count: int, seconds: float, times: int) -> float | None:
    """Return the percent of a core a tmux server uses with ``count`` windows of ``program``; ``None`` without tmux.

    It is the median of ``times`` spans.
    """
    tmux = shutil.which("tmux")
    if tmux is None:
        return None
    # No user configuration, a socket of its own; nobody attached, as a pane that is not looked at.
    server = (tmux, "-f", os.devnull, "-S", str(stage.root / "tmux"))
    try:
        tmux_asked(*server, "new-session", "-d", "-s", "bench", shlex.join(program))
        for _ in range(count - 1):
            tmux_asked(*server, "new-window", "-d", "-t", "bench", shlex.join(program))
        pid = int(tmux_asked(*server, "display-message", "-p", "#{pid}"))
        time.sleep(1.0)
        return round(median(_percent(pid, seconds) for _ in range(times)), 1)
    finally:
        tmux_asked(*server, "kill-server")


def _percent(pid: int, seconds: float) -> float:
    before, begun = usage.cpu_seconds([pid]), time.monotonic()
    time.sleep(seconds)
    return (usage.cpu_seconds([pid]) - before) / (time.monotonic() - begun) * 100


def tmux_asked(*argv: str) -> str:
    """Run one command of tmux and return what it prints."""
    return asyncio.run(run_once(argv, STEP_S)).out.decode()
