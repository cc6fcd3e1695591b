"""JSON-RPC 2.0 over stdio, one message a line, as ACP wants it.

Lines may be of any length up to ``MAX_LINE`` (the pinned SDK's reader ends at 64 KiB). Two threads do the blocking
reads and writes, so that any kind of descriptor will do and none is made non-blocking under those who share it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import msgspec

log = logging.getLogger(__name__)

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
AUTH_REQUIRED: Final = -32000

#: Longest line taken; a longer one is answered with an error and skipped.
MAX_LINE: Final = 256 * 1024 * 1024

#: Bytes waiting to be written at which the turn waits for the client.
FULL: Final = 4 * 1024 * 1024

_CHUNK: Final = 256 * 1024

Json = dict[str, Any]
Handler = Callable[[str, Json], Awaitable[Json]]
Listener = Callable[[str, Json], None]


class RpcError(Exception):
    """A request fails; the text is for people, ``data`` for programs."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class Lines:
    """Cuts chunks into lines; holds the unfinished one as pieces so that a long line costs no copying."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield whole lines; ``None`` stands for one that was too long."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._take(piece)
            yield b"".join(self._pieces) if self._size <= self._limit else None
            self._pieces, self._size = [], 0
        self._take(rest)

    def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= self._limit:
            self._pieces.append(piece)
        else:
            self._pieces = []


class Peer:
    """The client at the other end; lives in the loop, owns two threads that end with the process."""

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        self._loop = asyncio.get_running_loop()
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=16)
        self._pending = 0
        self._room = asyncio.Event()
        self._room.set()
        self._flushed = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._next_id = 0

    # -- serving

    async def serve(self, handle: Handler, hear: Listener) -> None:
        """Take messages until the client closes its end; requests run side by side, then all are cancelled."""
        for work in (self._pump_in, self._pump_out):
            threading.Thread(target=work, name=f"pilot-{work.__name__}", daemon=True).start()
        async with asyncio.TaskGroup() as tasks:
            running: set[asyncio.Task[None]] = set()
            while (line := await self._inbox.get()) is not None:
                message = self._parse(line)
                if message is not None:
                    task = self._take(message, handle, hear, tasks)
                    if task is not None:
                        running.add(task)
                        task.add_done_callback(running.discard)
            for task in running:
                task.cancel()
        self._out.put(None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await self._flushed.wait()

    def _parse(self, line: bytes) -> Json | None:
        if not line.strip():
            return None
        try:
            message = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            self._fail(None, RpcError(PARSE_ERROR, "this line is no JSON, or longer than 256 MiB"))
            return None
        if not isinstance(message, dict):
            self._fail(None, RpcError(INVALID_REQUEST, "a message is a JSON object"))
            return None
        return message

    def _take(
        self, message: Json, handle: Handler, hear: Listener, tasks: asyncio.TaskGroup
    ) -> asyncio.Task[None] | None:
        method, identity = message.get("method"), message.get("id")
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        if not isinstance(method, str):
            self._answered(message)
            return None
        if "id" not in message:
            hear(method, params)
            return None
        return tasks.create_task(self._answer(identity, method, params, handle))

    async def _answer(self, identity: Any, method: str, params: Json, handle: Handler) -> None:
        try:
            result = await handle(method, params)
        except RpcError as error:
            self._fail(identity, error)
        except Exception:  # the firewall of one request: it fails, the others and the process go on
            log.exception("%s failed", method)
            data = {"cause": "crash", "status": None, "until": None, "message": "Pilot broke: see its stderr"}
            self._fail(identity, RpcError(INTERNAL_ERROR, f"{method} failed inside Pilot: see its stderr", data))
        else:
            self._write({"jsonrpc": "2.0", "id": identity, "result": result})

    def _fail(self, identity: Any, error: RpcError) -> None:
        body: Json = {"code": error.code, "message": error.message}
        if error.data is not None:
            body["data"] = error.data
        self._write({"jsonrpc": "2.0", "id": identity, "error": body})

    def _answered(self, message: Json) -> None:
        waiting = self._waiting.pop(str(message.get("id")), None)
        if waiting is None or waiting.done():
            return  # an answer to what nobody waits for any more, as after a cancel
        if "error" in message:
            waiting.set_exception(RpcError(INTERNAL_ERROR, "the client refused the request", message["error"]))
        else:
            result = message.get("result")
            waiting.set_result(result if isinstance(result, dict) else {})

    # -- speaking

    def tell(self, method: str, params: Json) -> None:
        """Send a notification."""
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    async def ask(self, method: str, params: Json) -> Json:
        """Send a request and wait for its answer for as long as it takes. Raises RpcError when it is refused."""
        self._next_id += 1
        identity = f"pilot-{self._next_id}"
        waiting: asyncio.Future[Json] = self._loop.create_future()
        self._waiting[identity] = waiting
        self._write({"jsonrpc": "2.0", "id": identity, "method": method, "params": params})
        try:
            return await waiting
        finally:
            self._waiting.pop(identity, None)

    async def room(self) -> None:
        """Wait until the client has read enough of what was sent."""
        await self._room.wait()

    def _write(self, message: Json) -> None:
        line = msgspec.json.encode(message) + b"\n"
        self._pending += len(line)
        if self._pending > FULL:
            self._room.clear()
        self._out.put(line)

    def _written(self, size: int) -> None:
        self._pending -= size
        if self._pending <= FULL:
            self._room.set()

    # -- the threads

    def _pump_in(self) -> None:
        lines = Lines()
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends
            try:
                while chunk := os.read(self._source, _CHUNK):
                    for line in lines.feed(chunk):
                        self._hand_in(b"\x00" if line is None else line)
            except OSError as error:
                log.warning("cannot read from the client: %s", error.strerror)
            self._hand_in(None)

    def _hand_in(self, line: bytes | None) -> None:
        """Wait for room in the inbox: a client that floods is held back by its pipe."""
        asyncio.run_coroutine_threadsafe(self._inbox.put(line), self._loop).result()

    def _pump_out(self) -> None:
        with contextlib.suppress(RuntimeError):
            while (line := self._out.get()) is not None:
                if not self._put(line):
                    # Nobody reads any more: the same as the end of what the client has to say.
                    self._loop.call_soon_threadsafe(self._room.set)
                    self._loop.call_soon_threadsafe(self._flushed.set)
                    self._hand_in(None)
                    return
                self._loop.call_soon_threadsafe(self._written, len(line))
            self._loop.call_soon_threadsafe(self._flushed.set)

    def _put(self, line: bytes) -> bool:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._target, rest) :]
        except OSError as error:
            log.warning("cannot write to the client: %s", error.strerror)
            return False
        return True
