"""ACP content rendered for people: text of blocks, tool calls merged with their updates, commands, diffs, paths.

Pure. Takes validated models of the pinned schema; everything taken from an agent is untrusted text.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec
from acp import schema

from agents.adapters.limits import cut_bytes, fit_diffs
from agents.model import MAX_INLINE_TEXT, Diff, ToolCall
from agents.status.untrusted import clean, one_line, reveal

#: Output kept of one tool call, bytes; the transcript cuts it further and then points into the raw log.
OUTPUT_LIMIT: Final = 2 * MAX_INLINE_TEXT

OPEN_STATUS: Final = frozenset({"pending", "in_progress"})

#: Tool kinds that change something when they succeed.
CHANGING: Final = frozenset({"edit", "delete", "move", "execute"})

_LINE = re.compile(r":\d+$")

_VERBS: Final = {
    "read": "reading",
    "edit": "editing",
    "delete": "deleting",
    "move": "moving",
    "search": "searching",
    "execute": "running",
    "fetch": "fetching",
    "switch_mode": "switching mode",
}
_ON_FILES: Final = frozenset({"read", "edit", "delete", "move"})
_COMMAND_KEYS: Final = ("command", "cmd", "script")
_CWD_KEYS: Final = ("cwd", "workdir", "working_directory", "workingDirectory", "directory", "dir_path")
_PATH_KEYS: Final = ("path", "file_path", "filePath", "filepath", "abs_path", "notebook_path", "paths", "files")
_OUTPUT_KEYS: Final = ("output", "formatted_output", "stdout", "stderr", "text", "content", "error")


def block_text(block: Any) -> str:
    """Return one content block as text; what is not text is named."""
    match block:
        case schema.TextContent():
            return block.text
        case schema.ResourceLink():
            return f"[{block.title or block.name}]({block.uri})"
        case schema.EmbeddedResource():
            text = getattr(block.resource, "text", None)
            return text if isinstance(text, str) else f"[{block.resource.uri}]"
        case schema.ImageContent() | schema.AudioContent():
            return f"[{block.type} {block.mime_type}]"
        case _:
            return f"[{getattr(block, 'type', 'content')}]"


def merge_tool(before: ToolCall | None, update: Any, wall: float) -> ToolCall:
    """Return the whole state of a tool call after ``update`` (a ``tool_call`` or ``tool_call_update`` model)."""
    call = before or ToolCall(update.tool_call_id, "", started_at=wall)
    fields: dict[str, Any] = {}
    if update.title:
        fields["title"] = one_line(update.title, 300)
    if update.kind:
        fields["kind"] = update.kind
    if update.status:
        fields["status"] = update.status
        fields["ended_at"] = None if update.status in OPEN_STATUS else call.ended_at or wall
    command = command_of(update.raw_input)
    if command:
        fields["command"] = command
    if update.locations is not None:
        fields["locations"] = tuple(_location(place) for place in update.locations)
    fields.update(_content_fields(update))
    merged = msgspec.structs.replace(call, **fields)
    return msgspec.structs.replace(merged, title=_titled(merged))


def _content_fields(update: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if update.content is not None:
        diffs, texts = _split(update.content)
        if diffs:
            # A later content without the edit (opencode: "Wrote file successfully.") does not unmake it.
            fields["diffs"] = diffs
        fields["output"] = clean(cut_bytes("\n".join(texts), OUTPUT_LIMIT))
    if not fields.get("output"):
        output = output_of(update.raw_output)
        if output:
            fields["output"] = clean(cut_bytes(output, OUTPUT_LIMIT))
    return fields


def _split(content: Iterable[Any]) -> tuple[tuple[Diff, ...], list[str]]:
    diffs, texts = [], []
    for item in content:
        if isinstance(item, schema.FileEditToolCallContent):
            old = None if item.old_text is None else reveal(item.old_text)
            diffs.append(Diff(reveal(item.path), old, reveal(item.new_text)))
        elif isinstance(item, schema.ContentToolCallContent):
            texts.append(block_text(item.content))
        else:
            texts.append(f"[terminal {item.terminal_id}]")
    return fit_diffs(diffs), texts


def _location(place: Any) -> str:
    path = reveal(place.path)
    return path if place.line is None else f"{path}:{place.line}"


def command_of(raw_input: Any) -> str | None:
    """Return the command line a tool's raw input holds, exactly as far as it can be shown."""
    if not isinstance(raw_input, dict):
        return None
    for key in _COMMAND_KEYS:
        value = raw_input.get(key)
        if isinstance(value, str) and value.strip():
            return reveal(cut_bytes(value, OUTPUT_LIMIT))
        if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            return reveal(cut_bytes(shlex.join(value), OUTPUT_LIMIT))
    return None


def cwd_of(raw_input: Any) -> str | None:
    """Return the directory a tool's raw input names."""
    if not isinstance(raw_input, dict):
        return None
    found = (raw_input.get(key) for key in _CWD_KEYS)
    return next((reveal(value) for value in found if isinstance(value, str) and value), None)


def paths_of(raw_input: Any, call: ToolCall) -> tuple[str, ...]:
    """Return every path a tool call names, each once: locations, diffs, raw input."""
    paths = [*call.locations, *(diff.path for diff in call.diffs)]
    if isinstance(raw_input, dict):
        for key in _PATH_KEYS:
            value = raw_input.get(key)
            values = value if isinstance(value, list) else [value]
            paths += [reveal(item) for item in values if isinstance(item, str) and item]
    return tuple(dict.fromkeys(paths))


def output_of(raw_output: Any) -> str:
    """Return the text of a tool's raw output, used when it has no content of its own."""
    if isinstance(raw_output, str):
        return raw_output
    if not isinstance(raw_output, dict):
        return ""
    found = (raw_output.get(key) for key in _OUTPUT_KEYS)
    return "\n".join(dict.fromkeys(text for text in found if isinstance(text, str) and text))


def doing(call: ToolCall) -> str:
    """Return what a running tool call does, in two or three words: "editing README.md"."""
    verb = _VERBS.get(call.kind)
    if verb is None:
        return one_line(call.title, 100)
    if call.kind == "execute":
        return one_line(f"{verb} {call.command or call.title}", 100)
    names = _names([*(diff.path for diff in call.diffs), *call.locations])
    # Before the path is known the title of a file tool is often its bare name: "editing write" says nothing.
    subject = names or ("" if call.kind in _ON_FILES and call.title.isidentifier() else call.title)
    return one_line(f"{verb} {subject}", 100)


def _titled(call: ToolCall) -> str:
    """Return the title of a tool call; a bare path (opencode) becomes what is done to it: "Edit hello.txt"."""
    if not call.title:
        return call.command or call.kind
    paths = [*(diff.path for diff in call.diffs), *call.locations]
    known = call.title in paths or call.title in (PurePosixPath(path).name for path in paths)
    if call.kind == "execute" or not (known or (call.title.startswith("/") and " " not in call.title)):
        return call.title
    verb = "use" if call.kind == "other" else call.kind.replace("_", " ")
    return f"{verb.capitalize()} {_names([call.title])}"


def _names(paths: Sequence[str]) -> str:
    plain = [_LINE.sub("", path.replace("\\", "/")) for path in paths if path]
    names = list(dict.fromkeys(PurePosixPath(path).name for path in plain))
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "") if names else ""
