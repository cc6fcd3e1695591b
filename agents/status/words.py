"""What a cause and a trouble are called for people: one table for rows, command line and shell.

Pure: knows no clock and no vendor; times of day are the reader's.
"""

from __future__ import annotations

import time
from typing import Final

from agents.model import Cause, Delivery, Trouble

#: A cause in a few words; of an unknown one only the agent's own words tell something.
CAUSES: Final[dict[Cause, str]] = {
    Cause.AUTH: "not logged in",
    Cause.BILLING: "no credit",
    Cause.RATE_LIMIT: "rate limited",
    Cause.QUOTA: "quota used up",
    Cause.OVERLOADED: "provider overloaded",
    Cause.SERVER_ERROR: "provider error",
    Cause.NETWORK: "no connection",
    Cause.TIMEOUT: "no answer in time",
    Cause.CONTEXT_FULL: "context full",
    Cause.MODEL: "model not available",
    Cause.REFUSAL: "the model refused",
    Cause.CRASH: "the program broke",
    Cause.UNKNOWN: "",
}

#: What the user can do about it, where there is something.
STEPS: Final[dict[Cause, str]] = {
    Cause.AUTH: "log in, then send the message again",
    Cause.BILLING: "add credit, or switch to a model that another account pays for",
    Cause.RATE_LIMIT: "send it again later, or switch the model",
    Cause.QUOTA: "wait for the reset, or switch to another model or account",
    Cause.OVERLOADED: "send it again later, or switch the model",
    Cause.SERVER_ERROR: "send it again later",
    Cause.NETWORK: "check the network and the address of the provider, then send it again",
    Cause.TIMEOUT: "send it again",
    Cause.CONTEXT_FULL: "compact the conversation, or begin a new one",
    Cause.MODEL: "switch to a model this account may use",
    Cause.REFUSAL: "say it in another way",
    Cause.CRASH: "look at its log, then resume it",
}

#: How far a message got.
DELIVERED: Final[dict[Delivery, str]] = {
    Delivery.QUEUED: "waits for its turn",
    Delivery.SENT: "sent",
    Delivery.DELIVERED: "delivered",
    Delivery.SUBMITTED: "submitted",
    Delivery.STARTED: "turn started",
    Delivery.UNDELIVERED: "not delivered",
}

_DAY_S = 20 * 3600.0
_WEEK_S = 6 * 86400.0


def moment(at: float, seen_from: float) -> str:
    """Return a time of day, with its day where it is not the next one of that name. Epoch seconds."""
    ahead = abs(at - seen_from)
    form = "%H:%M" if ahead < _DAY_S else "%a %H:%M" if ahead < _WEEK_S else "%d %b %H:%M"
    return time.strftime(form, time.localtime(at))


def failed(cause: Cause | None, until: float | None, seen_from: float) -> str:
    """Return why a turn failed and when that passes, empty when the agent's own words say more."""
    words = "" if cause in (None, Cause.CRASH) else CAUSES[cause]
    return f"{words}, resets {moment(until, seen_from)}" if words and until is not None else words


def trouble_words(trouble: Trouble) -> str:
    """Return what is wrong, how often it was tried, and until when."""
    until = "" if trouble.until is None else f"until {moment(trouble.until, trouble.since)}"
    return ", ".join(filter(None, (trying(trouble), until)))


def trying(trouble: Trouble) -> str:
    """Return what is wrong, and how often it was tried."""
    what = CAUSES[trouble.cause] or trouble.detail or "trouble"
    return ", ".join(filter(None, (what, attempts(trouble))))


def next_step(cause: Cause | None, trouble: Trouble | None) -> str:
    """Return what the user can do, or that nothing has to be done."""
    if trouble is not None and trouble.retrying and trouble.cause is not Cause.AUTH:
        return "it goes on by itself"
    return "" if cause is None else STEPS.get(cause, "")


def attempts(trouble: Trouble) -> str:
    """Return ``attempt 3 of 10`` while it goes on trying, as far as it is known."""
    if not trouble.retrying:
        return ""
    if trouble.attempt is None:
        return "trying again"
    return f"attempt {trouble.attempt}" + (f" of {trouble.attempts}" if trouble.attempts is not None else "")
