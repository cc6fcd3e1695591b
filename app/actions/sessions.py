"""Sessions one already has, and where an agent's session goes on: what the shell asks the daemon. Qt-free."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.jsonrpc import RpcError
from agents.model import AgentRow, Turn
from agents.spec import KindInfo
from agents.wire import AdoptSession, FoundSessions, ListSessions, Started, Switch
from app.client.api import Caller, ConnectionLost, Spawner

_MID_TURN = frozenset({Turn.WORKING, Turn.BLOCKED})


def store_of(name: str, kinds: Sequence[KindInfo]) -> str:
    """Return where a kind keeps its sessions; one whose file is gone keeps them by itself."""
    return next((kind.sessions or kind.name for kind in kinds if kind.name == name), name)


def targets(row: AgentRow, kinds: Sequence[KindInfo]) -> tuple[KindInfo, ...]:
    """Return the kinds an agent could go on as: those that share its sessions, what is installed first."""
    store = store_of(row.kind, kinds)
    shared = [kind for kind in kinds if (kind.sessions or kind.name) == store and kind.name != row.kind]
    return tuple(sorted((kind for kind in shared if not kind.hidden), key=lambda kind: (not kind.available, kind.name)))


def is_mid_turn(row: AgentRow) -> bool:
    """Tell whether a switch would have to wait for the end of a turn."""
    return row.turn in _MID_TURN


class SessionActions:
    """Asks the daemon; owned by the shell, lives in its loop."""

    def __init__(self, caller: Caller, spawner: Spawner) -> None:
        self._caller = caller
        self._spawner = spawner

    def switch(self, row: AgentRow, kind: str, then: Callable[[Started], None]) -> None:
        """Let an agent go on as another kind, at the end of its turn where one runs."""
        params = Switch(row.id, kind, wait=is_mid_turn(row))

        async def work() -> None:
            then(await self._caller.call("agent.switch", params))

        self._spawner.spawn(work(), f"switching {row.name} to {kind}")

    def find(self, project: str, then: Callable[[FoundSessions], None]) -> None:
        """Look for the sessions of a project; what cannot be looked at is told as a problem, not as a failure."""

        async def work() -> None:
            try:
                found: FoundSessions = await self._caller.call("session.list", ListSessions(project))
            except (RpcError, ConnectionLost) as error:
                found = FoundSessions((), (str(error),))
            then(found)

        self._spawner.spawn(work(), f"looking for sessions of {project}")

    def adopt(self, params: AdoptSession, then: Callable[[Started], None]) -> None:
        """Start an agent that continues a session."""

        async def work() -> None:
            then(await self._caller.call("session.adopt", params))

        self._spawner.spawn(work(), f"adopting session {params.session}")
