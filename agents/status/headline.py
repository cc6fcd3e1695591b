"""The one table of headlines: from the axes of state to a word, a glyph, a colour role and a triage rank.

Pure; used by the daemon (rows), the CLI and the shell. Knows no clock and no colours, only their roles.
Rules are read from top to bottom and the first that holds wins.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Final

import msgspec

from agents.model import LIVE, Blocked, Headline, Health, Lifecycle, Turn
from agents.status.untrusted import one_line

#: Longest headline, in characters; the row's ``requests``, ``reason`` and ``activity`` hold the whole.
WORDS_LIMIT = 120


class Axes(msgspec.Struct, frozen=True):
    """Everything a headline depends on. ``asks`` is the subject of the oldest open request.

    ``reason`` says why a launch failed or a process was lost, ``detail`` why a turn failed, ``cause`` the same in a
    few words of ours, ``disk`` why nothing can be written. ``stop_wanted`` is true once the user asked for the end:
    what it does to a running turn is then no failure.
    """

    lifecycle: Lifecycle
    turn: Turn = Turn.UNKNOWN
    blocked: Blocked | None = None
    health: Health = Health.OK
    unread: int = 0
    exit_code: int | None = None
    exit_signal: int | None = None
    reason: str = ""
    detail: str = ""
    cause: str = ""
    disk: str = ""
    asks: str = ""
    empty: bool = False
    stop_wanted: bool = False


class Glyph(msgspec.Struct, frozen=True):
    """How a headline looks; always glyph, word and colour together (ui.md).

    ``means`` says in a few words which facts it comes from; ``name`` is the icon file, ``text`` its stand-in character,
    ``role`` a colour role of the theme. ``timing`` tells which time the view adds behind the words: ``age`` (since),
    ``until`` (the row's ``until``) or nothing.
    """

    name: str
    text: str
    role: str
    word: str
    means: str
    rank: int | None = None
    timing: str = "age"


#: Glyph, role, word and triage rank of every headline, in the order of the table in status.md.
GLYPHS: Final[dict[Headline, Glyph]] = {
    Headline.LOG_IN: Glyph("key", "⚿", "danger", "log in", "blocked for a log-in, or the log-in was lost", 1),
    Headline.ALLOW: Glyph("diamond", "◆", "attention", "allow", "blocked for a permission", 2),
    Headline.ASKS: Glyph("diamond", "◆", "attention", "asks", "blocked for an answer, or for a reason not told", 3),
    Headline.FAILED: Glyph("cross", "✕", "danger", "failed", "not started, lost, or the turn ended with an error", 4),
    Headline.CHECK: Glyph(
        "question-equal",
        "≟",
        "warning",
        "check",
        "a turn ended with no output and no changes, or with an error as text",
        5,
    ),
    Headline.DONE: Glyph("disc", "●", "success", "done", "a turn is done and unread", 6),
    Headline.SILENT: Glyph(
        "exclamation", "!", "warning", "silent", "stalled: no event for long, no process at work", 7
    ),
    Headline.PARKED: Glyph("pause", "⏸", "info", "parked", "rate limited, provider down, disk full", timing="until"),
    Headline.OVERLOADED: Glyph("triangle", "▲", "info", "overloaded", "the provider is overloaded; it tries again"),
    Headline.WORKING: Glyph("half-disc", "◐", "accent", "working", "the turn works"),
    Headline.STARTING: Glyph("half-disc", "◐", "accent", "starting", "its process starts"),
    Headline.STOPPING: Glyph("half-disc", "◐", "muted", "stopping", "you asked for its end"),
    Headline.IDLE: Glyph("circle", "○", "muted", "idle", "at rest: idle, or done and read"),
    Headline.UNTIL: Glyph("moon", "☾", "muted", "until", "it sleeps", timing="until"),
    Headline.QUEUED: Glyph("ellipsis", "…", "muted", "queued", "not started yet"),
    Headline.UNKNOWN: Glyph("question", "?", "muted", "unknown", "nothing known"),
    Headline.EXITED: Glyph("dash", "–", "muted", "exited", "its process ended"),
}

_PARKING = frozenset({Health.RATE_LIMITED, Health.PROVIDER_DOWN, Health.DISK_FULL})
_AT_REST = frozenset({Turn.IDLE, Turn.DONE})
_GONE = frozenset({Lifecycle.FAILED, Lifecycle.LOST})


def _is_blocked(axes: Axes, why: Blocked) -> bool:
    return _answers(axes) and axes.turn is Turn.BLOCKED and axes.blocked is why


def _answers(axes: Axes) -> bool:
    """Tell whether the turn is worth a word: a process is there and the user did not ask for its end."""
    return axes.lifecycle in (Lifecycle.STARTING, Lifecycle.RUNNING)


def _needs_login(axes: Axes) -> bool:
    return _is_blocked(axes, Blocked.AUTH) or (_answers(axes) and axes.health is Health.AUTH_LOST)


def _asks(axes: Axes) -> bool:
    # A block without a reason is a question: something waits for the user, that much is known.
    return _is_blocked(axes, Blocked.QUESTION) or (
        _answers(axes) and axes.turn is Turn.BLOCKED and axes.blocked is None
    )


def _failed(axes: Axes) -> bool:
    if axes.lifecycle in _GONE:
        return True
    # A turn cut off by a crash stays a failure after the exit, unless the user wanted that exit.
    over = axes.lifecycle is Lifecycle.EXITED and not axes.stop_wanted
    return (over or _answers(axes)) and axes.turn is Turn.ERROR


def _finished(axes: Axes) -> bool:
    """Tell whether an ended turn waits to be looked at; a clean exit after it changes nothing."""
    over = axes.lifecycle is Lifecycle.EXITED and axes.exit_code == 0 and not axes.stop_wanted
    return (over or _answers(axes)) and axes.turn is Turn.DONE and axes.unread > 0


def _silent(axes: Axes) -> bool:
    # Silence is what rest sounds like: only a turn that should make noise can be silent.
    return _answers(axes) and axes.health is Health.STALLED and axes.turn in (Turn.WORKING, Turn.UNKNOWN)


#: The table of status.md, "Separate axes": highest first, the first that holds wins.
_RULES: Final[tuple[tuple[Headline, Callable[[Axes], bool]], ...]] = (
    (Headline.LOG_IN, _needs_login),
    (Headline.ALLOW, lambda a: _is_blocked(a, Blocked.PERMISSION)),
    (Headline.ASKS, _asks),
    (Headline.FAILED, _failed),
    (Headline.CHECK, lambda a: a.empty and _finished(a)),
    (Headline.DONE, _finished),
    (Headline.SILENT, _silent),
    (Headline.PARKED, lambda a: _answers(a) and a.health in _PARKING),
    (Headline.OVERLOADED, lambda a: _answers(a) and a.health is Health.OVERLOADED),
    (Headline.WORKING, lambda a: _answers(a) and a.turn is Turn.WORKING),
    (Headline.STARTING, lambda a: a.lifecycle is Lifecycle.STARTING),
    (Headline.STOPPING, lambda a: a.lifecycle is Lifecycle.STOPPING),
    (Headline.IDLE, lambda a: a.lifecycle in LIVE and a.turn in _AT_REST),
    (Headline.UNTIL, lambda a: a.lifecycle in LIVE and a.turn is Turn.SLEEPING),
    (Headline.QUEUED, lambda a: a.lifecycle is Lifecycle.QUEUED),
    (Headline.EXITED, lambda a: a.lifecycle is Lifecycle.EXITED),
    (Headline.UNKNOWN, lambda _: True),
)


def headline(axes: Axes) -> tuple[Headline, str, int | None]:
    """Return the headline of ``axes``, its words without a time, and its triage rank (``None`` = not in triage)."""
    state = next(name for name, holds in _RULES if holds(axes))
    return state, _words(state, axes), GLYPHS[state].rank


def _words(state: Headline, axes: Axes) -> str:
    word = GLYPHS[state].word
    match state:
        case Headline.ALLOW:
            return f"{word} {one_line(axes.asks, WORDS_LIMIT).rstrip('?') or 'an action'}?"
        case Headline.ASKS:
            return f"{word} {one_line(axes.asks, WORDS_LIMIT) or 'for an answer'}"
        case Headline.FAILED:
            return f"{word}: {one_line(axes.reason or axes.cause or axes.detail, WORDS_LIMIT) or _default_reason(axes)}"
        case Headline.PARKED if axes.health is Health.DISK_FULL and axes.disk:
            return f"{word}: {one_line(axes.disk, WORDS_LIMIT)}"
        case Headline.EXITED:
            return f"{word} {exit_words(axes.exit_code, axes.exit_signal)}".rstrip()
        case _:
            return word


def _default_reason(axes: Axes) -> str:
    if axes.lifecycle is Lifecycle.LOST:
        return "its process is gone"
    return "the turn ended with an error" if axes.turn is Turn.ERROR else "it could not be started"


def exit_words(code: int | None, number: int | None) -> str:
    """Return how a process ended: its code, the name of its signal, or nothing when unknown."""
    if number is not None:
        try:
            return signal.Signals(number).name
        except ValueError:
            return f"signal {number}"
    return "" if code is None else str(code)


def age(seconds: float) -> str:
    """Return a duration for people: seconds only under one minute, minutes after, then hours and days."""
    whole = max(0, int(seconds))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"
