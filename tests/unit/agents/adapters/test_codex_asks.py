"""What Codex asks the user for: every decision it offers, questions, forms, and requests nobody offers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.contract import Answer, Fact, Noted, NotPossible, RequestClosed, RequestOpened
from agents.model import Blocked, Request, Turn
from tests.unit.agents.adapters import codex_tape as codex
from tests.unit.agents.adapters.tape import Drive

RULE = {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["npm", "test"]}}
HOST = {"applyNetworkPolicyAmendment": {"network_policy_amendment": {"host": "a.org", "action": "allow"}}}
NO_HOST = {"applyNetworkPolicyAmendment": {"network_policy_amendment": {"host": "b.org", "action": "deny"}}}
FORM = {
    "type": "object",
    "properties": {
        "table": {"type": "string", "oneOf": [{"const": "u", "title": "Users"}, {"const": "o", "title": "Orders"}]},
        "rows": {"type": "integer"},
        "sure": {"type": "boolean"},
    },
    "required": ["table"],
}


def opened(drive: Drive, message: dict[str, Any]) -> Request:
    facts = [fact for fact in drive.says(message) if isinstance(fact, RequestOpened)]
    (asked,) = facts
    return asked.request


def result(drive: Drive, request: Request, decision: str, **more: Any) -> Any:
    """Return what answers a request, after it was written."""
    data = drive.adapter.answer(request.key, Answer(decision, **more))
    drive.write(data)
    return json.loads(data)["result"]


def outcome(drive: Drive) -> str:
    return next(fact.outcome for fact in reversed(drive.facts) if isinstance(fact, RequestClosed))


@pytest.mark.parametrize(
    ("decision", "option", "sent", "meant"),
    [
        ("allow", None, "accept", "allowed"),
        ("always", None, "acceptForSession", "always"),
        ("always", "rule-2", RULE, "always"),
        ("always", "host-3", HOST, "always"),
        ("deny", None, "decline", "denied"),
        ("deny", "host-4", NO_HOST, "denied"),
        ("deny", "cancel", "cancel", "denied"),
    ],
)
def test_every_decision_of_a_command(decision: str, option: str | None, sent: Any, meant: str) -> None:
    drive = codex.running()
    offered = ["accept", "acceptForSession", RULE, HOST, NO_HOST, "cancel", "hologram", {"odd": 1}]
    request = opened(drive, codex.asks(0, "commandExecution", command="npm test", availableDecisions=offered))
    assert [(o.id, o.name) for o in request.options] == [
        ("accept", "Allow"),
        ("acceptForSession", "Always: in this session"),
        ("rule-2", "Always: commands that begin with npm test"),
        ("host-3", "Always: connect to a.org"),
        ("host-4", "Never: connect to b.org"),
        ("decline", "Deny"),
        ("cancel", "Deny and end the turn"),
    ]
    assert result(drive, request, decision, option=option) == {"decision": sent}
    assert outcome(drive) == meant


def test_a_command_without_a_list_of_decisions_has_the_plain_ones() -> None:
    request = opened(codex.running(), codex.asks(0, "commandExecution", command="x"))
    assert [o.id for o in request.options] == ["accept", "acceptForSession", "decline", "cancel"]


def test_what_is_not_offered_is_refused_by_name() -> None:
    drive = codex.running()
    request = opened(drive, codex.asks(0, "commandExecution", command="x", availableDecisions=["accept"]))
    for answer, words in (
        (Answer("always"), "no way to always this; it offers Allow"),
        (Answer("allow", option="nope"), "no option “nope” to allow with"),
        (Answer("answer"), "answered with allow, always or deny"),
    ):
        with pytest.raises(NotPossible, match=words):
            drive.adapter.answer(request.key, answer)
    with pytest.raises(NotPossible, match="not open any more"):
        drive.adapter.answer("no such key", Answer("allow"))


def test_what_is_approved_is_shown_whole_and_without_tricks() -> None:
    drive = codex.running()
    asked = codex.asks(0, "commandExecution", command="rm \u202ex", cwd="/repo", reason="to clean up")
    request = opened(drive, asked)
    assert (request.command, request.cwd, request.detail) == ("rm ⟨U+202E⟩x", "/repo", "to clean up")


def test_input_for_a_running_command_and_a_connection_are_called_what_they_are() -> None:
    drive = codex.running()
    typed = opened(drive, codex.asks(0, "commandExecution", kind="writeStdin", command="yes"))
    host = {"host": "files.example.org", "protocol": "https"}
    connect = opened(drive, codex.asks(1, "commandExecution", "c2", networkApprovalContext=host, command=None))
    assert (typed.title, connect.title) == ("Type yes", "Connect to files.example.org")
    assert [r.key for r in drive.adapter.requests()] == [typed.key, connect.key], "the oldest first"


def test_an_edit_below_a_folder_names_it() -> None:
    request = opened(codex.running(), codex.asks(0, "fileChange", "e9", grantRoot="/data", reason="cache"))
    assert (request.title, request.paths, request.detail) == ("Write below /data", ("/data",), "cache")


@pytest.mark.parametrize(
    ("decision", "sent", "meant"),
    [
        ("allow", {"permissions": {"fileSystem": {"write": ["/x"]}}, "scope": "turn"}, "allowed"),
        ("always", {"permissions": {"fileSystem": {"write": ["/x"]}}, "scope": "session"}, "always"),
        ("deny", {"permissions": {}, "scope": "turn"}, "denied"),
    ],
)
def test_rights_are_granted_as_asked_or_not_at_all(decision: str, sent: Any, meant: str) -> None:
    drive = codex.running()
    wanted = {"network": None, "fileSystem": {"write": ["/x"]}}
    request = opened(drive, codex.asks(0, "permissions", permissions=wanted, reason=None, cwd="/repo"))
    assert request.title == "More rights: files"
    assert '"/x"' in request.detail
    assert result(drive, request, decision) == sent
    assert outcome(drive) == meant


# ---------------------------------------------------------------- questions and forms

QUESTIONS = [
    {"id": "a", "question": "Which?", "options": [{"label": "left  side"}, {"label": "right"}]},
    {"id": "b", "question": "Why?", "options": None},
]


def test_questions_are_answered_whole_under_their_ids() -> None:
    drive = codex.running()
    request = opened(drive, codex.request(0, "item/tool/requestUserInput", itemId="q", questions=QUESTIONS))
    assert (request.kind, request.title) == (Blocked.QUESTION, "2 questions")
    assert [(q.text, q.choices) for q in request.questions] == [("Which?", ("left side", "right")), ("Why?", ())]
    for answers, words in (({"Which?": "right"}, "“Why?” needs"), ({"Which?": "a", "b": "c", "Who?": "d"}, "“Who?”")):
        with pytest.raises(NotPossible, match=words.replace("?", r"\?")):
            drive.adapter.answer(request.key, Answer("answer", answers=answers))
    with pytest.raises(NotPossible, match="answered or denied"):
        drive.adapter.answer(request.key, Answer("always"))
    told = result(drive, request, "answer", answers={"Which?": "left side", "b": "because"})
    assert told == {"answers": {"a": {"answers": ["left  side"]}, "b": {"answers": ["because"]}}}
    assert outcome(drive) == "answered"


def test_a_denied_question_is_left_without_an_answer() -> None:
    drive = codex.running()
    request = opened(drive, codex.request(0, "item/tool/requestUserInput", questions=QUESTIONS[:1]))
    assert result(drive, request, "deny") == {"answers": {}}
    assert outcome(drive) == "denied"


def test_a_question_that_does_not_block_leaves_the_turn_working() -> None:
    drive = codex.running()
    asked = codex.request(0, "item/tool/requestUserInput", questions=QUESTIONS[1:], isBlocking=False)
    request = opened(drive, asked)
    assert codex.turn_now(drive)[0] is Turn.WORKING
    assert result(drive, request, "answer", answers={"only one": "so"}) == {"answers": {"b": {"answers": ["so"]}}}


def elicitation(**more: Any) -> dict[str, Any]:
    given = {"serverName": "db", "mode": "form", "message": "Which table?", "requestedSchema": FORM, "_meta": None}
    return codex.request(3, "mcpServer/elicitation/request", **{**given, **more})


def test_a_form_is_answered_by_its_schema() -> None:
    drive = codex.running()
    request = opened(drive, elicitation())
    assert request.detail == "asked by db"
    assert [(q.text, q.choices) for q in request.questions] == [
        ("table", ("Users", "Orders")),
        ("rows", ()),
        ("sure", ("yes", "no")),
    ]
    with pytest.raises(NotPossible, match="“table” needs an answer: one of Users, Orders"):
        drive.adapter.answer(request.key, Answer("answer", answers={"rows": "3"}))
    told = result(drive, request, "answer", answers={"table": "Orders", "rows": "3", "sure": "yes"})
    assert told == {"action": "accept", "content": {"table": "o", "rows": 3, "sure": True}, "_meta": None}
    assert outcome(drive) == "answered"


def test_a_form_is_declined_and_a_page_is_shown_with_its_address() -> None:
    drive = codex.running()
    assert result(drive, opened(drive, elicitation()), "deny")["action"] == "decline"
    assert outcome(drive) == "denied"
    page = opened(drive, elicitation(mode="url", message="Log in", url="https://db.example/login", elicitationId="1"))
    assert page.detail.splitlines() == ["https://db.example/login", "asked by db"]
    assert result(drive, page, "allow") == {"action": "accept", "content": None, "_meta": None}


@pytest.mark.parametrize(
    ("decision", "option", "sent", "meant"),
    [
        ("allow", None, {"action": "accept", "content": {}, "_meta": None}, "allowed"),
        ("always", None, {"action": "accept", "content": {}, "_meta": {"persist": "session"}}, "always"),
        ("always", "always", {"action": "accept", "content": {}, "_meta": {"persist": "always"}}, "always"),
        ("deny", None, {"action": "decline", "content": None, "_meta": None}, "denied"),
        ("deny", "cancel", {"action": "cancel", "content": None, "_meta": None}, "denied"),
    ],
)
def test_consent_to_a_tool_is_a_permission(decision: str, option: str | None, sent: Any, meant: str) -> None:
    drive = codex.running()
    meta = {"codex_approval_kind": "mcp_tool_call", "persist": ["session", "always"], "tool_params": {"table": "users"}}
    empty = {"type": "object", "properties": {}}
    request = opened(drive, elicitation(message="Allow it?", requestedSchema=empty, _meta=meta))
    assert (request.kind, request.command) == (Blocked.PERMISSION, '{\n "table": "users"\n}')
    assert result(drive, request, decision, option=option) == sent
    assert outcome(drive) == meant


# ---------------------------------------------------------------- nobody decides


def replies(drive: Drive) -> list[Any]:
    return [message.get("error", {}).get("message") for message in drive.settle()]


@pytest.mark.parametrize(
    "method",
    [
        "item/tool/call",
        "account/chatgptAuthTokens/refresh",
        "attestation/generate",
        "currentTime/read",
        "applyPatchApproval",
        "execCommandApproval",
        "hologram/show",
    ],
)
def test_every_request_that_is_not_offered_is_refused_and_told_of_once(method: str) -> None:
    drive = codex.running()
    facts = drive.says(codex.request(1, method), codex.request("two", method))
    assert replies(drive) == [f"Quarterdeck does not offer {method}"] * 2
    (note,) = [fact for fact in facts if isinstance(fact, Noted)]
    assert (note.text, note.level) == (f"the program asked for {method}, which is not offered", "warning")
    assert list(drive.adapter.wants()) == []


@pytest.mark.parametrize(
    "message",
    [
        codex.asks(0, "commandExecution"),
        codex.asks(0, "permissions", permissions="all"),
        codex.request(0, "item/tool/requestUserInput", questions=[{"question": "no id"}]),
        codex.request(0, "mcpServer/elicitation/request", mode="openai/userVerification", title="x"),
        codex.request(0, "mcpServer/elicitation/request", mode="url", message="x"),
        {"id": 0, "method": "item/fileChange/requestApproval", "params": []},
    ],
)
def test_what_cannot_be_shown_is_refused_unless_it_can_still_be_decided(message: dict[str, Any]) -> None:
    drive = codex.running()
    facts: list[Fact] = drive.says(message)
    if message["method"] == "item/fileChange/requestApproval":
        assert [type(fact) for fact in facts] == [RequestOpened], "an edit nobody knows can be allowed or denied"
        return
    assert codex.notes(facts) == [f"a {message['method']} was not understood and refused"]
    assert replies(drive) == [f"Quarterdeck cannot show this {message['method']}"]


def test_more_requests_than_anyone_can_answer_are_refused() -> None:
    drive = codex.running()
    for number in range(40):
        drive.says(codex.asks(number, "commandExecution", f"c{number}", command="x"))
    assert len(drive.adapter.requests()) == 32
    assert replies(drive) == ["32 requests already wait for the user"] * 8


def test_a_request_is_withdrawn_when_the_program_or_its_item_goes_on_without_it() -> None:
    drive = codex.running()
    drive.says(codex.command("c1", "x"), codex.command("c2", "y"))
    first = opened(drive, codex.asks(0, "commandExecution", "c1", command="x"))
    second = opened(drive, codex.asks("0", "commandExecution", "c2", command="y"))
    drive.says(codex.notice("serverRequest/resolved", requestId=0))
    assert [r.key for r in drive.adapter.requests()] == [second.key], "1 and “1” are two ids"
    drive.says(codex.command("c2", "y", done=True))
    assert drive.adapter.requests() == []
    closed = [(fact.key, fact.outcome) for fact in drive.facts if isinstance(fact, RequestClosed)]
    assert closed == [(first.key, "withdrawn"), (second.key, "withdrawn")]


def test_a_repeated_request_is_open_once_and_a_page_is_not_allowed_for_ever() -> None:
    drive = codex.running()
    asked = codex.asks(0, "commandExecution", command="x")
    drive.says(asked)
    assert codex.notes(drive.says(asked)) == ["the program repeated an open request"]
    assert len(drive.adapter.requests()) == 1
    page = opened(drive, elicitation(mode="url", url="https://db.example"))
    with pytest.raises(NotPossible, match="answered or denied, not “always”"):
        drive.adapter.answer(page.key, Answer("always"))
