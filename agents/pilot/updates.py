"""What Pilot tells a client, as the bodies of ACP messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from agents.pilot.conversation import Call, Entry, Planned, Replied, Result, Said, Text, Thought, Tokens
from agents.pilot.permissions import MODES, SessionMode
from agents.pilot.providers.contract import Offered
from agents.pilot.tools.contract import Change, Job

Json = dict[str, Any]

#: Name of the configuration option that holds the model.
MODEL_OPTION: Final = "model"

#: Characters of a tool's output shown while and after it runs; the model gets more.
SHOWN: Final = 32_000


def chunk(kind: str, text: str, message: str | None = None) -> Json:
    """Return a piece of text; ``kind`` is agent_message, agent_thought or user_message."""
    body: Json = {"sessionUpdate": f"{kind}_chunk", "content": {"type": "text", "text": text}}
    return body | ({"messageId": message} if message else {})


def tool_call(identity: str, job: Job, change: Change | None = None) -> Json:
    """Return a new tool call that waits."""
    return {"sessionUpdate": "tool_call", **tool_body(identity, job, change), "status": "pending"}


def tool_body(identity: str, job: Job, change: Change | None = None) -> Json:
    """Return what a client shows of a call, as updates and permissions have it."""
    body: Json = {"toolCallId": identity, "title": job.title, "kind": job.kind, "rawInput": job.raw}
    if job.locations:
        body["locations"] = [{"path": path} | ({"line": line} if line else {}) for path, line in job.locations]
    if change is not None:
        body["content"] = [diff(change)]
    return body


def refused_call(call: Call, text: str) -> Json:
    """Return a call that could not even be tried."""
    return {
        "sessionUpdate": "tool_call",
        "toolCallId": call.id,
        "title": call.name,
        "kind": "other",
        "status": "failed",
        "content": [content(text)],
        "rawInput": call.arguments,
    }


def progress(identity: str, status: str, text: str | None = None, change: Change | None = None) -> Json:
    """Return how a call goes on; content replaces what was told before."""
    body: Json = {"sessionUpdate": "tool_call_update", "toolCallId": identity, "status": status}
    shown = ([diff(change)] if change is not None else []) + ([content(text)] if text is not None else [])
    return body | ({"content": shown} if shown else {})


def content(text: str) -> Json:
    """Return text as content of a tool call, cut for display."""
    if len(text) > SHOWN:
        text = f"{text[: SHOWN // 2]}\n[…]\n{text[-SHOWN // 2 :]}"
    return {"type": "content", "content": {"type": "text", "text": text}}


def diff(change: Change) -> Json:
    """Return an edit as content of a tool call."""
    return {"type": "diff", "path": change.path, "oldText": change.old, "newText": change.new}


def was_read(identity: str, title: str, path: str) -> Json:
    """Return that a file of instructions was read, as a finished call: so it stands in the transcript."""
    return {
        "sessionUpdate": "tool_call",
        "toolCallId": identity,
        "title": title,
        "kind": "read",
        "status": "completed",
        "locations": [{"path": path}],
    }


def plan(entries: Sequence[tuple[str, str]]) -> Json:
    """Return the whole plan."""
    lines = [{"content": text, "status": status, "priority": "medium"} for text, status in entries]
    return {"sessionUpdate": "plan", "entries": lines}


def usage(tokens: Tokens) -> Json:
    """Return the tokens of a turn."""
    return {
        "totalTokens": tokens.total,
        "inputTokens": tokens.input,
        "outputTokens": tokens.output,
        "cachedReadTokens": tokens.cache_read,
        "cachedWriteTokens": tokens.cache_write,
    }


def context(used: int, size: int) -> Json:
    """Return how full the context is; a ``size`` of 0 is unknown."""
    return {"sessionUpdate": "usage_update", "used": used, "size": size}


def modes(current: SessionMode) -> Json:
    """Return the modes there are and the one that holds."""
    known = [{"id": mode.value, "name": name, "description": text} for mode, (name, text) in MODES.items()]
    return {"currentModeId": current.value, "availableModes": known}


def models(current: str | None, offered: Sequence[Offered]) -> list[Json]:
    """Return the configuration options: the model, once one is known."""
    if current is None:
        return []
    known = {model.id: model.name for model in offered}
    known = {current: known.get(current, current)} | known
    options = [{"value": identity, "name": name} for identity, name in known.items()]
    select = {"type": "select", "currentValue": current, "options": options}
    return [{"id": MODEL_OPTION, "name": "Model", "category": "model", **select}]


def history(entries: Iterable[Entry]) -> Iterator[Json]:
    """Yield the updates that show a whole session again."""
    calls: dict[str, Call] = {}
    for entry in entries:
        match entry:
            case Said():
                yield chunk("user_message", entry.text)
            case Replied():
                calls.update((call.id, call) for call in entry.calls())
                for part in entry.parts:
                    if isinstance(part, Text):
                        yield chunk("agent_message", part.text)
                    elif isinstance(part, Thought) and part.text:
                        yield chunk("agent_thought", part.text)
            case Result():
                yield _done(entry, calls.get(entry.call))
            case Planned():
                yield plan(entry.entries)
            case _:
                continue


def _done(result: Result, call: Call | None) -> Json:
    arguments = {} if call is None else call.arguments
    shown: list[Json] = [content(result.text)]
    path, new = arguments.get("path"), arguments.get("new", arguments.get("content"))
    if result.kind == "edit" and not result.has_failed and isinstance(path, str) and isinstance(new, str):
        old = arguments.get("old")
        shown = [diff(Change(path, old if isinstance(old, str) else None, new))]
    return {
        "sessionUpdate": "tool_call",
        "toolCallId": result.call,
        "title": result.title or (call.name if call else "Tool"),
        "kind": result.kind,
        "status": "failed" if result.has_failed else "completed",
        "content": shown,
        "rawInput": arguments,
    }
