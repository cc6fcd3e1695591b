"""A keeper: time from spawning it to being attached, beside the bare interpreter, and its memory."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Iterator
from statistics import median

from agents.runtime.directory import AgentDirectory, KeeperState
from agents.runtime.link import KeeperLink
from agents.runtime.process import Launch, install_keeper, run_once, spawn_keeper
from app.bench import usage
from app.bench.scene import Scene, say, scene
from app.cli.results import Figure

#: Times a keeper may take that long as the bare interpreter, and its memory in MB.
RATIO, MEMORY_MB = 2.5, 8.0


def figures(times: int) -> Iterator[Figure]:
    """Measure ``times`` keepers, each in turn with the control."""
    say(f"keeper: {times} starts beside as many of the bare interpreter")
    with scene() as stage:
        spawned, bare, memory = asyncio.run(_measure(stage, times))
    control = median(bare)
    yield Figure(
        "keeper: spawn to attached",
        round(median(spawned), 1),
        "ms",
        round(RATIO * control, 1),
        baseline=round(control, 1),
        detail=f"at most {RATIO} times python -I -S -c pass; {times} each, in turn",
    )
    yield Figure("keeper: memory (PSS)", round(memory / 1e6, 2), "MB", MEMORY_MB, detail=f"mean of {times} at once")


async def _measure(stage: Scene, times: int) -> tuple[list[float], list[float], float]:
    stage.home.prepare()
    install_keeper(stage.home.places.keepers)  # once a daemon; not part of starting an agent
    keepers: list[_Attached] = []
    spawned, bare = [], []
    try:
        for number in range(times + 1):
            bare.append(await _timed(run_once((sys.executable, "-I", "-S", "-c", "pass"), 60.0)))
            begun = time.perf_counter()
            keepers.append(await _attach(stage, f"k{number}"))
            spawned.append((time.perf_counter() - begun) * 1000)
        memory = usage.pss(keeper.pid for keeper in keepers) / len(keepers)
    finally:
        await asyncio.gather(*(keeper.end() for keeper in keepers))
    return spawned[1:], bare[1:], memory  # the first warms the caches


async def _timed(work: Awaitable[object]) -> float:
    begun = time.perf_counter()
    await work
    return (time.perf_counter() - begun) * 1000


class _Attached:
    """A keeper and our connection to it; hears only that its program ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.link: KeeperLink | None = None

    def on_marks(self, next_seq: int) -> None:
        """Take no notice."""

    def on_ack(self, ident: str, status: str, reason: str) -> None:
        """Take no notice."""

    def on_exit(self, state: KeeperState) -> None:
        """Note the end."""
        self.ended.set()

    def on_disk(self, full: bool, error: str) -> None:
        """Take no notice."""

    def on_lost(self) -> None:
        """Count it as ended."""
        self.ended.set()

    @property
    def pid(self) -> int:
        """Return the keeper's process."""
        return 0 if self.link is None else self.link.welcome.pid

    async def end(self) -> None:
        """Kill the program and let the keeper go."""
        if self.link is not None:
            self.link.stop(("kill",))
            await asyncio.wait_for(self.ended.wait(), 30)
            self.link.bye()


async def _attach(stage: Scene, name: str) -> _Attached:
    places = stage.home.places
    directory = AgentDirectory(places.agent(name))
    directory.create()
    launch = Launch(
        argv=("/bin/sh", "-c", "read forever"),
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath)},
        socket=str(places.keeper_socket(name)),
        secret=directory.new_secret(),
    )
    await spawn_keeper(directory, launch, places)
    attached = _Attached()
    attached.link = await KeeperLink.connect(places.keeper_socket(name), launch.secret, attached)
    return attached
