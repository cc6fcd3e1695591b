"""A turn from its prompt to its result: what is put into it on the way, how it ended and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agents.adapters.claude import asks, messages, stream, tools, troubles, usage
from agents.adapters.claude.state import MAX_STEERED, OpenTurn, State
from agents.adapters.contract import Fact, Noted, PromptTaken, TextAppended, TurnEnded, TurnStarted
from agents.adapters.resting import Resting
from agents.model import Cause, Mark, Turn
from agents.spec import Kind
from agents.status.untrusted import one_line

#: Ends that are no success and come without words of their own.
_ENDS: Final = {
    "error_max_turns": "stopped at the limit of model requests in one turn",
    "error_max_budget_usd": "stopped at the limit of dollars",
    "error_during_execution": "the program failed in the middle of the turn",
}


def on_prompt(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take a message of the user that reached the program: its turn runs, or it is put into the running one."""
    uuid = message.get("uuid")
    number = messages.turn_of(uuid)
    body = message.get("message")
    text = messages.text_of(body.get("content")) if isinstance(body, dict) else ""
    if number is not None:
        state.turn = OpenTurn(number, str(uuid), mark.monotonic, mark.wall)
        state.resting = state.trouble = state.news_at = None
        stream.forget_tools(state)
        return [TurnStarted(number, text)]
    if not messages.is_steer(uuid):
        return []
    on_working(state, mark)
    if state.turn is not None and len(state.turn.waiting) < MAX_STEERED:
        state.turn.waiting.append(str(uuid))
    return [TextAppended("user", text, str(uuid))]


def on_working(state: State, mark: Mark) -> None:
    """Take a sign that a turn runs: without a prompt of ours the program began it on its own."""
    if state.turn is None:
        state.turn = OpenTurn(0, "", mark.monotonic, mark.wall, activity="on its own")
        state.resting = state.trouble = state.news_at = None
        stream.forget_tools(state)


def on_lifecycle(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take how far a message of ours is inside the program."""
    turn, uuid = state.turn, str(message.get("command_uuid"))
    if turn is None:
        return []
    match message.get("state"):
        case "queued" if turn.uuid == uuid:
            turn.is_taken = True
            return [PromptTaken(turn.number)] if turn.number else []
        case "started" if turn.uuid == uuid:
            turn.is_taken = turn.has_begun = True
        case "cancelled":
            return _on_dropped(state, turn, uuid, mark)
    return []


def _on_dropped(state: State, turn: OpenTurn, uuid: str, mark: Mark) -> list[Fact]:
    """Take that the program will not work on a message: of one it had not begun with no result comes."""
    turn.waiting = [one for one in turn.waiting if one != uuid]
    if turn.uuid != uuid or turn.has_begun or not turn.is_taken:
        return []
    return _end(state, TurnEnded(turn.number, "cancelled", True), Resting(Turn.IDLE, mark.monotonic, mark.wall))


# ---------------------------------------------------------------- how it ended


def on_result(state: State, message: Mapping[str, Any], kind: Kind, mark: Mark) -> list[Fact]:
    """Take a result; the turn goes on while messages that were put into it wait for theirs."""
    facts = usage.on_result(state, message)
    turn = state.turn
    if turn is None or not _is_about(turn, message):
        return facts
    covered = messages.texts(message.get("user_message_uuids"))
    turn.waiting = [uuid for uuid in turn.waiting if covered and uuid not in covered]
    reason, detail = _ending(turn, message)
    if turn.waiting and reason != "cancelled":
        turn.fault, turn.uuid, turn.has_begun = "", turn.waiting[0], False
        return [*facts, Noted(f"{detail}; what was said meanwhile goes on", level="warning")] if detail else facts
    if not detail:
        troubles.passed(state)
        return facts + _end(state, *_well(turn, message, reason, mark))
    cause = troubles.on_failed(state, message, detail, mark)
    if cause is Cause.AUTH:
        detail = f"{detail}; {troubles.login(kind)}"
    return facts + _end(state, *_failed(turn, reason, detail, cause, mark))


def _is_about(turn: OpenTurn, message: Mapping[str, Any]) -> bool:
    """Tell whether a result is the running turn's: the program may end one of its own while a prompt waits in it."""
    covered = messages.texts(message.get("user_message_uuids"))
    if not turn.uuid:
        return True
    if covered:
        return turn.uuid in covered or any(uuid in covered for uuid in turn.waiting)
    return turn.has_begun or not turn.is_taken


def _well(turn: OpenTurn, message: Mapping[str, Any], reason: str, mark: Mark) -> tuple[TurnEnded, Resting]:
    is_own = bool(message.get("local_command"))  # such as /compact: nothing needs to be said
    empty = reason == "end_turn" and not (turn.spoke or turn.changed or is_own)
    rest = Turn.IDLE if reason == "cancelled" else Turn.DONE
    return TurnEnded(turn.number, reason, ok=True, empty=empty), Resting(rest, mark.monotonic, mark.wall)


def _failed(turn: OpenTurn, reason: str, detail: str, cause: Cause, mark: Mark) -> tuple[TurnEnded, Resting]:
    auth = cause is Cause.AUTH
    rest = Resting(Turn.BLOCKED if auth else Turn.ERROR, mark.monotonic, mark.wall, detail, auth=auth)
    return TurnEnded(turn.number, reason, ok=False, detail=detail, cause=cause), rest


def _ending(turn: OpenTurn, message: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a turn ended and, unless it went well, why in plain words: ``subtype`` alone tells a lie."""
    subtype = one_line(str(message.get("subtype") or "unknown"), 60)
    terminal = one_line(str(message.get("terminal_reason") or ""), 60)
    if terminal.startswith("aborted") and (turn.cancelling or subtype == "error_during_execution"):
        return "cancelled", ""
    refused = message.get("stop_reason") == "refusal"
    if subtype == "success" and message.get("is_error") is not True and not refused:
        return "end_turn", ""
    plain = [text for text in messages.texts(message.get("errors")) if not text.startswith("[ede_diagnostic]")]
    words = tools.text_in(message, "result") or "; ".join(plain) or _ENDS.get(subtype, f"failed: {terminal or subtype}")
    return "refusal" if refused else terminal or subtype, one_line(words, 500)


def cut_off(state: State, why: str, complaint: str, mark: Mark) -> list[Fact]:
    """End the running turn because its process is gone."""
    turn = state.turn
    if turn is None:
        return []
    if turn.cancelling:  # the user stopped it; that its process then ended is no failure of the turn
        return _end(state, TurnEnded(turn.number, "cancelled", True), Resting(Turn.IDLE, mark.monotonic, mark.wall))
    detail = f"{why} during the turn" + (f": {complaint}" if complaint else "")
    ended = TurnEnded(turn.number, "process_ended", ok=False, detail=detail, cause=Cause.CRASH)
    return _end(state, ended, Resting(Turn.ERROR, mark.monotonic, mark.wall, detail))


def _end(state: State, ended: TurnEnded, rest: Resting) -> list[Fact]:
    facts = asks.withdraw(state) + stream.end_tools(state)
    state.turn, state.resting = None, rest
    return [*facts, ended] if ended.turn else facts  # one the program began on its own is no turn of the user's
