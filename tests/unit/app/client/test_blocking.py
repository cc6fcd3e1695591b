"""The CLI's connection, against a daemon of answers on a real socket."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.events import AgentChanged, NumberedEvent
from agents.jsonrpc import ErrorCode, RpcError
from agents.wire import AgentRef, Done, Listing, NoParams, Role
from app.client import blocking
from app.client.api import ConnectionLost
from app.client.blocking import NoDaemon, connect
from app.client.launch import DaemonNotStarted
from app.paths import Home, home_from
from app.version import VERSION
from tests.fakes.scripted_daemon import HangUp, ScriptedDaemon, row


@pytest.fixture
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    yield home_from({"QUARTERDECK_HOME": str(folder), "QUARTERDECK_LEASES": str(folder / "leases")})
    shutil.rmtree(folder)


def test_a_call_returns_the_result_struct(home: Home) -> None:
    with ScriptedDaemon(home.places, {"agent.list": Listing((row(),))}) as daemon, connect(home, {}) as client:
        assert client.call("agent.list", NoParams()) == Listing((row(),))
        assert client.welcome.role is Role.USER
        (hello,) = daemon.asked("hello")
        assert (hello.client, hello.version, hello.subscribe) == ("cli", VERSION, False)


def test_events_that_come_while_a_call_waits_are_kept_in_order(home: Home) -> None:
    events = [NumberedEvent(n, AgentChanged(row(unread=n))) for n in (1, 2, 3)]
    with (
        ScriptedDaemon(home.places, {"agent.seen": Done("x")}) as daemon,
        connect(home, {}, subscribe=True) as client,
    ):
        daemon.tell(*events[:2])
        assert client.call("agent.seen", AgentRef("a")) == Done("x")
        daemon.tell(events[2])
        assert [client.next_event(5) for _ in events] == events
        assert client.next_event(0) is None


def test_an_error_of_the_daemon_keeps_its_code_and_text(home: Home) -> None:
    answers = {"agent.show": RpcError(ErrorCode.NOT_FOUND, "no agent 'x'")}
    with ScriptedDaemon(home.places, answers), connect(home, {}) as client:
        with pytest.raises(RpcError, match="no agent 'x'") as caught:
            client.call("agent.show", AgentRef("x"))
        assert caught.value.code is ErrorCode.NOT_FOUND


def test_a_daemon_that_goes_away_during_a_call_is_a_lost_connection(home: Home) -> None:
    def hang_up(_: object) -> None:
        raise HangUp

    with (
        ScriptedDaemon(home.places, {"agent.stop": hang_up}),
        connect(home, {}) as client,
        pytest.raises(ConnectionLost, match="closed the connection"),
    ):
        client.call("agent.stop", AgentRef("x"))


def test_a_daemon_that_does_not_answer_is_named_after_the_time_out(home: Home) -> None:
    given_up = threading.Event()

    def never(_: object) -> None:
        given_up.wait()
        raise HangUp

    with ScriptedDaemon(home.places, {"agent.stop": never}), connect(home, {}) as client:
        try:
            with pytest.raises(ConnectionLost, match=r"did not answer agent\.stop within 0 s"):
                client.call("agent.stop", AgentRef("x"), timeout=0.0)
        finally:
            given_up.set()


def test_an_answer_of_many_megabytes_is_read_whole(home: Home) -> None:
    many = Listing(tuple(row(f"a{n}", note="x" * 10_000) for n in range(900)))
    with ScriptedDaemon(home.places, {"agent.list": many}), connect(home, {}) as client:
        assert client.call("agent.list", NoParams()) == many


def test_without_start_a_missing_daemon_is_said_and_none_is_started(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "ensure_daemon", lambda *_: pytest.fail("started a daemon"))
    with pytest.raises(NoDaemon, match=str(home.places.state)):
        connect(home, {}, start=False)


def test_a_missing_daemon_is_started(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = ScriptedDaemon(home.places)
    monkeypatch.setattr(blocking, "ensure_daemon", lambda *_: daemon.__enter__())
    try:
        connect(home, {}).close()
    finally:
        daemon.__exit__()


def test_a_stale_socket_of_a_killed_daemon_counts_as_none(home: Home) -> None:
    home.places.sockets.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(home.places.daemon_socket))
    with pytest.raises(NoDaemon):
        connect(home, {}, start=False)


@pytest.mark.parametrize("refuses", [False, True])
def test_an_older_daemon_is_asked_to_hand_over_and_its_successor_is_used(home: Home, refuses: bool) -> None:
    with ScriptedDaemon(home.places, version="0.0.1") as daemon:

        def hand_over(_: object) -> Done:
            daemon.version = VERSION
            daemon.answers.pop("hello", None)
            return Done()

        daemon.answers["daemon.handover"] = hand_over
        if refuses:
            daemon.answers["hello"] = RpcError(ErrorCode.VERSION, "you are newer")
        with connect(home, {}) as client:
            assert client.welcome.version == VERSION
        (order,) = daemon.asked("daemon.handover")
        assert order.argv[-2:] == ("daemon", "run")


def test_a_daemon_that_never_hands_over_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "HANDOVER_S", 0.1)
    with ScriptedDaemon(home.places, {"daemon.handover": Done()}, version="0.0.1") as daemon:
        with pytest.raises(DaemonNotStarted, match="did not within"):
            connect(home, {})
        assert len(daemon.asked("daemon.handover")) == 1


def test_an_agents_client_never_replaces_the_daemon(home: Home) -> None:
    with ScriptedDaemon(home.places, version="0.0.1", role=Role.AGENT) as daemon:
        connect(home, {}).close()
        assert daemon.asked("daemon.handover") == []


def test_a_newer_daemon_is_used_as_it_is(home: Home) -> None:
    with ScriptedDaemon(home.places, version="99.0.0") as daemon:
        connect(home, {}).close()
        assert daemon.asked("daemon.handover") == []


def test_a_daemon_that_is_just_ending_is_outwaited(home: Home) -> None:
    with ScriptedDaemon(home.places) as daemon:

        def dying(_: object) -> None:
            if len(daemon.asked("hello")) >= 10:
                daemon.answers.pop("hello")
            raise HangUp

        daemon.answers["hello"] = dying
        connect(home, {}).close()
        assert len(daemon.asked("hello")) == 11


def test_a_daemon_that_always_hangs_up_is_given_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "ENDING_S", 0.05)

    def hang_up(_: object) -> None:
        raise HangUp

    with ScriptedDaemon(home.places, {"hello": hang_up}), pytest.raises(ConnectionLost):
        connect(home, {})
