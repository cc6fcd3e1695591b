"""The daemon as a command sees it: connected at the first call, and once more when it dies between two.

Only what may safely be repeated is repeated; for the rest the user is told that it may have been done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from app.cli.exits import CommandError
from app.client.api import REPEATABLE, ConnectionLost
from app.client.blocking import CALL_S, BlockingClient, connect
from app.paths import Home

#: Seconds during which a lost connection is made anew; a daemon that dies again and again is a failure.
RETRY_S = 30.0


class Session:
    """Owns the connections of one run of the program. ``home`` is asked for when it is first needed."""

    def __init__(self, home: Callable[[], Home], env: Mapping[str, str]) -> None:
        self._home = home
        self._env = env
        self._client: BlockingClient | None = None

    def close(self) -> None:
        """Close the connection if there is one."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def call(
        self, method: str, params: msgspec.Struct | Callable[[], msgspec.Struct], timeout: float | None = CALL_S
    ) -> Any:
        """Call and return the result; repeatable methods survive the daemon's death.

        ``params`` that shrink with time are given as a function. Raises RpcError, CommandError.
        """
        deadline = time.monotonic() + RETRY_S
        while True:
            client = self.client()
            try:
                return client.call(method, params() if callable(params) else params, timeout)
            except ConnectionLost as error:
                self.close()
                if method not in REPEATABLE:
                    raise CommandError(
                        f"{error}; it may or may not have been done: look with `quarterdeck ls`"
                    ) from error
                if time.monotonic() > deadline:
                    raise CommandError(f"{error}, again and again: see `quarterdeck doctor`") from error

    def client(self) -> BlockingClient:
        """Return the connection, made and subscribed to nothing unless there is one."""
        if self._client is None:
            self._client = connect(self._home(), self._env)
        return self._client

    def events(self) -> BlockingClient:
        """Return a new connection that receives events; the caller closes it."""
        return connect(self._home(), self._env, subscribe=True)
