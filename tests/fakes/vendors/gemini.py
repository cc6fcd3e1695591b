"""Google's Gemini API: ``POST …/models/NAME:streamGenerateContent``, ``:generateContent`` and ``:countTokens``.

The URL says whether an answer is streamed; the body does not.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from aiohttp import web

from tests.fakes.replies import Cut, Fail, Hang, Reply, Text, Tool

Json = dict[str, Any]

STREAM_PATH = ":streamGenerateContent"
WHOLE_PATH = ":generateContent"
COUNT_PATH = ":countTokens"

#: The tools of the built-in scenarios as Gemini CLI names them and their arguments.
_NAMES = {"write": "write_file", "bash": "run_shell_command"}
_ARGUMENTS = {"filePath": "file_path"}

#: Google's own words beside the HTTP status.
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    529: "UNAVAILABLE",
}


def step(body: Json) -> int:
    """Return how many tool results there are since the last user message."""
    count = 0
    for part in _parts_backwards(body):
        if _is_said(part):
            break
        count += "functionResponse" in part
    return count


def prompt(body: Json) -> str:
    """Return the user's last message as text."""
    return next((part["text"] for part in _parts_backwards(body) if _is_said(part)), "")


def _parts_backwards(body: Json) -> Iterator[Json]:
    """Yield what the user's side said, newest first."""
    for content in reversed(body["contents"]):
        if content.get("role", "user") == "user":
            yield from reversed(content["parts"])


def _is_said(part: Json) -> bool:
    return "text" in part and not part["text"].lstrip().startswith("<")


def is_side_request(body: Json) -> bool:
    """Tell requests beside the conversation (summaries, routing): they offer no tools."""
    return not body.get("tools")


def count(body: Json) -> web.Response:
    """Return a count of tokens that grows with the conversation."""
    return web.json_response({"totalTokens": len(json.dumps(body)) // 4})


def error(fail: Fail) -> web.Response:
    """Return the failure as Google words it."""
    details: list[Json] = []
    if "retry-after" in fail.headers:
        delay = f"{fail.headers['retry-after']}s"
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    error: Json = {"code": fail.status, "message": fail.message, "status": _STATUSES.get(fail.status, "UNKNOWN")}
    return web.json_response({"error": error | {"details": details}}, status=fail.status, headers=fail.headers)


def whole(body: Json, reply: Text | Tool) -> web.Response:
    """Return the reply as one JSON body."""
    parts: list[Json] = [{"text": reply.text}] if reply.text else []
    if isinstance(reply, Tool):
        parts.append(_call(reply, body))
    return web.json_response(_chunk(body, parts, reply))


async def stream(request: web.Request, body: Json, reply: Reply) -> web.StreamResponse:
    """Send the reply as server-sent events; a hang or cut happens in mid-stream."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-cache"})
    await response.prepare(request)
    async for chunk in _chunks(body, reply):
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n")
    if isinstance(reply, Hang):
        await asyncio.Event().wait()
    if isinstance(reply, Cut):
        assert request.transport is not None
        request.transport.abort()
        return response
    await response.write_eof()
    return response


async def _chunks(body: Json, reply: Reply) -> AsyncIterator[Json]:
    text = reply.text if isinstance(reply, Text | Tool) else "Let me see "
    for word in re.findall(r"\S+\s*", text):
        yield _chunk(body, [{"text": word}])
        await asyncio.sleep(reply.gap if isinstance(reply, Text) else 0)
    if isinstance(reply, Tool):
        yield _chunk(body, [_call(reply, body)])
    if isinstance(reply, Text | Tool):
        yield _chunk(body, [{"text": ""}], reply)


def _chunk(body: Json, parts: list[Json], reply: Text | Tool | None = None) -> Json:
    """Return one piece; the last of an answer brings its end and what it cost."""
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    if reply is None:
        return {"candidates": [candidate], "modelVersion": "scripted"}
    sent, got = len(json.dumps(body["contents"])) // 4, len(reply.text) // 4 + 8
    usage = {"promptTokenCount": sent, "candidatesTokenCount": got, "totalTokenCount": sent + got}
    end = {"finishReason": "STOP"}
    return {"candidates": [candidate | end], "usageMetadata": usage, "modelVersion": "scripted"}


def _call(reply: Tool, body: Json) -> Json:
    arguments = {_ARGUMENTS.get(key, key): value for key, value in reply.arguments.items()}
    return {"functionCall": {"name": _NAMES.get(reply.name, reply.name), "args": arguments}}
