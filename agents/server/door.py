"""The daemon's door: accepts clients, knows who they are, and tells everyone what changed.

Owns the connections; the meaning of methods is in ``agents.server.methods``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from typing import Any

import msgspec

from agents import events, jsonrpc, wire
from agents.jsonrpc import Call, ErrorCode, RpcError
from agents.model import AgentId
from agents.server.connection import OUT_LIMIT, Connection
from agents.server.methods import HANDLERS, Control
from agents.server.peer import Peer, Processes, credentials, identify
from agents.supervisor.fleet import Supervisor
from agents.wire import MAX_LINE, METHODS, PROTOCOL, Role

log = logging.getLogger(__name__)

#: What a client of a newer wire may still ask.
_FOR_NEWER = frozenset({"hello", "daemon.handover", "daemon.status", "daemon.stop"})


class Identity(msgspec.Struct, frozen=True):
    """What the daemon tells every client about itself."""

    version: str
    epoch: str


class Server:
    """Serves the wire on one listening socket, in the daemon's loop."""

    def __init__(
        self,
        supervisor: Supervisor,
        control: Control,
        identity: Identity,
        processes: Processes,
        *,
        out_limit: int = OUT_LIMIT,
    ) -> None:
        self.supervisor = supervisor
        self.control = control
        self._identity = identity
        self._processes = processes
        self._out_limit = out_limit
        self._connections: set[Connection] = set()

    @property
    def clients(self) -> int:
        """Return how many clients are connected."""
        return len(self._connections)

    async def serve(self, listener: socket.socket) -> None:
        """Accept clients until cancelled; the listening socket is left open for a hand-over."""
        unsubscribe = self.supervisor.bus.subscribe(self._on_event)
        try:
            async with asyncio.TaskGroup() as group:

                def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                    group.create_task(self._client(reader, writer))

                # From 3.13 on asyncio would remove the socket file, which a hand-over needs.
                options: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
                server = await asyncio.start_unix_server(accepted, sock=listener, limit=MAX_LINE, **options)
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    server.close()
        finally:
            unsubscribe()

    def close(self) -> None:
        """Close every connection after what waits for it has been sent."""
        for connection in tuple(self._connections):
            connection.close()

    def greet(self, connection: Connection, params: wire.Hello) -> wire.Welcome:
        """Introduce a client; with ``subscribe`` it gets the snapshot or what it missed, then every event."""
        connection.client = params.client
        if params.protocol > PROTOCOL:
            connection.is_newer = True
            raise RpcError(
                ErrorCode.VERSION,
                f"this daemon ({self._identity.version}) speaks wire {PROTOCOL}, you speak {params.protocol}: "
                "ask it to hand over to your version",
                {"protocol": PROTOCOL, "version": self._identity.version},
            )
        connection.introduced = True
        bus, snapshot = self.supervisor.bus, None
        bus.flush()
        if params.subscribe:
            self._must_be_user(connection, "follow the fleet")
            missed = bus.since(params.since) if params.epoch == self._identity.epoch and params.since else None
            if missed is None:
                snapshot = self.supervisor.snapshot()
            connection.after_reply = [jsonrpc.encode_event(event) for event in missed or ()]
            connection.subscribed = True
        return wire.Welcome(
            version=self._identity.version,
            protocol=PROTOCOL,
            epoch=self._identity.epoch,
            pid=os.getpid(),
            role=connection.peer.role,
            seq=bus.seq,
            snapshot=snapshot,
        )

    def watch(self, connection: Connection, agents: frozenset[AgentId]) -> None:
        """Set which agents' transcripts and logs a client follows."""
        connection.watched = agents
        self._watch_all()

    # -- connections

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pid, uid = credentials(writer.get_extra_info("socket"))
        if uid != os.getuid():
            log.warning("a client of uid %s (pid %s) was turned away", uid, pid)
            writer.transport.abort()
            return
        peer = identify(pid, uid, self.supervisor.roster, self._processes)
        connection = Connection(reader, writer, peer, self._out_limit)
        self._connections.add(connection)
        try:
            await connection.serve(self._carry)
        finally:
            self._connections.discard(connection)
            self._watch_all()

    async def _carry(self, connection: Connection, call: Call) -> msgspec.Struct:
        method = METHODS.get(call.method)
        if method is None:
            raise RpcError(ErrorCode.METHOD_NOT_FOUND, f"there is no method {call.method}")
        is_open = connection.introduced or call.method == "hello"
        if not is_open and not (connection.is_newer and call.method in _FOR_NEWER):
            raise RpcError(ErrorCode.INVALID_REQUEST, "the first message of a connection is hello")
        try:
            params = msgspec.json.decode(call.params or b"{}", type=method.params)
        except msgspec.DecodeError as error:
            raise RpcError(ErrorCode.INVALID_PARAMS, f"{call.method}: {error}") from error
        self._check_role(connection.peer, method, params)
        result: msgspec.Struct = await HANDLERS[call.method](self, connection, params)
        return result

    def _check_role(self, peer: Peer, method: wire.Method, params: msgspec.Struct) -> None:
        if peer.role in method.roles:
            if peer.role is Role.AGENT and isinstance(params, wire.AgentRef):
                self._check_self(peer, params.id)
            return
        if peer.role is Role.AGENT and method.name in peer.grants:
            return
        if peer.role is Role.USER:
            raise RpcError(ErrorCode.REFUSED, f"{method.name} is for processes of an agent, and this is none")
        who = f"agent {peer.agent}" if peer.agent else "an agent"
        raise RpcError(
            ErrorCode.REFUSED,
            f"refused: process {peer.pid} runs inside {who}, and agents may not call {method.name}; "
            "do it in a shell of your own",
        )

    def _check_self(self, peer: Peer, ref: str) -> None:
        if peer.agent is None or self.supervisor.roster.resolve(ref).spec.id != peer.agent:
            raise RpcError(ErrorCode.REFUSED, f"refused: process {peer.pid} runs inside an agent and may see only that")

    @staticmethod
    def _must_be_user(connection: Connection, what: str) -> None:
        if connection.peer.role is not Role.USER and "agent.list" not in connection.peer.grants:
            raise RpcError(ErrorCode.REFUSED, f"refused: a process inside an agent may not {what}")

    # -- events

    def _on_event(self, numbered: events.NumberedEvent) -> None:
        event = numbered.event
        agent = event.agent if isinstance(event, events.BlocksChanged | events.LogGrew) else None
        line = b""
        for connection in self._connections:
            if connection.subscribed and (agent is None or agent in connection.watched):
                line = line or jsonrpc.encode_event(numbered)
                connection.send(line)

    def _watch_all(self) -> None:
        watched: set[AgentId] = set()
        for connection in self._connections:
            watched |= connection.watched
        self.supervisor.watch(frozenset(watched))
