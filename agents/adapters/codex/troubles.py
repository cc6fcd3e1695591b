"""Why a turn fails or waits, read off what Codex says: its own codes first, then its words. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from agents.adapters.codex.messages import dicts_in, text_in
from agents.adapters.codex.state import State, Window
from agents.model import Cause, Mark, Trouble
from agents.status.causes import classify, reset_at
from agents.status.untrusted import one_line

#: ``codexErrorInfo`` where the code alone says it (schema of 0.169.0); the others carry a status, or only words.
_CODES: Final = {
    "contextWindowExceeded": Cause.CONTEXT_FULL,
    "sessionBudgetExceeded": Cause.QUOTA,
    "usageLimitExceeded": Cause.QUOTA,
    "rateLimitExceeded": Cause.RATE_LIMIT,
    "flexUnavailable": Cause.OVERLOADED,
    "serverOverloaded": Cause.OVERLOADED,
    "policyCapacityUnavailable": Cause.OVERLOADED,
    "modelNotFound": Cause.MODEL,
    "inferenceHookDenied": Cause.REFUSAL,
    "cyberPolicy": Cause.REFUSAL,
    "misalignmentPolicyViolation": Cause.REFUSAL,
    "tooManyDenials": Cause.REFUSAL,
    "internalServerError": Cause.SERVER_ERROR,
    "unauthorized": Cause.AUTH,
    "sandboxError": Cause.CRASH,
    "threadRollbackFailed": Cause.CRASH,
    "activeTurnNotSteerable": Cause.UNKNOWN,
}

#: Codes that say which connection broke; the status or the words say why.
_CONNECTIONS: Final = frozenset(
    {
        "httpConnectionFailed",
        "responseStreamConnectionFailed",
        "responseStreamDisconnected",
        "responseTooManyFailedAttempts",
    }
)

#: The program has no code for what the provider answers 5xx until it gives up; this is what it says meanwhile.
_HIGH_DEMAND: Final = "currently experiencing high demand"

#: It waits for these for as long as it takes, without counting.
_NETWORK: Final = "waiting for network"

_COUNT = re.compile(r"(\d{1,4})\s*/\s*(\d{1,4})")

#: Share of a limit from which on it is used up, per cent.
_USED_UP: Final = 100.0


def cause_of(error: Mapping[str, Any]) -> tuple[Cause, str, int | None]:
    """Return the cause of a turn's error, its code and its HTTP status."""
    code, status = _code(error.get("codexErrorInfo"))
    if code in _CODES:
        return _CODES[code], code, status
    words = f"{text_in(error, 'message')} {text_in(error, 'additionalDetails')}"
    if _NETWORK in words:
        return Cause.NETWORK, code, status
    if status is None and _HIGH_DEMAND in words:
        return Cause.SERVER_ERROR, code, status
    found = classify(words, status)
    if found is Cause.UNKNOWN and code in _CONNECTIONS and status is None:
        found = Cause.NETWORK
    return found, code, status


def _code(info: Any) -> tuple[str, int | None]:
    if isinstance(info, str):
        return one_line(info, 60), None
    if not isinstance(info, dict) or not info:
        return "", None
    name, body = next(iter(info.items()))
    status = body.get("httpStatusCode") if isinstance(body, dict) else None
    is_status = isinstance(status, int) and not isinstance(status, bool)
    return one_line(str(name), 60), status if is_status else None


def words_of(error: Mapping[str, Any]) -> str:
    """Return what an error says, for people: its details where its message only counts attempts."""
    message, details = text_in(error, "message"), text_in(error, "additionalDetails")
    if message.startswith("Reconnecting") and details:
        return one_line(details, 500)
    both = f"{message}: {details}" if details and details not in message else message
    return one_line(both, 500) or "the program gave no reason"


def read(state: State, error: Mapping[str, Any], mark: Mark, *, retries: bool) -> Trouble:
    """Return what an error of the running turn means; ``retries`` is whether the program goes on trying."""
    cause, _, status = cause_of(error)
    count = _COUNT.search(text_in(error, "message")) if retries else None
    before = state.trouble
    since = before.since if before is not None and before.cause is cause else mark.wall
    detail = words_of(error)
    return Trouble(
        cause=cause,
        detail=detail,
        since=since,
        until=_until(state, cause, detail, mark),
        retrying=retries,
        attempt=int(count[1]) if count else None,
        attempts=int(count[2]) if count else None,
        status=status,
    )


def _until(state: State, cause: Cause, detail: str, mark: Mark) -> float | None:
    said = reset_at(detail, None, mark.wall)
    if said is not None or cause not in (Cause.QUOTA, Cause.RATE_LIMIT):
        return said
    # Used up are all windows that are full; it goes on once the last of them is reset.
    full = [window.resets for window in state.limits if window.used >= _USED_UP and window.resets > mark.wall]
    return max(full, default=None)


def on_limits(state: State, limits: Any) -> None:
    """Take how much of the account's limits is used up; fields that are not told stay as they were."""
    if not isinstance(limits, dict):
        return
    found = dicts_in([limits.get("primary"), limits.get("secondary")])
    windows = [Window(*numbers) for window in found if (numbers := _numbers(window)) is not None]
    state.limits = windows or state.limits


def _numbers(window: Mapping[str, Any]) -> tuple[float, float] | None:
    used, resets = window.get("usedPercent"), window.get("resetsAt")
    values = [v for v in (used, resets) if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)]
    return (float(values[0]), float(values[1])) if len(values) == 2 else None


def retry_words(trouble: Trouble) -> str:
    """Return what the row says while the program tries again."""
    status = f" ({trouble.status})" if trouble.status is not None else ""
    count = f": attempt {trouble.attempt} of {trouble.attempts}" if trouble.attempt is not None else ""
    return f"{_WORDS[trouble.cause]}{status}, tries again{count}"


_WORDS: Final = {
    Cause.AUTH: "the key or login was refused",
    Cause.BILLING: "the account has no credit",
    Cause.RATE_LIMIT: "rate limited",
    Cause.QUOTA: "the plan's allowance is used up",
    Cause.OVERLOADED: "the provider is overloaded",
    Cause.SERVER_ERROR: "the provider failed",
    Cause.NETWORK: "the provider cannot be reached",
    Cause.TIMEOUT: "the provider does not answer",
    Cause.CONTEXT_FULL: "the context is full",
    Cause.MODEL: "the model was not found",
    Cause.REFUSAL: "the model refused",
    Cause.CRASH: "the program failed",
    Cause.UNKNOWN: "the request failed",
}
