"""The scripted model API answers as a vendor would, in all its scenarios: a fake that is wrong proves nothing."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from tests.fakes.model_api import MODEL, ModelApi
from tests.fakes.replies import BUILT_IN, Text, Tool

TOOLS: list[Any] = [{"type": "function", "function": {"name": "write", "parameters": {"type": "object"}}}]
SCRIPT = Path(__file__).resolve().parents[2] / "fakes" / "model_api.py"
HELLO: list[Any] = [{"role": "user", "content": "hello"}]


@pytest.fixture
def api() -> Iterator[ModelApi]:
    with ModelApi() as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


def client(api: ModelApi, scenario: str, agent: str = "a") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=api.url(scenario, agent), api_key="none", max_retries=0, timeout=60)


async def chat(api: ModelApi, scenario: str, messages: list[Any] = HELLO, agent: str = "a", **more: Any) -> Any:
    async with client(api, scenario, agent) as vendor:
        return await vendor.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS, **more)


async def streamed(api: ModelApi, scenario: str, messages: list[Any] = HELLO) -> list[Any]:
    async with client(api, scenario) as vendor:
        stream = await vendor.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS, stream=True)
        return [chunk async for chunk in stream]


async def test_text_whole_and_streamed_is_the_same(api: ModelApi) -> None:
    whole = await chat(api, "text")
    chunks = await streamed(api, "text")
    assert whole.choices[0].message.content == "You said: hello"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "You said: hello"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens > 0


async def test_a_streamed_tool_call_comes_in_pieces_that_fit_together(api: ModelApi) -> None:
    chunks = await streamed(api, "write")
    parts = [c.choices[0].delta.tool_calls[0] for c in chunks if c.choices and c.choices[0].delta.tool_calls]
    assert parts[0].function.name == "write"
    assert len(parts) == 2
    assert json.loads("".join(p.function.arguments for p in parts))["filePath"] == "hello.txt"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "tool_calls"


async def test_the_conversation_says_which_step_is_next(api: ModelApi) -> None:
    messages = list(HELLO)
    names = []
    for _ in range(3):
        answer = (await chat(api, "steps", messages)).choices[0].message
        names.append(answer.tool_calls[0].function.name if answer.tool_calls else answer.content)
        messages.append(answer.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": c.id, "content": "done"} for c in answer.tool_calls or []]
    assert names == ["write", "bash", "Two steps are done."]
    ids = [call["id"] for message in messages for call in message.get("tool_calls", [])]
    assert len(set(ids)) == 2


async def test_a_request_without_tools_gets_a_title_and_is_told_apart(api: ModelApi) -> None:
    async with client(api, "write") as vendor:
        answer = await vendor.chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.choices[0].message.content == "A scripted session"
    assert [seen.side for seen in api.requests] == [True]
    assert api.turns("write") == []


@pytest.mark.parametrize(
    ("scenario", "error", "code"),
    [
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("402", openai.APIStatusError, "insufficient_quota"),
        ("403", openai.PermissionDeniedError, "permission_denied"),
        ("404", openai.NotFoundError, "model_not_found"),
        ("429", openai.RateLimitError, "rate_limit_exceeded"),
        ("429-after", openai.RateLimitError, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, "insufficient_quota"),
        ("500", openai.InternalServerError, "server_error"),
        ("503", openai.InternalServerError, "service_unavailable"),
        ("529", openai.InternalServerError, "overloaded_error"),
    ],
)
async def test_failures_are_the_vendors_own(
    api: ModelApi, scenario: str, error: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(error) as raised:
        await chat(api, scenario)
    assert raised.value.code == code
    assert raised.value.response.headers.get("retry-after") == ("3600" if scenario == "429-after" else None)


async def test_it_fails_twice_for_each_agent_and_then_works(api: ModelApi) -> None:
    for agent in ("a", "b"):
        for _ in range(2):
            with pytest.raises(openai.InternalServerError):
                await chat(api, "flaky", agent=agent)
        assert (await chat(api, "flaky", agent=agent)).choices[0].message.content == "Worked in the end."


async def test_a_cut_breaks_the_stream(api: ModelApi, session: aiohttp.ClientSession) -> None:
    body = {"stream": True, "tools": TOOLS, "messages": HELLO}
    async with session.post(f"{api.url('cut')}/chat/completions", json=body) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


@pytest.mark.parametrize("scenario", ["hang", "hang-stream"])
async def test_a_hang_is_silent_until_the_client_goes(api: ModelApi, scenario: str) -> None:
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(streamed(api, scenario))
        while not api.turns(scenario):  # noqa: ASYNC110 (the server is another process)
            await asyncio.sleep(0.01)
        await asyncio.wait([asking], timeout=0.5)  # what never comes cannot be waited for
        assert not asking.done()
        asking.cancel()
    assert len(api.turns(scenario)) == 1


async def test_a_client_that_hangs_up_is_noted(api: ModelApi, session: aiohttp.ClientSession) -> None:
    body = {"stream": True, "tools": TOOLS, "messages": HELLO}
    async with session.post(f"{api.url('slow')}/chat/completions", json=body) as response:
        await response.content.readline()
    assert await asyncio.to_thread(api.wait_for, lambda: bool(api.hung_up))
    assert api.hung_up == ["/slow/a/v1/chat/completions"]


async def test_when_each_request_was_open_is_noted(api: ModelApi) -> None:
    await chat(api, "text")
    hanging = asyncio.create_task(chat(api, "hang"))  # noqa: TID251
    await asyncio.to_thread(api.wait_for, lambda: len(api.exchanges) == 2)
    first, second = api.exchanges
    assert first.ended is not None
    assert first.began <= first.ended <= second.began
    assert isinstance(first.reply, Text)
    assert second.ended is None
    hanging.cancel()
    assert await asyncio.to_thread(api.wait_for, lambda: second.ended is not None)


async def test_tests_add_their_own_scenarios(api: ModelApi) -> None:
    api.script("mine", Tool("write", {"filePath": "x"}), Text("done"))
    assert (await chat(api, "mine")).choices[0].message.tool_calls[0].function.arguments == '{"filePath": "x"}'
    with pytest.raises(KeyError, match="no scenario yours"):
        api.url("yours")


GOOGLE = {"tools": [{"functionDeclarations": [{"name": "write_file"}]}], "contents": [{"parts": [{"text": "hello"}]}]}


async def google(session: aiohttp.ClientSession, api: ModelApi, scenario: str, method: str) -> tuple[int, str]:
    url = f"{api.url(scenario).removesuffix('/v1')}/v1beta/models/some-model:{method}"
    async with session.post(url, json=GOOGLE) as response:
        return response.status, await response.text()


async def test_google_s_words_whole_and_streamed_are_the_same(api: ModelApi, session: aiohttp.ClientSession) -> None:
    whole = json.loads((await google(session, api, "text", "generateContent"))[1])
    streamed = (await google(session, api, "text", "streamGenerateContent"))[1]
    chunks = [json.loads(line.removeprefix("data: ")) for line in streamed.split("\r\n\r\n") if line]
    parts = [part for chunk in [whole, *chunks] for part in chunk["candidates"][0]["content"]["parts"]]
    assert "".join(part["text"] for part in parts) == "You said: hello" * 2
    assert chunks[-1]["usageMetadata"] == whole["usageMetadata"]
    assert json.loads((await google(session, api, "text", "countTokens"))[1])["totalTokens"] > 0


async def test_google_s_tools_and_errors_have_its_own_names(api: ModelApi, session: aiohttp.ClientSession) -> None:
    whole = json.loads((await google(session, api, "write", "generateContent"))[1])
    call = whole["candidates"][0]["content"]["parts"][-1]["functionCall"]
    assert (call["name"], call["args"]["file_path"]) == ("write_file", "hello.txt")
    status, text = await google(session, api, "429-after", "streamGenerateContent")
    error = json.loads(text)["error"]
    assert (status, error["status"], error["details"][0]["retryDelay"]) == (429, "RESOURCE_EXHAUSTED", "3600s")


async def test_models_are_listed(api: ModelApi) -> None:
    async with client(api, "text") as vendor:
        assert [model.id async for model in vendor.models.list()] == [MODEL]


async def test_a_port_that_is_taken_is_an_error(api: ModelApi) -> None:
    taken = int(api.url("text").split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="Address already in use"), ModelApi(taken):
        pass


def test_it_ends_while_programs_connect_and_leaves_no_socket() -> None:
    # Agents try again at any moment, also while the API ends: what was half accepted then must be closed as well.
    over = threading.Event()

    def connect(port: int) -> None:
        while not over.is_set():
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                    client.sendall(b"POST /text/a/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n")
            except OSError:
                continue  # it is ending, or ended

    for _ in range(5):
        over.clear()
        with ModelApi() as api:
            port = int(api.url("text").split(":")[2].split("/")[0])
            callers = [threading.Thread(target=connect, args=(port,)) for _ in range(3)]
            for caller in callers:
                caller.start()
            assert api.wait_for(lambda: True)
        over.set()
        for caller in callers:
            caller.join()
        gc.collect()  # a socket left open is an unexpected warning, which fails the test


async def test_it_runs_by_hand() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), "--port", "0", "--print", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    told = json.loads(await process.stdout.readline())
    assert told["scenarios"] == sorted(BUILT_IN)
    async with openai.AsyncOpenAI(base_url=told["url"], api_key="none", timeout=60) as vendor:
        await vendor.chat.completions.create(model=MODEL, messages=HELLO)
    assert json.loads(await process.stdout.readline())["path"] == "/text/a/v1/chat/completions"
    process.terminate()
    await process.wait()
