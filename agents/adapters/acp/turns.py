"""A turn from its prompt to its end: what was asked, how it ended, whether it did anything. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from acp import schema
from pydantic import ValidationError

from agents.adapters.acp import messages, permissions, session, updates, usage
from agents.adapters.acp.state import OpenTurn, Pending, State
from agents.adapters.contract import Fact, TurnEnded, TurnStarted
from agents.adapters.limits import cut_bytes
from agents.adapters.resting import Resting
from agents.model import MAX_INLINE_TEXT, Mark, Turn
from agents.status.untrusted import one_line

_ID = re.compile(r"t(\d{1,15})")

#: Ends that are no success, in plain words. What was asked for is not done.
_UNFINISHED: Final = {
    "max_tokens": "stopped at the limit of output tokens",
    "max_turn_requests": "stopped at the limit of model requests in one turn",
    "refusal": "the model refused to continue",
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
    state.prompted = True
    state.tools = {}
    return [TurnStarted(number, text)]


def _text(blocks: Any) -> str:
    parts = [block.get("text") for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    return "\n".join(part for part in parts if isinstance(part, str))


def on_cancel(state: State) -> None:
    """Take a ``session/cancel`` that reached the agent."""
    if state.turn is not None:
        state.turn.cancelling = True


def on_result(state: State, pending: Pending, result: Any, mark: Mark, *, cumulative: bool) -> list[Fact]:
    """Take the response of a prompt: the turn is over."""
    body = result if isinstance(result, dict) else {}
    facts, output_tokens = usage.on_turn(state, body, cumulative=cumulative)
    try:
        reason = str(schema.PromptResponse.model_validate(result).stop_reason)
        detail = _UNFINISHED.get(reason, "")
    except ValidationError:
        reason = one_line(str(body.get("stopReason") or "unknown"), 60)
        detail = f"ended with an unknown reason: {reason}"
        facts.append(messages.note("the answer to a prompt was not understood", result))
    number = int(pending.value)
    turn = _running(state, pending)
    quiet = reason == "end_turn" and turn is not None and _did_nothing(turn, output_tokens)
    ended = TurnEnded(number, reason, not detail, detail, quiet)
    rest = Turn.IDLE if reason == "cancelled" else Turn.ERROR if detail else Turn.DONE
    return facts + _end(state, ended, Resting(rest, mark.monotonic, mark.wall, detail))


def _running(state: State, pending: Pending) -> OpenTurn | None:
    """Return the running turn if ``pending`` is its prompt."""
    return state.turn if state.turn is not None and state.turn.number == int(pending.value) else None


def _did_nothing(turn: OpenTurn, output_tokens: int | None) -> bool:
    """Tell whether a turn that ended well shows nothing for it, or only an error as chat text."""
    if turn.changed:
        return False
    # Slash commands are answered by the program itself: text without a token of the model is no sign there.
    only_chat = output_tokens == 0 and not turn.text.lstrip().startswith("/")
    return not turn.spoke or only_chat


def on_error(state: State, pending: Pending, error: Any, mark: Mark) -> list[Fact]:
    """Take the failure of a prompt."""
    code, words = messages.error_words(error)
    auth = code == messages.AUTH_REQUIRED
    detail = f"{words}. {session.login_hint(state)}" if auth else words
    turn = _running(state, pending)
    if code == messages.CANCELLED and turn is not None and turn.cancelling:
        ended = TurnEnded(int(pending.value), "cancelled", ok=True)
        return _end(state, ended, Resting(Turn.IDLE, mark.monotonic, mark.wall))
    ended = TurnEnded(int(pending.value), "auth_required" if auth else "error", ok=False, detail=detail)
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
    ended = TurnEnded(turn.number, "process_ended", ok=False, detail=detail)
    return _end(state, ended, Resting(Turn.ERROR, mark.monotonic, mark.wall, detail))


def _end(state: State, ended: TurnEnded, rest: Resting) -> list[Fact]:
    facts = permissions.withdraw_turn(state, ended.turn)
    if state.turn is not None and state.turn.number == ended.turn:
        facts += updates.end_tools(state)
        state.turn = None
        state.resting = rest
    return [*facts, ended]
