"""Tokens of a thread and those it started, and how full its context is. Pure.

The program counts over the life of a thread, also over a resume, and tells no dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.codex.state import MAX_THREADS, State, Tokens
from agents.adapters.contract import Fact, UsageChanged

_INPUT: Final = "inputTokens"
_CACHED: Final = "cachedInputTokens"
_WRITTEN: Final = "cacheWriteInputTokens"
_OUTPUT: Final = "outputTokens"
_COUNTED: Final = (_INPUT, _CACHED, _WRITTEN, _OUTPUT)


def on_tokens(state: State, thread: str, params: Mapping[str, Any]) -> list[Fact]:
    """Take what a thread has spent by now."""
    told = params.get("tokenUsage")
    if not isinstance(told, dict) or not isinstance(told.get("total"), dict):
        return []
    total, last = _counts(told["total"]), _counts(told.get("last"))
    known = state.tokens.get(thread)
    if known is None:
        if len(state.tokens) >= MAX_THREADS:
            return []
        # What was spent before we saw it is not ours: the history of a fork or of an adopted thread.
        mine = last if _is_ours(state, thread, params.get("turnId")) else _counts(None)
        known = Tokens({key: mine[key] - total[key] for key in _COUNTED})
        state.tokens[thread] = known
    elif any(total[key] < known.now.get(key, 0) for key in _COUNTED):  # it began to count anew
        known.before = {key: known.before.get(key, 0) + known.now.get(key, 0) for key in _COUNTED}
    known.now = total
    return _tell(state, _context(told) if thread == state.thread else {})


def _is_ours(state: State, thread: str, turn: Any) -> bool:
    """Tell whether what was just spent was spent for us: a thread that is opened repeats what its past had cost."""
    running = state.turn
    return running is not None and (thread != state.thread or (bool(running.id) and running.id == turn))


def _tell(state: State, fields: dict[str, Any]) -> list[Fact]:
    spent = {key: sum(t.before.get(key, 0) + t.now.get(key, 0) for t in state.tokens.values()) for key in _COUNTED}
    changed = msgspec.structs.replace(
        state.usage,
        # Its input counts what came from the cache as well.
        input_tokens=max(0, spent[_INPUT] - spent[_CACHED] - spent[_WRITTEN]),
        cache_read_tokens=max(0, spent[_CACHED]),
        cache_write_tokens=max(0, spent[_WRITTEN]),
        output_tokens=max(0, spent[_OUTPUT]),
        **fields,
    )
    if changed == state.usage:
        return []
    state.usage = changed
    return [UsageChanged(changed)]


def _context(told: Mapping[str, Any]) -> dict[str, Any]:
    last = told.get("last")
    used = _count(last.get("totalTokens")) if isinstance(last, dict) else 0
    size = _count(told.get("modelContextWindow"))
    return {**({"context_used": used} if used else {}), **({"context_size": size} if size else {})}


def _counts(value: Any) -> dict[str, int]:
    return {key: _count(value.get(key)) if isinstance(value, dict) else 0 for key in _COUNTED}


def _count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return value if is_count else 0
