"""What MCP servers want of the user, passed on by Claude Code, and requests nobody offers an answer to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.contract import Answer, Noted, NotPossible, RequestClosed, RequestOpened
from agents.model import Blocked, Request
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.claude_tape import opened
from tests.unit.agents.adapters.tape import Drive, prompt

FORM = {
    "type": "object",
    "properties": {"name": {"type": "string", "title": "Name"}, "force": {"type": "boolean", "title": "Force"}},
    "required": ["name"],
}


def asked(**body: Any) -> tuple[Drive, Request]:
    drive = opened()
    prompt(drive)
    given = {"subtype": "elicitation", "mcp_server_name": "deploys", "message": "Where to?", **body}
    (fact,) = drive.says(claude.control("r1", **given))
    assert isinstance(fact, RequestOpened)
    return drive, fact.request


def body_of(data: bytes) -> Any:
    return json.loads(data)["response"]["response"]


def test_a_form_is_a_card_of_questions() -> None:
    drive, request = asked(requested_schema=FORM)
    assert (request.kind, request.title) == (Blocked.QUESTION, "Where to?")
    assert "asked by the server deploys" in request.detail
    assert [(q.text, q.choices) for q in request.questions] == [("Name", ()), ("Force", ("yes", "no"))]
    data = drive.adapter.answer(request.key, Answer("answer", answers={"Name": "prod", "Force": "no"}))
    assert body_of(data) == {"action": "accept", "content": {"name": "prod", "force": False}}
    assert drive.write(data) == [RequestClosed(request.key, "answered")]


def test_a_form_that_is_not_filled_is_not_sent() -> None:
    drive, request = asked(requested_schema=FORM)
    with pytest.raises(NotPossible, match="“Name” needs an answer"):
        drive.adapter.answer(request.key, Answer("answer", answers={"Force": "no"}))
    with pytest.raises(NotPossible, match="answered or denied"):
        drive.adapter.answer(request.key, Answer("always"))


def test_a_form_can_be_declined() -> None:
    drive, request = asked(requested_schema=FORM)
    data = drive.adapter.answer(request.key, Answer("deny"))
    assert body_of(data) == {"action": "decline"}
    assert drive.write(data) == [RequestClosed(request.key, "denied")]


def test_an_address_is_shown_whole_and_only_accepted() -> None:
    drive, request = asked(mode="url", url="https://example.org/\u202elogin", title="Log in")
    assert request.title == "Log in"
    assert "https://example.org/⟨U+202E⟩login" in request.detail
    assert body_of(drive.adapter.answer(request.key, Answer("allow"))) == {"action": "accept", "content": {}}


@pytest.mark.parametrize("schema", [None, 7, {}, {"properties": "odd"}, {"properties": {"a": 7}}])
def test_a_form_that_is_none_asks_nothing(schema: Any) -> None:
    _, request = asked(requested_schema=schema, message=None)
    assert (request.title, request.questions) == ("deploys asks", ())


@pytest.mark.parametrize("subtype", ["hook_callback", "mcp_message", "request_user_dialog", "hologram", None])
def test_what_nobody_offers_is_refused_and_told_once(subtype: Any) -> None:
    drive = opened()
    prompt(drive)
    facts = drive.says(claude.control("r1", subtype=subtype), claude.control("r2", subtype=subtype))
    assert [(fact.level, "not offered" in fact.text) for fact in facts if isinstance(fact, Noted)] == [
        ("warning", True)
    ]
    replies = [message["response"] for message in drive.settle()]
    assert [(reply["subtype"], reply["request_id"]) for reply in replies] == [("error", "r1"), ("error", "r2")]
    assert drive.adapter.requests() == []


def test_always_is_not_offered_where_it_would_allow_more_than_was_asked() -> None:
    drive = opened()
    prompt(drive)
    asks = claude.asks("r1", "Bash", "t1", command="rm x")
    asks["request"]["suppress_always_allow_rule"] = True
    drive.says(asks)
    (request,) = drive.adapter.requests()
    assert [option.kind for option in request.options] == ["allow_once", "reject_once"]
