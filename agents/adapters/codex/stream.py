"""What a thread tells while a turn runs: text as it streams, items as they begin and end, plans. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from agents.adapters.codex import asks, items, messages, turns
from agents.adapters.codex.messages import text_in
from agents.adapters.codex.state import MAX_ITEMS, MAX_THREADS, State
from agents.adapters.contract import Fact, Noted, PlanChanged, TextAppended, ToolCallChanged
from agents.adapters.limits import size
from agents.model import Mark, PlanEntry, ToolCall
from agents.status.untrusted import clean, one_line

#: Notification of a piece of text -> its role, and the field that tells its part of the item.
_PIECES: Final = {
    "item/agentMessage/delta": ("message", ""),
    "item/plan/delta": ("message", ""),
    "item/reasoning/summaryTextDelta": ("thought", "summaryIndex"),
    "item/reasoning/textDelta": ("thought", "contentIndex"),
}
_DOES: Final = {"message": "writing", "thought": "thinking"}

#: Items that are shown in another way or say nothing to a person.
_QUIET: Final = frozenset({"hookPrompt", "functionCallOutput", "subAgentActivity"})

#: Output up to which every piece is told at once; beyond it a piece is told once it grew by a quarter.
_LIVE_OUTPUT: Final = 16 * 1024

_PLAN_STATUS: Final = {"inProgress": "in_progress", "completed": "completed"}


def is_piece(method: str) -> bool:
    """Tell whether a notification is a piece of streamed text."""
    return method in _PIECES


def on_piece(state: State, method: str, params: Mapping[str, Any]) -> list[Fact]:
    """Take a piece of text."""
    item, delta = text_in(params, "itemId")[:200], params.get("delta")
    if not isinstance(delta, str):
        return []
    role, field = _PIECES[method]
    part = params.get(field)
    turns.goes_on(state)
    turns.does(state, _DOES[role])
    _count(state, item, len(delta))
    if state.turn is not None and role == "message":
        state.turn.spoke = state.turn.spoke or bool(delta.strip())
    facts = [] if _is_of_another_turn(state, params) else turns.taken(state)
    return [*facts, TextAppended(role, delta, f"{item}.{part}" if part else item or None)]


def _count(state: State, item: str, characters: int) -> None:
    state.told[item] = state.told.get(item, 0) + characters
    while len(state.told) > MAX_ITEMS:
        del state.told[next(iter(state.told))]


def on_output(state: State, params: Mapping[str, Any]) -> list[Fact]:
    """Take output of a running command."""
    call = state.tools.get(text_in(params, "itemId"))
    delta = params.get("delta")
    if call is None or call.status not in items.OPEN_STATUS or not isinstance(delta, str):
        return []
    known = size(call.output)
    if known >= items.OUTPUT_LIMIT:
        return []
    grown = msgspec.structs.replace(call, output=call.output + items.output(delta))
    state.tools[call.id] = grown
    told = state.told.get(call.id, 0)
    now = size(grown.output)
    if now > _LIVE_OUTPUT and now < told + told // 4:
        return []
    state.told[call.id] = now
    return [ToolCallChanged(grown)]


def on_patch(state: State, params: Mapping[str, Any]) -> list[Fact]:
    """Take what an edit changes by now."""
    call = state.tools.get(text_in(params, "itemId"))
    if call is None:
        return []
    diffs = items.diffs(messages.dicts_in(params.get("changes")))
    return [turns.set_tool(state, msgspec.structs.replace(call, diffs=diffs))] if diffs else []


# ---------------------------------------------------------------- items


def on_item(state: State, params: Mapping[str, Any], mark: Mark, *, done: bool) -> list[Fact]:
    """Take an item that began or ended."""
    item = params.get("item")
    if not isinstance(item, dict):
        return messages.note_once(state, "item", "an item was not understood", params)
    kind = text_in(item, "type")
    if kind == "userMessage":
        return _user(state, item) if not done else []
    turns.goes_on(state)
    facts = [] if _is_of_another_turn(state, params) else turns.taken(state)
    if items.is_tool(item):
        return facts + _tool(state, params, mark, done=done)
    if done:
        facts += _whole(state, item, replayed=False)
    return facts


def _is_of_another_turn(state: State, params: Mapping[str, Any]) -> bool:
    running = state.turn.id if state.turn is not None else ""
    return bool(params.get("turnId")) and params.get("turnId") != running


def _tool(state: State, params: Mapping[str, Any], mark: Mark, *, done: bool) -> list[Fact]:
    item = params["item"]
    turns.does(state, "")
    before = state.tools.get(str(item.get("id"))[:200])
    if before is None and done and _is_of_another_turn(state, params):
        return []  # it was cancelled with its turn, and has ended by now
    call = items.read(item, before, mark.wall, done=done)
    if before is not None and before.status == "cancelled":
        call = msgspec.structs.replace(call, status="cancelled")
    facts = asks.withdraw_for_item(state, call.id) if done else []
    if state.turn is not None:
        state.turn.changed = state.turn.changed or items.is_change(call)
    return [*facts, turns.set_tool(state, call)]


def on_foreign(state: State, params: Mapping[str, Any], *, done: bool) -> None:
    """Take an edit of another thread: what it asks names no more than the item."""
    item = params.get("item")
    if not isinstance(item, dict) or text_in(item, "type") != "fileChange":
        return
    call = items.read(item, None, 0.0, done=done)
    state.foreign.pop(call.id, None)
    if not done:
        state.foreign[call.id] = call
        while len(state.foreign) > MAX_THREADS:
            del state.foreign[next(iter(state.foreign))]


def _user(state: State, item: Mapping[str, Any]) -> list[Fact]:
    """Take a message of the user that the program shows to have taken: the prompt, or one that steers."""
    name = text_in(item, "clientId")
    text = state.steered.pop(name, None)
    if text is None:
        return turns.taken(state)
    return [*turns.taken(state), TextAppended("user", text, name)]


def _whole(state: State, item: Mapping[str, Any], *, replayed: bool) -> list[Fact]:
    """Return what an item says that was not streamed."""
    kind, name = text_in(item, "type"), text_in(item, "id")[:200]
    match kind:
        case "agentMessage" | "plan":
            if not replayed and state.turn is not None:
                state.turn.spoke = state.turn.spoke or bool(text_in(item, "text"))
            return _unsaid(state, "message", name, text_in(item, "text"), replayed=replayed)
        case "reasoning":
            parts = item.get("summary") or item.get("content")
            text = "\n\n".join(part for part in parts if isinstance(part, str)) if isinstance(parts, list) else ""
            return _unsaid(state, "thought", name, text, replayed=replayed)
        case "contextCompaction" if not replayed:
            if state.turn is not None:
                state.turn.changed = True
            return [Noted("the conversation was compacted to make room in the context", level="warning")]
        case "enteredReviewMode" | "exitedReviewMode":
            begins = kind == "enteredReviewMode"
            text = one_line(text_in(item, "review"), 300)
            words = f"the review {'begins' if begins else 'is over'}: {text}"
            return [] if replayed else [Noted(words, level="warning")]
        case _ if kind in _QUIET or replayed:
            return []
        case _:
            return messages.note_once(
                state, f"item:{one_line(kind, 60)}", f"an unknown item “{one_line(kind, 60)}”", item
            )


def _unsaid(state: State, role: str, name: str, text: str, *, replayed: bool) -> list[Fact]:
    is_told = not replayed and name in state.told
    return [] if is_told or not text else [TextAppended(role, text, name or None, replayed)]


def history(state: State, told: Sequence[Mapping[str, Any]], mark: Mark) -> list[Fact]:
    """Return what was said in the turns of a thread before it was ours."""
    facts: list[Fact] = []
    for item in (item for turn in told for item in messages.dicts_in(turn.get("items"))):
        if items.is_tool(item):
            facts.append(ToolCallChanged(_ended(items.read(item, None, mark.wall, done=True)), replayed=True))
        elif text_in(item, "type") == "userMessage":
            text = "\n".join(text_in(part, "text") for part in messages.dicts_in(item.get("content")))
            facts += [TextAppended("user", text, text_in(item, "id")[:200] or None, replayed=True)] if text else []
        else:
            facts += _whole(state, item, replayed=True)
    return facts


def _ended(call: ToolCall) -> ToolCall:
    return msgspec.structs.replace(call, started_at=None, ended_at=None)


# ---------------------------------------------------------------- plans


def on_plan(state: State, params: Mapping[str, Any]) -> list[Fact]:
    """Take the whole new plan."""
    turns.goes_on(state)
    steps = messages.dicts_in(params.get("plan"))
    entries = tuple(
        PlanEntry(one_line(text_in(step, "step"), 400), _PLAN_STATUS.get(text_in(step, "status"), "pending"))
        for step in steps
        if clean(text_in(step, "step")).strip()
    )
    return [PlanChanged(entries)]
