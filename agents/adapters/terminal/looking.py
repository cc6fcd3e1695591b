"""Looks at the screen a program has drawn: what its rules say about it, its input box, whether it asks something.

Pure over the state. A look is due some time after something was printed, at a time that follows from the marks alone,
so that a replay looks at the same screens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from agents.adapters.terminal.state import State
from agents.model import Evidence, Rank, Turn
from agents.status.program import DialogReading, Program, read_box, read_dialog, screen_claim
from agents.vt.screen import Screen

#: Seconds after the first output until it is looked at, and least seconds between two looks. While a program tells
#: that it works, its screen is of little interest.
FRAME_S: Final = 0.05
PERIOD_S: Final = 0.1
WORKING_PERIOD_S: Final = 0.5

#: Seconds between two looks while a message is being delivered, also when nothing is printed.
DELIVERY_PERIOD_S: Final = 0.25

#: Seconds a synchronised update (mode 2026) may hold a look back.
UPDATE_S: Final = 0.5

#: Seconds the input box must have been empty before something is typed into it: while a program comes up, it may
#: draw it before it listens.
REST_S: Final = 0.5

#: Text of the input box that is kept, in characters.
LONGEST_BOX: Final = 4096

#: Rules are guesses by somebody else's drawing.
CONFIDENCE: Final = 0.7


def due(state: State) -> float | None:
    """Return when the screen is to be looked at next."""
    shown, is_delivering = state.shown, state.delivery is not None
    if shown.dirty is None:
        return shown.at + DELIVERY_PERIOD_S if is_delivering else None
    tells = state.turns.turn is Turn.WORKING and not is_delivering and shown.turn is not Turn.WORKING
    wait = UPDATE_S if state.modes.updating else FRAME_S
    return max(shown.dirty + wait, shown.at + (WORKING_PERIOD_S if tells else PERIOD_S))


def look(state: State, screen: Screen, program: Program) -> DialogReading | None:
    """Note what the screen shows now; return the approval on it, if there is one."""
    shown, snapshot = state.shown, screen.snapshot()
    shown.at, shown.dirty = state.now, None
    shown.is_torn = snapshot is None
    if snapshot is None:
        _claim(state, Turn.UNKNOWN)
        shown.has_box, shown.is_empty, shown.box, shown.is_collapsed, shown.has_dialog = False, False, "", False, False
        _rest(state)
        return None
    claim = screen_claim(program, snapshot)
    if claim is None:
        _claim(state, Turn.UNKNOWN)
    else:
        if (shown.turn, shown.blocked) != (claim.turn, claim.blocked):
            shown.since, shown.wall = state.now, state.wall
        shown.turn, shown.blocked, shown.detail, shown.rule = claim.turn, claim.blocked, claim.detail, claim.rule
    box, dialog = read_box(program, snapshot), read_dialog(program, snapshot)
    shown.has_box = box is not None
    shown.is_empty = box is not None and box.empty
    shown.box = "" if box is None else box.text[-LONGEST_BOX:]
    shown.is_collapsed = box is not None and box.has_placeholder
    shown.has_dialog = dialog is not None
    _rest(state)
    return dialog


def _claim(state: State, turn: Turn) -> None:
    shown = state.shown
    if shown.turn is not turn:
        shown.since, shown.wall = state.now, state.wall
    shown.turn, shown.blocked, shown.detail, shown.rule = turn, None, "", ""


def _rest(state: State) -> None:
    shown = state.shown
    if not shown.is_empty or shown.has_dialog:
        shown.empty_since, shown.is_rested = None, False
    elif shown.empty_since is None:
        shown.empty_since = state.now


def rest_due(state: State) -> float | None:
    """Return when the input box will have been empty long enough."""
    shown = state.shown
    return shown.empty_since + REST_S if shown.empty_since is not None and not shown.is_rested else None


def evidence(state: State) -> list[Evidence]:
    """Return everything the terminal says about the turn."""
    found = []
    told = state.records.evidence(state.last_output)
    if told is not None:
        found.append(told)
    if not state.alive:
        return found
    found += map(_ended(state), state.signals.evidence(state.last_output))
    shown = state.shown
    if shown.turn is not Turn.UNKNOWN:
        claim = Evidence(
            rank=Rank.SCREEN,
            turn=shown.turn,
            since=shown.since,
            wall=shown.wall,
            blocked=shown.blocked,
            detail=shown.detail,
            confidence=CONFIDENCE,
            rule=shown.rule,
        )
        found.append(_ended(state)(claim))
    return found


def _ended(state: State) -> Callable[[Evidence], Evidence]:
    """Return how a claim of rest is to be read: titles and screens do not tell a turn's end from none having run."""

    def read(claim: Evidence) -> Evidence:
        is_end = claim.turn is Turn.IDLE and state.turns.is_over
        return msgspec.structs.replace(claim, turn=Turn.DONE) if is_end else claim

    return read
