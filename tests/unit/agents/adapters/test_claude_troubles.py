"""What Claude Code says when a provider does not do what it was asked, as one word, with the time it passes."""

from __future__ import annotations

from typing import Any

import pytest

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.adapters.contract import Fact, Noted, TurnEnded
from agents.model import Blocked, Cause, Trouble, Turn
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.tape import WALL, Drive, prompt, spec

RESET = WALL + 7200


def running(**fields: Any) -> Drive:
    drive = claude.opened(**fields)
    prompt(drive)
    return drive


def trouble(drive: Drive) -> Trouble:
    found = drive.adapter.trouble()
    assert found is not None
    return found


def end_of(facts: list[Fact]) -> TurnEnded:
    (found,) = [fact for fact in facts if isinstance(fact, TurnEnded)]
    return found


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"error": "authentication_failed", "error_status": 401}, Cause.AUTH),
        ({"error": "rate_limit", "error_status": 429}, Cause.RATE_LIMIT),
        ({"error": "overloaded", "error_status": 529}, Cause.OVERLOADED),
        ({"error": "server_error", "error_status": 500}, Cause.SERVER_ERROR),
        ({"error": "server_error", "error_status": 503}, Cause.OVERLOADED),
        ({"error": "unknown", "error_status": None}, Cause.NETWORK),
        ({"error": "unknown", "error_status": None, "no_response": {"waited_ms": 60000}}, Cause.TIMEOUT),
        ({"error": "unknown", "error_status": 418}, Cause.UNKNOWN),
        ({"error": "hologram", "error_status": "teapot"}, Cause.UNKNOWN),
    ],
)
def test_a_retry_is_told_while_it_goes_on(fields: dict[str, Any], cause: Cause) -> None:
    drive = running()
    (note,) = drive.says(claude.retry(**fields))
    found = trouble(drive)
    assert (found.cause, found.retrying, found.attempt, found.attempts) == (cause, True, 1, 10)
    at = drive.tape.marks[-1][0].wall
    assert (found.since, found.until) == (at, at + 2.0)
    assert isinstance(note, Noted)
    assert drive.adapter.evidence()[0].detail == found.detail == note.text


def test_the_same_trouble_began_with_its_first_attempt_and_another_anew() -> None:
    drive = running()
    drive.says(claude.retry())
    since = trouble(drive).since
    (again,) = drive.says(claude.retry(attempt=2))
    assert (trouble(drive).since, trouble(drive).attempt) == (since, 2)
    (other,) = drive.says(claude.retry(error="server_error", error_status=500))
    assert trouble(drive).since > since
    assert [note.level for note in (again, other) if isinstance(note, Noted)] == ["info", "warning"]


@pytest.mark.parametrize("delay", [None, "soon", -1, True, 10**400])
def test_a_delay_that_is_none_promises_nothing(delay: Any) -> None:
    drive = running()
    drive.says(claude.retry(retry_delay_ms=delay))
    assert trouble(drive).until is None


def test_trouble_is_over_once_the_provider_answers() -> None:
    for sign in (claude.event({"type": "message_start", "message": {"id": "m1"}}), claude.streamed("hi")[-1]):
        drive = running()
        drive.says(claude.retry())
        drive.says(sign)
        assert drive.adapter.trouble() is None
    drive.says(claude.retry(), claude.result())
    assert drive.adapter.trouble() is None


def test_a_subagents_retry_is_the_agents() -> None:
    drive = running()
    retry = {
        "attempt": 2,
        "max_retries": 10,
        "retry_delay_ms": 500,
        "error_status": 529,
        "error_category": "overloaded",
    }
    drive.says({"type": "tool_progress", "tool_use_id": "t1", "subagent_retry": retry})
    assert (trouble(drive).cause, trouble(drive).attempt) == (Cause.OVERLOADED, 2)
    assert drive.says({"type": "tool_progress", "tool_use_id": "t1"}) == []


@pytest.mark.parametrize(
    ("code", "fields", "cause"),
    [
        ("authentication_failed", {"api_error_status": 403, "result": "Failed to authenticate."}, Cause.AUTH),
        ("oauth_org_not_allowed", {"result": "Your organisation does not allow it"}, Cause.AUTH),
        ("billing_error", {"api_error_status": 402, "result": "Credit balance is too low"}, Cause.BILLING),
        ("rate_limit", {"api_error_status": 429, "result": "Request rejected (429)"}, Cause.RATE_LIMIT),
        ("rate_limit", {"api_error_status": 429, "result": "You've hit your session limit"}, Cause.QUOTA),
        ("server_error", {"api_error_status": 529, "result": "Repeated 529 Overloaded errors"}, Cause.OVERLOADED),
        ("server_error", {"api_error_status": 500, "result": "API Error: 500"}, Cause.SERVER_ERROR),
        ("model_not_found", {"api_error_status": 404, "result": "It may not exist"}, Cause.MODEL),
        ("invalid_request", {"terminal_reason": "prompt_too_long", "result": "too much"}, Cause.CONTEXT_FULL),
        ("unknown", {"result": "API Error: Connection error."}, Cause.NETWORK),
        ("unknown", {"result": "API Error: Request timed out"}, Cause.TIMEOUT),
        ("max_output_tokens", {"result": "API Error: exceeded the 128000 output token maximum"}, Cause.UNKNOWN),
        ("max_output_tokens", {"result": "API Error: the model's context window is full"}, Cause.CONTEXT_FULL),
        ("", {"subtype": "error_during_execution", "errors": ["a bug"]}, Cause.CRASH),
        ("", {"result": "I will not", "stop_reason": "refusal"}, Cause.REFUSAL),
        ("", {"result": "who knows"}, Cause.UNKNOWN),
    ],
)
def test_a_failed_turn_has_one_word(code: str, fields: dict[str, Any], cause: Cause) -> None:
    drive = running()
    if code:
        said = {"id": "e1", "model": "<synthetic>", "content": [{"type": "text", "text": "API Error"}]}
        drive.says({"type": "assistant", "message": said, "parent_tool_use_id": None, "error": code})
    ended = end_of(drive.says(claude.result(is_error=True, **{"terminal_reason": "api_error", **fields})))
    assert (ended.ok, ended.cause) == (False, cause)
    assert (trouble(drive).cause, trouble(drive).retrying) == (cause, False)
    (evidence,) = drive.adapter.evidence()
    assert evidence.turn is (Turn.BLOCKED if cause is Cause.AUTH else Turn.ERROR)
    prompt(drive, 2)
    assert drive.adapter.trouble() is None, "another turn is another chance"


