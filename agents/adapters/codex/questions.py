"""Questions: what the model asks the user, and the forms and consents that MCP servers bring. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from agents.adapters import forms
from agents.adapters.codex import approvals
from agents.adapters.codex.approvals import Opened
from agents.adapters.codex.items import shown
from agents.adapters.codex.messages import dicts_in, text_in
from agents.adapters.codex.state import OpenRequest, State
from agents.adapters.contract import Answer, NotPossible
from agents.adapters.limits import cut_bytes
from agents.model import MAX_INLINE_TEXT, Blocked, Mark, Question, Request, RequestOption
from agents.status.untrusted import clean, one_line, reveal

_FORM_MODES: Final = frozenset({"form", "openai/form", "openaiForm"})

#: Key and value in ``_meta`` of a form that asks whether a tool may be called, and the key that says for how long.
_APPROVAL: Final = ("codex_approval_kind", "mcp_tool_call")
_PERSIST: Final = "persist"

_ACTIONS: Final = {"accept": "answered", "decline": "denied", "cancel": "cancelled"}
_SCOPES: Final = {"session": "Always: in this session", "always": "Always: from now on"}


# ---------------------------------------------------------------- questions of the model


def ask(_state: State, key: str, params: Mapping[str, Any], mark: Mark) -> Opened | None:
    """Read questions of the model; one that does not block is open while the turn goes on."""
    asked = _asked(params)
    if not asked:
        return None
    found = tuple(
        Question(one_line(text_in(item, "question"), 300), tuple(one_line(label, 300) for label in _labels(item)))
        for item in asked
    )
    title = found[0].text if len(found) == 1 else f"{len(found)} questions"
    call = text_in(params, "itemId") or None
    request = Request(key, Blocked.QUESTION, title, mark.wall, questions=found, tool_call=call)
    return Opened(request, blocking=params.get("isBlocking") is not False)


def _asked(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = dicts_in(params.get("questions"))
    return [item for item in found if text_in(item, "question") and isinstance(item.get("id"), str)]


def _labels(item: Mapping[str, Any]) -> list[str]:
    return [label for option in dicts_in(item.get("options")) if (label := text_in(option, "label"))]


def reply(opened: OpenRequest, given: Answer) -> dict[str, Any]:
    """Return the result that answers questions; a denial leaves them without an answer."""
    if given.decision == "deny":
        return {"answers": {}}
    if given.decision != "answer":
        raise NotPossible(f"a question is answered or denied, not “{given.decision}”")
    return {"answers": _filled(_asked(opened.params), opened.request.questions, given.answers)}


def _filled(
    asked: Sequence[Mapping[str, Any]], questions: Sequence[Question], answers: Mapping[str, str]
) -> dict[str, Any]:
    """Return the answers under the questions' ids. Raises NotPossible naming what is missing or wrong."""
    filled: dict[str, Any] = {}
    used: set[str] = set()
    for item, question in zip(asked, questions, strict=True):
        names = [name for name in (question.text, text_in(item, "question"), item["id"]) if name in answers]
        if not names and len(asked) == 1 and len(answers) == 1:
            names = list(answers)
        if not names or not answers[names[0]].strip():
            choices = f": one of {', '.join(question.choices)}" if question.choices else ""
            raise NotPossible(f"“{question.text}” needs an answer{choices}")
        used.add(names[0])
        filled[item["id"]] = {"answers": [_label(item, question, answers[names[0]])]}
    unknown = sorted(set(answers) - used)
    if unknown:
        raise NotPossible(f"“{unknown[0]}” was not asked; asked: {', '.join(f'“{q.text}”' for q in questions)}")
    return filled


def _label(item: Mapping[str, Any], question: Question, answer: str) -> str:
    """Return an answer in the program's own words where it is one of the choices; any other text is one as well."""
    pairs = zip(question.choices, _labels(item), strict=True)
    return next((label for choice, label in pairs if choice == answer), answer)


