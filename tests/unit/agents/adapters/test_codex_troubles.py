"""Causes of Codex: every code of its schema, statuses, counts, and when limits are reset."""

from __future__ import annotations

from typing import Any

import pytest

from agents.adapters.codex import troubles
from agents.adapters.contract import TurnEnded
from agents.model import Cause, Trouble
from tests.unit.agents.adapters import codex_tape as codex
from tests.unit.agents.adapters.tape import WALL, Drive

#: Every variant of ``CodexErrorInfo`` in the schema of 0.169.0 that carries no status.
CODES = {
    "contextWindowExceeded": Cause.CONTEXT_FULL,
    "sessionBudgetExceeded": Cause.QUOTA,
    "usageLimitExceeded": Cause.QUOTA,
    "rateLimitExceeded": Cause.RATE_LIMIT,
    "flexUnavailable": Cause.OVERLOADED,
    "serverOverloaded": Cause.OVERLOADED,
    "modelNotFound": Cause.MODEL,
    "policyCapacityUnavailable": Cause.OVERLOADED,
    "inferenceHookDenied": Cause.REFUSAL,
    "cyberPolicy": Cause.REFUSAL,
    "misalignmentPolicyViolation": Cause.REFUSAL,
    "tooManyDenials": Cause.REFUSAL,
    "internalServerError": Cause.SERVER_ERROR,
    "unauthorized": Cause.AUTH,
    "badRequest": Cause.UNKNOWN,
    "threadRollbackFailed": Cause.CRASH,
    "sandboxError": Cause.CRASH,
    "other": Cause.UNKNOWN,
    "hologram": Cause.UNKNOWN,
}


def failed(info: Any, message: str = "it failed", details: str | None = None) -> TurnEnded:
    drive = codex.running()
    error = {"message": message, "codexErrorInfo": info, "additionalDetails": details}
    facts = drive.says(codex.turn_completed(status="failed", error=error))
    (ended,) = [fact for fact in facts if isinstance(fact, TurnEnded)]
    return ended


@pytest.mark.parametrize(("code", "cause"), CODES.items())
def test_a_code_of_its_own(code: str, cause: Cause) -> None:
    ended = failed(code)
    assert (ended.reason, ended.ok, ended.cause) == (code, False, cause)


@pytest.mark.parametrize(
    "connection",
    [
        "httpConnectionFailed",
        "responseStreamConnectionFailed",
        "responseStreamDisconnected",
        "responseTooManyFailedAttempts",
    ],
)
@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, Cause.AUTH),
        (402, Cause.BILLING),
        (403, Cause.AUTH),
        (404, Cause.MODEL),
        (429, Cause.RATE_LIMIT),
        (500, Cause.SERVER_ERROR),
        (503, Cause.OVERLOADED),
        (504, Cause.TIMEOUT),
        (529, Cause.OVERLOADED),
        (None, Cause.NETWORK),
    ],
)
def test_a_connection_that_broke_with_a_status(connection: str, status: int | None, cause: Cause) -> None:
    assert failed({connection: {"httpStatusCode": status}}).cause is cause


@pytest.mark.parametrize(
    ("info", "cause"),
    [
        ({"activeTurnNotSteerable": {"turnKind": "review"}}, Cause.UNKNOWN),
        ({"hologram": []}, Cause.UNKNOWN),
        ({}, Cause.UNKNOWN),
        (None, Cause.UNKNOWN),
        ([1], Cause.UNKNOWN),
        ({"httpConnectionFailed": {"httpStatusCode": True}}, Cause.NETWORK),
    ],
)
def test_odd_codes_break_nothing(info: Any, cause: Cause) -> None:
    assert failed(info).cause is cause


@pytest.mark.parametrize(
    ("details", "cause"),
    [
        ("Connection failed: error sending request", Cause.NETWORK),
        ("stream disconnected before completion: idle timeout waiting for SSE", Cause.TIMEOUT),
        ("We're currently experiencing high demand, which may cause temporary errors.", Cause.SERVER_ERROR),
        ("stream closed before response.completed", Cause.NETWORK),
    ],
)
def test_words_tell_what_a_code_without_a_status_does_not(details: str, cause: Cause) -> None:
    drive = codex.running()
    drive.says(codex.retry({"responseStreamDisconnected": {"httpStatusCode": None}}, details=details))
    trouble = drive.adapter.trouble()
    assert trouble is not None
    assert (trouble.cause, trouble.retrying, trouble.attempt, trouble.attempts) == (cause, True, 1, 5)
    assert trouble.detail == details


