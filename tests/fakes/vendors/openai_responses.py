"""OpenAI's responses: ``POST …/v1/responses``, streamed as server-sent events or whole."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from tests.fakes.replies import Cut, Fail, Hang, Reply, Text, Tool

Json = dict[str, Any]

PATH = "responses"
_CREATED = 1_764_000_000

#: What the service says of itself beside the words of a scenario.
_HEADERS = {"content-type": "text/event-stream", "cache-control": "no-cache"}

_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})


def step(body: Json) -> int:
    """Return how many tool results there are since the last user message."""
    count = 0
    for item in reversed(_items(body)):
        if item.get("role") == "user":
            break
        count += item.get("type") in _OUTPUTS
    return count


def prompt(body: Json) -> str:
    """Return the user's last message as text."""
    for item in reversed(_items(body)):
        if item.get("role") == "user":
            content = item["content"]
            return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    return ""


def _items(body: Json) -> list[Json]:
    given = body["input"]
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


def is_side_request(body: Json) -> bool:
    """Tell requests beside the conversation (titles, summaries): they offer no tools."""
    return not _tools(body)


def _tools(body: Json) -> list[Json]:
    """Return the tools that are offered: beside the conversation, or inside it as newer models have them."""
    inside = [tool for item in _items(body) if item.get("type") == "additional_tools" for tool in item["tools"]]
    found = []
    for tool in [*body.get("tools", []), *inside]:
        found += tool["tools"] if tool.get("type") == "namespace" and tool["name"] == "functions" else [tool]
    return found


def error(fail: Fail) -> web.Response:
    """Return the failure as OpenAI words it."""
    body = {"error": {"message": fail.message, "type": fail.code, "param": None, "code": fail.code}}
    return web.json_response(body, status=fail.status, headers=fail.headers)


def whole(body: Json, reply: Text | Tool) -> web.Response:
    """Return the reply as one JSON body, for requests without ``stream``."""
    output = [_said(body, reply.text)] if reply.text else []
    if isinstance(reply, Tool):
        output.append(_call(reply, body))
    return web.json_response(_response(body, "completed") | {"output": output, "usage": _usage(body, reply)})


async def stream(request: web.Request, body: Json, reply: Reply) -> web.StreamResponse:
    """Send the reply as server-sent events; a hang or cut happens in mid-stream."""
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    number = 0
    async for event in _events(body, reply):
        event["sequence_number"] = number
        number += 1
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
    yield {"type": "response.created", "response": _response(body, "in_progress")}
    text = reply.text if isinstance(reply, Text | Tool) else "Let me see "
    output: list[Json] = []
    if text:
        said = _said(body, text)
        begun = said | {"status": "in_progress", "content": []}
        yield {"type": "response.output_item.added", "output_index": 0, "item": begun}
        for word in re.findall(r"\S+\s*", text):
            place = {"item_id": said["id"], "output_index": 0, "content_index": 0}
            yield {"type": "response.output_text.delta", **place, "delta": word}
            await asyncio.sleep(reply.gap if isinstance(reply, Text) else 0)
        if not isinstance(reply, Text | Tool):
            return
        yield {"type": "response.output_item.done", "output_index": 0, "item": said}
        output.append(said)
    assert isinstance(reply, Text | Tool)
    if isinstance(reply, Tool):
        call = _call(reply, body)
        yield {"type": "response.output_item.added", "output_index": len(output), "item": call}
        yield {"type": "response.output_item.done", "output_index": len(output), "item": call}
        output.append(call)
    done = _response(body, "completed") | {"output": output, "usage": _usage(body, reply)}
    yield {"type": "response.completed", "response": done}


def _response(body: Json, status: str) -> Json:
    head = {"id": f"resp_{len(_items(body))}", "object": "response", "created_at": _CREATED, "status": status}
    return head | {"model": body.get("model", ""), "output": []}


def _said(body: Json, text: str) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    head = {"type": "message", "id": f"msg_{len(_items(body))}", "role": "assistant", "status": "completed"}
    return head | {"content": content}


def _call(reply: Tool, body: Json) -> Json:
    number = len(_items(body))
    name, given = _own(reply, {str(tool.get("name")): tool for tool in _tools(body)})
    head = {"id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed"}
    if isinstance(given, str):
        return {"type": "custom_tool_call", **head, "name": name, "input": given}
    space, _, own = name.rpartition("/")
    place = {"namespace": space} if space else {}
    return {"type": "function_call", **head, **place, "name": own, "arguments": json.dumps(given)}


def _own(reply: Tool, offered: dict[str, Json]) -> tuple[str, Json | str]:
    """Return a scripted call in the words of the tools that are offered: Codex has its own, some models only one."""
    name, given = reply.name, reply.arguments
    if name == "bash" and "bash" not in offered:
        name, given = "exec_command", {"cmd": given["command"]}
    elif name == "write" and "write" not in offered:
        patch = _patch(str(given["filePath"]), str(given["content"]))
        name, given = "exec_command", {"cmd": f"apply_patch <<'EOF'\n{patch}EOF\n"}
    if name not in offered and offered.get("exec", {}).get("type") == "custom":
        return "exec", f"text(await tools.{name}({json.dumps(given)}))"
    return name, given


def _patch(path: str, content: str) -> str:
    added = "".join(f"+{line}\n" for line in content.splitlines())
    return f"*** Begin Patch\n*** Add File: {path}\n{added}*** End Patch\n"


def _usage(body: Json, reply: Text | Tool) -> Json:
    sent, got = len(json.dumps(body["input"])) // 4, len(reply.text) // 4 + 8
    return {
        "input_tokens": sent,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": got,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sent + got,
    }
