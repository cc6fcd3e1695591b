"""A turn from its prompt to its result: what it streams, what it costs, how it ended. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.claude import asks, messages, tools
from agents.adapters.claude.state import MAX_TOOLS, OpenTurn, State
from agents.adapters.contract import (
    Fact,
    Noted,
    PlanChanged,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    TurnStarted,
    UsageChanged,
)
from agents.adapters.resting import Resting
from agents.model import Mark, ToolCall, Turn, Usage
from agents.status.untrusted import one_line

_TOKENS: Final = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
}

#: Ends that are no success and come without words of their own.
_ENDS: Final = {
    "error_max_turns": "stopped at the limit of model requests in one turn",
    "error_max_budget_usd": "stopped at the limit of dollars",
    "error_during_execution": "the program failed in the middle of the turn",
}
_RETRIES: Final = {
    "authentication_failed": "the key or login was refused",
    "rate_limit": "rate limited",
    "overloaded": "the provider is overloaded",
    "server_error": "the provider failed",
    "unknown": "the provider cannot be reached",
}
LOGIN: Final = "log in with `claude` and /login, or set ANTHROPIC_API_KEY"


def on_prompt(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take a message of the user that reached the program: its turn runs."""
    number = messages.turn_of(message.get("uuid"))
    if number is None:
        return []
    body = message.get("message")
    text = messages.text_of(body.get("content")) if isinstance(body, dict) else ""
    state.turn = OpenTurn(number, str(message["uuid"]), mark.monotonic, mark.wall)
    state.resting, state.tools = None, {}
    return [TurnStarted(number, text)]


def on_working(state: State, mark: Mark) -> None:
    """Take a sign that a turn runs: without a prompt of ours the program began it on its own."""
    if state.turn is None:
        state.turn = OpenTurn(0, "", mark.monotonic, mark.wall, activity="on its own")
        state.resting, state.tools = None, {}


# ---------------------------------------------------------------- what it streams


def on_stream(state: State, message: Mapping[str, Any]) -> list[Fact]:
    """Take one event of a message that is being streamed; what a subagent says stays in its tool call."""
    event = message.get("event")
    if not isinstance(event, dict) or message.get("parent_tool_use_id") is not None:
        return []
    match event.get("type"):
        case "message_start":
            begun = event.get("message")
            state.message = str(begun.get("id") or "")[:200] if isinstance(begun, dict) else ""
        case "content_block_start":
            block = event.get("content_block")
            if isinstance(block, dict) and block.get("type") == "tool_use":
                _does(state, tools.doing(str(block.get("name"))))
        case "content_block_delta":
            return _on_delta(state, event.get("delta"))
    return []


def _on_delta(state: State, delta: Any) -> list[Fact]:
    text = tools.text_of_delta(delta)
    if text is None:
        return []
    role, words = text
    _does(state, "thinking" if role == "thought" else "writing")
    if state.turn is not None and role == "message":
        state.turn.spoke = state.turn.spoke or bool(words.strip())
    return [TextAppended(role, words, state.message or None)]


def _does(state: State, what: str) -> None:
    if state.turn is not None:
        state.turn.activity = what


def on_assistant(state: State, message: Mapping[str, Any], cwd: str, mark: Mark) -> list[Fact]:
    """Take a whole message: its tool calls, and its text where that was not streamed."""
    body = message.get("message")
    content = body.get("content") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(content, list):
        return []
    # An error as chat text comes again with the result, which is where it is shown.
    is_said = message.get("parent_tool_use_id") is None and message.get("error") is None
    is_new = is_said and body.get("id") != state.message
    facts: list[Fact] = []
    for block in content:
        if not isinstance(block, dict):
            continue
        if block.get("type") == "tool_use":
            facts += _on_tool(state, block, cwd, mark)
        elif block.get("type") == "text" and is_new and isinstance(block.get("text"), str):
            if state.turn is not None:
                state.turn.spoke = True
            facts.append(TextAppended("message", block["text"], str(body.get("id") or "")[:200] or None))
    return facts + _on_context(state, message, body)


