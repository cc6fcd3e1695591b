"""A turn from its prompt to its end: what was taken, what steered it, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters import lines
from agents.adapters.codex import asks, items, messages, troubles
from agents.adapters.codex.messages import text_in
from agents.adapters.codex.state import MAX_ITEMS, OpenTurn, State
from agents.adapters.contract import Fact, Noted, PromptTaken, ToolCallChanged, TurnEnded, TurnStarted
from agents.adapters.resting import Resting
from agents.model import Cause, Mark, ToolCall, Turn

LOGIN: Final = "log in with `codex login`, or set the key of its provider"

#: What the program does by a request of its own: to the model it would be a message like any other.
COMMANDS: Final = {"/compact": "thread/compact/start"}

#: The status of HTTP that a login helps against.
_LOGIN_STATUS: Final = frozenset({401, None})


# ---------------------------------------------------------------- beginning


def text_of(method: str, params: Mapping[str, Any]) -> str:
    """Return what the user said by a request that starts a turn: a message, or a command by its name."""
    said = "\n".join(text_in(part, "text") for part in messages.dicts_in(params.get("input")))
    return next((text for text, known in COMMANDS.items() if known == method), said)


def on_prompt(state: State, number: int, text: str, mark: Mark) -> list[Fact]:
    """Take a prompt that reached the program: its turn runs."""
    _begin(state, OpenTurn(number, "", mark.monotonic, mark.wall))
    state.prompted = True
    return [TurnStarted(number, text)]


def _begin(state: State, turn: OpenTurn) -> None:
    state.turn, state.resting, state.trouble, state.told = turn, None, None, {}
    # What still runs in the background is told of until it ends.
    state.tools = {key: call for key, call in state.tools.items() if call.status in items.OPEN_STATUS}
    state.background = list(state.tools)


def on_accepted(state: State, result: Any) -> None:
    """Take the answer to a prompt: the program's own id of the turn."""
    turn, found = state.turn, text_in(result.get("turn"), "id") if isinstance(result, dict) else ""
    if turn is not None and not turn.id:
        turn.id = found[:200]


def on_refused(state: State, number: int, error: Any, mark: Mark) -> list[Fact]:
    """Take that a prompt was refused."""
    turn = state.turn
    if turn is None or turn.number != number:
        return []
    words = messages.error_words(error)
    cause, _, _ = troubles.cause_of({"message": words})
    ended = TurnEnded(number, "refused", ok=False, detail=words, cause=cause)
    return _end(state, ended, Resting(Turn.ERROR, mark.monotonic, mark.wall, words))


def on_started(state: State, params: Mapping[str, Any], mark: Mark) -> None:
    """Take that a turn runs: without a prompt of ours the program began it on its own."""
    found = text_in(params.get("turn"), "id")[:200]
    if state.turn is None:
        _begin(state, OpenTurn(0, found, mark.monotonic, mark.wall, activity="on its own"))
    elif not state.turn.id:
        state.turn.id = found


def on_working(state: State, mark: Mark) -> None:
    """Take that the thread is active, of whatever turn."""
    if state.turn is None:
        _begin(state, OpenTurn(0, "", mark.monotonic, mark.wall, activity="on its own"))


def taken(state: State) -> list[Fact]:
    """Return that the program showed for the first time that it took the prompt."""
    turn = state.turn
    if turn is None or turn.taken:
        return []
    turn.taken = True
    return [PromptTaken(turn.number)] if turn.number else []


def goes_on(state: State) -> None:
    """Take a sign that work goes on: whatever was wrong is over."""
    state.trouble = None


def does(state: State, what: str) -> None:
    """Note what the running turn does now."""
    if state.turn is not None:
        state.turn.activity = what


# ---------------------------------------------------------------- tool calls


def set_tool(state: State, call: ToolCall) -> ToolCallChanged:
    """Keep the newest state of a tool call."""
    state.tools.pop(call.id, None)
    state.tools[call.id] = call
    while len(state.tools) > MAX_ITEMS:
        del state.tools[next(iter(state.tools))]
    return ToolCallChanged(call)


def end_tools(state: State, *, background: bool = False) -> list[Fact]:
    """Close the tool calls a turn leaves open; with ``background`` its commands run on, and tell of it later."""
    left = [
        call
        for call in state.tools.values()
        if call.status in items.OPEN_STATUS and not (background and call.kind == "execute")
    ]
    return [set_tool(state, msgspec.structs.replace(call, status="cancelled")) for call in left]


