"""Exceptions of both SDKs become causes; built as the SDKs build them."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx2
import openai
import pytest

from agents.model import Cause
from agents.pilot.providers import faults
from agents.pilot.providers.contract import ProviderFault

REQUEST = httpx2.Request("POST", "http://127.0.0.1:1/v1")
NOW = 1_800_000_000.0


def refused(status: int, body: Any, **headers: str) -> ProviderFault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, request=REQUEST, headers=named)
    fault = faults.read(anthropic.APIStatusError("Error", response=response, body=body), NOW, "X")
    assert fault is not None
    return fault


def said(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (401, said("authentication_error", "invalid x-api-key"), Cause.AUTH),
        (400, said("invalid_request_error", "Your credit balance is too low"), Cause.BILLING),
        (400, said("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), Cause.CONTEXT_FULL),
        (400, said("invalid_request_error", "You have reached your specified API usage limits."), Cause.QUOTA),
        (400, said("invalid_request_error", "messages: bad"), Cause.UNKNOWN),
        (413, said("request_too_large", "Request exceeds the maximum size"), Cause.CONTEXT_FULL),
        (404, said("not_found_error", "model: x"), Cause.MODEL),
        (429, said("rate_limit_error", "slow down"), Cause.RATE_LIMIT),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, Cause.QUOTA),
        (502, "<html>Bad gateway</html>", Cause.SERVER_ERROR),
        (504, None, Cause.TIMEOUT),
        (200, said("overloaded_error", "Overloaded"), Cause.OVERLOADED),
        (200, said("api_error", "Internal"), Cause.SERVER_ERROR),
        (400, {"error": "model does not support tools"}, Cause.UNKNOWN),
    ],
)
def test_a_refusal_has_its_cause(status: int, body: Any, cause: Cause) -> None:
    fault = refused(status, body)
    assert fault.cause is cause
    assert fault.status == (status if status >= 400 else None)


def test_the_words_are_the_vendors_with_a_next_step() -> None:
    fault = refused(401, said("authentication_error", "invalid x-api-key"))
    assert fault.message == "invalid x-api-key (HTTP 401). Check the API key, then start Pilot again."
    assert len(refused(500, "x" * 10_000).message) < 700


@pytest.mark.parametrize(
    ("told", "until"),
    [
        ("60", NOW + 60),
        ("Fri, 15 Jan 2027 08:00:00 GMT", 1_800_000_000.0),
        ("soon", None),
        ("-1", None),
        ("1e99", None),
    ],
)
def test_when_it_passes_is_read(told: str, until: float | None) -> None:
    assert refused(429, said("rate_limit_error", "slow"), retry_after=told).until == until


def test_only_a_limit_passes_at_a_time() -> None:
    assert refused(500, None, retry_after="60").until is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (anthropic.APITimeoutError(REQUEST), Cause.TIMEOUT),
        (openai.APITimeoutError(REQUEST), Cause.TIMEOUT),
        (httpx2.ReadTimeout("", request=REQUEST), Cause.TIMEOUT),
        (anthropic.APIConnectionError(request=REQUEST), Cause.NETWORK),
        (httpx2.RemoteProtocolError("peer closed connection", request=REQUEST), Cause.NETWORK),
        (openai.APIError("boom", REQUEST, body={"message": "boom", "code": "server_error"}), Cause.SERVER_ERROR),
        (openai.OpenAIError("odd"), Cause.SERVER_ERROR),
        (AttributeError("'str' object has no attribute 'data'"), Cause.SERVER_ERROR),
    ],
)
def test_what_is_no_refusal(error: Exception, cause: Cause) -> None:
    fault = faults.read(error, NOW, "the endpoint")
    assert fault is not None
    assert fault.cause is cause


def test_the_deepest_reason_is_told() -> None:
    error = anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = OSError("Connection refused")
    fault = faults.read(error, NOW, "http://x")
    assert fault is not None
    assert "http://x failed: Connection refused" in fault.message


def test_a_defect_of_ours_is_no_fault_of_the_provider() -> None:
    assert faults.read(ZeroDivisionError(), NOW, "X") is None
    with pytest.raises(ZeroDivisionError), faults.told("X"):
        raise ZeroDivisionError
    with pytest.raises(ProviderFault), faults.told("X"):
        raise openai.OpenAIError("odd")
    with pytest.raises(ProviderFault, match="mine"), faults.told("X"):
        raise ProviderFault(Cause.MODEL, "mine")
