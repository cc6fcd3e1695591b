"""Clients that stop reading, die in the middle of a line, were away for long, or are of another age."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest

from agents import wire
from agents.events import EVENT_HISTORY
from agents.jsonrpc import ErrorCode, RpcError
from agents.wire import PROTOCOL, Hello
from app.client.api import ConnectionLost
from app.fleet import Fleet

ASK = [{"do": "run", "command": "echo x >> ran", "ask": True}]


def connect(home: Any) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(home.places.daemon_socket))
    return connection


def line(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n"


@pytest.mark.parametrize("left_out", [1, 10, 60])
def test_a_client_that_dies_in_the_middle_of_a_line_said_nothing(running: Any, left_out: int) -> None:
    agent = running.play(ASK).id
    key = running.wait(agent, "blocked").row.requests[0].key
    with connect(running) as connection:
        whole = line(1, "hello", client="x", version="0") + line(2, "agent.answer", id=agent, decision="allow")
        connection.sendall(whole[:-left_out])
    assert [r.key for r in running.row(agent).requests] == [key]
    running.call("agent.answer", wire.AnswerRequest(agent, "allow", key))
    assert running.wait(agent, "done", turn=1).reached == "done"
    assert (running.project / "ran").read_text() == "x\n"


def test_a_client_that_dies_while_it_is_answered_has_been_heard(running: Any) -> None:
    agent = running.play(ASK).id
    running.wait(agent, "blocked")
    with connect(running) as connection:
        connection.sendall(
            line(1, "hello", client="x", version="0") + line(2, "agent.answer", id=agent, decision="allow")
        )
    assert running.wait(agent, "done", turn=1).reached == "done"
    assert (running.project / "ran").read_text() == "x\n"


def test_what_was_asked_for_is_finished_when_the_asker_goes(running: Any) -> None:
    agent = running.run("shell", "cat", pty=False).id
    with connect(running) as connection:
        connection.sendall(line(1, "hello", client="x", version="0") + line(2, "agent.stop", id=agent))
        connection.makefile("rb").readline()
    assert running.wait(agent, "exited").reached == "exited"


def test_a_stopped_client_holds_nobody_up(home: Any) -> None:
    """SIGSTOP of a real subscriber: the daemon lets go of it; once it goes on it finds a closed connection."""
    home.start(out_limit=64 * 1024)
    code = (
        "import socket, sys\ns = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "s.sendall(sys.argv[2].encode()); f = s.makefile('rb')\nprint('up' if f.readline() else '', flush=True)\n"
        "while f.readline(): pass\nprint('closed', flush=True)"
    )
    hello = line(1, "hello", client="x", version="0", subscribe=True).decode()
    argv = [sys.executable, "-c", code, str(home.places.daemon_socket), hello]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as client:  # noqa: TID251 (the test owns it)
        assert client.stdout is not None
        assert client.stdout.readline() == "up\n"
        os.kill(client.pid, signal.SIGSTOP)
        other = home.client()
        agent = home.run("shell", "sleep", "600").id

        def shout() -> bool:
            for n in range(50):
                other.call("agent.annotate", wire.Annotate(agent, note=f"{n}" * 2000))
            return "does not read" in home.log()

        home.settle(shout)
        os.kill(client.pid, signal.SIGCONT)
        assert client.stdout.readline() == "closed\n"
    assert other.call("agent.list", wire.NoParams()).agents[0].id == agent


@pytest.mark.parametrize("missed", [300, pytest.param(EVENT_HISTORY + 500, marks=pytest.mark.slow)])
@pytest.mark.timeout(400)
def test_a_client_that_was_away_ends_with_the_same_fleet(running: Any, missed: int) -> None:
    agents = [running.run("shell", "sleep", "600").id for _ in range(10)]
    first = running.client(subscribe=True)
    fleet = Fleet()
    fleet.reset(first.welcome.snapshot)
    epoch = first.welcome.epoch
    first.close()
    # Every round renames everybody: that many events, since only changes of one agent may be told as one.
    with connect(running) as connection, connection.makefile("rb") as lines:
        connection.sendall(line(0, "hello", client="x", version="0"))
        lines.readline()
        seq = rounds = 0
        while seq < fleet.seq + missed:
            renamed = [line(n, "agent.rename", id=agent, name=f"{agent}-{rounds}") for n, agent in enumerate(agents)]
            connection.sendall(b"".join(renamed))
            assert all(b"error" not in lines.readline() for _ in agents)
            connection.sendall(line(0, "hello", client="x", version="0"))
            seq = json.loads(lines.readline())["result"]["seq"]
            rounds += 1
    again = running.client(subscribe=True, epoch=epoch, since=fleet.seq)
    forgotten = missed > EVENT_HISTORY
    assert (again.welcome.snapshot is not None) is forgotten
    if forgotten:
        fleet.reset(again.welcome.snapshot)

    def caught_up() -> bool:
        while (event := again.next_event(0)) is not None:
            fleet.apply(event)
        return fleet.seq >= again.welcome.seq

    running.settle(caught_up)
    assert fleet.rows() == running.call("agent.list").agents


def test_a_newer_client_is_told_to_have_the_daemon_replaced(running: Any) -> None:
    client = running.client()
    agent = running.run("shell", "sleep", "600").id
    with pytest.raises(RpcError) as caught:
        client.call("hello", Hello("new", "99.0", protocol=PROTOCOL + 1))
    assert caught.value.code == ErrorCode.VERSION
    # It can still do the one thing that helps, over the very connection.
    successor = (sys.executable, str(running.main), '{"version": "99.0"}')
    client.call("daemon.handover", wire.HandOver(successor))

    def is_replaced() -> bool:
        with contextlib.suppress(ConnectionLost):  # the exec closes whoever knocked in between
            return bool(running.call("daemon.status").version == "99.0")
        return False

    running.settle(is_replaced)
    assert running.adopted()[0].id == agent


def test_an_older_client_is_served(running: Any) -> None:
    agent = running.run("shell", "sleep", "600").id
    with connect(running) as connection, connection.makefile("rb") as lines:
        # What a first version knew: no ``protocol``, and fields of answers it does not know are skipped by it.
        connection.sendall(line(1, "hello", client="old", version="0.0.1") + line(2, "agent.list"))
        assert json.loads(lines.readline())["result"]["role"] == "user"
        assert json.loads(lines.readline())["result"]["agents"][0]["id"] == agent
    with connect(running) as connection, connection.makefile("rb") as lines:
        # What a later version of the same protocol may add is ignored.
        connection.sendall(line(1, "hello", client="new", version="9", protocol=PROTOCOL, colour="blue"))
        assert json.loads(lines.readline())["result"]["role"] == "user"
