"""What a conversation cost and how full its context is, as the program counts it. Pure.

Everything is taken as what was added since the last result: totals of the program go on over a resume and a fork,
begin anew after ``/clear``, and a result's own ``usage`` leaves subagents out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.claude.state import State
from agents.adapters.contract import Fact, UsageChanged
from agents.model import Usage

#: Our words for tokens, those of a message's ``usage``, and those of the counts by model.
_TOKENS: Final = {
    "input_tokens": ("input_tokens", "inputTokens"),
    "output_tokens": ("output_tokens", "outputTokens"),
    "cache_read_tokens": ("cache_read_input_tokens", "cacheReadInputTokens"),
    "cache_write_tokens": ("cache_creation_input_tokens", "cacheCreationInputTokens"),
}


def on_message(state: State, message: Mapping[str, Any], body: Mapping[str, Any]) -> list[Fact]:
    """Take how full the context is, as the newest message of the main conversation says."""
    usage = body.get("usage")
    if not isinstance(usage, dict) or message.get("parent_tool_use_id") is not None or message.get("error"):
        return []
    used = sum(count(usage.get(theirs)) or 0 for theirs, _ in _TOKENS.values())
    return _tell(state, msgspec.structs.replace(state.spent.usage, context_used=used)) if used else []


def on_cut(state: State, used: int | None) -> list[Fact]:
    """Take that the context was compacted to ``used`` tokens, or (``None``) begun anew."""
    return _tell(state, msgspec.structs.replace(state.spent.usage, context_used=used))


def on_result(state: State, result: Mapping[str, Any]) -> list[Fact]:
    """Take what was spent since the last result."""
    by_model = result.get("model_usage_since_last_result")
    if isinstance(by_model, dict):
        models = [model for model in by_model.values() if isinstance(model, dict)]
        added: dict[str, int | None] = {
            ours: _total(model.get(theirs) for model in models) for ours, (_, theirs) in _TOKENS.items()
        }
        cost = sum(_dollars(model.get("costUSD")) or 0.0 for model in models)
    else:
        added, cost = _added(result), _cost(state, result)
    total = _dollars(result.get("total_cost_usd"))
    if total is not None:
        state.spent.total = total
    before = state.spent.usage
    fields: dict[str, Any] = {
        ours: (getattr(before, ours) or 0) + spent for ours, spent in added.items() if spent is not None
    }
    if total is not None or cost:
        fields["cost"] = (before.cost or 0.0) + cost
    if size := _context_size(state, result.get("modelUsage")):
        fields["context_size"] = size
    return _tell(state, msgspec.structs.replace(before, **fields))


def _added(result: Mapping[str, Any]) -> dict[str, int | None]:
    """Return the tokens of the turn's main conversation: a version before the counts by model told no others."""
    usage = result.get("usage")
    told = usage if isinstance(usage, dict) else {}
    return {ours: count(told.get(theirs)) for ours, (theirs, _) in _TOKENS.items()}


def _cost(state: State, result: Mapping[str, Any]) -> float:
    """Return what the total grew by; less than before means that the program began to count anew."""
    total, before = _dollars(result.get("total_cost_usd")), state.spent.total
    if total is None:
        return 0.0
    return total if before is None or total < before else total - before


def _context_size(state: State, by_model: Any) -> int | None:
    """Return the context of the model that answers, not of a smaller one that writes titles."""
    models = by_model if isinstance(by_model, dict) else {}
    sizes = {
        name: size
        for name, model in models.items()
        if isinstance(model, dict) and (size := count(model.get("contextWindow")))
    }
    return sizes.get(state.model or "") or max(sizes.values(), default=None)


def count(value: Any) -> int | None:
    """Return a number of tokens, ``None`` for anything else."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return value if is_count else None


def _total(values: Any) -> int:
    return sum(count(value) or 0 for value in values)


def _dollars(value: Any) -> float | None:
    is_sum = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
    return float(value) if is_sum else None


def _tell(state: State, changed: Usage) -> list[Fact]:
    if changed == state.spent.usage:
        return []
    state.spent.usage = changed
    return [UsageChanged(changed)]
