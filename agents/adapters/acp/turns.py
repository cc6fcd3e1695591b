"""A turn from its prompt to its end: what was asked, how it ended, whether it did anything. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from acp import schema
from pydantic import ValidationError

from agents.adapters.acp import faults, messages, permissions, updates, usage
from agents.adapters.acp.state import Fault, OpenTurn, Pending, State
from agents.adapters.contract import Fact, PromptTaken, TurnEnded, TurnStarted
from agents.adapters.limits import cut_bytes
from agents.adapters.resting import Resting
from agents.model import MAX_INLINE_TEXT, Cause, Mark, Turn
from agents.spec import Kind
from agents.status.causes import classify
from agents.status.untrusted import one_line

_ID = re.compile(r"t(\d{1,15})")

#: Ends that are no success, in plain words. What was asked for is not done.
_UNFINISHED: Final = {
    "max_tokens": ("stopped at a limit of tokens: of its answer, or of its context", Cause.CONTEXT_FULL),
    "max_turn_requests": ("stopped at the limit of model requests in one turn", Cause.UNKNOWN),
    "refusal": ("the model refused to continue", Cause.REFUSAL),
}


def prompt(state: State, turn: int, text: str) -> bytes:
    """Return the line that submits ``text`` as ``turn``."""
    params = {"sessionId": state.session_id, "prompt": [{"type": "text", "text": text}]}
    return messages.request(f"t{turn}", "session/prompt", params)


def on_prompt(state: State, rpc_id: str, params: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take a prompt that reached the agent: the turn runs."""
    found = _ID.fullmatch(rpc_id)
    if found is None:
        return []
    number = int(found[1])
    text = _text(params.get("prompt"))
    state.pending[rpc_id] = Pending("session/prompt", str(number))
    state.turn = OpenTurn(number, cut_bytes(text, MAX_INLINE_TEXT), mark.monotonic, mark.wall)
    state.resting = None
    state.prompted, state.loaded = True, False
    state.tools = {}
    state.trouble = None
    return [TurnStarted(number, text)]