def test_a_refusal_that_calls_itself_well_is_none() -> None:
    ended = end_of(running().says(claude.result(stop_reason="refusal", result="I cannot help with that")))
    assert (ended.ok, ended.reason, ended.cause) == (False, "refusal", Cause.REFUSAL)


def test_a_refused_login_names_the_kinds_own_command() -> None:
    drive = running(login=("claude", "auth", "login", "--console"))
    drive.says(claude.result(is_error=True, api_error_status=401, result="Invalid API key"))
    (evidence,) = drive.adapter.evidence()
    assert (evidence.turn, evidence.blocked) == (Turn.BLOCKED, Blocked.AUTH)
    assert evidence.detail.startswith("Invalid API key; log in with `claude auth login --console`")
    assert drive.adapter.ready(), "after a login it can be told to go on"


def limit(**info: Any) -> dict[str, Any]:
    body = {"status": "rejected", "rateLimitType": "five_hour", "resetsAt": int(RESET), **info}
    return {"type": "rate_limit_event", "rate_limit_info": body}


def test_a_plan_that_is_used_up_says_when_it_is_reset() -> None:
    drive = running()
    (note,) = drive.says(limit())
    assert isinstance(note, Noted)
    assert note.text.startswith("the five-hour limit is used up; it is reset at")
    assert (trouble(drive).cause, trouble(drive).until) == (Cause.QUOTA, RESET)
    words = "You've hit your 5-hour limit · resets 7:05pm (UTC)"
    ended = end_of(drive.says(claude.result(is_error=True, api_error_status=429, result=words)))
    assert ended.cause is Cause.QUOTA
    assert (trouble(drive).detail, trouble(drive).until) == (words, RESET), "the event is exact, the words are rounded"


def test_while_the_plan_is_used_up_a_retry_waits_for_its_reset() -> None:
    drive = running()
    drive.says(limit(), claude.retry())
    assert (trouble(drive).cause, trouble(drive).until, trouble(drive).retrying) == (Cause.QUOTA, RESET, True)


def test_a_limit_that_was_reset_since_explains_nothing() -> None:
    drive = running()
    drive.says(limit())
    drive.tape.now += RESET - WALL
    drive.says(claude.retry())
    assert trouble(drive).cause is Cause.RATE_LIMIT
    assert end_of(drive.says(claude.result(is_error=True, api_error_status=429))).cause is Cause.RATE_LIMIT


def test_without_the_event_the_words_say_when() -> None:
    drive = running()
    drive.says(claude.result(is_error=True, api_error_status=429, result="You've hit your limit · resets 9am (UTC)"))
    until = trouble(drive).until
    assert until is not None
    assert until % 86400 == 9 * 3600


def test_a_limit_that_comes_near_is_told_once() -> None:
    drive = running()
    near = limit(status="allowed_warning", utilization=0.87)
    (note,) = [*drive.says(near), *drive.says(near)]
    assert isinstance(note, Noted)
    assert (note.level, note.text.partition(";")[0]) == ("notice", "87% of the five-hour limit are used")
    assert drive.adapter.trouble() is None


def test_a_limit_that_extra_usage_pays_for_stops_nothing() -> None:
    drive = running()
    (note,) = drive.says(limit(status="allowed", isUsingOverage=True))
    assert isinstance(note, Noted)
    assert "extra usage pays" in note.text
    assert drive.says(limit(status="allowed", isUsingOverage=False)) == []
    assert drive.adapter.trouble() is None


@pytest.mark.parametrize("resets", ["tomorrow", True, -5, 10**400, int(WALL) - 10])
def test_a_reset_that_cannot_be_is_not_believed(resets: Any) -> None:
    drive = running()
    drive.says(limit(resetsAt=resets))
    assert trouble(drive).until is None


def test_a_process_that_ends_in_a_turn_has_crashed() -> None:
    drive = running()
    ended = end_of(drive.ctl("exit", code=None, signal=11))
    assert ended.cause is Cause.CRASH
    assert drive.adapter.trouble() is None


def test_an_error_as_chat_text_is_worth_a_look() -> None:
    drive = running()
    said = {"id": "e1", "model": "<synthetic>", "content": [{"type": "text", "text": "API Error: try later"}]}
    drive.says({"type": "assistant", "message": said, "parent_tool_use_id": None})
    ended = end_of(drive.says(claude.result(result="API Error: try later")))
    assert (ended.ok, ended.empty) == (True, True)


def test_the_programs_own_command_need_not_say_anything() -> None:
    assert end_of(running().says(claude.result(local_command="compact", result=""))).empty is False


def test_a_state_of_the_trouble_survives_a_checkpoint() -> None:
    drive = running()
    drive.says(limit(), claude.retry())
    loaded = ClaudeAdapter.load(claude.KIND, spec(family="claude"), drive.adapter.dump())
    assert loaded.trouble() == drive.adapter.trouble()