def _on_tool(state: State, block: Mapping[str, Any], cwd: str, mark: Mark) -> list[Fact]:
    call_id, name, given = block.get("id"), block.get("name"), block.get("input")
    if not isinstance(call_id, str) or not isinstance(name, str) or not isinstance(given, dict):
        return messages.note_once(state, "tool", "a tool call was not understood", block)
    _does(state, "")
    if name == tools.PLAN_TOOL:
        state.plans = {call_id: tools.plan(given) or ()}
    if name in tools.HIDDEN or call_id in state.tools:
        return []
    return [_set_tool(state, tools.opened(call_id, name, given, cwd, mark.wall))]


def _set_tool(state: State, call: ToolCall) -> ToolCallChanged:
    state.tools.pop(call.id, None)
    state.tools[call.id] = call
    while len(state.tools) > MAX_TOOLS:
        del state.tools[next(iter(state.tools))]
    return ToolCallChanged(call)


def on_user(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take the results of tool calls, which the program tells as messages of the user."""
    body = message.get("message")
    content = body.get("content") if isinstance(body, dict) else None
    facts: list[Fact] = []
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "tool_result":
            facts += _on_result_of_tool(state, block, message.get("tool_use_result"), mark)
    return facts


def _on_result_of_tool(state: State, block: Mapping[str, Any], result: Any, mark: Mark) -> list[Fact]:
    call_id = str(block.get("tool_use_id"))
    failed = block.get("is_error") is True
    facts = asks.withdraw_for_tool(state, call_id)
    entries = state.plans.pop(call_id, None)
    if entries is not None and not failed:
        facts.append(PlanChanged(entries))
    call = state.tools.get(call_id)
    if call is None or call.status not in tools.OPEN_STATUS:
        return facts
    done = tools.ended(call, messages.text_of(block.get("content")), failed=failed, result=result, wall=mark.wall)
    if state.turn is not None:
        state.turn.changed = state.turn.changed or tools.is_change(done)
    return [*facts, _set_tool(state, done)]


def end_tools(state: State) -> list[Fact]:
    """Close the tool calls a turn leaves open: nobody works on them any more."""
    left = [call for call in state.tools.values() if call.status in tools.OPEN_STATUS]
    return [_set_tool(state, msgspec.structs.replace(call, status="cancelled")) for call in left]


def activity(state: State) -> str:
    """Return what the running turn does now: what it streams or waits for, else its newest open tool call."""
    told = state.turn.activity if state.turn is not None else ""
    open_calls = (call for call in reversed(state.tools.values()) if call.status in tools.OPEN_STATUS)
    return told or next((tools.activity(call) for call in open_calls), "")


def on_retry(state: State, message: Mapping[str, Any]) -> list[Fact]:
    """Take a request that failed and is tried again: nothing else tells a wait of minutes from thinking."""
    error = one_line(str(message.get("error") or "unknown"), 60)
    status, delay = message.get("error_status"), message.get("retry_delay_ms")
    words = _RETRIES.get(error, error) + (f" ({status})" if isinstance(status, int) else "")
    seconds = f" in {delay / 1000:.0f} s" if isinstance(delay, int | float) and 0 <= delay < math.inf else ""
    attempt = f"attempt {message.get('attempt')} of {message.get('max_retries')}"
    text = one_line(f"{words}, tries again{seconds}: {attempt}", 200)
    _does(state, text)
    return [Noted(text, messages.raw(message), "warning")]


# ---------------------------------------------------------------- how it ended


def on_result(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take the result of a turn; one that answers other messages than the running turn's ends nothing."""
    facts = _on_usage(state, message)
    turn = state.turn
    told = message.get("user_message_uuids")
    if turn is None or (turn.uuid and isinstance(told, list) and told and turn.uuid not in told):
        return facts
    reason, detail = _ending(turn, message)
    auth = message.get("api_error_status") == 401
    if auth:
        detail = f"{detail}; {LOGIN}"
    rest = Turn.IDLE if reason == "cancelled" else Turn.BLOCKED if auth else Turn.ERROR if detail else Turn.DONE
    empty = reason == "end_turn" and not turn.spoke and not turn.changed
    ended = TurnEnded(turn.number, reason, not detail, detail, empty)
    return facts + _end(state, ended, Resting(rest, mark.monotonic, mark.wall, detail, auth=auth))


def _ending(turn: OpenTurn, message: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a turn ended and, unless it went well, why in plain words: ``subtype`` alone tells a lie."""
    subtype = one_line(str(message.get("subtype") or "unknown"), 60)
    terminal = one_line(str(message.get("terminal_reason") or ""), 60)
    if terminal.startswith("aborted") and (turn.cancelling or subtype == "error_during_execution"):
        return "cancelled", ""
    if subtype == "success" and message.get("is_error") is not True:
        return "end_turn", ""
    errors = message.get("errors")
    listed = [str(item) for item in errors] if isinstance(errors, list) else []
    plain = [text for text in listed if not text.startswith("[ede_diagnostic]")]
    words = tools.text_in(message, "result") or "; ".join(plain) or _ENDS.get(subtype, f"ended with {subtype}")
    return terminal or subtype, one_line(words, 500)


def cut_off(state: State, why: str, complaint: str, mark: Mark) -> list[Fact]:
    """End the running turn because its process is gone."""
    turn = state.turn
    if turn is None:
        return []
    if turn.cancelling:  # the user stopped it; that its process then ended is no failure of the turn
        return _end(state, TurnEnded(turn.number, "cancelled", True), Resting(Turn.IDLE, mark.monotonic, mark.wall))
    detail = f"{why} during the turn" + (f": {complaint}" if complaint else "")
    ended = TurnEnded(turn.number, "process_ended", ok=False, detail=detail)
    return _end(state, ended, Resting(Turn.ERROR, mark.monotonic, mark.wall, detail))


def _end(state: State, ended: TurnEnded, rest: Resting) -> list[Fact]:
    facts = asks.withdraw(state) + end_tools(state)
    state.turn, state.resting = None, rest
    return [*facts, ended] if ended.turn else facts  # one the program began on its own is no turn of the user's


# ---------------------------------------------------------------- what it cost


def _on_context(state: State, message: Mapping[str, Any], body: Mapping[str, Any]) -> list[Fact]:
    """Take how full the context is, as the newest message of the main conversation says."""
    usage = body.get("usage")
    if not isinstance(usage, dict) or message.get("parent_tool_use_id") is not None or message.get("error"):
        return []
    used = sum(_count(usage.get(key)) or 0 for key in _TOKENS.values())
    return _tell(state, msgspec.structs.replace(state.spent.usage, context_used=used)) if used else []


def _on_usage(state: State, result: Mapping[str, Any]) -> list[Fact]:
    spent = state.spent
    usage = result.get("usage")
    told = {ours: _count(usage.get(theirs)) for ours, theirs in _TOKENS.items()} if isinstance(usage, dict) else {}
    fields: dict[str, Any] = {
        ours: (getattr(spent.usage, ours) or 0) + count for ours, count in told.items() if count is not None
    }
    cost = result.get("total_cost_usd")
    if isinstance(cost, int | float) and not isinstance(cost, bool) and 0 <= cost < math.inf:
        # The total is the session's, also over a resume; less than before means that it began to count anew.
        if spent.cost_now is not None and cost < spent.cost_now:
            spent.cost_before += spent.cost_now
        spent.cost_now = float(cost)
        fields["cost"] = spent.cost_before + spent.cost_now
    models = result.get("modelUsage")
    sizes = [_count(model.get("contextWindow")) for model in models.values() if isinstance(model, dict)] if isinstance(
        models, dict
    ) else []  # fmt: skip
    if known := [size for size in sizes if size]:
        fields["context_size"] = max(known)
    return _tell(state, msgspec.structs.replace(spent.usage, **fields))


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return value if is_count else None


def _tell(state: State, changed: Usage) -> list[Fact]:
    if changed == state.spent.usage:
        return []
    state.spent.usage = changed
    return [UsageChanged(changed)]
