"""Why a provider did not answer: an SDK's exception becomes one of our causes.

Classes are told by name, since both SDKs and the HTTP library below them have the same ones and importing any of them
here would be slow.
"""

from __future__ import annotations

import contextlib
import email.utils
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agents.model import Cause
from agents.pilot.providers.contract import ProviderFault

#: Longest message kept, characters; some endpoints answer with a page of HTML.
LONGEST: Final = 600

_CONTEXT = re.compile(
    r"prompt is too long|context[ _](?:length|window|size)|maximum context|too many tokens|exceeds? the (?:available )?"
    r"context|input is too long",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"current quota|usage limits?\b|session limit|weekly limit", re.IGNORECASE)
_CREDIT = re.compile(r"credit balance|billing|payment|purchase credits", re.IGNORECASE)

#: What the body of an error says is more exact than its status. Both vendors' words, and our tests'.
_BY_CODE: Final = {
    "authentication_error": Cause.AUTH,
    "invalid_api_key": Cause.AUTH,
    "permission_error": Cause.AUTH,
    "billing_error": Cause.BILLING,
    "context_length_exceeded": Cause.CONTEXT_FULL,
    "request_too_large": Cause.CONTEXT_FULL,
    "insufficient_quota": Cause.QUOTA,
    "usage_limit_reached": Cause.QUOTA,
    "rate_limit_error": Cause.RATE_LIMIT,
    "rate_limit_exceeded": Cause.RATE_LIMIT,
    "overloaded_error": Cause.OVERLOADED,
    "model_not_found": Cause.MODEL,
    "content_policy_violation": Cause.REFUSAL,
    "timeout_error": Cause.TIMEOUT,
}
_BY_STATUS: Final = {
    401: Cause.AUTH,
    402: Cause.BILLING,
    403: Cause.AUTH,
    404: Cause.MODEL,
    408: Cause.TIMEOUT,
    413: Cause.CONTEXT_FULL,
    429: Cause.RATE_LIMIT,
    503: Cause.OVERLOADED,
    504: Cause.TIMEOUT,
    529: Cause.OVERLOADED,
}

#: The user's next step, where there is one.
_NEXT: Final = {
    Cause.AUTH: "Check the API key, then start Pilot again.",
    Cause.BILLING: "Add credit to the account of the API key, or use another key.",
    Cause.QUOTA: "Wait for its reset, or use another key.",
    Cause.CONTEXT_FULL: "Start a new session.",
    Cause.MODEL: "Choose another model.",
    Cause.NETWORK: "Check the base URL and the connection.",
}


@contextlib.contextmanager
def told(endpoint: str) -> Iterator[None]:
    """Let every failure of the provider inside leave as a ProviderFault."""
    try:
        yield
    except ProviderFault:
        raise
    except Exception as error:
        fault = read(error, time.time(), endpoint)
        if fault is None:
            raise
        raise fault from error


def read(error: Exception, now: float, endpoint: str) -> ProviderFault | None:
    """Return the fault an exception of a request means, ``None`` when it is none of the provider's."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"APITimeoutError", "TimeoutException"}:
        return ProviderFault(Cause.TIMEOUT, f"No answer in time from {endpoint}.")
    if names & {"APIConnectionError", "TransportError"}:
        return _unreachable(error, endpoint)
    if names & {"APIError", "APIStatusError"}:
        return _refused(error, now)
    # The last three: SDKs check little of what an endpoint sends, its gaps show where it is used.
    if names & {"AnthropicError", "OpenAIError", "HTTPError", "ValueError", "AttributeError", "TypeError", "KeyError"}:
        text = f"{endpoint} did not answer as its protocol says: {_short(str(error))}"
        return ProviderFault(Cause.SERVER_ERROR, text)
    return None


def _unreachable(error: Exception, endpoint: str) -> ProviderFault:
    deepest: BaseException = error
    while deepest.__cause__ is not None:
        deepest = deepest.__cause__
    why = _short(str(deepest)) or type(deepest).__name__
    return ProviderFault(Cause.NETWORK, f"The connection to {endpoint} failed: {why}. {_NEXT[Cause.NETWORK]}")


def _refused(error: Any, now: float) -> ProviderFault:
    status = getattr(error, "status_code", None)
    status = status if isinstance(status, int) and status >= 400 else None
    codes, words = _body(getattr(error, "body", None))
    words = _short(words or str(error))
    cause = _cause(status, codes, words)
    response = getattr(error, "response", None)
    until = _until(getattr(response, "headers", {}), now) if cause in (Cause.RATE_LIMIT, Cause.QUOTA) else None
    told = f"{words.rstrip('.')} (HTTP {status})." if status else f"{words.rstrip('.')}."
    return ProviderFault(cause, f"{told} {_NEXT.get(cause, '')}".strip(), status, until)


def _cause(status: int | None, codes: tuple[str, ...], words: str) -> Cause:
    if status in (400, 413, 422, None) and _CONTEXT.search(words):
        return Cause.CONTEXT_FULL
    if status == 402 or (status in (400, 403) and _CREDIT.search(words)):
        return Cause.BILLING
    if status in (400, 429) and _QUOTA.search(words):
        return Cause.QUOTA  # Anthropic has no type of its own for it
    for code in codes:
        if code in _BY_CODE:
            return _BY_CODE[code]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is None or status >= 500:
        return Cause.SERVER_ERROR
    return Cause.UNKNOWN


def _body(body: Any) -> tuple[tuple[str, ...], str]:
    """Return the codes and the words of an error's body: Anthropic nests them once more than the OpenAI SDK."""
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    if isinstance(body, dict) and isinstance(body.get("error"), str):
        return (), str(body["error"])  # Ollama
    if not isinstance(body, dict):
        return (), body if isinstance(body, str) else ""
    codes = tuple(value for key in ("code", "type") if isinstance(value := body.get(key), str))
    message = body.get("message")
    return codes, message if isinstance(message, str) else ""


def _until(headers: Mapping[str, str], now: float) -> float | None:
    """Return when the provider says it may be asked again."""
    told = headers.get("retry-after")
    if told is None:
        return None
    try:
        seconds = float(told)
    except ValueError:
        parsed = email.utils.parsedate_tz(told)
        return None if parsed is None else float(email.utils.mktime_tz(parsed))
    return now + seconds if 0 <= seconds < 10**9 else None


def _short(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
