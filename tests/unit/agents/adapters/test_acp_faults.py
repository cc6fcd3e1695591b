"""Failures in an agent's own words: errors of requests, retries told beside the protocol, errors as chat text."""

from __future__ import annotations

from typing import Any

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import Fact, Noted, PromptTaken, TurnEnded
from agents.model import Blocked, Cause, Trouble, Turn
from agents.spec import Kind
from tests.unit.agents.adapters.tape import Drive, chunk, ended, kind, open_session, permission, prompt, spec, update

#: A kind whose agent tells failures in ``_meta``, as one real one does.
TELLS: dict[str, Any] = {
    "client_meta": {"vendor": {"capabilities": ["failures"]}},
    "failure": {
        "at": ["vendor", "failure"],
        "text": "title",
        "category": "category",
        "retrying": {"severity": "warning"},
        "causes": {"limit": "rate_limit", "odd": "no such cause"},
    },
}


def drive(of: Kind | None = None) -> Drive:
    made = Drive(AcpAdapter(of or kind(login=("x", "login")), spec()))
    open_session(made)
    prompt(made)
    return made


def fails(d: Drive, error: Any) -> TurnEnded:
    return the_end(d.says({"jsonrpc": "2.0", "id": "t1", "error": error}))


def the_end(facts: list[Fact]) -> TurnEnded:
    (end,) = [fact for fact in facts if isinstance(fact, TurnEnded)]
    return end


def trouble(d: Drive) -> Trouble:
    found = d.adapter.trouble()
    assert found is not None
    return found


def told(title: str, category: str = "limit", severity: str = "warning") -> dict[str, Any]:
    return {"vendor": {"failure": {"title": title, "category": category, "severity": severity}}}


def info(meta: Any) -> dict[str, Any]:
    return update({"sessionUpdate": "session_info_update", "_meta": meta})


@pytest.mark.parametrize(
    ("error", "cause", "status", "words"),
    [
        ({"code": 429, "message": "Rate limited"}, Cause.RATE_LIMIT, 429, "Rate limited"),
        ({"code": 500, "message": "terminated"}, Cause.NETWORK, 500, "terminated"),
        ({"code": 500, "message": "Boom"}, Cause.SERVER_ERROR, 500, "Boom"),
        ({"code": 529, "message": "Boom"}, Cause.OVERLOADED, 529, "Boom"),
        ({"code": 403, "message": "Not with this key"}, Cause.AUTH, 403, "Not with this key"),
        (
            {"code": 400, "message": '{"error":{"code":400,"message":"Too long","status":"CONTEXT_WINDOW"}}'},
            Cause.CONTEXT_FULL, 400, "Too long",
        ),
        ({"code": -32603, "message": "Boom", "data": {"statusCode": 402}}, Cause.BILLING, 402, "Boom"),
        ({"code": -32603, "message": "Boom", "data": {"errorKind": "rate_limit"}}, Cause.RATE_LIMIT, None, "Boom"),
        ({"code": -32603, "message": "{not JSON"}, Cause.UNKNOWN, None, "{not JSON"),
        ({"code": True, "message": None, "data": {"code": "x" * 500}}, Cause.UNKNOWN, None, "the agent gave no reason"),
        ("just text", Cause.UNKNOWN, None, "just text"),
    ],
)  # fmt: skip
def test_a_failed_prompt_has_a_cause(error: Any, cause: Cause, status: int | None, words: str) -> None:
    d = drive()
    end = fails(d, error)
    assert (end.reason, end.ok, end.cause) == ("error", False, cause)
    assert end.detail == words
    assert (trouble(d).cause, trouble(d).status, trouble(d).retrying) == (cause, status, False)
    assert d.adapter.evidence()[0].turn is Turn.ERROR


