"""What an agent asks the user for: permissions opened, answered by the kind of an option, and withdrawn. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from acp import schema
from pydantic import ValidationError

from agents.adapters import lines
from agents.adapters.acp import elicitation, messages
from agents.adapters.acp.content import cwd_of, doing, merge_tool, paths_of
from agents.adapters.acp.state import (
    CLOSED_KEYS,
    MAX_REPLIES,
    MAX_REQUESTS,
    OpenRequest,
    ReplyDue,
    RpcId,
    State,
)
from agents.adapters.contract import Answer, Fact, NotPossible, RequestClosed, RequestOpened, ToolCallChanged
from agents.adapters.limits import cut_bytes, fit_diffs
from agents.model import MAX_INLINE_TEXT, Blocked, Mark, Request, RequestOption, ToolCall
from agents.status.untrusted import one_line, reveal

PERMISSION: Final = "session/request_permission"
ELICITATION: Final = "elicitation/create"

#: Requests the user decides.
OPENED: Final = frozenset({PERMISSION, ELICITATION})

#: Kinds of options in the order in which a decision chooses among them.
_CHOOSES: Final = {
    "allow": ("allow_once",),
    "always": ("allow_always",),
    "deny": ("reject_once", "reject_always"),
}
_OUTCOMES: Final = {
    "allow_once": "allowed",
    "allow_always": "always",
    "reject_once": "denied",
    "reject_always": "denied",
}


class Asked(msgspec.Struct, frozen=True):
    """A request of the agent as it stands on the line."""

    rpc_id: RpcId
    method: str
    params: Any


# ---------------------------------------------------------------- opening


def on_request(state: State, asked: Asked, mark: Mark) -> list[Fact]:
    """Take a request of the agent: one the user decides is opened, any other is answered with an error."""
    rpc_id, method, params = asked.rpc_id, asked.method, asked.params
    if method not in OPENED:
        refuse(state, rpc_id, messages.METHOD_NOT_FOUND, f"Quarterdeck does not offer {method[:100]}")
        return _note_unoffered(state, method, params)
    repeated, replaced = _same_id(state, asked)
    if repeated:
        return [messages.note("the agent repeated an open request", params)]
    facts: list[Fact] = [RequestClosed(old.request.key, "withdrawn") for old in replaced]
    if len(state.requests) >= MAX_REQUESTS:
        refuse(state, rpc_id, messages.INVALID_PARAMS, f"{MAX_REQUESTS} requests already wait for the user")
        return [*facts, messages.note(f"more than {MAX_REQUESTS} requests are open; one was refused", params)]
    key = _new_key(state, asked)
    try:
        opened, more = _open(state, key, asked, mark)
    except ValidationError as error:
        problem = one_line(str(error.errors(include_url=False, include_input=False)[0]["msg"]), 200)
        refuse(state, rpc_id, messages.INVALID_PARAMS, f"{method}: {problem}")
        return [*facts, messages.note(f"a {method} was not understood: {problem}", params, "warning")]
    state.requests.append(opened)
    return [*facts, *more, RequestOpened(opened.request)]


def _note_unoffered(state: State, method: str, params: Any) -> list[Fact]:
    """Tell once that a method is not offered: opencode asks to write the file after every edit it has made."""
    about = f"asked:{method[:100]}"
    if not lines.is_news(state.noted, about):
        return []
    return [messages.note(f"the agent asked for {method}, which is not offered", params)]


def _open(state: State, key: str, asked: Asked, mark: Mark) -> tuple[OpenRequest, list[Fact]]:
    rpc_id, method, params = asked.rpc_id, asked.method, asked.params
    turn = None if state.turn is None else state.turn.number
    if method == ELICITATION:
        request, form = elicitation.read(key, params, mark)
        told = params.get("elicitationId")
        known = told if isinstance(told, str) else None
        return OpenRequest(request, rpc_id, method, mark.monotonic, turn, form, known), []
    model = schema.RequestPermissionRequest.model_validate(params)
    before = state.tools.get(model.tool_call.tool_call_id)
    call = merge_tool(before, model.tool_call, mark.wall)
    facts: list[Fact] = []
    if call != before:
        state.tools[call.id] = call
        facts.append(ToolCallChanged(call))
    raw_input = model.tool_call.raw_input
    request = Request(
        key=key,
        kind=Blocked.PERMISSION,
        title=call.title,
        opened_at=mark.wall,
        tool_kind=call.kind,
        command=call.command,
        cwd=cwd_of(raw_input),
        detail=_detail(raw_input, call),
        diffs=fit_diffs(call.diffs, MAX_INLINE_TEXT),
        paths=paths_of(raw_input, call)[:100],
        options=tuple(RequestOption(o.option_id, o.kind, one_line(o.name, 200)) for o in model.options),
        tool_call=call.id,
    )
    return OpenRequest(request, rpc_id, method, mark.monotonic, turn), facts


def _detail(raw_input: Any, call: ToolCall) -> str:
    """Return what else the card shows: a patch, a description, an address, else what the tool call says."""
    if isinstance(raw_input, dict):
        patches = () if call.diffs else ("diff", "patch")
        for key in (*patches, "description", "reason", "url", "query", "pattern"):
            value = raw_input.get(key)
            if isinstance(value, str) and value.strip():
                return reveal(cut_bytes(value, MAX_INLINE_TEXT // 4))
    return reveal(cut_bytes(call.output, MAX_INLINE_TEXT // 4))


def _same_id(state: State, asked: Asked) -> tuple[bool, list[OpenRequest]]:
    """Return whether this very request is open already, and the open ones its id now takes over."""
    base = lines.request_key(state.incarnation, asked.rpc_id, asked.method, asked.params)
    same = [r for r in state.requests if lines.id_key(r.rpc_id) == lines.id_key(asked.rpc_id)]
    if any(r.request.key.partition("~")[0] == base for r in same):
        return True, []
    for old in same:
        _forget(state, old)
    return False, same


def _new_key(state: State, asked: Asked) -> str:
    """Return the key of a new request; one asked again after its answer is a new one (``…~2``)."""
    base = lines.request_key(state.incarnation, asked.rpc_id, asked.method, asked.params)
    times = state.closed_keys.get(base, 0) + 1
    return base if times == 1 else f"{base}~{times}"


# ---------------------------------------------------------------- answering


def answer(state: State, key: str, given: Answer) -> bytes:
    """Return the line that answers an open request. Raises NotPossible."""
    opened = next((r for r in state.requests if r.request.key == key), None)
    if opened is None:
        raise NotPossible("this request is not open any more")
    if opened.method == ELICITATION:
        return messages.result(opened.rpc_id, elicitation.answer(opened, given))
    option = _choose(opened.request, given)
    if option is None:
        return messages.result(opened.rpc_id, {"outcome": {"outcome": "cancelled"}})
    return messages.result(opened.rpc_id, {"outcome": {"outcome": "selected", "optionId": option.id}})


def _choose(request: Request, given: Answer) -> RequestOption | None:
    """Return the option a decision means; ``None`` = refuse without one (nothing to reject with was offered)."""
    kinds = _CHOOSES.get(given.decision)
    if kinds is None:
        raise NotPossible(f"a permission is answered with allow, always or deny, not “{given.decision}”")
    if given.option is not None:
        for option in request.options:
            if option.id == given.option and option.kind in kinds:
                return option
        raise NotPossible(f"there is no option “{given.option}” to {given.decision} with; {_offer(request)}")
    for kind in kinds:
        for option in request.options:
            if option.kind == kind:
                return option
    if given.decision == "deny":
        return None
    raise NotPossible(f"the agent offers no way to {given.decision} this; {_offer(request)}")


def _offer(request: Request) -> str:
    offers = ", ".join(f"{option.name} ({option.kind})" for option in request.options)
    return f"it offers {offers}" if offers else "it offers no options"


def cancel_all(state: State) -> bytes:
    """Return the lines that cancel every open request, as the protocol demands of ``session/cancel``."""
    return b"".join(messages.result(opened.rpc_id, _cancelled(opened)) for opened in state.requests)


def _cancelled(opened: OpenRequest) -> dict[str, Any]:
    if opened.method == ELICITATION:
        return {"action": "cancel"}
    return {"outcome": {"outcome": "cancelled"}}


# ---------------------------------------------------------------- closing


def on_answered(state: State, rpc_id: RpcId, result: Any) -> list[Fact]:
    """Take an answer that was written to the agent."""
    key = lines.id_key(rpc_id)
    state.replies.pop(key, None)
    opened = next((r for r in state.requests if lines.id_key(r.rpc_id) == key), None)
    if opened is None:
        return []
    _forget(state, opened)
    return [RequestClosed(opened.request.key, _outcome(opened, result))]


def _outcome(opened: OpenRequest, result: Any) -> str:
    if not isinstance(result, dict):
        return "cancelled"
    if opened.method == ELICITATION:
        return elicitation.OUTCOMES.get(str(result.get("action")), "cancelled")
    outcome = result.get("outcome")
    chosen = outcome.get("optionId") if isinstance(outcome, dict) else None
    kinds = (option.kind for option in opened.request.options if option.id == chosen)
    return _OUTCOMES.get(next(kinds, ""), "cancelled")


def withdraw_for_tool(state: State, tool_call: str) -> list[Fact]:
    """Close the permissions of a tool call that went on without their answer."""
    return _withdraw(state, [r for r in state.requests if r.request.tool_call == tool_call])


def withdraw_turn(state: State, turn: int) -> list[Fact]:
    """Close what a turn asked and did not wait for."""
    return _withdraw(state, [r for r in state.requests if r.turn == turn])


def withdraw_id(state: State, rpc_id: RpcId) -> list[Fact]:
    """Close the request the agent cancelled itself (``$/cancel_request``)."""
    key = lines.id_key(rpc_id)
    return _withdraw(state, [r for r in state.requests if lines.id_key(r.rpc_id) == key])


def withdraw_elicitation(state: State, elicitation_id: Any) -> list[Fact]:
    """Close an elicitation that was completed elsewhere (in the browser)."""
    return _withdraw(
        state, [r for r in state.requests if r.elicitation is not None and r.elicitation == elicitation_id]
    )


def withdraw_all(state: State) -> list[Fact]:
    """Close everything: the process that asked is gone."""
    facts: list[Fact] = [RequestClosed(opened.request.key, "withdrawn") for opened in state.requests]
    state.requests = []
    return facts


def _withdraw(state: State, moot: list[OpenRequest]) -> list[Fact]:
    facts: list[Fact] = []
    for opened in moot:
        _forget(state, opened)
        _owe(state, opened.rpc_id, messages.result(opened.rpc_id, _cancelled(opened)))
        facts.append(RequestClosed(opened.request.key, "withdrawn"))
    return facts


def _forget(state: State, opened: OpenRequest) -> None:
    state.requests.remove(opened)
    base, _, times = opened.request.key.partition("~")
    state.closed_keys.pop(base, None)
    state.closed_keys[base] = int(times or 1)
    while len(state.closed_keys) > CLOSED_KEYS:
        del state.closed_keys[next(iter(state.closed_keys))]


def refuse(state: State, rpc_id: RpcId, code: int, text: str) -> None:
    """Owe the agent an error: an unanswered request would make its turn hang for ever."""
    _owe(state, rpc_id, messages.error(rpc_id, code, text))


def _owe(state: State, rpc_id: RpcId, data: bytes) -> None:
    rpc_key = lines.id_key(rpc_id)
    if rpc_key in state.replies or len(state.replies) < MAX_REPLIES:
        state.owed += 1
        state.replies[rpc_key] = ReplyDue(f"reply.{state.incarnation}.{state.owed}", data)


def waiting_for(opened: OpenRequest, state: State) -> str:
    """Return what a permission is about, in two or three words, for the evidence."""
    call = state.tools.get(opened.request.tool_call or "")
    return doing(call) if call is not None else opened.request.title
