"""A daemon of answers: speaks the wire on a real socket in a thread, and records what it was asked."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

import msgspec

from agents.events import NumberedEvent, Snapshot
from agents.jsonrpc import Call, RpcError, encode_error, encode_event, encode_result
from agents.model import AgentRow, Blocked, Headline, Health, Lifecycle, Turn
from agents.runtime.places import Places
from agents.wire import METHODS, PROTOCOL, Hello, Role, Welcome
from app.version import VERSION


class HangUp(Exception):
    """Raised by an answer: close the connection instead of answering."""


#: An answer is a result struct, an exception to send, or a function of the params that returns or raises one.
Answer = Any


def row(agent: str = "habc123", **changes: Any) -> AgentRow:
    """Return a plain idle agent, with changes."""
    plain = AgentRow(
        id=agent,
        name="fix-login",
        kind="shell",
        family="terminal",
        project="/src/api",
        branch="main",
        cwd="/src/api",
        lifecycle=Lifecycle.RUNNING,
        exit_code=None,
        turn=Turn.IDLE,
        blocked=None,
        health=Health.OK,
        headline="idle",
        since=1_000_000.0,
        unread=0,
        cost=None,
        team=None,
        labels=(),
        state=Headline.IDLE,
    )
    return msgspec.structs.replace(plain, **changes)


def asking(agent: str = "habc123", **changes: Any) -> AgentRow:
    """Return an agent that waits for a permission."""
    fields = {
        "turn": Turn.BLOCKED,
        "blocked": Blocked.PERMISSION,
        "state": Headline.ALLOW,
        "headline": "allow npm test?",
    }
    return row(agent, **(fields | {"rank": 2} | changes))


class ScriptedDaemon:
    """Owns the socket and one thread per connection; everything is closed and joined on exit."""

    def __init__(
        self,
        places: Places,
        answers: Mapping[str, Answer] | None = None,
        *,
        version: str = VERSION,
        role: Role = Role.USER,
        snapshot: Snapshot | None = None,
    ) -> None:
        self.answers: dict[str, Answer] = dict(answers or {})
        self.calls: list[tuple[str, Any]] = []
        self.version = version
        self.role = role
        self.epoch = "e1"
        self.snapshot = snapshot or Snapshot(0, ())
        self.behind_welcome: bytes = b""
        self._heard = threading.Condition()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._path = places.daemon_socket

    def __enter__(self) -> Self:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(os.fspath(self._path))
        self._listener.listen(16)
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()  # nobody is accepted behind the drop
        self._listener.close()
        self.drop()
        for thread in self._threads:
            thread.join()

    def asked(self, method: str) -> list[Any]:
        """Return the params of every call of ``method``."""
        return [params for name, params in self.calls if name == method]

    def wait_for(self, method: str, count: int = 1) -> None:
        """Return once ``method`` was called ``count`` times; raise after 10 s."""
        with self._heard:
            if not self._heard.wait_for(lambda: len(self.asked(method)) >= count, 10):
                raise TimeoutError(f"{method} was called {len(self.asked(method))} times")

    def drop(self) -> None:
        """Close all connections, as a killed daemon does."""
        connections, self._connections = self._connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def tell(self, *events: NumberedEvent) -> None:
        """Send events to every client, in one piece."""
        for connection in self._connections:
            connection.sendall(b"".join(map(encode_event, events)))

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, name=f"scripted-{work.__name__}")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            try:
                for line in lines:
                    connection.sendall(self._answer(msgspec.json.decode(line, type=Call)))
            except (HangUp, OSError):
                pass
            finally:
                if connection in self._connections:
                    self._connections.remove(connection)

    def _answer(self, call: Call) -> bytes:
        params = msgspec.json.decode(call.params, type=METHODS[call.method].params)
        with self._heard:
            self.calls.append((call.method, params))
            self._heard.notify_all()
        answer = self.answers.get(call.method)
        try:
            if call.method == "hello" and answer is None:
                return encode_result(call.id, self._welcome(params)) + self.behind_welcome
            if callable(answer):
                answer = answer(params)
            if isinstance(answer, Exception):
                raise answer
        except RpcError as error:
            return encode_error(call.id, error)
        assert answer is not None, f"no answer scripted for {call.method}"
        return encode_result(call.id, answer)

    def _welcome(self, hello: Hello) -> Welcome:
        is_known = hello.epoch == self.epoch and hello.since is not None
        snapshot = self.snapshot if hello.subscribe and not is_known else None
        return Welcome(self.version, PROTOCOL, self.epoch, os.getpid(), self.role, self.snapshot.seq, snapshot)
