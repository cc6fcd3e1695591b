"""The daemon's hold on one agent's keeper: starting it, connecting to it, noticing that it is gone.

Knows no protocol of the agent and decides nothing about it; lives in the daemon's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from agents.runtime import tree
from agents.runtime.directory import AgentDirectory, KeeperState
from agents.runtime.link import KeeperLink, KeeperListener
from agents.runtime.places import Places
from agents.runtime.process import Launch, spawn_keeper
from agents.spec import Spec

log = logging.getLogger(__name__)

#: Seconds a keeper may take until it listens, and between attempts.
CONNECT_S = 10.0
RETRY_S = 0.02

#: The stop ladder's steps, and seconds the agent gets for each before the next.
LADDER = ("eof", "int", "term", "kill")
GRACE = {"eof": 3.0, "int": 3.0, "term": 3.0}

#: Seconds within which everything a killed keeper left behind is gone, and how often that is tried: ten thousand
#: processes on a busy machine take longer.
SWEEP_S = 5.0
SWEEPS = 12


class NoKeeper(Exception):
    """There is no keeper to talk to; the text says what was found."""


class Tether:
    """Owned by one unit; ``link`` is there while the keeper is connected."""

    def __init__(self, directory: AgentDirectory, places: Places, listener: KeeperListener) -> None:
        self._directory = directory
        self._places = places
        self._listener = listener
        self.link: KeeperLink | None = None
        self.keeper_pid: int | None = None

    async def launch(self, spec: Spec, incarnation: int, env: Mapping[str, str]) -> None:
        """Start a keeper with the agent under it and connect. Raises OSError, NoKeeper."""
        self.drop()
        launch = Launch(
            argv=spec.argv,
            cwd=spec.cwd,
            env=dict(env),
            pty=spec.pty,
            rows=spec.rows,
            cols=spec.cols,
            socket=str(self._places.keeper_socket(spec.id)),
            secret=await asyncio.to_thread(self._directory.new_secret),
            incarnation=incarnation,
            grace=GRACE,
        )
        await spawn_keeper(self._directory, launch, self._places)
        await self.connect(incarnation)

    async def connect(self, incarnation: int) -> None:
        """Connect to the keeper of this incarnation, waiting while it starts. Raises NoKeeper when there is none."""
        deadline = asyncio.get_running_loop().time() + CONNECT_S
        problem = "it never listened"
        while asyncio.get_running_loop().time() < deadline:
            state = self.keeper(incarnation)
            if state is not None and not tree.is_same(state.pid, state.start):
                raise NoKeeper("its keeper is gone")
            secret = self._directory.secret()
            try:
                if secret is None:
                    raise FileNotFoundError(self._directory.key_file)
                socket = self._places.keeper_socket(self._directory.path.name)
                self.link = await KeeperLink.connect(socket, secret, self._listener)
                self.keeper_pid = self.link.welcome.pid
            except (OSError, EOFError, TimeoutError) as error:
                problem = str(error)
                await asyncio.sleep(RETRY_S)
            else:
                return
        raise NoKeeper(f"its keeper does not answer: {problem}")

    def keeper(self, incarnation: int) -> KeeperState | None:
        """Return what the keeper of this incarnation last wrote about itself. Raises DirectoryDamaged."""
        state = self._directory.keeper_state()
        return state if state is not None and state.incarnation == incarnation else None

    def is_keeper_alive(self, incarnation: int) -> bool:
        """Tell whether the keeper of this incarnation runs."""
        state = self.keeper(incarnation)
        return state is not None and tree.is_same(state.pid, state.start)

    async def sweep(self, incarnation: int, nonce: str) -> list[int]:
        """Kill what a vanished keeper left behind; return the pids. Ends when nothing is left, or cannot be killed."""
        state = self.keeper(incarnation)
        child, start = (state.child, state.child_start) if state is not None else (None, None)
        killed: set[int] = set()
        for _ in range(SWEEPS):
            killed.update(await asyncio.to_thread(tree.end_agent, child, start, nonce, SWEEP_S))
            if not await asyncio.to_thread(tree.find_agent, child, start, nonce):
                break
        return sorted(killed)

    def drop(self) -> None:
        """Let go of the connection; the keeper and its agent go on."""
        link, self.link = self.link, None
        if link is not None:
            link.close()

    def release(self) -> None:
        """Tell the keeper of an ended agent that its exit was read: it may go."""
        link, self.link = self.link, None
        if link is not None:
            with contextlib.suppress(OSError):
                link.bye()