def _left_running(state: State) -> list[str]:
    """Return the commands of the running turn that have not ended."""
    calls = (call for call in state.tools.values() if call.status in items.OPEN_STATUS and items.is_command(call))
    return [call.id for call in calls if call.id not in state.background]


def activity(state: State) -> str:
    """Return what the running turn does: what it waits for or streams, else its newest open tool call."""
    turn = state.turn
    if turn is None or turn.cancelling:
        return "stopping" if turn is not None else ""
    if state.trouble is not None and state.trouble.retrying:
        return troubles.retry_words(state.trouble)
    if state.waits:
        return f"waits for {state.waits[0]}"
    open_calls = (call for call in reversed(state.tools.values()) if call.status in items.OPEN_STATUS)
    return turn.activity or next((items.activity(call) for call in open_calls), "")


# ---------------------------------------------------------------- how it ended


def on_error(state: State, params: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take an error of the running turn after which the program tries again."""
    error = params.get("error")
    if not isinstance(error, dict):
        return messages.note_once(state, "error", "an error without a reason", params, "warning")
    if params.get("willRetry") is not True:
        return []  # the end of the turn says the same
    trouble = troubles.read(state, error, mark, retries=True)
    state.trouble = trouble
    words = f"{troubles.retry_words(trouble)} ({trouble.detail})"
    return [Noted(words, lines.raw(params), "warning")]


def on_completed(state: State, params: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take the end of a turn; that of another than the running one ends nothing."""
    told = params.get("turn")
    turn = state.turn
    if turn is None or not isinstance(told, dict) or (turn.id and told.get("id") != turn.id):
        return []
    match told.get("status"):
        case "completed":
            quiet = not turn.spoke and not turn.changed
            ended = TurnEnded(turn.number, "end_turn", ok=True, empty=quiet)
            return _end(state, ended, Resting(Turn.DONE, mark.monotonic, mark.wall))
        case "interrupted" if not isinstance(told.get("error"), dict):
            # A command that ran for a moment outlives the interrupt: who stops the turn means it as well.
            state.stopping += _left_running(state) if turn.cancelling else []
            ended = TurnEnded(turn.number, "cancelled", ok=True)
            return _end(state, ended, Resting(Turn.IDLE, mark.monotonic, mark.wall))
        case _:
            return _failed(state, turn, told, mark)


def _failed(state: State, turn: OpenTurn, told: Mapping[str, Any], mark: Mark) -> list[Fact]:
    error = told.get("error")
    error = error if isinstance(error, dict) else {}
    cause, code, status = troubles.cause_of(error)
    detail = troubles.words_of(error)
    auth = cause is Cause.AUTH and status in _LOGIN_STATUS
    if auth:
        detail = f"{detail}; {LOGIN}"
    trouble = troubles.read(state, error, mark, retries=False)
    reason = code or messages.text_in(told, "status") or "failed"
    ended = TurnEnded(turn.number, reason, ok=False, detail=detail, cause=cause)
    rest = Turn.BLOCKED if auth else Turn.ERROR
    facts = _end(state, ended, Resting(rest, mark.monotonic, mark.wall, detail, auth=auth))
    # What is wrong outlives the turn only where it is known when it passes.
    state.trouble = trouble if trouble.until is not None else None
    return facts


def cut_off(state: State, why: str, complaint: str, mark: Mark) -> list[Fact]:
    """End the running turn because its process is gone."""
    turn = state.turn
    if turn is None:
        return []
    if turn.cancelling:  # the user stopped it; that its process then ended is no failure of the turn
        ended = TurnEnded(turn.number, "cancelled", ok=True)
        return _end(state, ended, Resting(Turn.IDLE, mark.monotonic, mark.wall))
    detail = f"{why} during the turn" + (f": {complaint}" if complaint else "")
    ended = TurnEnded(turn.number, "process_ended", ok=False, detail=detail, cause=Cause.CRASH)
    return _end(state, ended, Resting(Turn.ERROR, mark.monotonic, mark.wall, detail))


def _end(state: State, ended: TurnEnded, rest: Resting) -> list[Fact]:
    facts = asks.withdraw_thread(state, state.thread) + end_tools(state, background=ended.reason == "end_turn")
    lost = list(state.steered.values())
    facts += [Noted(f"not taken into the turn any more, send it again: {text}", level="warning") for text in lost]
    state.turn, state.resting, state.trouble, state.waits, state.steered = None, rest, None, [], {}
    return [*facts, ended] if ended.turn else facts  # one the program began on its own is no turn of the user's
