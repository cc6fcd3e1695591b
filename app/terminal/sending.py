"""What is typed into a terminal on its way to the program: in order, batched while a call is in the air, never twice.

Keeps nothing back for later: what cannot be sent now is told and dropped, so that no key arrives out of its time.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.jsonrpc import RpcError
from agents.model import AgentId
from agents.wire import Input
from app.client.api import Caller, ConnectionLost, Spawner

#: Most bytes one call carries; a paste may be longer.
PIECE = 64 * 1024


class Sending:
    """Owned by one terminal pane; lives in the shell's loop. ``told`` hears in words what did not arrive."""

    def __init__(self, agent: AgentId, caller: Caller, spawner: Spawner, told: Callable[[str], None]) -> None:
        self._agent = agent
        self._caller = caller
        self._spawner = spawner
        self._told = told
        self._waiting = bytearray()
        self._in_the_air = False

    def send(self, data: bytes) -> None:
        """Send bytes behind all that were sent before."""
        self._waiting += data
        if self._waiting and not self._in_the_air:
            self._in_the_air = True
            self._spawner.spawn(self._work(), "typing")

    async def _work(self) -> None:
        try:
            while self._waiting:
                piece = bytes(self._waiting[:PIECE])
                del self._waiting[:PIECE]
                await self._caller.call("agent.input", Input(self._agent, piece))
        except RpcError as error:
            self._failed(f"not typed: {error.message}")
        except ConnectionLost:
            self._failed("the connection was lost while you typed: look whether the last keys arrived")
        finally:
            self._in_the_air = False

    def _failed(self, words: str) -> None:
        # What was typed behind it belongs to it: a command without its beginning is another command.
        self._waiting.clear()
        self._told(words)
