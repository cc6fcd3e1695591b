"""What the program asks the user for: permissions and questions opened, answered and withdrawn. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from agents.adapters import lines
from agents.adapters.claude import elicitations, messages, tools
from agents.adapters.claude.state import MAX_REPLIES, MAX_REQUESTS, OpenRequest, ReplyDue, State
from agents.adapters.contract import Answer, Fact, Noted, NotPossible, RequestClosed, RequestOpened
from agents.adapters.limits import cut_bytes, fit_diffs
from agents.model import MAX_INLINE_TEXT, Blocked, Mark, Question, Request, RequestOption
from agents.status.untrusted import one_line, reveal

ALLOW: Final = RequestOption("allow", "allow_once", "Allow")
DENY: Final = RequestOption("deny", "reject_once", "Deny")

#: What the model is told when the user denies without a reason.
NO_REASON: Final = "The user denied this."

_SCOPES: Final = {
    "session": "in this session",
    "localSettings": "in this project (your own settings)",
    "projectSettings": "in this project (shared settings)",
    "userSettings": "in all projects",
}


# ---------------------------------------------------------------- opening


def on_request(state: State, message: Mapping[str, Any], cwd: str, mark: Mark) -> list[Fact]:
    """Take a control request of the program: what the user decides is opened, any other is refused and told."""
    request_id, body = message.get("request_id"), message.get("request")
    if not isinstance(request_id, str) or not isinstance(body, dict):
        return messages.note_once(state, "control", "a control request without id or body", message)
    if any(opened.request_id == request_id for opened in state.requests):
        return messages.note_once(state, "repeated", "the program repeated an open request", message)
    opened = _read(state, request_id, body, cwd, mark)
    if opened is None:
        subtype = one_line(str(body.get("subtype")), 60)
        refuse(state, request_id, f"Quarterdeck does not offer {subtype}")
        text = f"the program asked for {subtype}, which is not offered"
        return messages.note_once(state, f"asked:{subtype}", text, message, "warning")
    if len(state.requests) >= MAX_REQUESTS:
        refuse(state, request_id, f"{MAX_REQUESTS} requests already wait for the user")
        return [Noted(f"more than {MAX_REQUESTS} requests are open; one was refused", lines.raw(message), "warning")]
    state.requests.append(opened)
    return [RequestOpened(opened.request)]


def _read(state: State, request_id: str, body: Mapping[str, Any], cwd: str, mark: Mark) -> OpenRequest | None:
    """Return what the user is asked, ``None`` for what no user decides."""
    key = lines.request_key(state.incarnation, request_id, body)
    if body.get("subtype") == elicitations.SUBTYPE:
        return elicitations.read(key, request_id, body, mark)
    name, given = body.get("tool_name"), body.get("input")
    if body.get("subtype") != "can_use_tool" or not isinstance(name, str) or not isinstance(given, dict):
        return None
    suggested = body.get("permission_suggestions")
    if not isinstance(suggested, list) or body.get("suppress_always_allow_rule") is True:
        suggested = []
    request = _request(key, {**body, "permission_suggestions": suggested}, cwd, mark)
    if request.tool_call in state.nested:  # a subagent's call is shown under the name of who made it
        request = msgspec.structs.replace(request, title=state.tools[request.tool_call].title)
    return OpenRequest(request, request_id, name, mark.monotonic, given, suggested)


def _request(key: str, body: Mapping[str, Any], cwd: str, mark: Mark) -> Request:
    name, given = str(body["tool_name"]), body["input"]
    tool_call = body.get("tool_use_id")
    call = tool_call if isinstance(tool_call, str) else None
    questions = _questions(given) if name == tools.QUESTION_TOOL else ()
    if questions:
        first = questions[0].text if len(questions) == 1 else f"{len(questions)} questions"
        return Request(key, Blocked.QUESTION, first, mark.wall, questions=questions, tool_call=call)
    shown = tools.opened(call or "", name, given, cwd, mark.wall)
    return Request(
        key=key,
        kind=Blocked.PERMISSION,
        title=shown.title,
        opened_at=mark.wall,
        tool_kind=shown.kind,
        command=shown.command,
        cwd=cwd,
        detail=_detail(body, given),
        diffs=fit_diffs(shown.diffs, MAX_INLINE_TEXT),
        paths=tuple(dict.fromkeys([*shown.locations, *_blocked_path(body)])),
        options=(ALLOW, *_always(body["permission_suggestions"]), DENY),
        tool_call=call,
    )


def _blocked_path(body: Mapping[str, Any]) -> tuple[str, ...]:
    path = tools.text_in(body, "blocked_path")
    return (reveal(path),) if path else ()


def _detail(body: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Return what else the card shows: a plan, the reason, an address, or the whole input of an unknown tool."""
    known = tools.text_in(given, "plan", "description", "url", "query", "pattern", "prompt")
    why = tools.text_in(body, "decision_reason")
    if not known and not tools.text_in(given, "command", "file_path", "notebook_path"):
        known = json.dumps(given, ensure_ascii=False, indent=1)
    return reveal(cut_bytes("\n".join(part for part in (known, why) if part), MAX_INLINE_TEXT // 4))


def _always(suggestions: Sequence[Any]) -> tuple[RequestOption, ...]:
    found = [item for item in suggestions if isinstance(item, dict)]
    if not found:
        return ()
    words = "; ".join(dict.fromkeys(_suggestion(item) for item in found))
    return (RequestOption("always", "allow_always", one_line(f"Always: {words}", 200)),)


def _suggestion(item: Mapping[str, Any]) -> str:
    scope = _SCOPES.get(str(item.get("destination")), "from now on")
    if item.get("type") == "setMode":
        return f"mode {item.get('mode')} {scope}"
    rules = item.get("rules")
    if isinstance(rules, list) and rules:
        return f"{', '.join(_rule(rule) for rule in rules if isinstance(rule, dict))} {scope}"
    directories = item.get("directories")
    if isinstance(directories, list) and directories:
        return f"access to {', '.join(str(path) for path in directories)} {scope}"
    return f"{item.get('type')} {scope}"


def _rule(rule: Mapping[str, Any]) -> str:
    content = tools.text_in(rule, "ruleContent")
    return f"{rule.get('toolName')}({content})" if content else str(rule.get("toolName"))


def _questions(given: Mapping[str, Any]) -> tuple[Question, ...]:
    listed = given.get("questions")
    asked = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return tuple(
        Question(one_line(text, 300), tuple(one_line(label, 300) for label in _labels(item)), _is_multiple(item))
        for item in asked
        if (text := tools.text_in(item, "question"))
    )


def _labels(item: Mapping[str, Any]) -> list[str]:
    options = item.get("options")
    found = [tools.text_in(option, "label") for option in options] if isinstance(options, list) else []
    return [label for label in found if label]


def _is_multiple(item: Mapping[str, Any]) -> bool:
    return item.get("multiSelect") is True


# ---------------------------------------------------------------- answering


def answer(state: State, key: str, given: Answer) -> bytes:
    """Return the line that answers an open request. Raises NotPossible."""
    opened = next((r for r in state.requests if r.request.key == key), None)
    if opened is None:
        raise NotPossible("this request is not open any more")
    if opened.form is not None:
        return messages.success(opened.request_id, elicitations.answer(opened, opened.form, given))
    if given.decision == "deny":
        body = {"behavior": "deny", "message": given.reason.strip() or NO_REASON, "interrupt": False}
        return messages.success(opened.request_id, body)
    if opened.request.kind is Blocked.QUESTION:
        if given.decision != "answer":
            raise NotPossible(f"a question is answered or denied, not “{given.decision}”")
        filled = {**opened.input, "answers": _answers(opened.input, opened.request.questions, given.answers)}
        return messages.success(opened.request_id, {"behavior": "allow", "updatedInput": filled})
    if given.decision not in ("allow", "always"):
        raise NotPossible(f"a permission is answered with allow, always or deny, not “{given.decision}”")
    _check_option(opened.request, given)
    body = {"behavior": "allow", "updatedInput": opened.input}
    if given.decision == "always":
        body["updatedPermissions"] = opened.suggestions
    return messages.success(opened.request_id, body)


def _check_option(request: Request, given: Answer) -> None:
    kind = "allow_always" if given.decision == "always" else "allow_once"
    offered = [option for option in request.options if option.kind == kind]
    if not offered:
        raise NotPossible(f"the program offers no way to {given.decision} this; it offers allow and deny")
    if given.option is not None and given.option not in [option.id for option in offered]:
        raise NotPossible(f"there is no option “{given.option}” to {given.decision} with")


def _answers(given: Mapping[str, Any], asked: Sequence[Question], answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers under the questions' own words. Raises NotPossible naming what is missing or wrong."""
    wire = [text for item in given["questions"] if (text := tools.text_in(item, "question"))]
    filled: dict[str, str] = {}
    used: set[str] = set()
    for question, text in zip(asked, wire, strict=True):
        names = [name for name in (question.text, text) if name in answers]
        if not names and len(asked) == 1 and len(answers) == 1:
            names = list(answers)
        if not names or not answers[names[0]].strip():
            choices = f": one of {', '.join(question.choices)}" if question.choices else ""
            raise NotPossible(f"“{question.text}” needs an answer{choices}")
        used.add(names[0])
        filled[text] = answers[names[0]]
    unknown = sorted(set(answers) - used)
    if unknown:
        raise NotPossible(f"“{unknown[0]}” was not asked; asked: {', '.join(f'“{q.text}”' for q in asked)}")
    return filled


# ---------------------------------------------------------------- closing


def on_answered(state: State, response: Mapping[str, Any]) -> list[Fact]:
    """Take an answer that was written to the program."""
    request_id = response.get("request_id")
    state.replies.pop(str(request_id), None)
    opened = next((r for r in state.requests if r.request_id == request_id), None)
    if opened is None:
        return []
    state.requests.remove(opened)
    return [RequestClosed(opened.request.key, _outcome(opened, response.get("response")))]


def _outcome(opened: OpenRequest, body: Any) -> str:
    if not isinstance(body, dict):
        return "cancelled"
    if opened.form is not None:
        return elicitations.outcome(body)
    if body.get("behavior") != "allow":
        return "denied"
    if opened.request.kind is Blocked.QUESTION:
        return "answered"
    return "always" if body.get("updatedPermissions") else "allowed"


def withdraw(state: State, request_id: str | None = None) -> list[Fact]:
    """Close the request the program took back, or all: nobody waits for them any more."""
    moot = [r for r in state.requests if request_id is None or r.request_id == request_id]
    state.requests = [r for r in state.requests if r not in moot]
    return [RequestClosed(opened.request.key, "withdrawn") for opened in moot]


def withdraw_for_tool(state: State, tool_call: str) -> list[Fact]:
    """Close the request of a tool call that ended without its answer."""
    found = [r.request_id for r in state.requests if r.request.tool_call == tool_call]
    return [fact for request_id in found for fact in withdraw(state, request_id)]


def refuse(state: State, request_id: str, text: str) -> None:
    """Owe the program an error: an unanswered request would make its turn hang for ever."""
    if request_id in state.replies or len(state.replies) < MAX_REPLIES:
        state.owed += 1
        key = f"reply.{state.incarnation}.{state.owed}"
        state.replies[request_id] = ReplyDue(key, messages.refusal(request_id, text))


def waiting_for(opened: OpenRequest) -> str:
    """Return what a request is about, in two or three words, for the evidence."""
    if opened.request.kind is Blocked.QUESTION:
        return opened.request.title
    return tools.activity(tools.opened("", opened.tool, opened.input, "/", 0.0))
