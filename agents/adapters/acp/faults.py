"""What is wrong around an agent, in its own words: failed requests, retries told in ``_meta``, errors as chat text.

Pure. Where an agent tells of failures beside the protocol is data of its kind: quirk ``failure``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

import msgspec

from agents.adapters.acp import messages
from agents.adapters.acp.state import Fault, State
from agents.adapters.contract import Fact
from agents.model import Cause, Mark, Trouble
from agents.spec import Kind
from agents.status.causes import classify, reset_at, status_in
from agents.status.untrusted import one_line

#: Characters of a turn's text kept to see whether it is an error; a longer text is an answer.
SAID_LIMIT: Final = 600

#: How a text begins that is an error and no answer.
_ERROR_TEXT = re.compile(r"\W{0,4}(?:(?:api|request|http|internal|llm|model|provider|server) )?error\b", re.IGNORECASE)

_ATTEMPT = re.compile(r"attempt (\d{1,4}) of (\d{1,4})", re.IGNORECASE)


class Told(msgspec.Struct, frozen=True):
    """A failure an agent told in ``_meta``: it goes on trying, or it gave up."""

    text: str
    cause: Cause
    retrying: bool


def told_in(kind: Kind, meta: Any) -> Told | None:
    """Return the failure a ``_meta`` object holds, by the kind's quirk ``failure``.

    ``at`` is the path to it, ``text`` the key of its words, ``retrying`` the key and value of a failure that is not
    the last word, ``category`` the key by which ``causes`` names a cause where the words say none.
    """
    quirk = kind.quirks.get("failure")
    found = _at(meta, quirk.get("at")) if isinstance(quirk, dict) else None
    if not isinstance(quirk, dict) or not isinstance(found, dict):
        return None
    text = one_line(str(_at(found, [quirk.get("text")]) or "it told of a failure"), 500)
    category = str(_at(found, [quirk.get("category")]))
    causes = quirk.get("causes")
    cause = classify(text)
    if cause is Cause.UNKNOWN and isinstance(causes, dict) and causes.get(category) in list(Cause):
        cause = Cause(causes[category])
    sign = quirk.get("retrying")
    retrying = isinstance(sign, dict) and all(found.get(key) == value for key, value in sign.items())
    return Told(text, cause, retrying)


def _at(meta: Any, path: Any) -> Any:
    if not isinstance(path, list) or not path:
        return None
    for key in path:
        meta = meta.get(key) if isinstance(meta, dict) and isinstance(key, str) else None
    return meta


def on_told(state: State, kind: Kind, meta: Any, mark: Mark) -> list[Fact]:
    """Take what an update tells of failures: a retry is trouble, the last word is how the turn will have ended."""
    told = told_in(kind, meta)
    if told is None:
        return []
    if told.retrying:
        attempt = _ATTEMPT.search(told.text)
        state.trouble = Trouble(
            told.cause,
            told.text,
            _since(state, told.cause, mark),
            reset_at(told.text, None, mark.wall, UTC),
            retrying=True,
            attempt=int(attempt[1]) if attempt else None,
            attempts=int(attempt[2]) if attempt else None,
            status=status_in(told.text),
        )
    elif state.turn is not None:
        state.turn.fault = Fault(told.text, told.cause)
    if state.turn is not None:
        state.turn.activity = told.text
    return [messages.note(told.text, meta, "warning")]


def passed(state: State) -> None:
    """Take a sign that work goes on."""
    state.trouble = None


def failed(state: State, fault: Fault, mark: Mark) -> None:
    """Keep why a turn or a session failed until the next one begins."""
    until = fault.until if fault.until is not None else reset_at(fault.text, fault.retry_after, mark.wall, UTC)
    status = fault.status if fault.status is not None else status_in(fault.text)
    state.trouble = Trouble(fault.cause, fault.text, _since(state, fault.cause, mark), until, status=status)


def _since(state: State, cause: Cause, mark: Mark) -> float:
    before = state.trouble
    return before.since if before is not None and before.cause is cause else mark.wall


def fault_of(failure: messages.Failure) -> Fault:
    """Return what a failed request means."""
    cause = failure.cause or _cause(failure)
    return Fault(failure.words, cause, status=failure.status, retry_after=failure.retry_after, until=failure.until)


def _cause(failure: messages.Failure) -> Cause:
    if failure.code == messages.AUTH_REQUIRED:
        return Cause.AUTH
    for hint in failure.hints:  # what the agent names beside its words counts most
        if classify(code=hint) is not Cause.UNKNOWN:
            return classify(failure.words, failure.status, hint)
    # 500 is also the answer of programs that know no better.
    found = classify(failure.words, None if failure.status == 500 else failure.status)
    return classify(status=failure.status) if found is Cause.UNKNOWN else found


def error_as_text(said: str) -> Fault | None:
    """Return the failure a turn's whole text is, when it reads like one."""
    text = said.strip()
    if not text or len(text) >= SAID_LIMIT or not _ERROR_TEXT.match(text):
        return None
    return Fault(one_line(text, 500), classify(text))


def login_hint(state: State, kind: Kind) -> str:
    """Return what the user can do about a missing login."""
    ways = "; ".join(state.known.auth_methods.values())
    offers = f" It offers: {ways}" if ways else ""
    how = f" with `{shlex.join(kind.login)}`" if kind.login else ""
    return f"Log in to the agent{how}, then resume it.{offers}"


def client_meta(kind: Kind) -> Mapping[str, Any]:
    """Return what the kind wants said in ``_meta`` of our capabilities, quirk ``client_meta``."""
    meta = kind.quirks.get("client_meta")
    return {"_meta": meta} if isinstance(meta, dict) else {}
