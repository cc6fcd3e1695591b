"""Who is at the other end of a connection: a person's client, or a process inside an agent's tree.

Asks the kernel, never the peer. Without a sandbox this is a guard rail, not a wall (architecture.md, "Roles").
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from agents.model import AgentId
from agents.runtime import tree
from agents.wire import Role

#: ``getsockopt`` level and names on macOS (sys/un.h); Python has no constants for them.
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2


class Peer(msgspec.Struct, frozen=True):
    """One end of a connection. ``agent`` is whose tree it belongs to, ``grants`` the methods its spec allows."""

    pid: int | None
    uid: int
    role: Role
    agent: AgentId | None = None
    grants: frozenset[str] = frozenset()


class Trees(Protocol):
    """What is known about the process trees of the fleet."""

    def owners(self) -> Mapping[int, AgentId]:
        """Return the agent of every keeper's and agent's own process id."""

    def nonces(self) -> Mapping[str, AgentId]:
        """Return the agent of every ``QUARTERDECK_AGENT`` value in use."""

    def grants(self, agent: AgentId) -> Collection[str]:
        """Return the methods an agent's spec allows it beyond its role."""


class Processes(Protocol):
    """The process table, as far as a role depends on it."""

    def ancestors(self, pid: int) -> Collection[int] | None:
        """Return the pids above ``pid``, ``None`` when it is gone."""

    def tag(self, pid: int) -> str | None:
        """Return its ``QUARTERDECK_AGENT``, if it can be read and is set."""


class KernelProcesses:
    """The process table of this machine."""

    def ancestors(self, pid: int) -> Collection[int] | None:
        """Return the pids above ``pid``, ``None`` when it is gone."""
        return None if tree.look(pid) is None else tree.ancestors(pid)

    def tag(self, pid: int) -> str | None:
        """Return its ``QUARTERDECK_AGENT``, if it can be read and is set."""
        return tree.marker_of(pid)


def credentials(connection: socket.socket) -> tuple[int | None, int]:
    """Return pid and uid of a connection's peer as the kernel noted them; the pid may be unknown."""
    if hasattr(socket, "SO_PEERCRED"):  # Linux
        pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return (pid or None), uid
    raw = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
    uid = struct.unpack_from("iI", raw)[1]
    pid = struct.unpack("i", connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4))[0]
    return (pid or None), uid


def identify(pid: int | None, uid: int, trees: Trees, processes: Processes) -> Peer:
    """Return the peer with its role; one that is already gone, or cannot be told, gets the lesser role."""
    line = processes.ancestors(pid) if pid is not None else None
    if pid is None or line is None:
        return Peer(pid, uid, Role.AGENT)
    owners = trees.owners()
    agent = next((owners[p] for p in (pid, *line) if p in owners), None)
    if agent is None:
        agent = owners.get(_session(pid)) or trees.nonces().get(processes.tag(pid) or "")
    if agent is None:
        return Peer(pid, uid, Role.USER)
    return Peer(pid, uid, Role.AGENT, agent, frozenset(trees.grants(agent)))


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1
