"""A keeper's end of a connection: what a client said last counts, also when it did not stay for the answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from agents.runtime.keep.client import HEADER, Client


@pytest.fixture
def pair() -> Iterator[tuple[Client, socket.socket]]:
    ours, theirs = socket.socketpair()
    client = Client(ours.detach())
    yield client, theirs
    theirs.close()
    client.close()


def test_a_goodbye_is_received_after_a_write_to_who_is_gone(pair: tuple[Client, socket.socket]) -> None:
    client, theirs = pair
    theirs.sendall(HEADER.pack(0, ord("B")))
    theirs.close()
    client.send("x", {"state": "exited"})
    assert client.receive() == [("B", b"")]
    assert client.receive() == []
    assert client.fd == -1


def test_a_client_that_reads_nothing_is_closed(pair: tuple[Client, socket.socket]) -> None:
    client, _ = pair
    client.send("x", b"x" * 4 * 1024 * 1024)
    assert client.fd == -1
