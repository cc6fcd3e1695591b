"""Pilot and its endpoint: none, a local one, a failing one; what the client is told of each."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.fakes.replies import Text
from tests.integration.pilot.conftest import Bench
from tests.real.faults import nobody

#: (scenario, cause, HTTP status)
FAULTS = [
    ("401", "auth", 401),
    ("402", "billing", 402),
    ("403", "auth", 403),
    ("404", "model", 404),
    ("429", "rate_limit", 429),
    ("429-after", "rate_limit", 429),
    ("429-soon", "rate_limit", 429),
    ("quota", "quota", 429),
    ("500", "server_error", 500),
    ("503", "overloaded", 503),
    ("529", "overloaded", 529),
    ("hang", "timeout", None),
    ("hang-stream", "timeout", None),
    ("cut", "network", None),
    ("context", "context_full", 400),
]


@pytest.mark.slow  # all of them; the rows through the daemon are in tests/real/test_pilot_faults.py
@pytest.mark.parametrize(("scenario", "cause", "status"), FAULTS)
async def test_a_fault_is_told_with_its_cause(
    bench: Bench, vendor: str, scenario: str, cause: str, status: int | None
) -> None:
    before = time.time()
    async with bench.pilot(scenario, vendor, PILOT_TIMEOUT_S="1") as client:
        session = await client.open(bench.project)
        error = (await client.answer(await client.prompt(session, "Remember lighthouse")))["error"]
        data = error["data"]
        assert (data["cause"], data["status"]) == (cause, status)
        assert data["message"] == error["message"]
        assert error["code"] == (-32000 if cause == "auth" else -32603)
        assert len(bench.api.turns(scenario)) == 1, "it does not try again by itself"
        if scenario == "429-after":
            assert before + 3590 < data["until"] < time.time() + 3610
        assert client.errors == b""
        # The prompt is not lost: the next one goes on with it.
        bench.api.script(scenario, Text("Worked."))
        await client.answer(await client.prompt(session, "And now?"))
    assert "lighthouse" in str(bench.api.turns(scenario)[-1].body["messages"])


async def test_nobody_listens(bench: Bench, vendor: str) -> None:
    with nobody() as url:
        async with bench.pilot(None, vendor, "--provider", vendor, "--base-url", url, "--model", "m") as client:
            session = await client.open(bench.project)
            error = (await client.answer(await client.prompt(session, "Hello")))["error"]
    assert error["data"]["cause"] == "network"
    assert url in error["message"]


async def test_without_key_and_endpoint_the_next_step_is_told(bench: Bench) -> None:
    async with bench.pilot() as client:
        hello = (await client.call("initialize", {"protocolVersion": 1}))["result"]
        assert [method["vars"][0]["name"] for method in hello["authMethods"]] == [
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
        ]
        error = (await client.call("session/new", {"cwd": str(bench.project), "mcpServers": []}))["error"]
        assert (error["code"], error["data"]["cause"]) == (-32000, "auth")
        assert "OPENAI_BASE_URL for a local endpoint" in error["message"]
        refused = await client.call("authenticate", {"methodId": "openai-api-key"})
        assert refused["error"]["code"] == -32000


async def test_a_local_endpoint_needs_no_key_and_is_asked_for_its_model(bench: Bench) -> None:
    async with bench.pilot(None, OPENAI_BASE_URL=bench.api.url("text")) as client:
        session = await client.open(bench.project)
        answer = await client.answer(await client.prompt(session, "Hello"))
    assert answer["result"]["stopReason"] == "end_turn"
    assert client.text() == "You said: Hello"
    assert bench.api.turns("text")[0].body["model"] == "scripted"


async def test_a_bad_base_url_is_named(bench: Bench) -> None:
    async with bench.pilot(None, OPENAI_BASE_URL="localhost:11434/v1") as client:
        await client.call("initialize", {"protocolVersion": 1})
        error = (await client.call("session/new", {"cwd": str(bench.project), "mcpServers": []}))["error"]
    assert "localhost:11434/v1" in error["message"]
    assert error["code"] == -32602


@pytest.mark.parametrize("body", [b"<html>a login page</html>", b'{"data": null}', b"[]"])
async def test_an_endpoint_that_talks_nonsense(bench: Bench, vendor: str, body: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server, bench.pilot(None, vendor, "--provider", vendor, "--base-url", url, "--model", "m") as client:
        session = await client.open(bench.project)
        error = (await client.answer(await client.prompt(session, "Hello")))["error"]
    assert error["data"]["cause"] in ("network", "server_error")
    assert client.errors == b""


async def test_prompt_caching_is_marked(bench: Bench) -> None:
    async with bench.pilot("text", "anthropic") as client:
        session = await client.open(bench.project)
        for text in ("One", "Two", "Three"):
            await client.answer(await client.prompt(session, text))
    body = bench.api.turns("text")[-1].body
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
    marked = [m["content"][-1]["text"] for m in body["messages"] if "cache_control" in m["content"][-1]]
    assert marked == ["Two", "Three"]
