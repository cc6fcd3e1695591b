"""Anthropic's messages: ``POST …/v1/messages``, streamed as server-sent events or whole, and ``/count_tokens``."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from aiohttp import web

from tests.fakes.replies import Cut, Fail, Hang, Reply, Text, Tool

Json = dict[str, Any]

PATH = "messages"
COUNT_PATH = "messages/count_tokens"

#: The tools of the built-in scenarios as Claude Code names them and their arguments.
_NAMES = {"write": "Write", "bash": "Bash"}
_ARGUMENTS = {"filePath": "file_path"}

_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}

#: Seconds until a used-up plan is reset.
RESET_S = 3600


def step(body: Json) -> int:
    """Return how many tool results there are since the last user message."""
    count = 0
    for block in _blocks_backwards(body):
        if _is_said(block):
            break
        count += block.get("type") == "tool_result"
    return count


def prompt(body: Json) -> str:
    """Return the user's last message as text, without what the program adds to it."""
    return next((block["text"] for block in _blocks_backwards(body) if _is_said(block)), "")


def _blocks_backwards(body: Json) -> Iterator[Json]:
    """Yield what the user's side said, newest first; results and later words share a message after an interrupt."""
    for message in reversed(body["messages"]):
        if message["role"] == "user":
            content = message["content"]
            yield from [{"type": "text", "text": content}] if isinstance(content, str) else reversed(content)


def _is_said(block: Json) -> bool:
    return block.get("type") == "text" and not block["text"].lstrip().startswith(("<system-reminder>", "[Request"))


def is_side_request(body: Json) -> bool:
    """Tell requests beside the conversation (titles, summaries): they offer no tools."""
    return not body.get("tools")


def count(body: Json) -> web.Response:
    """Return a count of tokens that grows with the conversation."""
    return web.json_response({"input_tokens": _sent(body)})


def error(fail: Fail) -> web.Response:
    """Return the failure as Anthropic words it; of a plan that is used up the headers tell which and until when."""
    is_plan = fail.status == 429 and fail.code == "insufficient_quota"
    told = {"type": _ERRORS.get(fail.status, "api_error"), "message": fail.message}
    body = {"type": "error", "error": told, "request_id": "req_scripted"}
    return web.json_response(body, status=fail.status, headers=fail.headers | (_used_up() if is_plan else {}))


def _used_up() -> dict[str, str]:
    name, reset = "anthropic-ratelimit-unified", str(int(time.time()) + RESET_S)
    limit = {f"{name}-status": "rejected", f"{name}-reset": reset, f"{name}-representative-claim": "five_hour"}
    return limit | {f"{name}-5h-status": "rejected", f"{name}-5h-reset": reset, "retry-after": str(RESET_S)}


def whole(body: Json, reply: Text | Tool) -> web.Response:
    """Return the reply as one JSON body, for requests without ``stream``."""
    content: list[Json] = [{"type": "text", "text": reply.text}] if reply.text else []
    if isinstance(reply, Tool):
        content.append(_call(reply, body))
    message = _message(body) | {"content": content, "stop_reason": _reason(reply)}
    return web.json_response(message | {"usage": _usage(body, reply)})


async def stream(request: web.Request, body: Json, reply: Reply) -> web.StreamResponse:
    """Send the reply as server-sent events; a hang or cut happens in mid-stream."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-cache"})
    await response.prepare(request)
    async for event in _events(body, reply):
        await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    if isinstance(reply, Hang):
        await asyncio.Event().wait()
    if isinstance(reply, Cut):
        assert request.transport is not None
        request.transport.abort()
        return response
    await response.write_eof()
    return response


async def _events(body: Json, reply: Reply) -> AsyncIterator[Json]:
    yield {"type": "message_start", "message": _message(body)}
    text = reply.text if isinstance(reply, Text | Tool) else "Let me see "
    index = 0
    if text:
        yield {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}}
        for word in re.findall(r"\S+\s*", text):
            yield _delta(index, {"type": "text_delta", "text": word})
            await asyncio.sleep(reply.gap if isinstance(reply, Text) else 0)
        if not isinstance(reply, Text | Tool):
            return
        yield {"type": "content_block_stop", "index": index}
        index += 1
    assert isinstance(reply, Text | Tool)
    if isinstance(reply, Tool):
        call = _call(reply, body)
        arguments = json.dumps(call["input"])
        half = len(arguments) // 2
        yield {"type": "content_block_start", "index": index, "content_block": call | {"input": {}}}
        for part in (arguments[:half], arguments[half:]):
            yield _delta(index, {"type": "input_json_delta", "partial_json": part})
        yield {"type": "content_block_stop", "index": index}
    usage = {"output_tokens": _usage(body, reply)["output_tokens"]}
    yield {"type": "message_delta", "delta": {"stop_reason": _reason(reply), "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def _delta(index: int, delta: Json) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _message(body: Json) -> Json:
    return {
        "id": f"msg_{_name(body)}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", ""),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": _sent(body), "output_tokens": 1},
    }


def _call(reply: Tool, body: Json) -> Json:
    arguments = {_ARGUMENTS.get(key, key): value for key, value in reply.arguments.items()}
    name = _NAMES.get(reply.name, reply.name)
    return {"type": "tool_use", "id": f"toolu_{_name(body)}", "name": name, "input": arguments}


def _name(body: Json) -> str:
    """Return what is the same for the same conversation only: those of subagents run beside the agent's own."""
    return hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest()[:12]


def _reason(reply: Text | Tool) -> str:
    return "tool_use" if isinstance(reply, Tool) else reply.stop or "end_turn"


def _sent(body: Json) -> int:
    return len(json.dumps(body["messages"])) // 4


def _usage(body: Json, reply: Text | Tool) -> Json:
    return {"input_tokens": _sent(body), "output_tokens": len(reply.text) // 4 + 8}