def test_a_failure_without_an_error_still_says_something() -> None:
    drive = codex.running()
    (ended,) = drive.says(codex.turn_completed(status="failed"))
    assert isinstance(ended, TurnEnded)
    assert (ended.reason, ended.detail, ended.cause) == ("failed", "the program gave no reason", Cause.UNKNOWN)


def test_waiting_for_the_network_has_no_count_and_lasts_since_it_began() -> None:
    drive = codex.running()
    waiting = codex.retry(
        {"responseStreamDisconnected": {"httpStatusCode": None}}, "Reconnecting... waiting for network"
    )
    drive.says(waiting)
    first = drive.adapter.trouble()
    drive.says(waiting)
    second = drive.adapter.trouble()
    assert first is not None
    assert second is not None
    assert (second.cause, second.attempt, second.retrying, second.since) == (Cause.NETWORK, None, True, first.since)
    assert codex.turn_now(drive)[1] == "the provider cannot be reached, tries again"


@pytest.mark.parametrize(
    "sign",
    [
        codex.delta("on it goes goes"),
        codex.command("c1", "x"),
        codex.turn_completed(),
        codex.notice("turn/plan/updated", plan=[]),
    ],
)
def test_what_was_wrong_is_over_once_work_goes_on(sign: dict[str, Any]) -> None:
    drive = codex.running()
    drive.says(codex.retry({"responseStreamDisconnected": {"httpStatusCode": 429}}))
    trouble = drive.adapter.trouble()
    assert trouble is not None
    assert trouble.status == 429
    drive.says(sign)
    assert drive.adapter.trouble() is None


# ---------------------------------------------------------------- when it passes


def limits(*windows: tuple[Any, Any]) -> dict[str, Any]:
    named = dict(zip(("primary", "secondary"), windows, strict=False))
    told = {
        name: {"usedPercent": used, "resetsAt": resets, "windowDurationMins": 300}
        for name, (used, resets) in named.items()
    }
    return codex.notice("account/rateLimits/updated", None, rateLimits=told)


def quota(drive: Drive, message: str = "You've hit your usage limit.") -> float | None:
    error = {"message": message, "codexErrorInfo": "usageLimitExceeded"}
    drive.says(codex.turn_completed(status="failed", error=error))
    trouble = drive.adapter.trouble()
    assert trouble is None or (trouble.cause is Cause.QUOTA and not trouble.retrying)
    return None if trouble is None else trouble.until


def test_a_plan_that_is_used_up_passes_when_its_last_full_window_is_reset() -> None:
    drive = codex.running()
    drive.says(limits((100, WALL + 900), (100.0, WALL + 90_000)))
    assert quota(drive) == WALL + 90_000


def test_a_window_that_is_not_full_is_not_what_it_waits_for() -> None:
    drive = codex.running()
    drive.says(limits((100, WALL + 900), (40, WALL + 90_000)), limits())
    assert quota(drive) == WALL + 900, "what is not told again stays as it was"


@pytest.mark.parametrize("window", [(100, None), ("full", WALL + 900), (True, WALL + 900), (100, WALL - 900)])
def test_limits_that_say_nothing_usable_promise_nothing(window: tuple[Any, Any]) -> None:
    drive = codex.running()
    drive.says(limits(window), codex.notice("account/rateLimits/updated", None, rateLimits=None))
    assert quota(drive) is None


def test_the_time_in_its_words_counts_most() -> None:
    drive = codex.running()
    drive.says(limits((100, WALL + 9000)))
    until = quota(drive, "You've hit your usage limit. Try again in 2 minutes.")
    assert until is not None
    assert 0 < until - WALL < 1000


def test_it_is_forgotten_when_the_next_turn_begins() -> None:
    drive = codex.running()
    drive.says(limits((100, WALL + 9000)))
    assert quota(drive) is not None
    drive.write(drive.adapter.prompt(2, "and now?"))
    assert drive.adapter.trouble() is None


def test_every_cause_has_words_of_its_own() -> None:
    told = {troubles.retry_words(Trouble(cause, "", since=0.0, retrying=True)) for cause in Cause}
    assert len(told) == len(Cause)
