"""Tokens and dollars of an ACP session, from the three places agents report them. Pure.

Turn responses hold the tokens of one turn (``usage``, or ``_meta.quota.token_count`` of Gemini), ``usage_update`` the
context and the session's cost so far. Kinds whose responses count the whole session say so: quirk
``usage = "cumulative"``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from acp import schema

from agents.adapters.acp.state import State
from agents.adapters.contract import Fact, UsageChanged
from agents.model import Usage

_FIELDS = {
    "input_tokens": ("input_tokens", "inputTokens", "input"),
    "output_tokens": ("output_tokens", "outputTokens", "output"),
    "cache_read_tokens": ("cached_read_tokens", "cachedReadTokens"),
    "cache_write_tokens": ("cached_write_tokens", "cachedWriteTokens"),
}


def on_update(state: State, update: schema.UsageUpdate) -> list[Fact]:
    """Fold a ``usage_update``; history repeated by ``session/load`` is not spent again."""
    if state.loading:
        return []  # history: counted when it happened, and smaller costs would look like a new count
    spent = state.spent
    changed = msgspec.structs.replace(spent.usage, context_used=update.used, context_size=update.size or None)
    cost = update.cost
    if cost is not None and cost.currency.upper() == "USD" and 0 <= cost.amount < math.inf:
        if spent.cost_now is not None and cost.amount < spent.cost_now:
            spent.cost_before += spent.cost_now  # the agent began to count anew
        spent.cost_now = cost.amount
        changed = msgspec.structs.replace(changed, cost=spent.cost_before + spent.cost_now)
    return _tell(state, changed)


def on_new_session(state: State) -> None:
    """Keep what the ended session cost: the next one counts from zero."""
    state.spent.cost_before += state.spent.cost_now or 0.0
    state.spent.cost_now = None


def on_turn(state: State, result: Mapping[str, Any], *, cumulative: bool) -> tuple[list[Fact], int | None]:
    """Fold the usage of a prompt's response; return the facts and the output tokens of this turn if told."""
    told = turn_tokens(result)
    if not told:
        return [], None
    before = state.spent.usage
    sums = {}
    for field, count in told.items():
        earlier = getattr(before, field) or 0
        sums[field] = max(earlier, count) if cumulative else earlier + count
    output = None if cumulative else told.get("output_tokens")
    return _tell(state, msgspec.structs.replace(before, **sums)), output


def turn_tokens(result: Mapping[str, Any]) -> dict[str, int]:
    """Return the token counts a prompt's response holds, by the fields of ``Usage``."""
    meta = result.get("_meta")
    quota = meta.get("quota") if isinstance(meta, dict) else None
    for source in (result.get("usage"), quota.get("token_count") if isinstance(quota, dict) else None):
        if isinstance(source, dict):
            found = {field: _count(source, names) for field, names in _FIELDS.items()}
            counts = {field: count for field, count in found.items() if count is not None}
            if counts:
                return counts
    return {}


def _count(source: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = source.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
            return value
    return None


def _tell(state: State, changed: Usage) -> list[Fact]:
    if changed == state.spent.usage:
        return []
    state.spent.usage = changed
    return [UsageChanged(changed)]
