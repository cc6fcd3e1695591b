"""The program's process as its keeper tells of it: begun, failed, ended, and what that closes. Pure."""

from __future__ import annotations

from typing import Final

from agents.adapters import lines
from agents.adapters.claude import asks, stream, turns
from agents.adapters.claude.state import Phase, State
from agents.adapters.contract import Fact, Noted, ProcessEnded, SessionFailed
from agents.adapters.process import Control, ending, launch_failure
from agents.model import Mark, Turn

#: What the program says when a session id is not as we thought; the next start then takes the other way.
_TAKEN: Final = "is already in use"
_MISSING: Final = "No conversation found"


def on_control(state: State, control: Control, origin: str | None, mark: Mark) -> list[Fact]:
    """Take a control record; ``origin`` is the session this one is a fork of."""
    match control.ev:
        case "failed":
            state.phase = Phase.FAILED
            return [SessionFailed(*launch_failure(control))]
        case "eof" if control.stream == "out":
            state.closed = True
            return [Noted("the program closed its output")]
        case "exit":
            return _exited(state, control, origin, mark)
    return []


def _exited(state: State, control: Control, origin: str | None, mark: Mark) -> list[Fact]:
    how, said, had_begun = ending(control), complaint(state), state.has_begun
    if _TAKEN in said:
        state.has_begun = True
    elif _MISSING in said:
        state.has_begun = False
    facts = gone(state, f"the process {how}", mark)
    if state.phase in (Phase.INITIALIZE, Phase.CONFIGURE):
        facts.append(
            SessionFailed(f"the program {how} before its session was open", _hint(said, origin, had_begun=had_begun))
        )
    state.phase = Phase.DOWN
    return [*facts, ProcessEnded(control.code, control.signal)]


def _hint(said: str, origin: str | None, *, had_begun: bool) -> str:
    if _TAKEN in said:
        return f"{said}. Resume again to continue it."
    if _MISSING not in said:
        return said
    if origin is not None and not had_begun:
        return f"{said}. The agent it is forked from has no transcript yet: send that one a message, then fork again."
    anew = "a fresh copy of what it was forked from" if origin is not None else "a new conversation"
    return f"{said}. Resume again to begin {anew}: its transcript was lost."


def gone(state: State, why: str, mark: Mark) -> list[Fact]:
    """Close what only a living process could have ended."""
    facts = turns.cut_off(state, why, complaint(state), mark)
    state.subagents, state.news_at = [], None
    facts += asks.withdraw(state) + stream.end_tools(state, process_gone=True)
    if state.resting is not None and state.resting.turn not in (Turn.DONE, Turn.ERROR):
        state.resting = None
    state.replies, state.pending, state.deadline, state.trouble = {}, {}, None, None
    state.out.reset()
    state.inp.reset()
    return facts


def complain(state: State, data: bytes) -> None:
    """Keep the last of what the program wrote to stderr."""
    state.complaint = (state.complaint + data)[-lines.COMPLAINT :]


def complaint(state: State) -> str:
    """Return the last line the program wrote to stderr."""
    return lines.last_line(state.complaint)
