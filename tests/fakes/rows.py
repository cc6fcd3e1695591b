"""Fleet rows for tests of views: one call a row, everything else as a healthy agent has it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from agents.events import AgentAdded, AgentChanged, AgentRemoved, NumberedEvent, Snapshot
from agents.model import AgentRow, Blocked, Capability, Health, Lifecycle, Mode, Request, RequestOption, Turn
from agents.spec import KindInfo
from agents.status.headline import Axes, headline
from app.fleet import Fleet

TALKER = (
    Capability.PROMPT, Capability.INTERRUPT, Capability.ANSWER, Capability.ALWAYS, Capability.RESUME, Capability.MODES,
    Capability.TRANSCRIPT,
)  # fmt: skip

KINDS = (
    KindInfo("demo", "acp", "Demo agent", "A scripted agent.", available=True, program="demo"),
    KindInfo("shell", "terminal", "Shell command", "Any program, log only.", available=True, program=""),
    KindInfo("opencode", "acp", "opencode", "", available=False, program="opencode", install="npm i -g opencode-ai"),
    KindInfo("acp", "acp", "ACP agent", "Any agent that speaks the protocol.", available=True, program=""),
)


def request(title: str = "npm test", key: str = "1:1:aa", *, command: str | None = None) -> Request:
    """Return an open permission request that offers once, always and reject."""
    return Request(
        key=key,
        kind=Blocked.PERMISSION,
        title=title,
        opened_at=time.time(),
        tool_kind="execute",
        command=command or title,
        cwd="/srv/api",
        options=(
            RequestOption("a", "allow_once", "Allow"),
            RequestOption("b", "allow_always", "Always"),
            RequestOption("c", "reject_once", "Reject"),
        ),
    )


def row(name: str, turn: Turn = Turn.IDLE, *, project: str = "/srv/api", **changes: Any) -> AgentRow:
    """Return a row whose headline is what the table makes of its axes."""
    asked: tuple[Request, ...] = changes.pop("requests", ())
    lifecycle = changes.pop("lifecycle", Lifecycle.RUNNING)
    blocked = asked[0].kind if asked else changes.pop("blocked", None)
    turn = Turn.BLOCKED if asked else turn
    health = changes.pop("health", Health.OK)
    axes = Axes(
        lifecycle,
        turn,
        blocked,
        health,
        unread=changes.get("unread", 0),
        exit_code=changes.get("exit_code"),
        reason=changes.get("reason", ""),
        asks=asked[0].title if asked else "",
    )
    state, words, rank = headline(axes)
    values: dict[str, Any] = {
        "id": f"id-{name}",
        "name": name,
        "kind": "demo",
        "family": "acp",
        "project": project,
        "branch": "main",
        "cwd": project,
        "exit_code": None,
        "since": time.time() - 125,
        "unread": 0,
        "cost": None,
        "team": None,
        "labels": (),
        "capabilities": TALKER,
        "modes": (Mode("ask", "Ask"), Mode("plan", "Plan")),
        "mode": "ask",
        "created_at": time.time() - 600,
        **changes,
    }
    return AgentRow(
        lifecycle=lifecycle, turn=turn, blocked=blocked, health=health, headline=words, state=state, rank=rank,
        requests=asked, **values,
    )  # fmt: skip


def fleet_of(rows: Iterable[AgentRow] = (), *, is_connected: bool = True) -> Fleet:
    """Return a fleet that holds ``rows``."""
    fleet = Fleet()
    fleet.reset(Snapshot(1, tuple(rows), kinds=KINDS))
    fleet.set_connection(connected=is_connected, detail="connected" if is_connected else "reconnecting: gone")
    return fleet


def put(fleet: Fleet, changed: AgentRow) -> None:
    """Add or change a row as the daemon would."""
    event = AgentChanged(changed) if fleet.row(changed.id) else AgentAdded(changed)
    fleet.apply(NumberedEvent(fleet.seq + 1, event))


def drop(fleet: Fleet, agent: str) -> None:
    """Remove a row as the daemon would."""
    fleet.apply(NumberedEvent(fleet.seq + 1, AgentRemoved(agent)))
