"""Terminals people ask for: the one beside an agent, a plain one in a project, an ended one once more. Qt-free."""

from __future__ import annotations

from collections.abc import Callable

from agents.jsonrpc import RpcError
from agents.model import AgentRow, Capability
from agents.wire import AgentRef, Run, Started
from app.client.api import Caller, ConnectionLost, Spawner

#: The kind that runs one's own shell.
SHELL = "shell"


class TerminalActions:
    """Asks the daemon; owned by the shell, lives in its loop."""

    def __init__(self, caller: Caller, spawner: Spawner) -> None:
        self._caller = caller
        self._spawner = spawner

    def open_beside(self, row: AgentRow, then: Callable[[Started], None], failed: Callable[[str], None]) -> None:
        """Start the shell beside an agent, where the agent works; ``failed`` hears in words why there is none."""
        run = Run(SHELL, row.project, cwd=row.worktree or row.cwd, pty=True, terminal_of=row.id)

        async def work() -> None:
            try:
                started: Started = await self._caller.call("agent.run", run)
            except RpcError as error:
                failed(error.message)
                return
            except ConnectionLost:
                failed("the connection to the daemon was lost; try again in a moment")
                return
            then(started)

        self._spawner.spawn(work(), f"opening the terminal of {row.name}")

    def open_plain(self, project: str, then: Callable[[Started], None]) -> None:
        """Start a shell in a project's directory, a row of its own."""

        async def work() -> None:
            then(await self._caller.call("agent.run", Run(SHELL, project, pty=True)))

        self._spawner.spawn(work(), f"opening a terminal in {project}")

    def again(self, row: AgentRow) -> None:
        """Let an ended program go on: with its session where it has one, else from its beginning."""
        method, what = ("agent.resume", "resuming") if is_resumed(row) else ("agent.restart", "running again")

        async def work() -> None:
            await self._caller.call(method, AgentRef(row.id))

        self._spawner.spawn(work(), f"{what} {row.name}")


def is_resumed(row: AgentRow) -> bool:
    """Tell whether an ended program continues a session, or has none and begins anew."""
    return Capability.RESUME in row.capabilities
