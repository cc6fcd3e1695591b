"""Every vendor's words for the same few troubles, and its words for when they pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from agents.model import Cause
from agents.status.causes import LONGEST_WAIT, TEXT_LIMIT, classify, reset_at, status_in

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "status", "code", "expected"),
    [
        # The rows of the scripted provider, as the vendors word them.
        ("Incorrect API key provided.", 401, "invalid_api_key", Cause.AUTH),
        ("", 401, "authentication_failed", Cause.AUTH),
        ("Your credit balance is too low.", 402, "insufficient_quota", Cause.BILLING),
        ("This key may not use this model.", 403, "permission_denied", Cause.AUTH),
        ("This key may not use this model.", None, "", Cause.AUTH),
        ("The model does not exist.", 404, "model_not_found", Cause.MODEL),
        ("Rate limit reached.", 429, "rate_limit_exceeded", Cause.RATE_LIMIT),
        ("You exceeded your current quota.", 429, "insufficient_quota", Cause.QUOTA),
        ("The server had an error.", 500, "server_error", Cause.SERVER_ERROR),
        ("The engine is overloaded.", 503, "service_unavailable", Cause.OVERLOADED),
        ("Overloaded.", 529, "overloaded_error", Cause.OVERLOADED),
        ("prompt is too long: 250000 tokens > 200000 maximum", 400, "context_length_exceeded", Cause.CONTEXT_FULL),
        # Claude Code.
        ("You've hit your session limit · resets 4pm (UTC)", 429, "rate_limit", Cause.QUOTA),
        ("Claude usage limit reached", None, "", Cause.QUOTA),
        ("Credit balance is too low", None, "billing_error", Cause.BILLING),
        ("Invalid API key · Please run /login", None, "", Cause.AUTH),
        ("", None, "prompt_too_long", Cause.CONTEXT_FULL),
        ('API Error: 529 {"type":"error","error":{"type":"overloaded_error"}}', None, "", Cause.OVERLOADED),
        ("Connection error.", None, "unknown", Cause.NETWORK),
        ("", None, "api_error", Cause.SERVER_ERROR),
        # Codex: camelCase.
        ("", None, "usageLimitExceeded", Cause.QUOTA),
        ("", None, "serverOverloaded", Cause.OVERLOADED),
        ("", None, "contextWindowExceeded", Cause.CONTEXT_FULL),
        ("", None, "unauthorized", Cause.AUTH),
        ("", 401, "responseStreamDisconnected", Cause.AUTH),
        ("stream disconnected before completion", None, "", Cause.NETWORK),
        ("waiting for network", None, "", Cause.NETWORK),
        # Google.
        ("API key not valid. Please pass a valid API key.", 400, "INVALID_ARGUMENT", Cause.AUTH),
        ("", None, "UNAUTHENTICATED", Cause.AUTH),
        ("", 403, "PERMISSION_DENIED", Cause.AUTH),
        ("Resource has been exhausted", 429, "RESOURCE_EXHAUSTED", Cause.RATE_LIMIT),
        ("Quota exceeded for metric: GenerateRequestsPerMinute", 429, "RESOURCE_EXHAUSTED", Cause.RATE_LIMIT),
        (
            "You exceeded your current quota, please check your plan and billing details. For more information "
            "head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
            429,
            "RESOURCE_EXHAUSTED",
            Cause.QUOTA,
        ),
        ("The model is overloaded. Please try again later.", 503, "UNAVAILABLE", Cause.OVERLOADED),
        ("", None, "INTERNAL", Cause.SERVER_ERROR),
        ("", None, "DEADLINE_EXCEEDED", Cause.TIMEOUT),
        ("models/x is not found for API version v1beta", 404, "NOT_FOUND", Cause.MODEL),
        ("The input token count (1200000) exceeds the maximum", 400, "INVALID_ARGUMENT", Cause.CONTEXT_FULL),
        ("", None, "SAFETY", Cause.REFUSAL),
        # Runtimes.
        ("connect ECONNREFUSED 127.0.0.1:1", None, "", Cause.NETWORK),
        ("Unable to connect. Is the computer able to access the url?", None, "", Cause.NETWORK),
        ("fetch failed", None, "", Cause.NETWORK),
        ("terminated", None, "", Cause.NETWORK),
        ("connect ETIMEDOUT 10.0.0.1:443", None, "", Cause.TIMEOUT),
        ("Request timed out.", None, "", Cause.TIMEOUT),
        ("502 Bad Gateway", None, "", Cause.SERVER_ERROR),
        # Only a status, or only one in the text.
        ("", 404, "", Cause.MODEL),
        ("", 407, "", Cause.NETWORK),
        ("", 408, "", Cause.TIMEOUT),
        ("", 413, "", Cause.CONTEXT_FULL),
        ("", 599, "", Cause.SERVER_ERROR),
        ("", 504, "", Cause.TIMEOUT),
        ("", 418, "", Cause.UNKNOWN),
        ("request failed with status code 402", None, "", Cause.BILLING),
        ("HTTP/1.1 503 something", None, "", Cause.OVERLOADED),
        # Nothing to go by, and words that only look like it.
        ("", None, "", Cause.UNKNOWN),
        ("Internal error", None, "", Cause.UNKNOWN),
        ("permission denied: ./build", None, "", Cause.UNKNOWN),
        ("I changed 429 files.", None, "", Cause.UNKNOWN),
        ("x" * TEXT_LIMIT + " rate limit", None, "", Cause.UNKNOWN),
    ],
)
def test_every_vendors_words_mean_one_cause(text: str, status: int | None, code: str, expected: Cause) -> None:
    assert classify(text, status, code) is expected


def test_a_code_counts_more_than_a_text_and_a_text_more_than_a_status() -> None:
    assert classify("the connection was reset", 500, "authentication_error") is Cause.AUTH
    assert classify("the request timed out", 500, "") is Cause.TIMEOUT
    assert classify("You are out of credits", 429, "rate_limit_error") is Cause.BILLING
    assert classify("the connection was reset", 429, "rate_limit_error") is Cause.RATE_LIMIT


def test_it_is_not_the_network_when_somebody_answered() -> None:
    assert classify("the connection was reset", 500) is Cause.SERVER_ERROR
    assert classify("the connection was reset", 200) is Cause.NETWORK


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("API Error: 529 Overloaded", 529),
        ("[API Error: got status: 429 Too Many Requests]", 429),
        ("503 Service Unavailable", 503),
        ("API Error: Repeated 529 Overloaded errors.", 529),
        ("read 404 lines", None),
        ("error 4040", None),
    ],
)
def test_a_status_is_found_only_where_the_text_names_one(text: str, expected: int | None) -> None:
    assert status_in(text) == expected


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> float:
    return datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You've hit your session limit · resets 4pm (UTC)", at(21, 16)),
        ("resets 2pm (UTC)", at(22, 14)),
        ("resets 12am (UTC)", at(22, 0)),
        ("resets 12:45 p.m. UTC", at(22, 12, 45)),
        ("resets at 16:05 (Europe/Berlin)", at(21, 15, 5)),
        ("resets Nov 25, 4pm (UTC)", at(25, 16)),
        ("resets Jan 3, 9am (UTC)", at(3, 9, month=1, year=2027)),
        ("try again at Nov 25th, 2026 3:05 PM", at(25, 15, 5)),
        ("try again at 3:05 PM.", at(21, 15, 5)),
        ("Claude AI usage limit reached|1795276800", 1795276800.0),
        ('"resetsAt":1795276800', 1795276800.0),
        ("reset_at: 1795276800123", 1795276800.0),
        ("Please retry in 32.5s.", NOW + 32.5),
        ('"retryDelay": "30s"', NOW + 30),
        ("try again in 3 days 2 hours 5 minutes", NOW + 3 * 86400 + 2 * 3600 + 300),
        ("try again in 1h20m5S", NOW + 4805),
        ("Retry after 500ms", NOW + 0.5),
        ("retry in 250 milliseconds", NOW + 0.25),
        ("resets in 2 hours and 10 mins", NOW + 7800),
        ("available again at 2026-11-21T16:00:00Z", at(21, 16)),
        ("resets at 2026-11-21 16:00 UTC", at(21, 16)),
        ("resets at 2026-11-21T16:00:00.123+01:00", at(21, 15)),
        ("blocked until 2026-11-21T16:00", at(21, 16)),
    ],
)
def test_when_it_passes_is_read_from_the_text(text: str, expected: float) -> None:
    assert reset_at(text, None, NOW, UTC) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rate limit reached.",
        "resets Thursday at 4",
        "resets 4",
        "resets 25:00 (UTC)",
        "resets 4pm (Nowhere/City)",
        "resets Feb 30, 4pm (UTC)",
        "resets Nov 1, 2026 4pm (UTC)",
        "resets at 2026-13-21T16:00:00Z",
        "try again in 99999 days",
        "usage limit reached|1000000000",
    ],
)
def test_what_is_no_time_or_lies_behind_is_no_promise(text: str) -> None:
    assert reset_at(text, None, NOW, UTC) is None


def test_a_number_of_seconds_counts_more_than_the_text() -> None:
    assert reset_at("resets 4pm (UTC)", 2.0, NOW) == NOW + 2
    assert reset_at("", 0.0, NOW) == NOW
    assert reset_at("", -5.0, NOW) is None
    assert reset_at("", LONGEST_WAIT + 1, NOW) is None
    assert reset_at("", float("nan"), NOW) is None


def test_a_time_without_a_zone_is_read_in_the_given_one_or_this_machines() -> None:
    assert reset_at("resets 4:10pm", None, NOW, timezone(timedelta(hours=1))) == at(21, 15, 10)
    here = reset_at("resets 4:10pm", None, NOW)
    assert here is not None
    local = datetime.fromtimestamp(here)  # noqa: DTZ006 - this machine's zone is what is asked about
    assert (local.hour, local.minute) == (16, 10)
    assert NOW <= here <= NOW + 86400 + 3600
