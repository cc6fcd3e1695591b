"""What an agent's own hook calls say about its turn (status.md, rank 3): read, made safe, and turned into evidence.

Pure: no clock, no I/O. A hook can be forged by whatever runs inside the agent's tree: it is a claim to be ranked, it
authorises nothing, and its texts and ids are taken only in a form that can harm nobody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status.untrusted import one_line

#: Hooks that between them tell every change of the turn, by vocabulary: with one missing nothing is believed.
COMPLETE: Final[dict[str, frozenset[str]]] = {
    "claude": frozenset({"UserPromptSubmit", "PermissionRequest", "PostToolUse", "Stop", "SessionEnd"}),
}

#: All that is asked for: more says the same sooner. ``StopFailure`` and ``PostToolUseFailure`` come instead of
#: ``Stop`` and ``PostToolUse`` where something failed.
REPORTED: Final[dict[str, tuple[str, ...]]] = {
    "claude": (
        "SessionStart",
        "UserPromptSubmit",
        "PermissionRequest",
        "PostToolUse",
        "PostToolUseFailure",
        "Stop",
        "StopFailure",
        "SessionEnd",
    ),
}

#: Seconds a claim holds without another hook, where something may have happened that no hook tells of.
EXPIRY_S: Final = 120.0

#: A hook is believed less than a protocol: one that is not called, or late, is not noticed.
CONFIDENCE: Final = 0.9

#: A session's id as it may become an argument of a later command line: it never begins like an option.
_SESSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{7,63}")

#: Longest path and name that are kept.
_LONGEST_PATH: Final = 4096
_LONGEST_NAME: Final = 60

#: Sessions that begin while no turn runs; one that is compacted begins anew in the middle of a turn.
_AT_REST: Final = frozenset({"startup", "resume", "clear"})


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """One hook call: ``monotonic`` on the agent's clock, ``wall`` epoch seconds; texts are cleaned."""

    event: str
    monotonic: float
    wall: float
    incarnation: int
    detail: str = ""
    tool: str = ""
    source: str = ""
    session: str = ""
    transcript: str = ""


def read(event: str, payload: Mapping[str, Any], at: tuple[float, float], incarnation: int) -> Call:
    """Return what a call says, whatever it is made of; ``at`` is the agent's clock and epoch seconds."""
    tool = _text(payload.get("tool_name"))
    return Call(
        event=one_line(event, _LONGEST_NAME),
        monotonic=at[0],
        wall=at[1],
        incarnation=incarnation,
        detail=_detail(tool, payload),
        tool=tool,
        source=_text(payload.get("source")),
        session=_session(payload.get("session_id")),
        transcript=_path(payload.get("transcript_path")),
    )


def evidence(call: Call | None, vocabulary: str, reported: Collection[str], typed_at: float = 0.0) -> Evidence | None:
    """Return what the newest call claims, ``None`` when nothing follows from it.

    ``reported`` are the hooks this process was started with; ``typed_at`` (epoch seconds) is when the user last typed
    something into it: an interrupt, and a refused permission, call no hook.
    """
    complete = COMPLETE.get(vocabulary)
    if call is None or complete is None or not complete <= set(reported):
        return None
    turn = _turn(call)
    if turn is None:
        return None
    return Evidence(
        rank=Rank.HOOKS,
        turn=turn,
        since=call.monotonic,
        wall=call.wall,
        blocked=Blocked.PERMISSION if turn is Turn.BLOCKED else None,
        detail=call.detail if turn in (Turn.BLOCKED, Turn.ERROR) else "",
        confidence=CONFIDENCE,
        expires=_expiry(call, turn, typed_at),
        tool_activity=call.event in ("PostToolUse", "PostToolUseFailure"),
    )


def _turn(call: Call) -> Turn | None:
    match call.event:
        case "UserPromptSubmit" | "PostToolUse" | "PostToolUseFailure":
            return Turn.WORKING
        case "PermissionRequest":
            return Turn.BLOCKED
        case "Stop":
            return Turn.DONE
        case "StopFailure":
            return Turn.ERROR
        case "SessionStart" if call.source in _AT_REST:
            return Turn.IDLE
    return None  # it ended, or says nothing about the turn


def _expiry(call: Call, turn: Turn, typed_at: float) -> float | None:
    """Return when the claim is of no use any more.

    Work may end without a hook at any time. A permission and a rest end by the user's hand: as long as nothing was
    typed they stay true, else a question that waits for hours would be forgotten after two minutes.
    """
    if turn is Turn.WORKING:
        return call.monotonic + EXPIRY_S
    typed = typed_at - call.wall
    return call.monotonic + typed + EXPIRY_S if typed > 0 else None


def _text(value: Any) -> str:
    return one_line(value, _LONGEST_NAME) if isinstance(value, str) else ""


def _detail(tool: str, payload: Mapping[str, Any]) -> str:
    """Return what is asked or went wrong, in a few words."""
    given = payload.get("tool_input")
    subject = ""
    if isinstance(given, Mapping):
        subject = next(
            (v for k in ("command", "file_path", "url", "pattern") if isinstance(v := given.get(k), str)), ""
        )
    elif isinstance(payload.get("error"), str):
        subject = payload["error"]
    return one_line(f"{tool}: {subject}" if tool and subject else tool or subject)


def _session(value: Any) -> str:
    return value if isinstance(value, str) and _SESSION.fullmatch(value) else ""


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or len(value) > _LONGEST_PATH or not value.isprintable():
        return ""
    return value
