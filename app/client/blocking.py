"""A daemon connection for programs that do one thing at a time: plain sockets, no event loop.

The CLI's start-up time is spent here, so it imports nothing that the wire does not need.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from agents.events import NumberedEvent
from agents.jsonrpc import ErrorCode, Reply, RpcError, encode_call
from agents.wire import PROTOCOL, HandOver, Hello, Role, Welcome
from app.client.api import ConnectionLost
from app.client.frames import CHUNK, LineBuffer, decode_line, result_of
from app.client.launch import DaemonNotStarted, daemon_argv, ensure_daemon
from app.client.unix import open_daemon
from app.paths import Home
from app.version import VERSION, is_newer

#: Seconds a call may take unless said otherwise; it is a guard against a wedged daemon, not a budget.
CALL_S = 60.0

#: Seconds during which a daemon that accepts and closes is taken for one that is just ending.
ENDING_S = 5.0

#: Seconds until a daemon that hands over answers again.
HANDOVER_S = 20.0


class NoDaemon(Exception):
    """No daemon runs for this home, and none was to be started."""


class BlockingClient:
    """One connection; owned by one thread. Events arrive while calls wait and are kept in order."""

    welcome: Welcome

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lines = LineBuffer()
        self._replies: dict[int, Reply] = {}
        self._events: deque[NumberedEvent] = deque()
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the daemon forgets what this client watched."""
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor to poll on; drain ``next_event(0)`` before polling."""
        return self._socket.fileno()

    def call(self, method: str, params: msgspec.Struct, timeout: float | None = CALL_S) -> Any:
        """Call and return the result struct; ``timeout`` in seconds. Raises RpcError, ConnectionLost."""
        self._calls += 1
        call_id = self._calls
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            self._socket.sendall(encode_call(call_id, method, params))
        except OSError as error:
            raise ConnectionLost(f"the daemon went away: {error.strerror}") from error
        while call_id not in self._replies:
            if not self._receive(deadline):
                raise ConnectionLost(f"the daemon did not answer {method} within {timeout:.0f} s")
        return result_of(method, self._replies.pop(call_id))

    def next_event(self, timeout: float | None = None) -> NumberedEvent | None:
        """Return the next event, or ``None`` when none came within ``timeout`` seconds. Raises ConnectionLost."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._events:
            if not self._receive(deadline):
                return None
        return self._events.popleft()

    def _receive(self, deadline: float | None) -> bool:
        """Take in what came; return false at the deadline."""
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        # Not select(2), which fails above descriptor 1023.
        readable = select.poll()
        readable.register(self._socket, select.POLLIN)
        if not readable.poll(None if left is None else left * 1000):
            return False
        try:
            data = self._socket.recv(CHUNK)
        except OSError as error:
            raise ConnectionLost(f"the daemon went away: {error.strerror}") from error
        if not data:
            raise ConnectionLost("the daemon closed the connection")
        for line in self._lines.feed(data):
            self._take(decode_line(line))
        return True

    def _take(self, message: Reply | NumberedEvent | None) -> None:
        if isinstance(message, NumberedEvent):
            self._events.append(message)
        elif isinstance(message, Reply) and isinstance(message.id, int):
            self._replies[message.id] = message


def connect(
    home: Home, env: Mapping[str, str] | None = None, *, start: bool = True, subscribe: bool = False
) -> BlockingClient:
    """Return a greeted client, starting the daemon unless told not to, and replacing an older one.

    Raises NoDaemon (only without ``start``), DaemonNotStarted, HomeRefused, ConnectionLost, RpcError.
    """
    env = os.environ if env is None else env
    client, is_outdated = _greeted(home, env, start=start, subscribe=subscribe)
    if not is_outdated:
        return client
    with client:
        client.call("daemon.handover", HandOver(daemon_argv()))
    return _replaced(home, env, subscribe=subscribe)


def _greeted(home: Home, env: Mapping[str, str], *, start: bool, subscribe: bool) -> tuple[BlockingClient, bool]:
    """Connect and say hello, again when the daemon was just ending. Tell whether its version is older than ours."""
    deadline = time.monotonic() + ENDING_S
    while True:
        client = BlockingClient(_open(home, env, start=start))
        try:
            return client, _is_outdated(client, subscribe=subscribe)
        except ConnectionLost:
            client.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        except RpcError:
            client.close()
            raise


def _is_outdated(client: BlockingClient, *, subscribe: bool) -> bool:
    try:
        welcome = client.call("hello", Hello("cli", VERSION, PROTOCOL, subscribe))
    except RpcError as error:
        if error.code is ErrorCode.VERSION:
            return True
        raise
    client.welcome = welcome
    return welcome.role is not Role.AGENT and is_newer(VERSION, welcome.version)


def _open(home: Home, env: Mapping[str, str], *, start: bool) -> socket.socket:
    if home.has_short_sockets and home.places.sockets.exists():
        home.check_sockets()
    try:
        return open_daemon(home.places)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
        if not start:
            raise NoDaemon(f"no daemon runs for {home.places.state}") from error
    except OSError as error:
        raise DaemonNotStarted(f"the daemon's socket {home.places.daemon_socket} cannot be used: {error}") from error
    ensure_daemon(home, env)
    try:
        return open_daemon(home.places)
    except OSError as error:
        raise DaemonNotStarted(f"the daemon ended right after it started: see {home.log}") from error


def _replaced(home: Home, env: Mapping[str, str], *, subscribe: bool) -> BlockingClient:
    """Wait for the successor of a daemon that hands over; it keeps the lock, so nobody may start another."""
    deadline = time.monotonic() + HANDOVER_S
    while time.monotonic() < deadline:
        try:
            client, is_outdated = _greeted(home, env, start=False, subscribe=subscribe)
        except (NoDaemon, ConnectionLost, DaemonNotStarted):
            time.sleep(0.02)
            continue
        if not is_outdated:
            return client
        client.close()
        time.sleep(0.02)
    raise DaemonNotStarted(
        f"the daemon was asked to hand over to version {VERSION} and did not within {HANDOVER_S:.0f} s: see {home.log}"
    )
