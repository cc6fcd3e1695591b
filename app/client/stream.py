"""The shell's daemon connection: keeps the fleet folded and outlives every daemon.

asyncio, one loop, one owner of tasks. It decides nothing about agents; it only brings rows in and calls out.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from agents.events import NumberedEvent
from agents.jsonrpc import ErrorCode, Reply, RpcError, encode_call
from agents.wire import PROTOCOL, HandOver, Hello, Watch, Welcome
from app.client.api import REPEATABLE, ConnectionLost
from app.client.frames import CHUNK, LineBuffer, decode_line, result_of
from app.client.launch import DaemonNotStarted, daemon_argv, ensure_daemon
from app.client.unix import open_daemon
from app.fleet import Fleet
from app.paths import Home, HomeRefused
from app.version import VERSION, is_newer

log = logging.getLogger(__name__)

#: Seconds between attempts to reach or start a daemon, by the number of attempts that failed in a row.
BACK_OFF_S = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

#: Seconds a connection must last for a later loss to count as the first.
STABLE_S = 10.0

_UNREACHABLE = (OSError, ConnectionLost, DaemonNotStarted, HomeRefused)


class DaemonStream:
    """Implements ``Caller`` and ``Spawner`` over one connection that is made anew whenever it is lost.

    ``open_socket`` returns a connected socket and starts the daemon if needed; it runs in a thread.
    """

    def __init__(
        self,
        home: Home,
        fleet: Fleet,
        env: Mapping[str, str] | None = None,
        *,
        open_socket: Callable[[], socket.socket] | None = None,
        version: str = VERSION,
    ) -> None:
        self._home = home
        self._fleet = fleet
        self._env = os.environ if env is None else env
        self._open_socket = open_socket or self._open_or_start
        self._version = version
        self._epoch: str | None = None
        self._replaced: set[str] = set()
        self._hello = 0
        self._writer: asyncio.StreamWriter | None = None
        self._pending: dict[int, asyncio.Future[Reply]] = {}
        self._ids = itertools.count(1)
        self._watch = Watch(())
        self._tasks: asyncio.TaskGroup | None = None
        self._early: list[tuple[Coroutine[Any, Any, None], str]] = []
        self._next_welcome = asyncio.Event()

    # -- Spawner

    def spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Run ``work`` until it ends or the stream does; ``what`` names it in the notice when it fails."""
        if self._tasks is None:
            self._early.append((work, what))
        else:
            self._tasks.create_task(self._guarded(work, what), name=what)

    async def _guarded(self, work: Coroutine[Any, Any, None], what: str) -> None:
        # gather hands the failure over as a value: one action's bug must not end its siblings, and what is
        # no error for the user goes to the loop's exception handler, the shell's one firewall.
        failure: BaseException | None = (await asyncio.gather(work, return_exceptions=True))[0]
        if failure is None or isinstance(failure, asyncio.CancelledError):
            return
        self._fleet.note("error", f"{what}: {failure}", time.time())
        if not isinstance(failure, RpcError | ConnectionLost | OSError):
            context = {"message": f"{what} failed", "exception": failure}
            asyncio.get_running_loop().call_exception_handler(context)

    # -- Caller

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        """Call and wait. Raises RpcError (text for the user) or ConnectionLost.

        What is safe to repeat is asked again once the daemon is back: a read on the way when it died is no error.
        """
        if isinstance(params, Watch):
            self._watch = params  # a new connection starts with nothing watched
        if self._writer is None or not self._fleet.connected:
            raise ConnectionLost(f"not connected to the daemon ({self._fleet.connection_detail})")
        while True:
            next_welcome = self._next_welcome
            try:
                return await self._exchange(method, params)
            except ConnectionLost:
                if method not in REPEATABLE:
                    raise
                await next_welcome.wait()

    async def _exchange(self, method: str, params: msgspec.Struct) -> Any:
        writer = self._writer
        if writer is None:
            raise ConnectionLost("the connection to the daemon was lost")
        call_id = next(self._ids)
        future = asyncio.get_running_loop().create_future()
        self._pending[call_id] = future
        try:
            writer.write(encode_call(call_id, method, params))
            await writer.drain()
            reply = await future
        except OSError as error:
            raise ConnectionLost(f"the connection to the daemon was lost: {error}") from error
        finally:
            self._pending.pop(call_id, None)
        return result_of(method, reply)

    # -- the connection

    async def run(self) -> None:
        """Keep the connection until cancelled; rows stay readable while there is none."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                early, self._early = self._early, []
                for work, what in early:
                    self.spawn(work, what)
                await self._keep()
        finally:
            self._tasks = None

    async def _keep(self) -> None:
        failures = 0
        while True:
            begun = time.monotonic()
            try:
                await self._connection()
            except _UNREACHABLE as error:
                self._say_lost(str(error))
            except RpcError as error:
                self._say_lost(error.message)
            if time.monotonic() - begun >= STABLE_S:
                failures = 0
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1

    def _say_lost(self, why: str) -> None:
        log.info("daemon connection: %s", why)
        self._fleet.set_connection(connected=False, detail=f"reconnecting: {why}")

    async def _connection(self) -> None:
        """Open, greet and read until the connection ends. Raises what ended it."""
        connection = await self._opened()
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        self._writer = writer
        try:
            self._greet(writer)
            lines = LineBuffer()
            while data := await reader.read(CHUNK):
                for line in lines.feed(data):
                    self._take(decode_line(line))
            raise ConnectionLost("the daemon closed the connection")
        finally:
            self._writer = None
            self._fail_pending()
            writer.close()

    async def _opened(self) -> socket.socket:
        opening = asyncio.get_running_loop().run_in_executor(None, self._open_socket)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # A thread cannot be cancelled: what it opens after nobody wants it any more is closed.
            opening.add_done_callback(_close_opened)
            raise

    def _open_or_start(self) -> socket.socket:
        if self._home.has_short_sockets and self._home.places.sockets.exists():
            self._home.check_sockets()
        try:
            return open_daemon(self._home.places)
        except (FileNotFoundError, ConnectionRefusedError):
            ensure_daemon(self._home, self._env)
            return open_daemon(self._home.places)

    def _greet(self, writer: asyncio.StreamWriter) -> None:
        since = self._fleet.seq if self._epoch else None
        hello = Hello("shell", self._version, PROTOCOL, subscribe=True, epoch=self._epoch, since=since)
        self._hello = next(self._ids)
        writer.write(encode_call(self._hello, "hello", hello))

    def _take(self, message: Reply | NumberedEvent | None) -> None:
        if isinstance(message, NumberedEvent):
            self._fleet.apply(message)
        elif isinstance(message, Reply) and message.id == self._hello:
            # In place, not in a task: events behind it on the wire must find its snapshot.
            self._take_welcome(message)
        elif isinstance(message, Reply) and isinstance(message.id, int):
            future = self._pending.get(message.id)
            if future is not None and not future.done():
                future.set_result(message)

    def _take_welcome(self, reply: Reply) -> None:
        try:
            welcome: Welcome = result_of("hello", reply)
        except RpcError as error:
            if error.code is not ErrorCode.VERSION:
                raise
            self._hand_over("of another protocol")
            return
        if welcome.snapshot is not None:
            self._fleet.reset(welcome.snapshot)
        self._epoch = welcome.epoch
        if self._watch.agents:
            self.spawn(self._watch_again(), "watching panes")
        self._fleet.set_connection(connected=True, detail="connected")
        self._next_welcome.set()
        self._next_welcome = asyncio.Event()
        if is_newer(self._version, welcome.version):
            self._hand_over(welcome.version)

    def _hand_over(self, version: str) -> None:
        """Ask an older daemon to become ours; once a version, so that a failed one does not flap."""
        if version in self._replaced:
            text = f"the daemon (version {version}) did not hand over to {self._version}: restart it with `daemon stop`"
            self._fleet.note("warning", text, time.time())
            return
        self._replaced.add(version)
        self.spawn(self._send("daemon.handover", HandOver(daemon_argv())), "replacing the older daemon")

    async def _watch_again(self) -> None:
        # Lost once more: the next welcome watches again.
        with suppress(ConnectionLost):
            await self._exchange("pane.watch", self._watch)

    async def _send(self, method: str, params: msgspec.Struct) -> None:
        await self._exchange(method, params)

    def _fail_pending(self) -> None:
        for future in self._pending.values():
            if not future.done():
                future.set_exception(ConnectionLost("the daemon went away before it answered"))


def _close_opened(opening: asyncio.Future[socket.socket]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
