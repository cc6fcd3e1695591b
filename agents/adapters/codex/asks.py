"""What the program asks the user for: approvals and questions opened, answered and withdrawn. Pure.

Every request of the program is answered: one that is not offered with an error, since its turn would hang for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from agents.adapters import lines
from agents.adapters.codex import approvals, items, messages, questions
from agents.adapters.codex.approvals import Opened
from agents.adapters.codex.state import MAX_REPLIES, MAX_REQUESTS, OpenRequest, ReplyDue, RpcId, State
from agents.adapters.contract import Answer, Fact, Noted, NotPossible, RequestClosed, RequestOpened
from agents.model import Blocked, Mark


class Asked(msgspec.Struct, frozen=True):
    """A request of the program as it stands on the line."""

    rpc_id: RpcId
    method: str
    params: dict[str, Any]


class Form(msgspec.Struct, frozen=True):
    """How one kind of request is read, answered, and what its answer meant.

    ``read`` returns None for what cannot be shown; ``reply`` raises NotPossible.
    """

    read: Callable[[State, str, Mapping[str, Any], Mark], Opened | None]
    reply: Callable[[OpenRequest, Answer], dict[str, Any]]
    outcome: Callable[[OpenRequest, Any], str]


_FORMS: Final = {
    "item/commandExecution/requestApproval": Form(approvals.command, approvals.reply, approvals.outcome),
    "item/fileChange/requestApproval": Form(approvals.edit, approvals.reply, approvals.outcome),
    "item/permissions/requestApproval": Form(approvals.permissions, approvals.grant, approvals.granted),
    "item/tool/requestUserInput": Form(questions.ask, questions.reply, questions.outcome),
    "mcpServer/elicitation/request": Form(questions.elicit, questions.elicited, questions.elicitation_outcome),
}


# ---------------------------------------------------------------- opening


def on_request(state: State, asked: Asked, mark: Mark) -> list[Fact]:
    """Take a request of the program: one the user decides is opened, any other is refused."""
    method = asked.method[:100]
    form = _FORMS.get(asked.method)
    if form is None:
        refuse(state, asked.rpc_id, messages.METHOD_NOT_FOUND, f"Quarterdeck does not offer {method}")
        text = f"the program asked for {method}, which is not offered"
        return messages.note_once(state, f"asked:{method}", text, asked.params, "warning")
    if any(lines.id_key(r.rpc_id) == lines.id_key(asked.rpc_id) for r in state.requests):
        return messages.note_once(state, "repeated", "the program repeated an open request", asked.params)
    if len(state.requests) >= MAX_REQUESTS:
        refuse(state, asked.rpc_id, messages.INVALID_PARAMS, f"{MAX_REQUESTS} requests already wait for the user")
        text = f"more than {MAX_REQUESTS} requests are open; one was refused"
        return [Noted(text, lines.raw(asked.params), "warning")]
    key = lines.request_key(state.incarnation, asked.rpc_id, asked.method, asked.params)
    opened = form.read(state, key, asked.params, mark)
    if opened is None:
        refuse(state, asked.rpc_id, messages.INVALID_PARAMS, f"Quarterdeck cannot show this {method}")
        return [Noted(f"a {method} was not understood and refused", lines.raw(asked.params), "warning")]
    thread = messages.text_in(asked.params, "threadId")
    state.requests.append(
        OpenRequest(
            opened.request,
            asked.rpc_id,
            asked.method,
            mark.monotonic,
            thread,
            asked.params,
            opened.decisions,
            opened.blocking,
        )
    )
    return [RequestOpened(opened.request)]


# ---------------------------------------------------------------- answering


def answer(state: State, key: str, given: Answer) -> bytes:
    """Return the line that answers an open request. Raises NotPossible."""
    opened = next((r for r in state.requests if r.request.key == key), None)
    if opened is None:
        raise NotPossible("this request is not open any more")
    return messages.result(opened.rpc_id, _FORMS[opened.method].reply(opened, given))


def on_answered(state: State, rpc_id: RpcId, result: Any) -> list[Fact]:
    """Take an answer that was written to the program."""
    state.replies.pop(lines.id_key(rpc_id), None)
    opened = _by_id(state, rpc_id)
    if opened is None:
        return []
    state.requests.remove(opened)
    state.waits = []
    outcome = _FORMS[opened.method].outcome(opened, result) if isinstance(result, dict) else "cancelled"
    return [RequestClosed(opened.request.key, outcome)]


# ---------------------------------------------------------------- closing


def on_resolved(state: State, rpc_id: Any) -> list[Fact]:
    """Take that the program waits for an answer no more: given elsewhere, or the turn is over."""
    opened = _by_id(state, rpc_id) if messages.is_id(rpc_id) else None
    return _withdraw(state, [] if opened is None else [opened])


def withdraw_for_item(state: State, item: str) -> list[Fact]:
    """Close the request of an item that ended without its answer."""
    return _withdraw(state, [r for r in state.requests if r.request.tool_call == item])


def withdraw_thread(state: State, thread: str | None = None) -> list[Fact]:
    """Close what a thread asked, or all there is: nobody waits for it any more."""
    return _withdraw(state, [r for r in state.requests if thread is None or r.thread == thread])


def _withdraw(state: State, moot: list[OpenRequest]) -> list[Fact]:
    state.requests = [r for r in state.requests if r not in moot]
    return [RequestClosed(opened.request.key, "withdrawn") for opened in moot]


def _by_id(state: State, rpc_id: RpcId) -> OpenRequest | None:
    key = lines.id_key(rpc_id)
    return next((r for r in state.requests if lines.id_key(r.rpc_id) == key), None)


def refuse(state: State, rpc_id: RpcId, code: int, text: str) -> None:
    """Owe the program an error."""
    rpc_key = lines.id_key(rpc_id)
    if rpc_key in state.replies or len(state.replies) < MAX_REPLIES:
        state.owed += 1
        reply = messages.error(rpc_id, code, text)
        state.replies[rpc_key] = ReplyDue(f"reply.{state.incarnation}.{state.owed}", reply)


def waiting_for(state: State, opened: OpenRequest) -> str:
    """Return what a request is about, in two or three words, for the evidence."""
    call = state.tools.get(opened.request.tool_call or "")
    if opened.request.kind is Blocked.QUESTION or call is None:
        return opened.request.title
    return items.activity(call)
