"""What may be done unasked: the mode, where it happens and what the user decided before. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec


class SessionMode(StrEnum):
    """How much the user wants to be asked."""

    ASK = "ask"
    ACCEPT_EDITS = "accept-edits"
    PLAN = "plan"


#: Name and description of each mode, as clients show them.
MODES: Final = {
    SessionMode.ASK: ("Ask", "Reads the project; asks before every edit and command."),
    SessionMode.ACCEPT_EDITS: ("Accept edits", "Edits files of the project unasked; asks before every command."),
    SessionMode.PLAN: ("Plan", "Read-only: makes no edits and runs no commands."),
}


class Access(StrEnum):
    """What a call does."""

    NONE = "none"  # touches nothing but the session
    READ = "read"
    EDIT = "edit"
    EXECUTE = "execute"


class Need(msgspec.Struct, frozen=True):
    """What a call has to be allowed. ``scope`` is what "always" stands for, ``scope_name`` the same in words."""

    access: Access
    inside: bool = True
    protected: bool = False
    scope: tuple[str, str] = ("", "")
    scope_name: str = ""


class Verdict(StrEnum):
    """What is done with a call."""

    ALLOW = "allow"
    ASK = "ask"
    REFUSE = "refuse"


class Remembered(msgspec.Struct):
    """What the user decided for good in a session; gone when its process ends."""

    allowed: set[tuple[str, str]] = msgspec.field(default_factory=set)
    refused: set[tuple[str, str]] = msgspec.field(default_factory=set)


PLAN_REFUSES: Final = (
    "Refused: the session is in plan mode, which is read-only. Describe what you would do; the user switches the mode."
)
USER_REFUSES: Final = "The user refused this call. Do not try the same another way; ask what to do instead."


def decide(mode: SessionMode, need: Need, remembered: Remembered) -> tuple[Verdict, str]:
    """Return what is done with a call, and the words for the model when it is refused."""
    if need.access is Access.NONE:
        return Verdict.ALLOW, ""
    if need.scope in remembered.refused:
        return Verdict.REFUSE, USER_REFUSES
    changes = need.access in (Access.EDIT, Access.EXECUTE)
    if mode is SessionMode.PLAN and changes:
        return Verdict.REFUSE, PLAN_REFUSES
    if need.scope in remembered.allowed or (need.access is Access.READ and need.inside):
        return Verdict.ALLOW, ""
    if mode is SessionMode.ACCEPT_EDITS and need.access is Access.EDIT and need.inside and not need.protected:
        return Verdict.ALLOW, ""
    return Verdict.ASK, ""


def options(need: Need) -> list[dict[str, str]]:
    """Return the ways to answer, as ``session/request_permission`` wants them."""
    return [
        {"optionId": "allow-once", "kind": "allow_once", "name": "Allow once"},
        {"optionId": "allow-always", "kind": "allow_always", "name": f"Always allow {need.scope_name} in this session"},
        {"optionId": "reject-once", "kind": "reject_once", "name": "Reject"},
        {"optionId": "reject-always", "kind": "reject_always", "name": f"Always reject {need.scope_name}"},
    ]


def remember(remembered: Remembered, need: Need, option: str) -> bool:
    """Take the user's answer; return whether the call may run. An unknown option is a rejection."""
    if option == "allow-always":
        remembered.refused.discard(need.scope)
        remembered.allowed.add(need.scope)
    elif option == "reject-always":
        remembered.allowed.discard(need.scope)
        remembered.refused.add(need.scope)
    return option in ("allow-once", "allow-always")