def outcome(_opened: OpenRequest, result: Mapping[str, Any]) -> str:
    """Return what an answer to questions meant."""
    return "answered" if result.get("answers") else "denied"


# ---------------------------------------------------------------- MCP servers


def elicit(_state: State, key: str, params: Mapping[str, Any], mark: Mark) -> Opened | None:
    """Read what an MCP server wants from the user: consent to a tool call, a form, or a visit to a page."""
    mode, server = params.get("mode"), one_line(text_in(params, "serverName"), 100)
    message = clean(cut_bytes(text_in(params, "message"), MAX_INLINE_TEXT // 4)).strip()
    if mode in _FORM_MODES and isinstance(params.get("requestedSchema"), dict):
        if _is_consent(params):
            return _consent(key, params, message, mark)
        asked = forms.questions(message, params["requestedSchema"])
        return Opened(msgspec.structs.replace(_form(key, message, server, mark), questions=asked))
    address = reveal(text_in(params, "url")) if mode == "url" else ""
    if not address:
        return None
    request = _form(key, message, server, mark)
    return Opened(msgspec.structs.replace(request, detail=f"{address}\n{request.detail}"))


def _form(key: str, message: str, server: str, mark: Mark) -> Request:
    title = one_line(message.partition("\n")[0], 300) or one_line(f"{server} asks", 300)
    more = message if len(message) > len(title) else ""
    detail = "\n".join(part for part in (more, f"asked by {server}" if server else "") if part)
    return Request(key, Blocked.QUESTION, title, mark.wall, detail=detail)


def _is_consent(params: Mapping[str, Any]) -> bool:
    name, value = _APPROVAL
    return text_in(params.get("_meta"), name) == value


def _consent(key: str, params: Mapping[str, Any], message: str, mark: Mark) -> Opened:
    meta = params["_meta"]
    scopes = meta.get(_PERSIST)
    told = [scopes] if isinstance(scopes, str) else scopes if isinstance(scopes, list) else []
    always = [scope for scope in told if scope in _SCOPES]
    options = (
        approvals.ALLOW,
        *(RequestOption(scope, "allow_always", _SCOPES[scope]) for scope in always),
        approvals.DENY,
        approvals.STOP,
    )
    given = meta.get("tool_params")
    request = Request(
        key=key,
        kind=Blocked.PERMISSION,
        title=one_line(message.partition("\n")[0], 300) or "Call a tool",
        opened_at=mark.wall,
        command=shown(json.dumps(given, ensure_ascii=False, indent=1)) if given else None,
        detail=reveal(cut_bytes(text_in(meta, "tool_description"), MAX_INLINE_TEXT // 4)),
        options=options,
    )
    decisions: dict[str, Any] = {
        approvals.ALLOW.id: _elicitation("accept", {}),
        approvals.DENY.id: _elicitation("decline"),
        approvals.STOP.id: _elicitation("cancel"),
    }
    decisions |= {scope: {**_elicitation("accept", {}), "_meta": {_PERSIST: scope}} for scope in always}
    return Opened(request, decisions)


def _elicitation(action: str, content: Any = None) -> dict[str, Any]:
    return {"action": action, "content": content, "_meta": None}


def elicited(opened: OpenRequest, given: Answer) -> dict[str, Any]:
    """Return the result that answers what an MCP server wants. Raises NotPossible naming what is missing."""
    if opened.decisions:
        return approvals.grant(opened, given)
    if given.decision == "deny":
        return _elicitation("decline")
    if given.decision not in ("answer", "allow"):
        raise NotPossible(f"a question is answered or denied, not “{given.decision}”")
    if opened.params.get("mode") not in _FORM_MODES:
        return _elicitation("accept")
    form = opened.params["requestedSchema"]
    return _elicitation("accept", forms.content(form, opened.request.questions, given.answers))


def elicitation_outcome(opened: OpenRequest, result: Mapping[str, Any]) -> str:
    """Return what an answer to an MCP server meant."""
    if opened.decisions:
        return approvals.granted(opened, result)
    return _ACTIONS.get(str(result.get("action")), "cancelled")