@pytest.mark.parametrize(
    "error",
    [
        {"code": 401, "message": "No"},
        {"code": -32000, "message": "Authentication required"},
        {"code": -32603, "message": "Internal error: Incorrect API key provided."},
    ],
)
def test_a_refused_login_or_key_names_the_way_to_log_in(error: Any) -> None:
    d = drive()
    end = fails(d, error)
    assert (end.reason, end.cause) == ("auth_required", Cause.AUTH)
    assert end.detail.endswith("Log in to the agent with `x login`, then resume it.")
    (evidence,) = d.adapter.evidence()
    assert (evidence.turn, evidence.blocked) == (Turn.BLOCKED, Blocked.AUTH)
    assert d.adapter.ready(), "the user may have logged in elsewhere"


def test_when_it_passes_is_kept_until_the_next_turn() -> None:
    d = drive()
    fails(d, {"code": 429, "message": "Too many requests", "data": {"retryAfter": 30}})
    since = trouble(d).since
    assert trouble(d).until == since + 30
    prompt(d, 2)
    assert d.adapter.trouble() is None
    d.says(
        {"jsonrpc": "2.0", "id": "t2", "error": {"code": 429, "message": "Retry in 20s", "data": {"retryAfter": -1}}}
    )
    assert trouble(d).until == trouble(d).since + 20


# ---------------------------------------------------------------- told beside the protocol


def test_what_the_kind_wants_said_of_us_is_said() -> None:
    d = Drive(AcpAdapter(kind(quirks=TELLS), spec()))
    d.start()
    (request,) = d.settle()
    assert request["params"]["clientCapabilities"]["_meta"] == TELLS["client_meta"]


def test_a_retry_is_trouble_until_work_goes_on() -> None:
    d = drive(kind(quirks=TELLS))
    (note,) = d.says(info(told("Retrying, attempt 2 of 10.")))
    assert isinstance(note, Noted)
    assert (note.text, note.level) == ("Retrying, attempt 2 of 10.", "warning")
    first = trouble(d)
    assert (first.cause, first.retrying, first.attempt, first.attempts) == (Cause.RATE_LIMIT, True, 2, 10)
    assert d.adapter.evidence()[0].detail == "Retrying, attempt 2 of 10."
    d.says(info(told("Retrying, attempt 3 of 10.")))
    assert (trouble(d).attempt, trouble(d).since) == (3, first.since)
    assert d.says(chunk("it works"))[0] == PromptTaken(1)
    assert d.adapter.trouble() is None


def test_words_say_more_than_a_category() -> None:
    d = drive(kind(quirks=TELLS))
    d.says(info(told("Reconnecting: ECONNREFUSED")))
    assert trouble(d).cause is Cause.NETWORK
    d.says(info(told("Hm", "odd")))
    assert trouble(d).cause is Cause.UNKNOWN


@pytest.mark.parametrize("before", [True, False], ids=["told before the end", "told with the end"])
def test_a_failure_told_beside_an_end_that_looks_well_fails_the_turn(before: bool) -> None:
    d = drive(kind(quirks=TELLS))
    meta = told("API Error: Repeated 529 Overloaded errors.", "service", "error")
    if before:
        d.says(info(meta))
    end = the_end(d.says(ended(1, **({} if before else {"_meta": meta}))))
    assert (end.reason, end.ok, end.empty) == ("error", False, False)
    assert (end.cause, end.detail) == (Cause.OVERLOADED, "API Error: Repeated 529 Overloaded errors.")
    assert (trouble(d).status, trouble(d).retrying) == (529, False)


@pytest.mark.parametrize(
    "meta", [None, [], {"vendor": None}, {"vendor": {"failure": "x"}}, {"other": {"failure": {}}}, "vendor"]
)
def test_other_meta_means_nothing(meta: Any) -> None:
    d = drive(kind(quirks=TELLS))
    d.says(info(meta))
    assert d.adapter.trouble() is None
    assert the_end(d.says(chunk("hi"), ended(1, _meta=meta))).ok


