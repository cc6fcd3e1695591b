"""What a turn streams: text, thoughts, plans, tool calls and their results, also those of subagents. Pure.

What a subagent says stays in the tool call that made it; its own tool calls are shown under that call's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.claude import asks, messages, plans, tools, troubles, usage
from agents.adapters.claude.state import MAX_SUBAGENTS, MAX_TOOLS, State
from agents.adapters.contract import Fact, TextAppended, ToolCallChanged
from agents.model import Mark, ToolCall
from agents.status.untrusted import one_line

#: The model of messages the program makes itself: output of its own commands, and errors.
SYNTHETIC: Final = "<synthetic>"

#: Kinds of background work that is the agent's own; shells and watchers may live for ever.
_SUBAGENTS: Final = frozenset({"local_agent", "local_workflow"})

_ENDS: Final = {"completed": "completed", "failed": "failed", "stopped": "cancelled"}


def on_stream(state: State, message: Mapping[str, Any]) -> list[Fact]:
    """Take one event of a message that is being streamed."""
    event = message.get("event")
    if not isinstance(event, dict) or message.get("parent_tool_use_id") is not None:
        return []
    match event.get("type"):
        case "message_start":
            begun = event.get("message")
            state.message = str(begun.get("id") or "")[:200] if isinstance(begun, dict) else ""
            troubles.passed(state)
        case "content_block_start":
            block = event.get("content_block")
            if isinstance(block, dict) and block.get("type") == "tool_use":
                does(state, tools.doing(str(block.get("name"))))
        case "content_block_delta":
            return _on_delta(state, event.get("delta"))
    return []


def _on_delta(state: State, delta: Any) -> list[Fact]:
    text = tools.text_of_delta(delta)
    if text is None:
        return []
    role, words = text
    does(state, "thinking" if role == "thought" else "writing")
    if state.turn is not None and role == "message":
        state.turn.spoke = state.turn.spoke or bool(words.strip())
    return [TextAppended(role, words, state.message or None)]


def does(state: State, what: str) -> None:
    """Note what the running turn does now."""
    if state.turn is not None:
        state.turn.activity = what


def on_assistant(state: State, message: Mapping[str, Any], cwd: str, mark: Mark) -> list[Fact]:
    """Take a whole message: its tool calls, and its text where that was not streamed."""
    body = message.get("message")
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(content, list):
        return []
    fault, is_main = message.get("error"), message.get("parent_tool_use_id") is None
    if fault is None:
        troubles.passed(state)
    if state.turn is not None and is_main:
        state.turn.fault = "" if fault is None else one_line(str(fault), 60)
    # An error as chat text comes again with the result, which is where it is shown.
    is_new = is_main and fault is None and body.get("id") != state.message
    facts: list[Fact] = []
    for block in content:
        if not isinstance(block, dict):
            continue
        if block.get("type") == "tool_use":
            facts += _on_tool(state, message, block, cwd, mark)
        elif block.get("type") == "text" and is_new and isinstance(block.get("text"), str):
            facts += _on_text(state, body, block["text"])
    return facts + usage.on_message(state, message, body)


def _on_text(state: State, body: Mapping[str, Any], text: str) -> list[Fact]:
    if state.turn is not None and body.get("model") != SYNTHETIC:
        state.turn.spoke = True
    return [TextAppended("message", text, str(body.get("id") or "")[:200] or None)]


# ---------------------------------------------------------------- tool calls


def _on_tool(state: State, message: Mapping[str, Any], block: Mapping[str, Any], cwd: str, mark: Mark) -> list[Fact]:
    call_id, name, given = block.get("id"), block.get("name"), block.get("input")
    if not isinstance(call_id, str) or not isinstance(name, str) or not isinstance(given, dict):
        return messages.note_once(state, "tool", "a tool call was not understood", block)
    parent = message.get("parent_tool_use_id")
    if parent is None:
        does(state, "")
        plans.on_call(state, call_id, name, given)
    if name in tools.HIDDEN or call_id in state.tools:
        return []
    call = tools.opened(call_id, name, given, cwd, mark.wall)
    if isinstance(parent, str):
        state.nested[call_id] = parent
        call = msgspec.structs.replace(call, title=_under(state, message, parent, call.title))
    return [_set_tool(state, call)]


def _under(state: State, message: Mapping[str, Any], parent: str, title: str) -> str:
    """Return the title of a subagent's tool call: whose it is, then what it does."""
    told = tools.text_in(message, "task_description", "subagent_type")
    made_by = state.tools[parent].title.partition(" ")[2] if parent in state.tools else ""
    return one_line(f"{one_line(told or made_by, 60) or 'subagent'} › {title}", 300)


