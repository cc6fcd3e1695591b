"""The agent's plan, as its planning tools make it: written whole by one of them, step by step by the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.claude import tools
from agents.adapters.claude.state import MAX_STEPS, Planning, State
from agents.adapters.contract import Fact, PlanChanged
from agents.model import PlanEntry
from agents.status.untrusted import one_line

_WHOLE: Final = "TodoWrite"
_STATES: Final = frozenset({"pending", "in_progress", "completed"})


def on_call(state: State, call_id: str, name: str, given: Mapping[str, Any]) -> None:
    """Take a call of a planning tool; it means nothing before its result."""
    if name not in tools.PLANNING or len(state.planning) >= MAX_STEPS:
        return
    listed = given.get("todos") if name == _WHOLE else None
    steps = [step for step in listed if isinstance(step, dict)] if isinstance(listed, list) else None
    entries = None if steps is None else [_entry(step, "content") for step in steps[:MAX_STEPS]]
    state.planning[call_id] = Planning(entries, one_line(tools.text_in(given, "subject"), 400))


def on_result(state: State, call_id: str, result: Any, *, failed: bool) -> list[Fact]:
    """Take the result of a planning tool: its own record says what the plan is now."""
    asked = state.planning.pop(call_id, None)
    if asked is None or failed:
        return []
    before = dict(state.plan)
    if asked.entries is not None:
        state.plan = {str(n): entry for n, entry in enumerate(asked.entries)}
    elif isinstance(result, dict):
        _merge(state, asked, result)
    return [PlanChanged(tuple(state.plan.values()))] if state.plan != before else []


def _merge(state: State, asked: Planning, result: Mapping[str, Any]) -> None:
    listed, made, changed = result.get("tasks"), result.get("task"), result.get("statusChange")
    if isinstance(listed, list):
        tasks = [task for task in listed if isinstance(task, dict)][:MAX_STEPS]
        state.plan = {_id(task): _entry(task, "subject") for task in tasks}
    elif isinstance(made, dict) and tools.text_in(made, "subject") and _id(made) not in state.plan:
        if len(state.plan) < MAX_STEPS:
            state.plan[_id(made)] = _entry(made, "subject")
    elif (entry := state.plan.get(str(result.get("taskId"))[:40])) is not None and result.get("success") is True:
        task = str(result["taskId"])[:40]
        now = changed.get("to") if isinstance(changed, dict) else entry.status
        if now == "deleted":
            del state.plan[task]
        else:
            text = asked.subject or entry.text
            state.plan[task] = msgspec.structs.replace(entry, text=text, status=_status(now))


def forget(state: State) -> list[Fact]:
    """Drop the plan: the conversation it belonged to is gone."""
    had, state.plan = bool(state.plan), {}
    return [PlanChanged(())] if had else []


def _id(task: Mapping[str, Any]) -> str:
    return str(task.get("id"))[:40]


def _entry(step: Mapping[str, Any], text: str) -> PlanEntry:
    return PlanEntry(one_line(tools.text_in(step, text), 400), _status(step.get("status")), "medium")


def _status(told: Any) -> str:
    return told if told in _STATES else "pending"
