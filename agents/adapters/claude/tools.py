"""Tool calls of Claude Code rendered for people: titles, kinds, commands, diffs.

Pure. Everything a program or a model says is untrusted text; unknown tools show their name and their input.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from agents.adapters.limits import cut_bytes, fit_diffs
from agents.model import MAX_INLINE_TEXT, Diff, ToolCall
from agents.status.untrusted import clean, one_line, reveal

#: Output kept of one tool call, bytes; the transcript cuts it further and then points into the raw log.
OUTPUT_LIMIT: Final = 2 * MAX_INLINE_TEXT

OPEN_STATUS: Final = frozenset({"pending", "in_progress"})

#: Tools that are shown as what they are for, not as tool calls.
PLANNING: Final = frozenset({"TodoWrite", "TaskCreate", "TaskUpdate", "TaskList", "TaskGet"})
QUESTION_TOOL: Final = "AskUserQuestion"
HIDDEN: Final = frozenset({*PLANNING, QUESTION_TOOL})

#: Tool -> kind as in ``ToolCall.kind``, the word before what it works on, and what it does now.
_TOOLS: Final = {
    "Read": ("read", "Read", "reading"),
    "Edit": ("edit", "Edit", "editing"),
    "MultiEdit": ("edit", "Edit", "editing"),
    "Write": ("edit", "Write", "writing"),
    "NotebookEdit": ("edit", "Edit", "editing"),
    "Bash": ("execute", "Run", "running"),
    "Glob": ("search", "Find", "searching"),
    "Grep": ("search", "Search", "searching"),
    "LS": ("search", "List", "listing"),
    "WebFetch": ("fetch", "Fetch", "fetching"),
    "WebSearch": ("search", "Search the web for", "searching"),
    "Task": ("think", "Delegate", "delegating"),
    "Agent": ("think", "Delegate", "delegating"),
    "Skill": ("other", "Follow", "following"),
    "Monitor": ("execute", "Watch", "watching"),
    "EnterPlanMode": ("switch_mode", "Plan", "planning"),
    "ExitPlanMode": ("switch_mode", "Carry out the plan", "planning"),
}
_CHANGING: Final = frozenset({"edit", "execute"})
_PATHS: Final = ("file_path", "notebook_path", "path")
_SUBJECTS: Final = ("command", "pattern", "query", "url", "description", "skill")


def text_in(values: Any, *keys: str) -> str:
    """Return the first of ``keys`` that holds text."""
    found = (values.get(key) for key in keys) if isinstance(values, dict) else ()
    return next((value for value in found if isinstance(value, str) and value.strip()), "")


def opened(call_id: str, name: str, given: Mapping[str, Any], cwd: str, wall: float) -> ToolCall:
    """Return a tool call that was announced with its input."""
    path = path_of(given, cwd)
    command = text_in(given, "command")
    return ToolCall(
        id=call_id,
        title=title(name, given),
        kind=_TOOLS.get(name, ("other", "", ""))[0],
        status="in_progress",
        command=reveal(cut_bytes(command, OUTPUT_LIMIT)) if command else None,
        diffs=diffs(name, given, cwd),
        locations=(path,) if path else (),
        started_at=wall,
    )


def title(name: str, given: Mapping[str, Any]) -> str:
    """Return a tool call in a few words: "Edit login.py"."""
    if name not in _TOOLS:
        return one_line(name, 300) or "a tool"
    verb, subject = _TOOLS[name][1], _subject(given)
    return one_line(f"{verb} {subject}" if subject and name != "ExitPlanMode" else verb, 300)


def doing(name: str) -> str:
    """Return what is done while the input of a tool call streams in."""
    if name in PLANNING:
        return "planning"
    return _TOOLS[name][2] if name in _TOOLS else one_line(name, 60)


def activity(call: ToolCall) -> str:
    """Return what a running tool call does: "editing login.py"."""
    verb, _, subject = call.title.partition(" ")
    words = {word: now for _, word, now in _TOOLS.values()}
    return one_line(f"{words.get(verb, verb)} {subject}", 100)


def _subject(given: Mapping[str, Any]) -> str:
    path = text_in(given, *_PATHS)
    return PurePosixPath(path).name if path else text_in(given, *_SUBJECTS)


def path_of(given: Mapping[str, Any], cwd: str) -> str:
    """Return the whole path a tool call works on."""
    path = text_in(given, *_PATHS)
    return reveal(str(PurePosixPath(cwd, path))) if path else ""


def diffs(name: str, given: Mapping[str, Any], cwd: str) -> tuple[Diff, ...]:
    """Return the edits a tool call is about to make."""
    path = path_of(given, cwd)
    if not path:
        return ()
    if name == "Write":
        return fit_diffs([Diff(path, None, reveal(_text(given.get("content"))))])
    if name == "NotebookEdit":
        return fit_diffs([Diff(path, None, reveal(_text(given.get("new_source"))))])
    edits = given.get("edits") if name == "MultiEdit" else [given] if name == "Edit" else []
    found = [edit for edit in edits if isinstance(edit, dict)] if isinstance(edits, list) else []
    return fit_diffs(
        [Diff(path, reveal(_text(edit.get("old_string"))), reveal(_text(edit.get("new_string")))) for edit in found]
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def ended(call: ToolCall, output: str, *, failed: bool, result: Any, wall: float) -> ToolCall:
    """Return a tool call with its result; ``result`` is the program's own record of it."""
    before = result.get("originalFile") if isinstance(result, dict) else None
    known = call.diffs
    if isinstance(before, str) and len(known) == 1 and known[0].old is None:
        known = fit_diffs([Diff(known[0].path, reveal(before), known[0].new)])
    return msgspec.structs.replace(
        call,
        status="failed" if failed else "completed",
        output=clean(cut_bytes(output, OUTPUT_LIMIT)),
        diffs=known,
        ended_at=wall,
    )


def is_change(call: ToolCall) -> bool:
    """Tell whether a tool call changed something."""
    return call.status == "completed" and (call.kind in _CHANGING or bool(call.diffs))


def text_of_delta(delta: Any) -> tuple[str, str] | None:
    """Return role and text of a streamed piece, ``None`` for what is no text (the input of a tool, a signature)."""
    if not isinstance(delta, dict):
        return None
    for role, key in (("message", "text"), ("thought", "thinking")):
        if delta.get("type") == f"{key}_delta" and isinstance(delta.get(key), str):
            return role, delta[key]
    return None