def _set_tool(state: State, call: ToolCall) -> ToolCallChanged:
    state.tools.pop(call.id, None)
    state.tools[call.id] = call
    while len(state.tools) > MAX_TOOLS:
        gone = next(iter(state.tools))
        del state.tools[gone]
        state.nested.pop(gone, None)
    return ToolCallChanged(call)


def on_user(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take the results of tool calls, which the program tells as messages of the user."""
    body = message.get("message")
    content = body.get("content") if isinstance(body, dict) else None
    facts: list[Fact] = []
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_result":
            facts += _on_result(state, block, message.get("tool_use_result"), mark)
    return facts


def _on_result(state: State, block: Mapping[str, Any], result: Any, mark: Mark) -> list[Fact]:
    call_id = str(block.get("tool_use_id"))
    failed = block.get("is_error") is True
    facts = asks.withdraw_for_tool(state, call_id)
    facts += plans.on_result(state, call_id, result, failed=failed)
    call = state.tools.get(call_id)
    if call is None or call.status not in tools.OPEN_STATUS:
        return facts
    if isinstance(result, dict) and result.get("isAsync") is True and not failed:
        state.nested[call_id] = call_id  # its subagent goes on in the background; what it found comes when it ends
        return facts
    done = tools.ended(call, messages.text_of(block.get("content")), failed=failed, result=result, wall=mark.wall)
    if state.turn is not None:
        state.turn.changed = state.turn.changed or tools.is_change(done)
    return [*facts, _set_tool(state, done)]


def end_tools(state: State, *, process_gone: bool = False) -> list[Fact]:
    """Close the tool calls a turn leaves open: nobody works on them any more, but for subagents in the background."""
    goes_on = state.nested if state.subagents and not process_gone else {}
    left = [c for c in state.tools.values() if c.status in tools.OPEN_STATUS and c.id not in goes_on]
    return [_set_tool(state, msgspec.structs.replace(call, status="cancelled")) for call in left]


def forget_tools(state: State) -> None:
    """Drop the tool calls of the turns before, but for what still runs."""
    state.tools = {c.id: c for c in state.tools.values() if c.status in tools.OPEN_STATUS}
    state.nested = {call: parent for call, parent in state.nested.items() if call in state.tools}


def activity(state: State) -> str:
    """Return what the running turn does now: what it streams or waits for, else its newest open tool call."""
    told = state.turn.activity if state.turn is not None else ""
    open_calls = (call for call in reversed(state.tools.values()) if call.status in tools.OPEN_STATUS)
    return told or next((tools.activity(call) for call in open_calls), "")


# ---------------------------------------------------------------- subagents in the background


def on_background(state: State, message: Mapping[str, Any]) -> list[Fact]:
    """Take the whole list of what works in the background."""
    listed = message.get("tasks")
    tasks = [task for task in listed if isinstance(task, dict)] if isinstance(listed, list) else []
    own = [task for task in tasks if task.get("task_type") in _SUBAGENTS and task.get("ambient") is not True]
    state.subagents = [one_line(tools.text_in(task, "description"), 100) for task in own[:MAX_SUBAGENTS]]
    return end_tools(state) if state.turn is None and not state.subagents else []


def on_background_ended(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take that something in the background ended: the call that made it ends with what it found."""
    call = state.tools.get(str(message.get("tool_use_id")))
    is_open = call is not None and call.status in tools.OPEN_STATUS
    is_launched = call is not None and state.nested.get(call.id) == call.id
    # The end of a command the turn itself waits for is told in the same words, but brings no turn of its own.
    is_awaited = is_open and not is_launched and state.turn is not None
    if not is_awaited and message.get("skip_transcript") is not True and message.get("ambient") is not True:
        state.news_at = mark.monotonic
    if call is None or not is_launched or not is_open:
        return []
    done = tools.ended(call, tools.text_in(message, "summary"), failed=False, result=None, wall=mark.wall)
    return [_set_tool(state, msgspec.structs.replace(done, status=_ENDS.get(str(message.get("status")), "failed")))]
