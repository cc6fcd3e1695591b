"""What the rest of a client needs of the daemon connection, as the narrowest protocols.

Opens nothing; ``app.client.stream`` (asyncio, the shell) and ``app.client.blocking`` (the CLI) implement it.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

import msgspec


class ConnectionLost(Exception):
    """The daemon went away before it answered; the call may have been carried out. The text says what happened."""


class Caller(Protocol):
    """Calls methods of ``agents.wire.METHODS``; the result is that method's result struct."""

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        """Call and wait. Raises RpcError (text for the user) or ConnectionLost."""


class Spawner(Protocol):
    """Owns the tasks that Qt slots start; failures become notices, never silence."""

    def spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Run ``work`` in the owner's task group; ``what`` names it in the notice when it fails."""


#: Methods that change nothing, or the same again: safe to call anew when the connection was lost on the way.
REPEATABLE = frozenset(
    {
        "daemon.status",
        "daemon.doctor",
        "kind.list",
        "agent.list",
        "agent.show",
        "agent.explain",
        "agent.next",
        "rule.list",
        "session.list",
        "agent.wait",
        "agent.seen",
        "agent.resize",
        "terminal.open",
        "pane.watch",
        "log.read",
        "transcript.page",
        "index.rebuild",
    }
)