def _text(blocks: Any) -> str:
    parts = [block.get("text") for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    return "\n".join(part for part in parts if isinstance(part, str))


def on_cancel(state: State) -> None:
    """Take a ``session/cancel`` that reached the agent."""
    if state.turn is not None:
        state.turn.cancelling = True


def on_sign(state: State) -> list[Fact]:
    """Take any sign of the running turn by the agent: it has the prompt."""
    turn = state.turn
    if turn is None or turn.taken:
        return []
    turn.taken = True
    return [PromptTaken(turn.number)]


def on_result(state: State, kind: Kind, pending: Pending, result: Any, mark: Mark) -> list[Fact]:
    """Take the response of a prompt: the turn is over."""
    body = result if isinstance(result, dict) else {}
    turn = _running(state, pending)
    facts = on_sign(state) if turn is not None else []
    told, output_tokens = usage.on_turn(state, body, cumulative=kind.quirks.get("usage") == "cumulative")
    facts += told
    try:
        reason = str(schema.PromptResponse.model_validate(result).stop_reason)
        fault = Fault(*_UNFINISHED[reason], reason) if reason in _UNFINISHED else None
    except ValidationError:
        reason = one_line(str(body.get("stopReason") or "unknown"), 60)
        fault = Fault(f"ended with an unknown reason: {reason}", Cause.UNKNOWN, reason)
        facts.append(messages.note("the answer to a prompt was not understood", result))
    if reason == "end_turn":
        fault = _told_fault(turn, faults.told_in(kind, body.get("_meta")))
    number = int(pending.value)
    if fault is not None:
        return facts + _failed(state, kind, pending, fault, mark)
    rest = Turn.IDLE if reason == "cancelled" else Turn.DONE
    ended = TurnEnded(number, reason, ok=True)
    if reason == "end_turn" and turn is not None:
        ended = _checked(turn, number, output_tokens)
    return facts + _end(state, ended, Resting(rest, mark.monotonic, mark.wall, ended.detail))


def _told_fault(turn: OpenTurn | None, told: faults.Told | None) -> Fault | None:
    """Return the failure of a turn that ended as if it went well, told with its end or before it."""
    if told is not None and not told.retrying:
        return Fault(told.text, told.cause)
    return turn.fault if turn is not None else None


def _running(state: State, pending: Pending) -> OpenTurn | None:
    """Return the running turn if ``pending`` is its prompt."""
    return state.turn if state.turn is not None and state.turn.number == int(pending.value) else None


def _checked(turn: OpenTurn, number: int, output_tokens: int | None) -> TurnEnded:
    """Return how a turn ended that ended well: worth a check if it shows nothing for it, or an error as chat text."""
    # Slash commands are answered by the program itself: text without a token of the model is no sign there.
    only_chat = output_tokens == 0 and not turn.text.lstrip().startswith("/")
    error = faults.error_as_text(turn.said)
    quiet = not turn.changed and (not turn.spoke or only_chat or (error is not None and not output_tokens))
    if not quiet:
        return TurnEnded(number, "end_turn", ok=True)
    if error is None and turn.spoke:
        error = Fault(one_line(turn.said, 300), classify(turn.said))
    cause = error.cause if error is not None and error.cause is not Cause.UNKNOWN else None
    return TurnEnded(number, "end_turn", ok=True, detail=error.text if error else "", empty=True, cause=cause)


def on_error(state: State, kind: Kind, pending: Pending, error: Any, mark: Mark) -> list[Fact]:
    """Take the failure of a prompt."""
    failure = messages.failure(error)
    turn = _running(state, pending)
    facts = on_sign(state) if turn is not None else []
    if failure.code == messages.CANCELLED and turn is not None and turn.cancelling:
        ended = TurnEnded(int(pending.value), "cancelled", ok=True)
        return facts + _end(state, ended, Resting(Turn.IDLE, mark.monotonic, mark.wall))
    return facts + _failed(state, kind, pending, faults.fault_of(failure), mark)


def _failed(state: State, kind: Kind, pending: Pending, fault: Fault, mark: Mark) -> list[Fact]:
    """End a turn that failed; a refused login or key waits for the user."""
    faults.failed(state, fault, mark)
    status = state.trouble.status if state.trouble is not None else None
    auth = fault.cause is Cause.AUTH and status != 403  # who may not use a model is logged in all the same
    detail = f"{fault.text}. {faults.login_hint(state, kind)}" if auth else fault.text
    reason = "auth_required" if auth else fault.reason
    ended = TurnEnded(int(pending.value), reason, ok=False, detail=detail, cause=fault.cause)
    rest = Turn.BLOCKED if auth else Turn.ERROR
    return _end(state, ended, Resting(rest, mark.monotonic, mark.wall, detail, auth=auth))


def cut_off(state: State, why: str, complaint: str, mark: Mark) -> list[Fact]:
    """End the running turn because its process is gone."""
    turn = state.turn
    if turn is None:
        return []
    detail = f"{why} during the turn" + (f": {complaint}" if complaint else "")
    if turn.cancelling:  # the user stopped it; that its process then ended is no failure of the turn
        ended = TurnEnded(turn.number, "cancelled", ok=True)
        return _end(state, ended, Resting(Turn.IDLE, mark.monotonic, mark.wall))
    ended = TurnEnded(turn.number, "process_ended", ok=False, detail=detail, cause=Cause.CRASH)
    return _end(state, ended, Resting(Turn.ERROR, mark.monotonic, mark.wall, detail))


def _end(state: State, ended: TurnEnded, rest: Resting) -> list[Fact]:
    facts = permissions.withdraw_turn(state, ended.turn)
    if state.turn is not None and state.turn.number == ended.turn:
        facts += updates.end_tools(state)
        state.turn = None
        state.resting = rest
        if ended.ok:
            faults.passed(state)
    return [*facts, ended]
