"""A scripted model API on loopback: real agent programs talk to it instead of a vendor, without key or network.

The scenario is the first segment of the base URL's path, so that many agents share one server:
``http://127.0.0.1:PORT/write/v1``; segments between it and ``v1`` only tell agents apart. Other vendors' formats go
into ``vendors/``, one module each. By hand: ``python tests/fakes/model_api.py --port 0 --print``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
from aiohttp import web

if __name__ == "__main__":
    # Run as a file: the modules beside it are found from the checkout.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.replies import BUILT_IN, Fail, Hang, Reply, Text, Tool
from tests.fakes.vendors import anthropic, gemini, openai_chat, openai_responses

MODEL = "scripted"


class Seen(msgspec.Struct, frozen=True):
    """One request as it came in."""

    path: str
    scenario: str
    body: dict[str, Any]
    headers: dict[str, str]
    side: bool  # a request beside the conversation (titles)


class Exchange(msgspec.Struct):
    """One request and when it was open, on the monotonic clock; ``ended`` is ``None`` while it is."""

    seen: Seen
    began: float
    reply: Reply | None = None
    ended: float | None = None


class Vendor(Protocol):
    """One module of ``vendors/``: a vendor's format of requests, replies and errors."""

    def step(self, body: dict[str, Any]) -> int:
        """Return how many tool results there are since the last user message."""

    def prompt(self, body: dict[str, Any]) -> str:
        """Return the user's last message as text."""

    def is_side_request(self, body: dict[str, Any]) -> bool:
        """Tell requests beside the conversation."""

    def error(self, fail: Fail) -> web.Response:
        """Return the failure in the vendor's words."""

    def whole(self, body: dict[str, Any], reply: Text | Tool) -> web.Response:
        """Return the reply as one JSON body."""

    async def stream(self, request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
        """Send the reply piece by piece."""


class ModelApi:
    """The server, on a thread with a loop of its own; a context manager. ``requests`` grows as they come in."""

    def __init__(self, port: int = 0, *, echo: bool = False) -> None:
        self.requests: list[Seen] = []
        self.exchanges: list[Exchange] = []  # in the order in which they came in
        self.hung_up: list[str] = []  # paths of requests whose client went away in mid-stream
        self._changed = threading.Condition()
        self._scenarios = dict(BUILT_IN)
        self._counts: Counter[str] = Counter()
        self._port = port
        self._echo = echo
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="model-api")

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._fault is not None:
            raise self._fault
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def url(self, scenario: str, agent: str = "a") -> str:
        """Return the base URL (with ``/v1``) that plays ``scenario``; ``agent`` tells agents apart."""
        if scenario not in self._scenarios:
            raise KeyError(f"no scenario {scenario}; there are {sorted(self._scenarios)}")
        return f"http://127.0.0.1:{self._port}/{scenario}/{agent}/v1"

    def script(self, name: str, *replies: Reply) -> None:
        """Add a scenario: the replies of one turn, in order; the last one is repeated."""
        self._scenarios[name] = replies

    def turns(self, scenario: str) -> list[Seen]:
        """Return the requests of the conversation itself, without titles and the like."""
        return [seen for seen in self.requests if seen.scenario == scenario and not seen.side]

    def wait_for(self, fact: Callable[[], bool], timeout: float = 30.0) -> bool:
        """Wait until ``fact`` about ``requests`` or ``hung_up`` holds; tell whether it did within ``timeout`` s."""
        with self._changed:
            return self._changed.wait_for(fact, timeout)

    # -- the thread

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as problem:
            self._fault = problem
            self._ready.set()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self) -> None:
        door = socket.create_server(("127.0.0.1", self._port), backlog=128)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/{scenario}/{rest:.*}models", self._models)
        app.router.add_post("/{scenario}/{rest:.*}" + openai_chat.PATH, self._chat)
        app.router.add_post("/{scenario}/{rest:.*}" + openai_responses.PATH, self._responses)
        app.router.add_post("/{scenario}/{rest:.*}" + anthropic.COUNT_PATH, self._count)
        app.router.add_post("/{scenario}/{rest:.*}" + anthropic.PATH, self._messages)
        app.router.add_post("/{scenario}/{rest:.*}" + gemini.STREAM_PATH, self._gemini)
        app.router.add_post("/{scenario}/{rest:.*}" + gemini.WHOLE_PATH, self._gemini)
        app.router.add_post("/{scenario}/{rest:.*}" + gemini.COUNT_PATH, self._gemini_count)
        # A hanging answer must not hold up the end of the test.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.SockSite(runner, door).start()
        self._port = door.getsockname()[1]
        self._ready.set()
        try:
            await self._stop.wait()
        finally:
            # WORKAROUND CPython 3.11: a server that closes while it accepts somebody (programs try again at any
            # moment) loses that socket half made. Accept nobody first, then close.
            self._loop.remove_reader(door)
            await _settle()
            await runner.cleanup()
            await _settle()

    # -- requests

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "tests"}]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, openai_chat)

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, openai_responses)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, anthropic)

    async def _count(self, request: web.Request) -> web.StreamResponse:
        return anthropic.count(await request.json())

    async def _gemini(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, gemini, streamed=request.path.endswith(gemini.STREAM_PATH))

    async def _gemini_count(self, request: web.Request) -> web.StreamResponse:
        return gemini.count(await request.json())

    async def _answer(
        self, request: web.Request, vendor: Vendor, *, streamed: bool | None = None
    ) -> web.StreamResponse:
        body = await request.json()
        exchange = self._note(request, body, side=vendor.is_side_request(body))
        exchange.reply = reply = self._reply(request, vendor.step(body), side=exchange.seen.side)
        try:
            return await self._play(request, vendor, body, reply, streamed=streamed)
        finally:
            with self._changed:
                exchange.ended = time.monotonic()
                self._changed.notify_all()

    async def _play(
        self, request: web.Request, vendor: Vendor, body: dict[str, Any], reply: Reply, *, streamed: bool | None
    ) -> web.StreamResponse:
        if isinstance(reply, Text):
            reply = msgspec.structs.replace(reply, text=reply.text.replace("{prompt}", vendor.prompt(body)))
        if isinstance(reply, Fail):
            return vendor.error(reply)
        try:
            if isinstance(reply, Hang) and reply.where == "headers":
                await asyncio.Event().wait()
            if isinstance(reply, Text | Tool) and not (body.get("stream") if streamed is None else streamed):
                return vendor.whole(body, reply)
            return await vendor.stream(request, body, reply)
        except (ConnectionResetError, asyncio.CancelledError):
            # The program hung up in mid-answer, as an interrupt makes it do: often that is what is tested.
            with self._changed:
                self.hung_up.append(request.path)
                self._changed.notify_all()
            raise asyncio.CancelledError from None

    def _note(self, request: web.Request, body: dict[str, Any], *, side: bool) -> Exchange:
        seen = Seen(request.path, request.match_info["scenario"], body, dict(request.headers), side)
        exchange = Exchange(seen, time.monotonic())
        with self._changed:
            self.requests.append(seen)
            self.exchanges.append(exchange)
            self._changed.notify_all()
        if self._echo:
            print(json.dumps({"path": seen.path, "side": side, "body": body}), flush=True)
        return exchange

    def _reply(self, request: web.Request, step: int, *, side: bool) -> Reply:
        scenario = request.match_info["scenario"]
        replies = self._scenarios.get(scenario)
        if replies is None:
            return Fail(404, "no_such_scenario", f"The scripted API has no scenario {scenario}.")
        failing = replies[0] if isinstance(replies[0], Fail) else None
        if failing is not None:
            self._counts[request.path] += not side
            if failing.times is None or self._counts[request.path] <= failing.times:
                return failing
            replies = replies[1:]
        if side and isinstance(replies[0], Text | Tool):
            return Text("A scripted session")
        return replies[min(step, len(replies) - 1)]


async def _settle() -> None:
    """Let the loop do what is due, and what follows from it."""
    for _ in range(5):
        await asyncio.sleep(0)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--print", action="store_true", help="print every request as a line of JSON")
    given = parser.parse_args()
    with ModelApi(given.port, echo=given.print) as api:
        print(json.dumps({"url": api.url("text"), "scenarios": sorted(BUILT_IN)}), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
