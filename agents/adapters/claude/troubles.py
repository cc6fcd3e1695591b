"""What is wrong around the program, in its own words: retries, limits of the plan, failed turns. Pure.

Finds the one word for it and when it passes; ends no turn.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from agents.adapters import lines
from agents.adapters.claude import messages
from agents.adapters.claude.state import Limit, State
from agents.adapters.contract import Fact, Noted
from agents.model import Cause, Mark, Trouble
from agents.spec import Kind
from agents.status.causes import LONGEST_WAIT, classify, reset_at
from agents.status.untrusted import one_line

#: The program's codes that no other vendor has.
_CODES: Final = {
    "oauth_org_not_allowed": Cause.AUTH,
    "account_on_hold": Cause.AUTH,
    "verification_required": Cause.AUTH,
    "cloud_credential_error": Cause.AUTH,
}
#: Codes that hide more than they tell: the status and the text know better.
_VAGUE: Final = frozenset({"server_error", "unknown", "invalid_request"})

_ENDS: Final = {
    "prompt_too_long": Cause.CONTEXT_FULL,
    "blocking_limit": Cause.CONTEXT_FULL,
    "rapid_refill_breaker": Cause.CONTEXT_FULL,
    "turn_setup_failed": Cause.CRASH,
}
_RETRIES: Final = {
    Cause.AUTH: "the key or login was refused",
    Cause.RATE_LIMIT: "rate limited",
    Cause.QUOTA: "the plan is used up",
    Cause.OVERLOADED: "the provider is overloaded",
    Cause.SERVER_ERROR: "the provider failed",
    Cause.NETWORK: "the provider cannot be reached",
    Cause.TIMEOUT: "the provider does not answer",
}
_LIMITS: Final = {
    "five_hour": "the five-hour limit",
    "seven_day": "the weekly limit",
    "seven_day_opus": "the weekly limit for Opus",
    "seven_day_sonnet": "the weekly limit for Sonnet",
    "overage": "the limit for extra usage",
}


def on_retry(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take a request that failed and is tried again: nothing else tells a wait of minutes from thinking."""
    code = one_line(str(message.get("error") or "unknown"), 60)
    status = _whole(message.get("error_status"))
    found = Cause.TIMEOUT if isinstance(message.get("no_response"), dict) else _cause_of_retry(code, status)
    delay = _seconds(message.get("retry_delay_ms"))
    until = None if delay is None else mark.wall + delay
    if found is Cause.RATE_LIMIT and (limit := _used_up(state, mark)) is not None:
        found, until = Cause.QUOTA, limit.until
    attempt, attempts = _whole(message.get("attempt")), _whole(message.get("max_retries"))
    words = _RETRIES.get(found, code) + (f" ({status})" if status is not None else "")
    when = f" in {delay:.0f} s" if delay is not None else ""
    text = one_line(f"{words}, tries again{when}: attempt {attempt} of {attempts}", 200)
    is_new = state.trouble is None or state.trouble.cause is not found
    state.trouble = Trouble(
        cause=found,
        detail=text,
        since=_since(state, found, mark),
        until=until,
        retrying=True,
        attempt=attempt,
        attempts=attempts,
        status=status,
    )
    if state.turn is not None:
        state.turn.activity = text
    # The row counts the attempts; ten lines of them would bury the conversation.
    return [Noted(text, lines.raw(message), "warning" if is_new else "info")]


def on_subagent_retry(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take the retry of a subagent, which is told with the progress of the tool call that made it."""
    told = message.get("subagent_retry")
    if not isinstance(told, dict):
        return []
    return on_retry(state, {**told, "error": told.get("error_category")}, mark)


def _cause_of_retry(code: str, status: int | None) -> Cause:
    if code == "unknown" and status is None:
        return Cause.NETWORK  # nobody answered at all
    return cause(code, "", status)


def cause(code: str, text: str, status: int | None) -> Cause:
    """Return the one word for a failure of a request."""
    return _CODES.get(code) or classify(text, status, "" if code in _VAGUE else code)


# ---------------------------------------------------------------- limits of the plan


def on_limit(state: State, message: Mapping[str, Any], mark: Mark) -> list[Fact]:
    """Take how much of the plan is used up."""
    info = message.get("rate_limit_info")
    if not isinstance(info, dict):
        return messages.note_once(state, "limit", "a limit of the plan was not understood", message)
    status, name = str(info.get("status"))[:40], one_line(str(info.get("rateLimitType") or ""), 60)
    words = _LIMITS.get(name, "the plan's limit")
    limit = state.limit = Limit(status, words, _moment(info.get("resetsAt"), mark.wall))
    when = f"; it is reset at {_clock(limit.until)}" if limit.until is not None else ""
    if info.get("isUsingOverage") is True:
        return messages.note_once(state, f"overage:{name}", f"{words} is used up, extra usage pays", info, "notice")
    if status == "rejected":
        state.trouble = Trouble(Cause.QUOTA, f"{words} is used up", mark.wall, limit.until, status=429)
        return [Noted(f"{words} is used up{when}", lines.raw(info), "warning")]
    if status == "allowed_warning":
        used = info.get("utilization")
        share = f"{used:.0%} of {words} are used" if _is_share(used) else f"{words} is nearly used up"
        return messages.note_once(state, f"limit:{name}:{limit.until}", share + when, info, "notice")
    return []


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _moment(value: Any, now: float) -> float | None:
    is_time = isinstance(value, int | float) and not isinstance(value, bool) and now <= value <= now + LONGEST_WAIT
    return float(value) if is_time else None


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %H:%M UTC")


# ---------------------------------------------------------------- failed turns


def on_failed(state: State, message: Mapping[str, Any], text: str, mark: Mark) -> Cause:
    """Take that a turn failed: keep what is wrong until another one begins, and return its word."""
    status = _whole(message.get("api_error_status"))
    code = state.turn.fault if state.turn is not None else ""
    found = _ENDS.get(str(message.get("terminal_reason"))) or cause(code, text, status)
    if message.get("stop_reason") == "refusal":
        found = Cause.REFUSAL
    if found is Cause.UNKNOWN and message.get("subtype") == "error_during_execution":
        found = Cause.CRASH
    until = None
    if found in (Cause.RATE_LIMIT, Cause.QUOTA):
        # Its own words name their zone; without one the replay on another machine must find the same.
        until = reset_at(text, None, mark.wall, UTC)
        if (limit := _used_up(state, mark)) is not None:
            found, until = Cause.QUOTA, limit.until
    state.trouble = Trouble(found, text, _since(state, found, mark), until, status=status)
    return found


def _used_up(state: State, mark: Mark) -> Limit | None:
    """Return the limit of the plan that stops it now; one that was reset since is none."""
    limit = state.limit
    is_up = limit is not None and limit.status == "rejected" and (limit.until is None or limit.until > mark.wall)
    return limit if is_up else None


def login(kind: Kind) -> str:
    """Return what to do about a refused key or login."""
    command = shlex.join(kind.login or ("claude", "auth", "login"))
    return f"log in with `{command}`, or set ANTHROPIC_API_KEY"


def passed(state: State) -> None:
    """Take a sign that the provider answers."""
    state.trouble = None


def _since(state: State, found: Cause, mark: Mark) -> float:
    before = state.trouble
    return before.since if before is not None and before.cause is found else mark.wall


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _seconds(value: Any) -> float | None:
    is_time = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
    return min(value / 1000, LONGEST_WAIT) if is_time else None
