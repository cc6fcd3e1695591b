"""Items of a thread that are tool calls, rendered for people: titles, kinds, commands, diffs, output.

Pure. Everything a program or a model says is untrusted text; unknown tools show their name and their input.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from agents.adapters.codex.messages import dicts_in, text_in
from agents.adapters.limits import cut_bytes, fit_diffs
from agents.model import MAX_INLINE_TEXT, Diff, ToolCall
from agents.status.untrusted import clean, one_line, reveal

#: Output kept of one tool call, bytes; the transcript cuts it further and then points into the raw log.
OUTPUT_LIMIT: Final = 2 * MAX_INLINE_TEXT

OPEN_STATUS: Final = frozenset({"pending", "in_progress"})

_STATUS: Final = {
    "inProgress": "in_progress",
    "completed": "completed",
    "failed": "failed",
    "declined": "cancelled",
}

#: What a parsed command does: kind as in ``ToolCall.kind``, the word before what it works on.
_ACTIONS: Final = {
    "read": ("read", "Read"),
    "listFiles": ("search", "List"),
    "search": ("search", "Search"),
}
_CHANGING: Final = frozenset({"edit", "execute"})

#: First words of titles and what is done while the call runs.
_DOING: Final = {
    "Run": "running",
    "Type": "typing",
    "Read": "reading",
    "List": "listing",
    "Search": "searching",
    "Edit": "editing",
    "Write": "writing",
    "Delete": "deleting",
    "Move": "moving",
    "Delegate": "delegating",
    "Wait": "waiting",
    "Open": "opening",
    "View": "viewing",
    "Draw": "drawing",
}

#: Between two hunks of one edit.
_GAP: Final = "⋯\n"


def activity(call: ToolCall) -> str:
    """Return what a running tool call does: "editing login.py"."""
    verb, _, subject = call.title.partition(" ")
    return one_line(f"{_DOING.get(verb, verb)} {subject}", 100)


def is_change(call: ToolCall) -> bool:
    """Tell whether a tool call changed something."""
    return call.status == "completed" and (call.kind in _CHANGING or bool(call.diffs))


def is_command(call: ToolCall) -> bool:
    """Tell whether a tool call runs a program."""
    return call.command is not None and call.kind in ("execute", "read", "search")


def is_tool(item: Mapping[str, Any]) -> bool:
    """Tell whether an item is shown as a tool call."""
    return item.get("type") in _READERS


def read(item: Mapping[str, Any], before: ToolCall | None, wall: float, *, done: bool) -> ToolCall:
    """Return an item as the tool call it is now; ``before`` is what was known of it."""
    told = _STATUS.get(text_in(item, "status"), "")
    status = told or ("completed" if done else "in_progress")
    if done and status in OPEN_STATUS:
        status = "completed"
    call = _READERS[str(item["type"])](item)
    ended = status not in OPEN_STATUS
    output = call.output or (before.output if before is not None else "")
    return msgspec.structs.replace(
        call,
        status=status,
        output=output,
        diffs=call.diffs or (before.diffs if before is not None else ()),
        started_at=before.started_at if before is not None else wall,
        ended_at=wall if ended else None,
    )


def _id(item: Mapping[str, Any]) -> str:
    return str(item.get("id"))[:200]


# ---------------------------------------------------------------- commands


def _command(item: Mapping[str, Any]) -> ToolCall:
    command = text_in(item, "command")
    actions = dicts_in(item.get("commandActions"))
    kind, title = command_title(command, actions)
    if item.get("source") == "unifiedExecInteraction":
        kind, title = "execute", "Type into a running command"
    paths = [path for action in actions if (path := text_in(action, "path"))]
    cwd = text_in(item, "cwd")
    return ToolCall(
        id=_id(item),
        title=title,
        kind=kind,
        command=shown(command) or None,
        output=output(text_in(item, "aggregatedOutput")),
        locations=tuple(reveal(str(PurePosixPath(cwd or "/", path))) for path in paths)[:100],
    )


def command_title(command: str, actions: list[dict[str, Any]]) -> tuple[str, str]:
    """Return kind and title of a command: what it reads or searches when that is all it does, else the command."""
    kinds = {text_in(action, "type") for action in actions}
    if actions and kinds <= set(_ACTIONS):
        first = actions[0]
        kind, verb = _ACTIONS[text_in(first, "type")]
        path = text_in(first, "path")
        subject = text_in(first, "query") or text_in(first, "name") or (PurePosixPath(path).name if path else "")
        more = f" and {len(actions) - 1} more" if len(actions) > 1 else ""
        return kind, one_line(f"{verb} {subject}{more}", 300)
    inner = " && ".join(part for action in actions if (part := text_in(action, "command")))
    return "execute", one_line(f"Run {inner or command}", 300)


def shown(command: str) -> str:
    """Return a command as it is shown whole."""
    return reveal(cut_bytes(command, OUTPUT_LIMIT))


def output(text: str) -> str:
    """Return the output of a tool call as it is kept."""
    return clean(cut_bytes(text, OUTPUT_LIMIT))


# ---------------------------------------------------------------- edits


def _edit(item: Mapping[str, Any]) -> ToolCall:
    changes = dicts_in(item.get("changes"))
    return ToolCall(
        id=_id(item),
        title=_edit_title(changes),
        kind="edit",
        diffs=diffs(changes),
        locations=tuple(reveal(text_in(change, "path")) for change in changes)[:100],
    )


def _edit_title(changes: list[dict[str, Any]]) -> str:
    if not changes:
        return "Edit files"
    first = changes[0]
    kind = first.get("kind")
    moved = text_in(kind, "move_path")
    verbs = {"add": "Write", "delete": "Delete"}
    verb = "Move" if moved else verbs.get(text_in(kind, "type"), "Edit")
    name = PurePosixPath(text_in(first, "path")).name
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return one_line(f"{verb} {name}{more}", 300)


def diffs(changes: list[dict[str, Any]]) -> tuple[Diff, ...]:
    """Return the edits of a patch."""
    return fit_diffs([_diff(change) for change in changes if text_in(change, "path")])


def _diff(change: Mapping[str, Any]) -> Diff:
    path, text = reveal(text_in(change, "path")), text_in(change, "diff")
    kind = change.get("kind")
    moved = text_in(kind, "move_path")
    match text_in(kind, "type"):
        case "add":
            return Diff(path, None, reveal(text))
        case "delete":
            return Diff(path, reveal(text), "")
        case _:
            old, new = _sides(text)
            return Diff(f"{path} → {reveal(moved)}" if moved else path, reveal(old), reveal(new))


def _sides(unified: str) -> tuple[str, str]:
    """Return what a unified diff takes away and puts in its place, with the lines around it."""
    old: list[str] = []
    new: list[str] = []
    for line in unified.splitlines(keepends=True):
        mark, rest = line[:1], line[1:]
        if line.startswith("@@"):
            if old or new:
                old.append(_GAP)
                new.append(_GAP)
        elif mark == "-":
            old.append(rest)
        elif mark == "+":
            new.append(rest)
        elif mark != "\\":
            old.append(rest if mark == " " else line)
            new.append(rest if mark == " " else line)
    return "".join(old), "".join(new)


# ---------------------------------------------------------------- other tools


def _mcp(item: Mapping[str, Any]) -> ToolCall:
    name = f"{text_in(item, 'server')}: {text_in(item, 'tool')}"
    failed = text_in(item.get("error"), "message")
    result = item.get("result")
    said = _content(result.get("content")) if isinstance(result, dict) else ""
    return ToolCall(
        id=_id(item),
        title=one_line(name, 300),
        command=_given(item.get("arguments")),
        output=output(failed or said),
    )


def _dynamic(item: Mapping[str, Any]) -> ToolCall:
    given = _given(item.get("arguments"))
    title = one_line(text_in(item, "tool") or "a tool", 300)
    return ToolCall(id=_id(item), title=title, command=given, output=output(_content(item.get("contentItems"))))


def _given(arguments: Any) -> str | None:
    if not arguments:
        return None
    return shown(json.dumps(arguments, ensure_ascii=False, indent=1))


def _content(content: Any) -> str:
    parts = [text_in(block, "text") or f"[{text_in(block, 'type')[:40] or 'content'}]" for block in dicts_in(content)]
    return "\n".join(parts)


def _web(item: Mapping[str, Any]) -> ToolCall:
    action = item.get("action")
    queries = action.get("queries") if isinstance(action, dict) else None
    listed = ", ".join(q for q in queries if isinstance(q, str)) if isinstance(queries, list) else ""
    url = text_in(action, "url")
    if url:
        return ToolCall(id=_id(item), title=one_line(f"Open {url}", 300), kind="fetch", locations=(reveal(url),))
    subject = text_in(action, "query") or text_in(item, "query") or listed
    return ToolCall(id=_id(item), title=one_line(f"Search the web for {subject}", 300), kind="search")


def _delegate(item: Mapping[str, Any]) -> ToolCall:
    what = text_in(item, "prompt") or text_in(item, "tool")
    return ToolCall(id=_id(item), title=one_line(f"Delegate: {what}", 300), kind="think")


def _view(item: Mapping[str, Any]) -> ToolCall:
    path = text_in(item, "path")
    title = one_line(f"View {PurePosixPath(path).name}", 300)
    return ToolCall(id=_id(item), title=title, kind="read", locations=(reveal(path),) if path else ())


def _draw(item: Mapping[str, Any]) -> ToolCall:
    return ToolCall(id=_id(item), title=one_line(f"Draw {text_in(item, 'revisedPrompt', 'prompt')}", 300))


def _wait(item: Mapping[str, Any]) -> ToolCall:
    duration = item.get("durationMs")
    seconds = f" {duration / 1000:.0f} s" if isinstance(duration, int) else ""
    return ToolCall(id=_id(item), title=f"Wait{seconds}")


_READERS: Final[dict[str, Callable[[Mapping[str, Any]], ToolCall]]] = {
    "commandExecution": _command,
    "fileChange": _edit,
    "mcpToolCall": _mcp,
    "dynamicToolCall": _dynamic,
    "webSearch": _web,
    "collabAgentToolCall": _delegate,
    "imageView": _view,
    "imageGeneration": _draw,
    "sleep": _wait,
}
