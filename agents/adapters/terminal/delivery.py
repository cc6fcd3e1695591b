"""Brings a message into a program's input box and submits it, each step only on evidence that the one before worked.

Pure over the state: says which bytes are due, never writes them. A message is pasted a second time only when the box
was read back empty, and Enter is pressed again only when the message is still in it; else it counts as not delivered.
"""

from __future__ import annotations

import re
from typing import Final

from agents.adapters.contract import Fact, PromptFailed
from agents.adapters.terminal import turns
from agents.adapters.terminal.state import Delivery, State, Step
from agents.adapters.terminal.typing import pasted
from agents.model import Turn
from agents.status.program import Program

#: Seconds after which something in a box nobody else typed into is taken for the message, though it does not look so.
LOOSE_S: Final = 1.5

#: Seconds until a box that is still empty is taken for a paste that went astray; a long one takes longer to be drawn.
STRAY_S: Final = 3.0
BYTES_PER_S: Final = 20_000

#: Seconds until a message of which nothing is seen is given up, and one that something asked stands before.
PATIENCE_S: Final = 12.0
ASKED_PATIENCE_S: Final = 120.0

#: Seconds an Enter may take to show, and how often a message is pasted and Enter is pressed at most.
ENTER_S: Final = 2.0
MOST_PASTES: Final = 2
MOST_ENTERS: Final = 3

#: Characters of either end of a message that are looked for in the box.
PROBE: Final = 24

#: Claims may be told in the same moment as Enter was.
EARLY_S: Final = 0.01

_AT_WORK: Final = (Turn.WORKING, Turn.BLOCKED)
_BLANK: Final = re.compile(r"\s+")


def step(state: State, program: Program) -> list[Fact]:
    """Go on with the message that is on its way, if the screen shows that it is time to."""
    message = state.delivery
    if message is None or message.due is not None:
        return []
    if message.stage == "entered":
        return _entered(state, program, message)
    return _pasted(state, program, message) if state.shown.at > message.at else []


def _pasted(state: State, program: Program, message: Delivery) -> list[Fact]:
    shown, took = state.shown, state.now - message.at
    slow = message.size / BYTES_PER_S
    if shown.has_dialog or state.turns.turn is Turn.BLOCKED:
        return _fail(state, "it asks something else") if took > ASKED_PATIENCE_S else []
    if shown.has_box and not shown.is_empty:
        if holds(state, message) or (took >= LOOSE_S and not message.is_touched):
            _due(state, message, "enter", program.keys.submit.encode())
            return []
        return _fail(state, "its input box shows something else") if took > PATIENCE_S + slow else []
    if not shown.has_box:
        return _fail(state, "its input box is not to be seen") if took > PATIENCE_S + slow else []
    if took < STRAY_S + slow:
        return []
    if message.is_touched and state.turns.turn is Turn.WORKING:
        return _submitted(state, message, begun=True)  # whoever typed pressed Enter
    if message.pastes < MOST_PASTES and message.is_whole:
        _due(state, message, "paste", pasted(message.text))
        return []
    return _fail(state, "its input box stayed empty")


def _entered(state: State, program: Program, message: Delivery) -> list[Fact]:
    verdict, shown, took = state.turns, state.shown, state.now - message.at
    if verdict.since >= message.at - EARLY_S and (verdict.turn in _AT_WORK or _has_gone(state, message)):
        return _submitted(state, message, begun=True)
    if shown.at <= message.at or shown.is_torn:
        return _fail(state, "nothing shows that it was submitted") if took > PATIENCE_S else []
    if shown.has_box and (shown.is_empty or not holds(state, message)):
        return _submitted(state, message, begun=False)
    if not shown.has_box:  # a command of the program that shows something else
        return _submitted(state, message, begun=False) if took > ENTER_S else []
    if took <= ENTER_S:
        return []
    if message.enters < MOST_ENTERS:
        _due(state, message, "enter", program.keys.submit.encode())
        return []
    return _fail(state, "Enter did not submit it: it still stands in its input box")


def _has_gone(state: State, message: Delivery) -> bool:
    """Tell whether a new claim of rest is about this message: a box drawn anew with it in it makes one too."""
    shown = state.shown
    still_there = shown.at > message.at and shown.has_box and not shown.is_empty and holds(state, message)
    return state.turns.turn is not Turn.UNKNOWN and not still_there


def holds(state: State, message: Delivery) -> bool:
    """Tell whether the input box shows the message, or what the program shows in place of a long one."""
    if state.shown.is_collapsed:
        return True
    text, box = _squeezed(message.text), _squeezed(state.shown.box)
    if not box:
        return False
    return text[-PROBE:] in box or text[:PROBE] in box or (len(box) >= PROBE and box in text)


def _squeezed(text: str) -> str:
    return _BLANK.sub("", text)


def _due(state: State, message: Delivery, what: str, data: bytes) -> None:
    state.steps += 1
    message.due = Step(f"{what}:{state.steps}", "paste" if what == "paste" else "enter", data)


def done(state: State, key: str) -> None:
    """Note that a step is in the program."""
    message = state.delivery
    if message is None or message.due is None or message.due.key != key:
        return
    what, message.due, message.at = message.due.what, None, state.now
    if what == "enter":
        message.stage, message.enters = "entered", message.enters + 1
    else:
        message.pastes += 1


def _submitted(state: State, message: Delivery, *, begun: bool) -> list[Fact]:
    state.delivery = None
    return turns.begin(state, message.turn, message.text, begun=begun)


def _fail(state: State, why: str) -> list[Fact]:
    message, state.delivery = state.delivery, None
    return [] if message is None else [PromptFailed(message.turn, why)]


def cut_off(state: State) -> list[Fact]:
    """Give up because the process is gone."""
    return _fail(state, "its process ended before it was submitted")
