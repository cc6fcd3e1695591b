"""Why a provider did not do what it was asked, in one word, and when it passes: read off any vendor's words.

Pure: status, codes, texts and the time are passed in. Knows no agent program, and decides nothing but the word.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from agents.model import Cause

#: Of a text longer than this only the beginning is read, characters.
TEXT_LIMIT = 4000

#: A promise further ahead than this is not believed, seconds.
LONGEST_WAIT = 370 * 86400.0

#: Read in this order, in words: lower case, “_”, “-” and camelCase parted by spaces, addresses left out.
_PHRASES: tuple[tuple[Cause, str], ...] = (
    (
        Cause.CONTEXT_FULL,
        r"context (?:length|window|limit|overflow|size|full)|prompt (?:is |was )?too long|maximum context|"
        r"input (?:is |was )?too long|token count .{0,40}exceeds|too many (?:input |total )?tokens|"
        r"maximum (?:number of |allowed |prompt )?(?:input )?tokens|request (?:entity |body )?(?:is )?too large",
    ),
    (
        Cause.BILLING,
        r"credit balance|billing error|payment required|out of credits|insufficient (?:credit|fund|balance)",
    ),
    (Cause.RATE_LIMIT, r"rate limit|rate limited|too many requests|per min(?:ute)?\b|throttl"),
    (
        Cause.QUOTA,
        r"exceeded your (?:current )?quota|quota .{0,30}(?:exceeded|exhausted|reached|used up)|insufficient quota|"
        r"exhausted your|usage limit|(?:session|weekly|daily|monthly|hour|plan|opus|sonnet) limit|"
        r"hit your limit|out of extra usage",
    ),
    (
        Cause.MODEL,
        r"model not found|model .{0,100}(?:not (?:found|exist|supported|available)|no longer available)|"
        r"(?:unknown|invalid|unsupported|no such) model|access to (?:the |this )?model",
    ),
    (
        Cause.AUTH,
        r"authenticat|unauthori[sz]ed|forbidden|logged out|not logged in|log in again|\blogin\b|"
        r"(?:invalid|incorrect|missing|no|expired|revoked|wrong|set an?) .{0,20}(?:api key|credentials?)\b|"
        r"api key .{0,30}(?:invalid|not valid|missing|expired|revoked|required|not found|not set)|"
        r"\bkey (?:may not|can ?not|is not (?:allowed|permitted))|"
        r"auth (?:required|error|failed)|oauth token|(?:token|credentials?) .{0,20}(?:expired|revoked)",
    ),
    (Cause.OVERLOADED, r"overloaded|service unavailable|at capacity|no capacity|high demand"),
    (Cause.TIMEOUT, r"\betimedout|timed out|time ?out\b|deadline exceeded"),
    (
        Cause.NETWORK,
        r"\be(?:conn(?:refused|reset|aborted)|notfound|pipe|hostunreach|netunreach|ai again|nettimeout)\b|"
        r"connection (?:was )?(?:refused|reset|closed|lost|error|failed|aborted|terminated|interrupted)|"
        r"(?:unable|failed|cannot|can't|could not) (?:to )?connect|cannot reach|fetch failed|socket hang up|"
        r"other side closed|premature(?:ly)? close|stream disconnected|stream closed|network|getaddrinfo|"
        r"name resolution|certificate|socket connection|^(?:typeerror )?terminated$",
    ),
    (
        Cause.REFUSAL,
        r"content filter|prohibited content|usage polic|content polic|refused to (?:answer|respond)|refusal",
    ),
    (Cause.SERVER_ERROR, r"server error|bad gateway|server had an error|upstream error"),
)

#: Words that say it only as a code: in a sentence they may mean something else.
_CODES: tuple[tuple[Cause, str], ...] = (
    (Cause.AUTH, r"^(?:permission (?:denied|error)|unauthenticated|invalid api key|api key invalid|auth)$"),
    (Cause.RATE_LIMIT, r"^resource exhausted$"),
    (Cause.QUOTA, r"^quota"),
    (Cause.BILLING, r"^billing"),
    (Cause.OVERLOADED, r"^(?:unavailable|overload)$"),
    (Cause.MODEL, r"^(?:not found(?: error)?|model(?: error)?)$"),
    (Cause.REFUSAL, r"^(?:safety|blocklist|spii|recitation)$"),
    (Cause.SERVER_ERROR, r"^(?:internal|api error)$"),
)

_STATUSES: dict[int, Cause] = {
    401: Cause.AUTH,
    402: Cause.BILLING,
    403: Cause.AUTH,
    404: Cause.MODEL,
    407: Cause.NETWORK,
    408: Cause.TIMEOUT,
    413: Cause.CONTEXT_FULL,
    429: Cause.RATE_LIMIT,
    503: Cause.OVERLOADED,
    504: Cause.TIMEOUT,
    529: Cause.OVERLOADED,
}

_ADDRESS = re.compile(r"https?://\S+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\s_\-\"'`:]+")
_STATUS = re.compile(
    r"(?:\b(?:status(?: code)?|https?(?:/\d(?:\.\d)?)?|error|code)\W{0,4}(?:repeated )?|^\W{0,3})([45]\d\d)\b",
    re.IGNORECASE,
)


def classify(text: str = "", status: int | None = None, code: str = "") -> Cause:
    """Return the cause of a failure: the vendor's code counts most, then the text, then the HTTP status.

    A text sharpens a code for limits, since one code stands for “too fast” and for “used up” with several vendors.
    A status is also found inside the text.
    """
    text = text[:TEXT_LIMIT]
    status = status if status is not None else status_in(text)
    if status == 402:
        return Cause.BILLING
    said = _first(_CODES + _PHRASES, _words(code[:TEXT_LIMIT]))
    read = _first(_PHRASES, _words(text))
    if said is Cause.RATE_LIMIT and read in (Cause.QUOTA, Cause.BILLING):
        return read
    by_status = _by_status(status)
    if (said or read) is Cause.NETWORK and by_status is not Cause.UNKNOWN:
        return by_status  # somebody answered
    return said or read or by_status


def status_in(text: str) -> int | None:
    """Return the HTTP status of a failure that the text names, as in “API Error: 529 …”."""
    found = _STATUS.search(text[:TEXT_LIMIT])
    return int(found[1]) if found else None


def _by_status(status: int | None) -> Cause:
    if status is None:
        return Cause.UNKNOWN
    return _STATUSES.get(status, Cause.SERVER_ERROR if 500 <= status < 600 else Cause.UNKNOWN)


def _first(table: tuple[tuple[Cause, str], ...], words: str) -> Cause | None:
    return next((cause for cause, pattern in table if re.search(pattern, words)), None) if words else None


def _words(text: str) -> str:
    spaced = _CAMEL.sub(" ", _ADDRESS.sub(" ", text))
    return _SEPARATORS.sub(" ", spaced).lower().strip(" .,!(){}[]")


# -- when it passes

_UNITS = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = r"\d{1,9}(?:\.\d{1,6})?\s*(?:ms|milli\w*|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])"
_SPAN = re.compile(
    r"(?:again|retry(?:ing)?|retry[ _-]?after|retry[ _-]?delay|resets?|available|wait)"
    rf"[\W_]{{0,5}}(?:(?:in|after|for|about)[\W_]{{1,3}}){{0,2}}((?:{_PART}[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
_NUMBER_AND_UNIT = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|[smhd])", re.IGNORECASE)
_EPOCH = re.compile(r"(?:resets?[ _]?(?:at|time)?|limit reached)[\W_]{1,5}(\d{10})(\d{3})?\b", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?:resets?|again|until|available)[^\d]{0,12}"
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(
    r"(?:resets?|again|until|available)\s+(?:(?:at|on)\s+)?"
    rf"(?:({'|'.join(_MONTHS)})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?:(\d{{4}}),?\s+)?(?:at\s+)?)?"
    r"(\d{1,2})(?::(\d\d))?\s*([ap])?\.?(?:m\b)?\.?(?:\s*\(([\w/+\-]+)\)|\s*(UTC|GMT)\b)?",
    re.IGNORECASE,
)


def reset_at(text: str, retry_after: float | None, now: float, zone: tzinfo | None = None) -> float | None:
    """Return the epoch second at which the provider says the trouble passes, or ``None``.

    ``retry_after`` is its own number of seconds, if it gave one. ``zone`` is for times without one; ``None`` is this
    machine's, in which the programs on it print them. Nothing that lies behind or absurdly far ahead is returned.
    """
    text = text[:TEXT_LIMIT]
    at = now + retry_after if retry_after is not None else _named(text, now, zone)
    return at if at is not None and now <= at <= now + LONGEST_WAIT else None


def _named(text: str, now: float, zone: tzinfo | None) -> float | None:
    if found := _EPOCH.search(text):
        return float(found[1])
    if found := _SPAN.search(text):
        parts = _NUMBER_AND_UNIT.findall(found[1])
        return now + sum(float(number) * _UNITS[unit.lower()] for number, unit in parts)
    try:
        if found := _MOMENT.search(text):
            return _moment(found, zone)
        found = _CLOCK.search(text)
        return _clock(found, now, zone) if found and (found[5] or found[6]) else None
    except (ValueError, KeyError, OSError, OverflowError):
        return None  # the 30th of February, 25 o'clock, a zone that nobody knows


def _moment(found: re.Match[str], zone: tzinfo | None) -> float:
    offset = (found[2] or "").upper().replace("UTC", "Z")
    read = datetime.fromisoformat(found[1].upper().replace(" ", "T") + offset)
    return (read if offset else _placed(read, zone)).timestamp()


def _clock(found: re.Match[str], now: float, zone: tzinfo | None) -> float:
    """Return the next time the clock shows that, on the given day if one is given."""
    month, day, year, hours, minutes, half, place, utc = found.groups()
    if place or utc:
        zone = UTC if utc or place.upper() in ("UTC", "GMT", "Z") else ZoneInfo(place)
    today = datetime.fromtimestamp(now, zone).replace(tzinfo=None)
    hour = int(hours) % 12 + 12 * (half.lower() == "p") if half else int(hours)
    at = today.replace(hour=hour, minute=int(minutes or 0), second=0, microsecond=0)
    if month is None:
        return _placed(at if at >= today else at + timedelta(days=1), zone).timestamp()
    at = at.replace(year=int(year or today.year), month=_MONTHS.index(month.lower()) + 1, day=int(day))
    if year is None and at < today - timedelta(days=1):
        at = at.replace(year=today.year + 1)
    return _placed(at, zone).timestamp()


def _placed(at: datetime, zone: tzinfo | None) -> datetime:
    return at.replace(tzinfo=zone) if zone is not None else at.astimezone()
