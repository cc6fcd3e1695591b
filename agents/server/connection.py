"""One client's connection: lines in, requests carried out concurrently, lines out without ever waiting for it.

Knows no method; a client that does not read is cut off and comes back for a snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from agents.jsonrpc import Call, ErrorCode, RpcError, encode_error, encode_result
from agents.model import AgentId
from agents.server.peer import Peer
from agents.wire import MAX_LINE

log = logging.getLogger(__name__)

#: Bytes that may wait for a client that reads slowly; beyond that it is cut off.
OUT_LIMIT = 32 * 1024 * 1024

#: Requests of one client that may be under way; more are read when one is done.
IN_FLIGHT = 512

_call = msgspec.json.Decoder(Call)

Carry = Callable[["Connection", Call], Awaitable[msgspec.Struct]]


class Connection:
    """Owns one client's streams and its requests, from accept to close."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer, out_limit: int = OUT_LIMIT
    ) -> None:
        self._reader = reader
        self._transport = writer.transport
        self._out_limit = out_limit
        self.peer = peer
        self.client = ""
        self.introduced = False
        self.is_newer = False  # it speaks a newer wire: it may only ask for a hand-over
        self.subscribed = False
        self.after_reply: list[bytes] = []  # lines that must follow the reply to the present request
        self.watched: frozenset[AgentId] = frozenset()
        self._waiting: list[bytes] = []  # what one turn of the loop sends leaves in one piece

    def send(self, line: bytes) -> None:
        """Queue a line; a client that lets too much pile up is cut off."""
        if self._transport.is_closing():
            return
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        self._waiting.append(line)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting or self._transport.is_closing():
            return
        self._transport.write(b"".join(waiting))
        if self._transport.get_write_buffer_size() > self._out_limit:
            log.info("client %s (pid %s) does not read; it is cut off", self.client, self.peer.pid)
            self._transport.abort()

    def close(self) -> None:
        """Close after what waits has been sent."""
        self._flush()
        self._transport.close()

    async def serve(self, carry: Carry) -> None:
        """Carry out requests until the client goes; what is still under way then is cancelled."""
        room = asyncio.Semaphore(IN_FLIGHT)
        try:
            async with asyncio.TaskGroup() as group:
                running: set[asyncio.Task[None]] = set()
                while (line := await self._line()) is not None:
                    await room.acquire()
                    task = group.create_task(self._request(line, carry))
                    running.add(task)
                    task.add_done_callback(running.discard)
                    task.add_done_callback(lambda _: room.release())
                for task in running:
                    task.cancel()
        finally:
            self.close()

    async def _line(self) -> bytes | None:
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            self.send(encode_error(None, RpcError(ErrorCode.PARSE, f"a line has at most {MAX_LINE} bytes")))
            return None
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def _request(self, line: bytes, carry: Carry) -> None:
        try:
            call = _call.decode(line)
        except msgspec.ValidationError as error:
            self.send(encode_error(None, RpcError(ErrorCode.INVALID_REQUEST, f"no JSON-RPC request: {error}")))
            return
        except (msgspec.DecodeError, RecursionError) as error:
            self.send(encode_error(None, RpcError(ErrorCode.PARSE, f"no JSON: {error}")))
            return
        try:
            answer = encode_result(call.id, await carry(self, call))
            if len(answer) > MAX_LINE:
                raise RpcError(ErrorCode.NOT_POSSIBLE, f"{call.method}: the answer is too large; ask for less")  # noqa: TRY301 (one exit for all errors)
        except RpcError as error:
            answer = encode_error(call.id, error)
        # Firewall: whatever a handler does wrong costs its caller one answer and nobody else anything.
        except Exception:
            log.exception("%s failed", call.method)
            answer = encode_error(call.id, RpcError(ErrorCode.INTERNAL, f"{call.method} failed; see the daemon's log"))
        if call.id is not None:
            self.send(answer)
        following, self.after_reply = self.after_reply, []
        for more in following:
            self.send(more)