@pytest.mark.parametrize(
    "quirk",
    [
        None, "x", {}, {"at": "vendor"}, {"at": [["vendor"], 7]}, {"at": ["vendor", 7, "failure"]},
        {**TELLS["failure"], "text": ["title"], "category": {}, "causes": "x", "retrying": {"severity": "warning"}},
    ],
)  # fmt: skip
def test_a_kind_whose_quirk_is_odd_breaks_nothing(quirk: Any) -> None:
    d = drive(kind(quirks={"failure": quirk, "client_meta": "x", "model_args": 7, "usage": []}))
    d.says(info(told("Retrying")), chunk("hi"))
    assert the_end(d.says(ended(1))).ok
    assert d.adapter.arguments() == ()


@pytest.mark.parametrize(
    ("model", "quirk", "words"),
    [("m1", ["--model", "{model}"], ("--model", "m1")), (None, ["--model", "{model}"], ()), ("m1", None, ())],
)
def test_a_model_goes_onto_the_command_line_where_the_kind_says_so(
    model: str | None, quirk: Any, words: tuple[str, ...]
) -> None:
    assert AcpAdapter(kind(quirks={"model_args": quirk}), spec(model=model)).arguments() == words


def test_a_failure_told_between_turns_ends_none() -> None:
    d = drive(kind(quirks=TELLS))
    d.says(chunk("hi"), ended(1))
    d.says(info(told("The account was logged out.", severity="error")))
    prompt(d, 2)
    assert the_end(d.says(chunk("hi"), ended(2))).ok


# ---------------------------------------------------------------- errors as chat text


@pytest.mark.parametrize(
    ("text", "usage", "cause"),
    [
        ("API Error: 529 overloaded", None, Cause.OVERLOADED),
        ("**Error:** the connection was reset", None, Cause.NETWORK),
        ("You have hit your session limit", {"inputTokens": 1, "outputTokens": 0, "totalTokens": 1}, Cause.QUOTA),
        ("Error: something", None, None),
    ],
)
def test_an_error_as_chat_text_is_worth_a_check(text: str, usage: Any, cause: Cause | None) -> None:
    d = drive()
    end = the_end(d.says(chunk(text[:5]), chunk(text[5:]), ended(1, usage=usage)))
    assert (end.ok, end.empty, end.cause) == (True, True, cause)
    assert end.detail == text


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("Errors are handled in main.py", None),
        ("The error: 529 was overloaded", None),
        ("Error: " + "x" * 1000, None),
        ("Error: 529 overloaded", {"inputTokens": 1, "outputTokens": 9, "totalTokens": 10}),
    ],
)
def test_an_answer_about_errors_is_an_answer(text: str, usage: Any) -> None:
    d = drive()
    assert not the_end(d.says(chunk(text), ended(1, usage=usage))).empty


# ---------------------------------------------------------------- taken


def test_a_prompt_is_taken_with_the_first_sign_of_work_and_only_then() -> None:
    d = drive()
    assert d.says(update({"sessionUpdate": "available_commands_update", "availableCommands": []}))[1:] == []
    assert not [fact for fact in d.facts if isinstance(fact, PromptTaken)]
    d.says(permission(), chunk("hi"), ended(1))
    assert [fact for fact in d.facts if isinstance(fact, PromptTaken)] == [PromptTaken(1)]


def test_our_own_words_for_a_cause_and_its_end_are_taken_as_they_are() -> None:
    d = drive()
    data = {"cause": "timeout", "status": None, "until": 2_000_000_000.0, "message": "It rests."}
    assert fails(d, {"code": -32603, "message": "It rests.", "data": data}).cause is Cause.TIMEOUT
    assert (trouble(d).cause, trouble(d).until, trouble(d).detail) == (Cause.TIMEOUT, 2_000_000_000.0, "It rests.")


@pytest.mark.parametrize("data", [{"cause": "moon"}, {"cause": ["timeout"]}, {"cause": "timeout", "until": "soon"}, []])
def test_other_words_for_a_cause_break_nothing(data: Any) -> None:
    d = drive()
    assert fails(d, {"code": -32603, "message": "Rate limited", "data": data}).cause is not None
    assert trouble(d).until is None
