"""What the program tells unasked: routed to the part that owns it; what nobody owns is told of once. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from agents.adapters import lines
from agents.adapters.codex import asks, messages, session, stream, troubles, turns, usage
from agents.adapters.codex.messages import text_in
from agents.adapters.codex.state import Phase, State
from agents.adapters.contract import Fact, Noted
from agents.adapters.resting import Resting
from agents.model import Mark, Turn
from agents.status.untrusted import one_line

Handler = Callable[[State, Mapping[str, Any], Mark], list[Fact]]

#: Notifications that say nothing the others do not, or nothing to a person.
_QUIET: Final = frozenset(
    {
        "account/gatewayOAuth/changed",
        "account/login/completed",
        "account/updated",
        "app/list/updated",
        "hook/completed",
        "hook/started",
        "item/commandExecution/terminalInteraction",
        "item/fileChange/outputDelta",
        "item/mcpToolCall/progress",
        "item/reasoning/summaryPartAdded",
        "mcpServer/oauthLogin/completed",
        "model/safetyBuffering/updated",
        "model/verification",
        "modelProvider/authRecoveryCompleted",
        "modelProvider/authRecoveryStarted",
        "project/changed",
        "rawResponse/completed",
        "rawResponseItem/completed",
        "remoteControl/status/changed",
        "skills/changed",
        "thread/attachment/updated",
        "thread/compacted",
        "thread/environment/connected",
        "thread/environment/disconnected",
        "thread/goal/cleared",
        "thread/goal/updated",
        "thread/name/updated",
        "thread/prediction/updated",
        "thread/project/updated",
        "thread/queue/changed",
        "thread/readState/changed",
        "thread/section/changed",
        "thread/started",
        "turn/diff/updated",
        "turn/moderationMetadata",
    }
)

_WAITS: Final = {"waitingOnApproval": "an approval", "waitingOnUserInput": "an answer"}

_GONE: Final = {
    "thread/archived": "its thread was archived",
    "thread/closed": "its thread was closed",
    "thread/deleted": "its thread was deleted from the disk of Codex",
    "thread/reverted": "its thread was taken back to an earlier turn",
}


def on_notice(state: State, method: str, params: dict[str, Any], mark: Mark) -> list[Fact]:
    """Take a notification. What other threads (those of subagents) say stays in the tool call that began them."""
    thread = params.get("threadId")
    if isinstance(thread, str) and thread != state.thread and state.thread is not None:
        return _of_another(state, thread, method, params)
    if stream.is_piece(method):
        return stream.on_piece(state, method, params)
    handler = _HANDLERS.get(method)
    if handler is not None:
        return handler(state, params, mark)
    if method in _QUIET:
        return []
    about = one_line(method, 60)
    if method in _GONE:
        return messages.note_once(state, f"method:{about}", _GONE[method], params, "warning")
    return messages.note_once(state, f"method:{about}", f"an unknown notification “{about}”", params)


def _of_another(state: State, thread: str, method: str, params: Mapping[str, Any]) -> list[Fact]:
    match method:
        case "thread/tokenUsage/updated":
            return usage.on_tokens(state, thread[:200], params)
        case "serverRequest/resolved":
            return asks.on_resolved(state, params.get("requestId"))
        case "turn/completed":
            return asks.withdraw_thread(state, thread)
        case "item/started" | "item/completed":
            stream.on_foreign(state, params, done=method == "item/completed")
            return []
        case _:
            return []


# ---------------------------------------------------------------- the thread


def _status(state: State, params: Mapping[str, Any], mark: Mark) -> list[Fact]:
    status = params.get("status")
    flags = status.get("activeFlags") if isinstance(status, dict) else None
    listed = flags if isinstance(flags, list) else []
    state.waits = [_WAITS.get(flag, one_line(flag, 60)) for flag in listed if isinstance(flag, str)][:4]
    match text_in(status, "type"):
        case "active" if state.phase is Phase.READY:
            turns.on_working(state, mark)
        case "idle" | "systemError" as what if _is_at_an_end(state):
            failed = what == "systemError"
            detail = "the program reports an error of its own" if failed else ""
            state.turn = None
            state.resting = Resting(Turn.ERROR if failed else Turn.IDLE, mark.monotonic, mark.wall, detail)
    return []


def _is_at_an_end(state: State) -> bool:
    """Tell whether a turn nobody told the end of is over: of one with an id the program tells the end itself."""
    return state.turn is not None and not state.turn.number and not state.turn.id


def _started(state: State, params: Mapping[str, Any], mark: Mark) -> list[Fact]:
    turns.on_started(state, params, mark)
    return []


def _tokens(state: State, params: Mapping[str, Any], _mark: Mark) -> list[Fact]:
    return usage.on_tokens(state, text_in(params, "threadId")[:200], params)


def _limits(state: State, params: Mapping[str, Any], _mark: Mark) -> list[Fact]:
    troubles.on_limits(state, params.get("rateLimits"))
    return []


def _resolved(state: State, params: Mapping[str, Any], _mark: Mark) -> list[Fact]:
    return asks.on_resolved(state, params.get("requestId"))


# ---------------------------------------------------------------- warnings


def _warned(state: State, params: Mapping[str, Any], _mark: Mark) -> list[Fact]:
    parts = [text_in(params, "message", "summary"), text_in(params, "details")]
    text = one_line(": ".join(part for part in parts if part), 500)
    return messages.note_once(state, f"warning:{text}", text, params, "warning") if text else []


def _rerouted(state: State, params: Mapping[str, Any], _mark: Mark) -> list[Fact]:
    words = f"the model was changed from {text_in(params, 'fromModel')} to {text_in(params, 'toModel')}"
    return [Noted(one_line(words, 200), lines.raw(params), "warning")]


def _server(state: State, params: Mapping[str, Any], _mark: Mark) -> list[Fact]:
    if text_in(params, "status") != "failed":
        return []
    words = f"the MCP server {text_in(params, 'name')} did not start: {text_in(params, 'error') or 'no reason given'}"
    return messages.note_once(state, f"mcp:{text_in(params, 'name')[:60]}", one_line(words, 300), params, "warning")


def _reviewed(state: State, params: Mapping[str, Any], _mark: Mark) -> list[Fact]:
    review = params.get("review")
    words = f"the automatic review says {text_in(review, 'status')}: {text_in(review, 'rationale')}"
    return messages.note_once(
        state, f"review:{text_in(params, 'reviewId')[:60]}", one_line(words, 300), params, "warning"
    )


_HANDLERS: Final[dict[str, Handler]] = {
    "thread/status/changed": _status,
    "thread/settings/updated": lambda state, params, _mark: session.on_settings(state, params),
    "thread/tokenUsage/updated": _tokens,
    "account/rateLimits/updated": _limits,
    "turn/started": _started,
    "turn/completed": turns.on_completed,
    "turn/plan/updated": lambda state, params, _mark: stream.on_plan(state, params),
    "error": turns.on_error,
    "item/started": lambda state, params, mark: stream.on_item(state, params, mark, done=False),
    "item/completed": lambda state, params, mark: stream.on_item(state, params, mark, done=True),
    "item/commandExecution/outputDelta": lambda state, params, _mark: stream.on_output(state, params),
    "item/fileChange/patchUpdated": lambda state, params, _mark: stream.on_patch(state, params),
    "serverRequest/resolved": _resolved,
    "warning": _warned,
    "guardianWarning": _warned,
    "configWarning": _warned,
    "deprecationNotice": _warned,
    "model/rerouted": _rerouted,
    "mcpServer/startupStatus/updated": _server,
    "item/autoApprovalReview/completed": _reviewed,
    "item/autoApprovalReview/started": lambda _state, _params, _mark: [],
}
