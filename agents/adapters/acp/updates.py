"""``session/update`` in all its kinds, turned into facts and state.

Sans-IO. A kind or shape the pinned schema does not know becomes a note with the raw object, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from acp import schema
from pydantic import ValidationError

from agents.adapters import lines
from agents.adapters.acp import options, permissions, usage
from agents.adapters.acp.content import CHANGING, OPEN_STATUS, block_text, doing, merge_tool
from agents.adapters.acp.faults import SAID_LIMIT
from agents.adapters.acp.messages import note
from agents.adapters.acp.state import LATE_TOOLS, MAX_TOOLS, State
from agents.adapters.contract import (
    CommandsChanged,
    Fact,
    PlanChanged,
    TextAppended,
    ToolCallChanged,
)
from agents.model import Mark, PlanEntry, SlashCommand, ToolCall
from agents.status.untrusted import one_line

#: Updates that only come while a turn is worked on.
_WORK = frozenset(
    {"agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "plan", "plan_update"}
)

_CHECK_LINE = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(?:\[(?P<box>[ xX~-])\]\s*)?(?P<text>.+)")


def is_work(params: Any) -> bool:
    """Tell whether a ``session/update`` comes from working on a prompt; others come at any time."""
    return _kind(params) in _WORK


def apply_update(state: State, params: Any, mark: Mark) -> list[Fact]:
    """Fold one ``session/update`` notification."""
    try:
        update = schema.SessionNotification.model_validate(params).update
    except ValidationError:
        kind = _kind(params)
        return note_once(state, f"update:{kind}", f"an update of kind “{kind}” was not understood", params)
    handler = _HANDLERS.get(type(update))
    return handler(state, update, mark) if handler is not None else []


def _kind(params: Any) -> str:
    update = params.get("update") if isinstance(params, dict) else None
    kind = update.get("sessionUpdate") if isinstance(update, dict) else None
    return one_line(kind, 60) if isinstance(kind, str) else "unknown"


def note_once(state: State, about: str, text: str, value: Any) -> list[Fact]:
    """Return a note the first time something odd is seen in an incarnation."""
    return [note(text, value)] if lines.is_news(state.noted, about) else []


# ---------------------------------------------------------------- text


def _on_message(state: State, update: schema.AgentMessageChunk, _mark: Mark) -> list[Fact]:
    text = block_text(update.content)
    if state.turn is not None and not state.replaying:
        state.turn.spoke = state.turn.spoke or bool(text.strip())
        state.turn.said += text[: SAID_LIMIT - len(state.turn.said)]
        state.turn.activity = "writing"
    return [TextAppended("message", text, update.message_id, state.replaying)]


def _on_thought(state: State, update: schema.AgentThoughtChunk, _mark: Mark) -> list[Fact]:
    if state.turn is not None and not state.replaying:
        state.turn.activity = "thinking"
    return [TextAppended("thought", block_text(update.content), update.message_id, state.replaying)]


def _on_user(state: State, update: schema.UserMessageChunk, _mark: Mark) -> list[Fact]:
    text = block_text(update.content)
    if not state.replaying and state.turn is not None and text in state.turn.text:
        return []  # an echo of the prompt this turn began with
    return [TextAppended("user", text, update.message_id, state.replaying)]


# ---------------------------------------------------------------- tools


def _on_tool(state: State, update: Any, mark: Mark) -> list[Fact]:
    before = state.tools.get(update.tool_call_id)
    call = merge_tool(before, update, mark.wall)
    return change_tool(state, call) if call != before else []


def change_tool(state: State, call: ToolCall) -> list[Fact]:
    """Record the new state of a tool call; an ended one withdraws the permission that was asked for it."""
    state.tools.pop(call.id, None)
    state.tools[call.id] = call
    _forget_old_tools(state)
    if state.replaying:
        return [ToolCallChanged(call, replayed=True)]
    facts: list[Fact] = [ToolCallChanged(call)]
    if state.turn is not None:
        state.turn.activity = ""
        done = call.status == "completed"
        state.turn.changed = state.turn.changed or (done and (call.kind in CHANGING or bool(call.diffs)))
    if call.status not in OPEN_STATUS:
        # The user's answer came another way (in the agent's own window, by its rules): nothing waits any more.
        facts += permissions.withdraw_for_tool(state, call.id)
    return facts


def _forget_old_tools(state: State) -> None:
    if len(state.tools) <= LATE_TOOLS:
        return
    ended = [key for key, call in state.tools.items() if call.status not in OPEN_STATUS]
    for key in ended[: len(state.tools) - LATE_TOOLS]:
        del state.tools[key]
    while len(state.tools) > MAX_TOOLS:
        del state.tools[next(iter(state.tools))]


def end_tools(state: State) -> list[Fact]:
    """Close the tool calls a turn leaves open: nobody works on them any more."""
    facts: list[Fact] = []
    for key, call in state.tools.items():
        if call.status in OPEN_STATUS:
            state.tools[key] = ToolCall(
                call.id, call.title, call.kind, "cancelled", call.command, call.output, call.diffs, call.locations,
                call.started_at, call.ended_at,
            )  # fmt: skip
            facts.append(ToolCallChanged(state.tools[key]))
    return facts


def activity(state: State) -> str:
    """Return what the running turn does now: its newest open tool call, else what it streams."""
    for call in reversed(state.tools.values()):
        if call.status in OPEN_STATUS:
            return doing(call)
    return state.turn.activity if state.turn is not None else ""


# ---------------------------------------------------------------- plan, commands, settings


def _on_plan(state: State, update: schema.AgentPlanUpdate, _mark: Mark) -> list[Fact]:
    return [PlanChanged(_entries(update.entries), state.replaying)]


def _on_plan_content(state: State, update: schema.AgentPlanContentUpdate, _mark: Mark) -> list[Fact]:
    plan = update.plan
    if isinstance(plan, schema.PlanUpdateItems):
        entries = _entries(plan.entries)
    elif isinstance(plan, schema.PlanUpdateMarkdown):
        entries = _markdown_entries(plan.content)
    else:
        entries = (PlanEntry(f"plan in {one_line(plan.uri, 300)}"),)
    return [PlanChanged(entries, state.replaying)]


def _on_plan_removed(state: State, _update: schema.AgentPlanRemovedUpdate, _mark: Mark) -> list[Fact]:
    return [PlanChanged((), state.replaying)]


def _entries(entries: Sequence[schema.PlanEntry]) -> tuple[PlanEntry, ...]:
    return tuple(PlanEntry(one_line(entry.content, 400), entry.status, entry.priority) for entry in entries)


def _markdown_entries(text: str) -> tuple[PlanEntry, ...]:
    boxes = {"x": "completed", "~": "in_progress", "-": "in_progress"}
    found = (_CHECK_LINE.match(line) for line in text.splitlines())
    return tuple(
        PlanEntry(one_line(line["text"], 400), boxes.get((line["box"] or "").lower(), "pending"))
        for line in found
        if line is not None
    )


def _on_commands(_state: State, update: schema.AvailableCommandsUpdate, _mark: Mark) -> list[Fact]:
    commands = tuple(
        SlashCommand(one_line(command.name, 100), one_line(command.description, 300))
        for command in update.available_commands
    )
    return [CommandsChanged(commands)]


def _on_mode(state: State, update: schema.CurrentModeUpdate, _mark: Mark) -> list[Fact]:
    return options.on_told(state, update.current_mode_id)


def _on_options(state: State, update: schema.ConfigOptionUpdate, _mark: Mark) -> list[Fact]:
    return options.read_options(state, update.config_options)


def _on_usage(state: State, update: schema.UsageUpdate, _mark: Mark) -> list[Fact]:
    return usage.on_update(state, update)


_HANDLERS: dict[type, Callable[[State, Any, Mark], list[Fact]]] = {
    schema.AgentMessageChunk: _on_message,
    schema.AgentThoughtChunk: _on_thought,
    schema.UserMessageChunk: _on_user,
    schema.ToolCallStart: _on_tool,
    schema.ToolCallProgress: _on_tool,
    schema.AgentPlanUpdate: _on_plan,
    schema.AgentPlanContentUpdate: _on_plan_content,
    schema.AgentPlanRemovedUpdate: _on_plan_removed,
    schema.AvailableCommandsUpdate: _on_commands,
    schema.CurrentModeUpdate: _on_mode,
    schema.ConfigOptionUpdate: _on_options,
    schema.UsageUpdate: _on_usage,
}
