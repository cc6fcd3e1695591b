"""The shell's connection, against a daemon of answers on a real socket."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from agents.events import AgentAdded, AgentChanged, NumberedEvent, Snapshot
from agents.jsonrpc import ErrorCode, RpcError, encode_event
from agents.wire import AgentRef, Done, Listing, NoParams, Watch
from app.client import stream as module
from app.client.api import ConnectionLost
from app.client.launch import DaemonNotStarted
from app.client.stream import DaemonStream
from app.client.unix import open_daemon
from app.fleet import Change, Fleet, What
from app.paths import Home, home_from
from tests.fakes.scripted_daemon import HangUp, ScriptedDaemon, row


@pytest.fixture
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="qd-", dir="/tmp"))
    yield home_from({"QUARTERDECK_HOME": str(folder), "QUARTERDECK_LEASES": str(folder / "leases")})
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACK_OFF_S", (0.0,))


async def until(fleet: Fleet, reached: Callable[[], bool]) -> None:
    """Wait for a fact of the fleet, woken by its changes."""
    changed = asyncio.Event()
    stop = fleet.listen(lambda _: changed.set())
    try:
        while not reached():
            await changed.wait()
            changed.clear()
    finally:
        stop()


@asynccontextmanager
async def connected(home: Home, **options: Any) -> AsyncIterator[tuple[DaemonStream, Fleet]]:
    fleet = Fleet()
    stream = DaemonStream(home, fleet, {}, open_socket=lambda: open_daemon(home.places), **options)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stream.run())
        await until(fleet, lambda: fleet.connected)
        yield stream, fleet
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_snapshot_first_then_events_also_when_they_come_in_one_piece(home: Home) -> None:
    with ScriptedDaemon(home.places, snapshot=Snapshot(7, (row("a"),))) as daemon:
        daemon.behind_welcome = encode_event(NumberedEvent(8, AgentAdded(row("b"))))
        async with connected(home) as (_, fleet):
            await until(fleet, lambda: fleet.seq == 8)
            assert [r.id for r in fleet.rows()] == ["a", "b"]


async def test_calls_return_structs_and_raise_the_daemons_errors(home: Home) -> None:
    answers = {"agent.list": Listing((row("a"),)), "agent.stop": RpcError(ErrorCode.NOT_FOUND, "no agent")}
    with ScriptedDaemon(home.places, answers):
        async with connected(home) as (stream, _):
            assert await stream.call("agent.list", NoParams()) == Listing((row("a"),))
            with pytest.raises(RpcError, match="no agent"):
                await stream.call("agent.stop", AgentRef("x"))


async def test_a_lost_daemon_leaves_the_rows_fails_the_calls_and_is_resumed_by_number(home: Home) -> None:
    def hang_up(_: object) -> None:
        raise HangUp

    with ScriptedDaemon(home.places, {"agent.stop": hang_up}, snapshot=Snapshot(3, (row("a"),))) as daemon:
        async with connected(home) as (stream, fleet):
            changes: list[Change] = []
            fleet.listen(changes.append)
            with pytest.raises(ConnectionLost):
                await stream.call("agent.stop", AgentRef("a"))
            await until(fleet, lambda: fleet.connected)
            assert fleet.row("a") == row("a")
            first, second = daemon.asked("hello")
            assert (first.epoch, first.since) == (None, None)
            assert (second.epoch, second.since) == ("e1", 3)
            assert What.RESET not in [change.what for change in changes]
            daemon.tell(NumberedEvent(4, AgentChanged(row("a", unread=1))))
            await until(fleet, lambda: fleet.seq == 4)


async def test_a_read_on_the_way_is_asked_again_by_the_next_connection(home: Home) -> None:
    asked: list[object] = []

    def first_hang_up(params: object) -> Listing:
        asked.append(params)
        if len(asked) == 1:
            raise HangUp
        return Listing((row("a"),))

    with ScriptedDaemon(home.places, {"agent.list": first_hang_up}) as daemon:
        async with connected(home) as (stream, fleet):
            assert await stream.call("agent.list", NoParams()) == Listing((row("a"),))
            assert len(daemon.asked("hello")) == 2
            assert not [notice for notice in fleet.notices if notice.level == "error"]


async def test_another_epoch_brings_a_new_snapshot(home: Home) -> None:
    with ScriptedDaemon(home.places, snapshot=Snapshot(30, (row("a"),))) as daemon:
        async with connected(home) as (_, fleet):
            daemon.epoch, daemon.snapshot = "e2", Snapshot(2, (row("b"),))
            daemon.drop()
            await until(fleet, lambda: fleet.row("b") is not None)
            assert (fleet.seq, [r.id for r in fleet.rows()]) == (2, ["b"])


async def test_what_was_watched_is_watched_again_after_a_reconnect(home: Home) -> None:
    with ScriptedDaemon(home.places, {"pane.watch": Done()}) as daemon:
        async with connected(home) as (stream, _):
            await stream.call("pane.watch", Watch(("a", "b")))
            daemon.drop()
            await asyncio.to_thread(daemon.wait_for, "pane.watch", 2)
            assert daemon.asked("pane.watch") == [Watch(("a", "b"))] * 2


async def test_calls_without_a_connection_fail_at_once_and_say_why(home: Home) -> None:
    stream = DaemonStream(home, Fleet(), {})
    with pytest.raises(ConnectionLost, match="not connected to the daemon"):
        await stream.call("agent.list", NoParams())


async def test_why_no_daemon_can_be_started_is_shown(home: Home) -> None:
    def refuse() -> Any:
        raise DaemonNotStarted("the disk is full")

    fleet = Fleet()
    stream = DaemonStream(home, fleet, {}, open_socket=refuse)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stream.run())
        await until(fleet, lambda: "the disk is full" in fleet.connection_detail)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_failures_of_spawned_work_are_notices_and_bugs_reach_the_loops_handler_too(home: Home) -> None:
    async def refused() -> None:
        raise RpcError(ErrorCode.NOT_POSSIBLE, "it runs")

    async def broken() -> None:
        raise ZeroDivisionError("a bug")

    seen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context))
    with ScriptedDaemon(home.places):
        async with connected(home) as (stream, fleet):
            stream.spawn(refused(), "removing a")
            stream.spawn(broken(), "removing b")
            await until(fleet, lambda: len(fleet.notices) == 2)
            assert [notice.text for notice in fleet.notices] == ["removing a: it runs", "removing b: a bug"]
            assert {notice.level for notice in fleet.notices} == {"error"}
            assert [type(context["exception"]) for context in seen] == [ZeroDivisionError]
            assert fleet.connected


async def test_work_spawned_before_the_stream_runs_is_done_once_it_does(home: Home) -> None:
    fleet, done = Fleet(), asyncio.Event()

    async def work() -> None:
        done.set()

    stream = DaemonStream(home, fleet, {}, open_socket=lambda: open_daemon(home.places))
    stream.spawn(work(), "early")
    with ScriptedDaemon(home.places):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(stream.run())
            await done.wait()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def test_an_older_daemon_is_replaced_once_and_a_failed_one_is_reported_instead(home: Home) -> None:
    with ScriptedDaemon(home.places, {"daemon.handover": Done()}, version="0.1.0") as daemon:
        async with connected(home, version="0.2.0") as (_, fleet):
            await asyncio.to_thread(daemon.wait_for, "daemon.handover")
            daemon.epoch = "e2"  # it came back as old as it was
            daemon.drop()
            await until(fleet, lambda: any("did not hand over" in notice.text for notice in fleet.notices))
            assert len(daemon.asked("daemon.handover")) == 1


async def test_a_daemon_that_talks_nonsense_is_left_and_tried_again(home: Home) -> None:
    with ScriptedDaemon(home.places) as daemon:
        daemon.behind_welcome = b"nonsense\n"
        fleet, details = Fleet(), list[str]()
        fleet.listen(lambda _: details.append(fleet.connection_detail))
        stream = DaemonStream(home, fleet, {}, open_socket=lambda: open_daemon(home.places))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(stream.run())
            await until(fleet, lambda: any("cannot read" in detail for detail in details))
            daemon.behind_welcome = b""
            await until(fleet, lambda: fleet.connected)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def test_a_socket_that_opens_after_the_end_is_closed(home: Home) -> None:
    opened, go_on = threading.Event(), threading.Event()
    ours, theirs = socket.socketpair()

    def slow() -> socket.socket:
        opened.set()
        go_on.wait()
        return ours

    stream = DaemonStream(home, Fleet(), {}, open_socket=slow)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stream.run())
        await asyncio.to_thread(opened.wait)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        go_on.set()
        with theirs:
            assert await asyncio.to_thread(theirs.recv, 1) == b""
