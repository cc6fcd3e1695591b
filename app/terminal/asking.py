"""Gets the terminal of an agent for a view: asks the daemon where it stands and draws what there is. Keeps nothing."""

from __future__ import annotations

import functools
from pathlib import Path

from agents.model import AgentId, Stream
from agents.vt.grid import Grid
from agents.vt.libvterm import Refused
from agents.wire import AgentRef, Shown, TerminalState
from app.client.api import Caller
from app.logsource import LocalLog, LogSource, RemoteLog
from app.terminal.drawing import Clock, GridFactory
from app.terminal.terminal import Terminal


@functools.cache
def missing() -> str:
    """Return why no terminal can be shown here and what to install, empty when one can; tried once."""
    try:
        Grid(2, 2).close()
    except Refused as refused:
        return str(refused)
    return ""


async def open_terminal(agent: AgentId, caller: Caller, clock: Clock, grid_factory: GridFactory = Grid) -> Terminal:
    """Return the terminal as it is now. Raises RpcError, ConnectionLost, OSError, and libvterm.Refused."""
    shown: Shown = await caller.call("agent.show", AgentRef(agent))
    state: TerminalState = await caller.call("terminal.open", AgentRef(agent))
    terminal = Terminal(await _source(agent, shown.directory, caller), grid_factory, state, clock=clock)
    try:
        await terminal.open()
    except BaseException:
        terminal.close()
        raise
    return terminal


async def _source(agent: AgentId, directory: str, caller: Caller) -> LogSource:
    if Path(directory).is_dir():  # noqa: ASYNC240  (one look; the log itself is read so as well)
        return LocalLog(Path(directory), Stream.OUT)
    remote = RemoteLog(agent, Stream.OUT, caller)
    await remote.open()
    return remote
