"""OpenAI's chat completions: ``POST …/v1/chat/completions``, streamed as server-sent events or whole."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from tests.fakes.replies import Cut, Fail, Hang, Reply, Text, Tool

Json = dict[str, Any]

PATH = "chat/completions"
_CREATED = 1_764_000_000


def step(body: Json) -> int:
    """Return how many tool results there are since the last user message."""
    count = 0
    for message in reversed(body["messages"]):
        if message["role"] == "user":
            break
        count += message["role"] == "tool"
    return count


def prompt(body: Json) -> str:
    """Return the user's last message as text."""
    for message in reversed(body["messages"]):
        if message["role"] == "user":
            content = message["content"]
            return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)
    return ""


def is_side_request(body: Json) -> bool:
    """Tell requests beside the conversation (titles, summaries): they offer no tools."""
    return not body.get("tools")


def error(fail: Fail) -> web.Response:
    """Return the failure as OpenAI words it."""
    body = {"error": {"message": fail.message, "type": fail.code, "param": None, "code": fail.code}}
    return web.json_response(body, status=fail.status, headers=fail.headers)


def whole(body: Json, reply: Text | Tool) -> web.Response:
    """Return the reply as one JSON body, for requests without ``stream``."""
    message: Json = {"role": "assistant", "content": reply.text}
    if isinstance(reply, Tool):
        message["tool_calls"] = [_call(reply, body)]
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply)}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": _CREATED, "model": body.get("model", "")}
    return web.json_response(head | {"choices": [choice], "usage": _usage(body, reply)})


async def stream(request: web.Request, body: Json, reply: Reply) -> web.StreamResponse:
    """Send the reply as server-sent events; a hang or cut happens in mid-stream."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-cache"})
    await response.prepare(request)
    async for chunk in _chunks(body, reply):
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    if isinstance(reply, Hang):
        await asyncio.Event().wait()
    if isinstance(reply, Cut):
        assert request.transport is not None
        request.transport.abort()
        return response
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


async def _chunks(body: Json, reply: Reply) -> AsyncIterator[Json]:
    yield _chunk(body, {"role": "assistant", "content": ""})
    text = reply.text if isinstance(reply, Text | Tool) else "Let me see "
    for word in re.findall(r"\S+\s*", text):
        yield _chunk(body, {"content": word})
        await asyncio.sleep(reply.gap if isinstance(reply, Text) else 0)
    if not isinstance(reply, Text | Tool):
        return
    if isinstance(reply, Tool):
        call = _call(reply, body)
        arguments = call["function"]["arguments"]
        half = len(arguments) // 2
        head = {**call, "index": 0, "function": {"name": reply.name, "arguments": arguments[:half]}}
        yield _chunk(body, {"tool_calls": [head]})
        yield _chunk(body, {"tool_calls": [{"index": 0, "function": {"arguments": arguments[half:]}}]})
    yield _chunk(body, {}, finish=_finish(reply))
    yield {**_chunk(body, {}), "choices": [], "usage": _usage(body, reply)}


def _chunk(body: Json, delta: Json, finish: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": _CREATED}
    return head | {"model": body.get("model", ""), "choices": [choice]}


def _call(reply: Tool, body: Json) -> Json:
    number = sum(message["role"] == "tool" for message in body["messages"])
    function = {"name": reply.name, "arguments": json.dumps(reply.arguments)}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _finish(reply: Text | Tool) -> str:
    return "tool_calls" if isinstance(reply, Tool) else "stop"


def _usage(body: Json, reply: Text | Tool) -> Json:
    sent, got = len(json.dumps(body["messages"])) // 4, len(reply.text) // 4 + 8
    return {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}
