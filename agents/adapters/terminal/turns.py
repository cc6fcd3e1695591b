"""When a turn of a program in a terminal begins and ends, by what its terminal says: facts from evidence.

Pure over the state. A turn nobody sent a message for was begun in the program itself and has no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agents.adapters.contract import TYPED, Fact, PromptTaken, TurnEnded, TurnStarted
from agents.adapters.terminal.state import State
from agents.model import Cause, Evidence, Turn
from agents.status.reduce import reduce

#: Seconds after which a submitted message that made nobody work is no turn that runs: a command of the program.
GRACE_S: Final = 3.0

_AT_REST: Final = frozenset({Turn.IDLE, Turn.DONE, Turn.ERROR})
_AT_WORK: Final = frozenset({Turn.WORKING, Turn.BLOCKED})


def judge(state: State, evidence: Sequence[Evidence]) -> None:
    """Note what the evidence says now; what is held back until it settles is not said yet."""
    turns = state.turns
    verdict = reduce(evidence, state.now, turns.turn)
    turns.recheck = verdict.recheck
    if not verdict.settling:
        turns.turn, turns.blocked, turns.detail = verdict.turn, verdict.blocked, verdict.detail
        turns.since = verdict.since


def follow(state: State) -> list[Fact]:
    """Return what follows for the running turn."""
    turns = state.turns
    if turns.grace is not None and state.now >= turns.grace:
        turns.grace = None
    if turns.running is None:
        # While a message is on its way, its delivery decides whether it is what is worked on.
        return begin(state, TYPED, "", begun=True) if turns.turn is Turn.WORKING and state.delivery is None else []
    if turns.turn in _AT_WORK:
        return _work(state)
    if turns.turn in _AT_REST and (turns.begun or turns.grace is None):
        return _end(state, "cancelled" if turns.is_cancelled else _REASONS[turns.turn])
    return []


_REASONS: Final = {Turn.IDLE: "end_turn", Turn.DONE: "end_turn", Turn.ERROR: "error"}


def begin(state: State, number: int, text: str, *, begun: bool) -> list[Fact]:
    """Begin a turn: the program showed that it took a message."""
    turns = state.turns
    turns.running, turns.begun, turns.is_cancelled, turns.is_over = number, begun, False, False
    turns.grace = None if begun else state.now + GRACE_S
    started: list[Fact] = [TurnStarted(number, text)]
    return started if number == TYPED else [*started, PromptTaken(number, begun=begun)]


def _work(state: State) -> list[Fact]:
    turns = state.turns
    if turns.begun:
        return []
    turns.begun, turns.grace = True, None
    return [] if turns.running in (None, TYPED) else [PromptTaken(turns.running, begun=True)]


def _end(state: State, reason: str) -> list[Fact]:
    turns = state.turns
    number = turns.running
    turns.running, turns.begun, turns.grace = None, False, None
    if number is None:
        return []
    is_ok = turns.turn is not Turn.ERROR
    turns.is_over = is_ok and not turns.is_cancelled
    return [TurnEnded(number, reason, ok=is_ok, detail="" if is_ok else turns.detail)]


def cut_off(state: State, why: str) -> list[Fact]:
    """End the running turn because its process is gone."""
    turns = state.turns
    number, turns.running, turns.grace, turns.recheck = turns.running, None, None, None
    if number is None:
        return []
    if turns.is_cancelled:  # the user stopped it; that its process then ended is no failure of the turn
        return [TurnEnded(number, "cancelled", ok=True)]
    return [TurnEnded(number, "process_ended", ok=False, detail=f"{why} during the turn", cause=Cause.CRASH)]
