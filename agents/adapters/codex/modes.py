"""Modes of Codex: named pairs of what it asks about and what its sandbox lets it do, plus planning. Pure.

The program announces none. It tells the pair it runs with, and that is what is shown as the mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agents.adapters.codex.messages import text_in
from agents.adapters.codex.state import Settings, State
from agents.adapters.contract import Fact, ModesChanged, NotPossible
from agents.model import Mode
from agents.status.untrusted import one_line


class Pair(msgspec.Struct, frozen=True):
    """A mode and what it means on the line; ``sandbox`` is the word of ``thread/start``, ``policy`` its type later."""

    mode: Mode
    approval: str
    sandbox: str
    policy: str
    collaboration: str = "default"


PAIRS: Final = (
    Pair(
        Mode("ask", "Ask", "Asks before it edits a file or runs a command that is not known to be harmless"),
        *("untrusted", "workspace-write", "workspaceWrite"),
    ),
    Pair(
        Mode("read-only", "Read only", "Reads without asking, asks before it changes anything"),
        *("on-request", "read-only", "readOnly"),
    ),
    Pair(
        Mode("auto", "Auto", "Works inside the project without asking, asks to leave it or to use the network"),
        *("on-request", "workspace-write", "workspaceWrite"),
    ),
    Pair(
        Mode("unattended", "Unattended", "Works inside the project and never asks: what is not allowed fails"),
        *("never", "workspace-write", "workspaceWrite"),
    ),
    Pair(
        Mode("full-access", "Full access", "Never asks and has no sandbox: for containers and virtual machines"),
        *("never", "danger-full-access", "dangerFullAccess"),
    ),
    Pair(
        Mode("plan", "Plan", "Reads, asks you and proposes a plan, changes nothing"),
        *("on-request", "read-only", "readOnly", "plan"),
    ),
)

MODES: Final = tuple(pair.mode for pair in PAIRS)

#: Where the wanted mode is not one of ours.
DEFAULT: Final = PAIRS[0]


def find(mode: str | None) -> Pair | None:
    """Return the pair of a mode."""
    return next((pair for pair in PAIRS if pair.mode.id == mode), None)


def named(mode: str) -> Pair:
    """Return the pair of a mode the user named. Raises NotPossible naming those there are."""
    pair = find(mode)
    if pair is None:
        raise NotPossible(f"there is no mode “{mode}”; modes: {', '.join(m.id for m in MODES)}")
    return pair


def opening(pair: Pair) -> dict[str, Any]:
    """Return what ``thread/start`` and its like need to begin in a mode, with the user as the one who is asked.

    Without that a line in the user's own settings lets another model answer.
    """
    return {"approvalPolicy": pair.approval, "approvalsReviewer": "user", "sandbox": pair.sandbox}


def switching(pair: Pair, settings: Settings) -> dict[str, Any]:
    """Return what ``thread/settings/update`` needs to go to a mode."""
    params: dict[str, Any] = {"approvalPolicy": pair.approval, "sandboxPolicy": _policy(pair, settings)}
    if pair.collaboration != settings.collaboration:
        own = {"model": settings.model or "", "reasoning_effort": None, "developer_instructions": None}
        params["collaborationMode"] = {"mode": pair.collaboration, "settings": own}
    return params


def _policy(pair: Pair, settings: Settings) -> dict[str, Any]:
    """Return the sandbox of a mode; one of that type in force is kept, with the folders the user's file adds to it."""
    if settings.sandbox.get("type") == pair.policy:
        return settings.sandbox
    match pair.policy:
        case "readOnly":
            return {"type": "readOnly", "networkAccess": False}
        case "workspaceWrite":
            free = {"networkAccess": False, "excludeTmpdirEnvVar": False, "excludeSlashTmp": False}
            return {"type": "workspaceWrite", "writableRoots": [], **free}
        case policy:
            return {"type": policy}


def is_set(pair: Pair, settings: Settings) -> bool:
    """Tell whether the program runs in a mode, as far as it told."""
    told = (settings.approval, settings.sandbox.get("type"), settings.collaboration)
    return told == (pair.approval, pair.policy, pair.collaboration)


def current(settings: Settings) -> str:
    """Return the mode the program runs in; a pair that is none of ours under its own words."""
    found = next((pair.mode.id for pair in PAIRS if is_set(pair, settings)), None)
    own = f"{settings.approval} · {settings.sandbox.get('type')} · {settings.collaboration}"
    return found or one_line(own, 100)


def read(state: State, told: Mapping[str, Any], sandbox: str) -> list[Fact]:
    """Take the settings of a thread; ``sandbox`` is the field that holds its sandbox."""
    approval, policy = told.get("approvalPolicy"), told.get(sandbox)
    settings = Settings(
        approval=approval if isinstance(approval, str) else "granular",
        sandbox=policy if isinstance(policy, dict) else {},
        collaboration=text_in(told.get("collaborationMode"), "mode") or "default",
        model=one_line(text_in(told, "model"), 100) or state.settings.model,
    )
    before, state.settings = state.settings, settings
    if not before.approval or current(before) != current(settings):
        return [ModesChanged(MODES, current(settings))]
    return []
