"""Roles: told by the process tree, never by the peer, and the lesser one where nothing can be told."""

from __future__ import annotations

import os
import socket

import pytest

from agents.server.methods import HANDLERS
from agents.server.peer import KernelProcesses, credentials, identify
from agents.wire import METHODS, Role


class Trees:
    def owners(self) -> dict[int, str]:
        return {100: "a1", 101: "a1"}

    def nonces(self) -> dict[str, str]:
        return {"a1:secret": "a1"}

    def grants(self, agent: str) -> tuple[str, ...]:
        return ("agent.list",) if agent == "a1" else ()


class Table:
    def __init__(self, ancestors: dict[int, list[int]], tags: dict[int, str] | None = None) -> None:
        self._ancestors, self._tags = ancestors, tags or {}

    def ancestors(self, pid: int) -> list[int] | None:
        return self._ancestors.get(pid)

    def tag(self, pid: int) -> str | None:
        return self._tags.get(pid)


@pytest.mark.parametrize("pid", [100, 101, 500])
def test_a_keeper_its_agent_and_their_descendants_are_the_agent(pid: int) -> None:
    peer = identify(pid, 1, Trees(), Table({100: [1], 101: [100, 1], 500: [400, 101, 100, 1]}))
    assert (peer.role, peer.agent, peer.grants) == (Role.AGENT, "a1", {"agent.list"})


def test_a_process_that_left_the_tree_is_known_by_its_nonce() -> None:
    peer = identify(500, 1, Trees(), Table({500: [1]}, {500: "a1:secret"}))
    assert (peer.role, peer.agent) == (Role.AGENT, "a1")


def test_a_nonce_of_another_home_means_nothing_here() -> None:
    assert identify(500, 1, Trees(), Table({500: [1]}, {500: "a1:other"})).role is Role.USER


def test_any_other_process_is_a_user() -> None:
    peer = identify(500, 1, Trees(), Table({500: [400, 1]}))
    assert (peer.role, peer.agent, peer.grants) == (Role.USER, None, frozenset())


@pytest.mark.parametrize("pid", [None, 999])
def test_a_peer_that_cannot_be_told_gets_the_lesser_role_and_no_agent(pid: int | None) -> None:
    peer = identify(pid, 1, Trees(), Table({}))
    assert (peer.role, peer.agent) == (Role.AGENT, None)


def test_the_kernel_says_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert credentials(one) == (os.getpid(), os.getuid())
    processes = KernelProcesses()
    assert os.getppid() in (processes.ancestors(os.getpid()) or ())
    assert processes.ancestors(2**22 + 1) is None


def test_every_method_of_the_wire_has_a_handler_and_no_handler_lacks_a_method() -> None:
    assert HANDLERS.keys() == METHODS.keys()
