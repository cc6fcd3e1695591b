"""Approvals: commands, edits and permissions the program asks for, with the very decisions it takes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.codex import items
from agents.adapters.codex.messages import dicts_in, text_in
from agents.adapters.codex.state import OpenRequest, State
from agents.adapters.contract import Answer, NotPossible
from agents.adapters.limits import cut_bytes, fit_diffs
from agents.model import MAX_INLINE_TEXT, Blocked, Mark, Request, RequestOption
from agents.status.untrusted import one_line, reveal

ALLOW: Final = RequestOption("accept", "allow_once", "Allow")
SESSION: Final = RequestOption("acceptForSession", "allow_always", "Always: in this session")
DENY: Final = RequestOption("decline", "reject_once", "Deny")
STOP: Final = RequestOption("cancel", "reject_once", "Deny and end the turn")
_PLAIN: Final = {option.id: option for option in (ALLOW, SESSION, DENY, STOP)}

#: Kinds of options in the order in which a decision chooses among them.
_CHOOSES: Final = {"allow": ("allow_once",), "always": ("allow_always",), "deny": ("reject_once", "reject_always")}
_OUTCOMES: Final = {
    "allow_once": "allowed",
    "allow_always": "always",
    "reject_once": "denied",
    "reject_always": "denied",
}


class Opened(msgspec.Struct, frozen=True):
    """A request as it is shown, and what its options say on the line."""

    request: Request
    decisions: dict[str, Any] = {}
    blocking: bool = True


# ---------------------------------------------------------------- opening


def command(state: State, key: str, params: Mapping[str, Any], mark: Mark) -> Opened | None:
    """Read the approval of a command, or of text for the input of a running one."""
    call = state.tools.get(text_in(params, "itemId"))
    line = text_in(params, "command") or (call.command if call is not None and call.command else "")
    host = text_in(params.get("networkApprovalContext"), "host")
    if not line and not host:
        return None
    actions = dicts_in(params.get("commandActions"))
    kind, title = items.command_title(line, actions)
    if params.get("kind") == "writeStdin":
        kind, title = "execute", one_line(f"Type {line}", 300)
    elif host:
        title = one_line(f"Connect to {host}", 300)
    options, decisions = _offered(params.get("availableDecisions"))
    request = Request(
        key=key,
        kind=Blocked.PERMISSION,
        title=title,
        opened_at=mark.wall,
        tool_kind=kind,
        command=items.shown(line) or None,
        cwd=reveal(text_in(params, "cwd")) or None,
        detail=_detail(params, "additionalPermissions"),
        options=options,
        tool_call=text_in(params, "itemId") or None,
    )
    return Opened(request, decisions)


def edit(state: State, key: str, params: Mapping[str, Any], mark: Mark) -> Opened | None:
    """Read the approval of an edit; what it edits was told before, as an item."""
    item = text_in(params, "itemId")
    call = state.tools.get(item) or state.foreign.get(item)
    root = text_in(params, "grantRoot")
    title = call.title if call is not None else one_line(f"Write below {root}", 300) if root else "Edit files"
    request = Request(
        key=key,
        kind=Blocked.PERMISSION,
        title=title,
        opened_at=mark.wall,
        tool_kind="edit",
        detail=_detail(params),
        diffs=fit_diffs(call.diffs, MAX_INLINE_TEXT) if call is not None else (),
        paths=tuple(dict.fromkeys([*(call.locations if call is not None else ()), *([reveal(root)] if root else [])])),
        options=(ALLOW, SESSION, DENY, STOP),
        tool_call=text_in(params, "itemId") or None,
    )
    return Opened(request, {option.id: option.id for option in request.options})


def permissions(_state: State, key: str, params: Mapping[str, Any], mark: Mark) -> Opened | None:
    """Read a wish for more rights than the sandbox gives."""
    wanted = params.get("permissions")
    if not isinstance(wanted, dict):
        return None
    request = Request(
        key=key,
        kind=Blocked.PERMISSION,
        title=one_line(f"More rights: {_rights(wanted)}", 300),
        opened_at=mark.wall,
        cwd=reveal(text_in(params, "cwd")) or None,
        detail=_detail(params, "permissions"),
        options=(
            RequestOption("turn", "allow_once", "Allow in this turn"),
            RequestOption("session", "allow_always", "Always: in this session"),
            DENY,
        ),
        tool_call=text_in(params, "itemId") or None,
    )
    granted = {name: right for name, right in wanted.items() if right is not None}
    scopes = {scope: {"permissions": granted, "scope": scope} for scope in ("turn", "session")}
    return Opened(request, {**scopes, DENY.id: {"permissions": {}, "scope": "turn"}})


def _rights(wanted: Mapping[str, Any]) -> str:
    words = [word for name, word in (("network", "the network"), ("fileSystem", "files")) if wanted.get(name)]
    return " and ".join(words) or "unknown"


def _detail(params: Mapping[str, Any], *fields: str) -> str:
    """Return why it is asked, and the fields that have no words of their own as they are."""
    parts = [text_in(params, "reason")]
    parts += [json.dumps(params[name], ensure_ascii=False, indent=1) for name in fields if params.get(name)]
    return reveal(cut_bytes("\n".join(part for part in parts if part), MAX_INLINE_TEXT // 4))


def _offered(decisions: Any) -> tuple[tuple[RequestOption, ...], dict[str, Any]]:
    """Return the options of a command, in the order the program lists them.

    “decline” is taken also where it is not listed (measured with 0.169.0): without it a denial would end the turn.
    """
    listed = decisions if isinstance(decisions, list) and decisions else list(_PLAIN)
    options: dict[str, RequestOption] = {}
    wire: dict[str, Any] = {}
    for number, decision in enumerate(listed):
        option = _option(decision, number)
        if option is not None:
            options[option.id], wire[option.id] = option, decision
    if DENY.id not in options:
        options[DENY.id], wire[DENY.id] = DENY, DENY.id
    ordered = sorted(options.values(), key=lambda option: option.id == STOP.id)  # ending the turn comes last
    return tuple(ordered), wire


def _option(decision: Any, number: int) -> RequestOption | None:
    if isinstance(decision, str):
        return _PLAIN.get(decision)
    if not isinstance(decision, dict):
        return None
    rule = decision.get("acceptWithExecpolicyAmendment")
    if isinstance(rule, dict):
        words = rule.get("execpolicy_amendment")
        prefix = " ".join(str(word) for word in words) if isinstance(words, list) else "this"
        name = one_line(f"Always: commands that begin with {prefix}", 200)
        return RequestOption(f"rule-{number}", "allow_always", name)
    network = decision.get("applyNetworkPolicyAmendment")
    rule = network.get("network_policy_amendment") if isinstance(network, dict) else None
    if isinstance(rule, dict):
        allows = rule.get("action") == "allow"
        name = one_line(f"{'Always' if allows else 'Never'}: connect to {text_in(rule, 'host')}", 200)
        return RequestOption(f"host-{number}", "allow_always" if allows else "reject_always", name)
    return None


# ---------------------------------------------------------------- answering


def choose(opened: OpenRequest, given: Answer) -> RequestOption:
    """Return the option a decision means. Raises NotPossible naming those there are."""
    kinds = _CHOOSES.get(given.decision)
    if kinds is None:
        raise NotPossible(f"a permission is answered with allow, always or deny, not “{given.decision}”")
    fitting = [option for kind in kinds for option in opened.request.options if option.kind == kind]
    chosen = [option for option in fitting if given.option in (None, option.id)]
    if chosen:
        return chosen[0]
    offers = ", ".join(f"{option.name} ({option.id})" for option in opened.request.options)
    what = f"there is no option “{given.option}” to" if given.option is not None else "the program offers no way to"
    raise NotPossible(f"{what} {given.decision}{' with' if given.option is not None else ' this'}; it offers {offers}")


def reply(opened: OpenRequest, given: Answer) -> dict[str, Any]:
    """Return the result that answers the approval of a command or an edit."""
    return {"decision": opened.decisions[choose(opened, given).id]}


def outcome(opened: OpenRequest, result: Mapping[str, Any]) -> str:
    """Return what an answer meant."""
    return _meaning(opened, result.get("decision"))


def grant(opened: OpenRequest, given: Answer) -> dict[str, Any]:
    """Return the result that answers a wish for rights."""
    body: dict[str, Any] = opened.decisions[choose(opened, given).id]
    return body


def granted(opened: OpenRequest, result: Mapping[str, Any]) -> str:
    """Return what an answer to a wish for rights meant."""
    return _meaning(opened, dict(result))


def _meaning(opened: OpenRequest, said: Any) -> str:
    chosen = next((name for name, decision in opened.decisions.items() if decision == said), "")
    kind = next((option.kind for option in opened.request.options if option.id == chosen), "")
    return _OUTCOMES.get(kind, "cancelled")
