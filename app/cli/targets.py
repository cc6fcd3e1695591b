"""Which agents a command for several means: named ones, a team's, a kind's. Asks the daemon, changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agents.model import LIVE, AgentRow
from agents.status.untrusted import one_line
from agents.wire import AgentRef, ListAgents, Shown
from app.cli.context import Context
from app.cli.exits import CommandError


class Target(msgspec.Struct, frozen=True):
    """One agent; ``is_named`` when the user named it, and it alone has to be told in the daemon's words."""

    ref: str
    name: str
    is_named: bool = False


def targets(context: Context, refs: Sequence[str], *, team: str | None, kind: str | None) -> list[Target]:
    """Return each agent once, in the order named, then by roster. Raises CommandError when there is none.

    One name alone is not looked up: what it means is the daemon's to judge at the moment of the order.
    """
    if len(refs) == 1 and team is None and kind is None:
        return [Target(refs[0], refs[0], is_named=True)]
    found = [_named(context, ref) for ref in refs]
    if team is not None or kind is not None:
        rows = [row for row in context.call("agent.list", ListAgents()).agents if _is_meant(row, team, kind)]
        if not rows:
            which = " and ".join(
                f"{what} {one_line(value)}" for what, value in (("team", team), ("kind", kind)) if value
            )
            raise CommandError(f"no running agent of {which}; `quarterdeck ls` lists them")
        found += [Target(row.id, row.name) for row in rows]
    return list({target.ref: target for target in found}.values())


def _named(context: Context, ref: str) -> Target:
    """Return the agent meant; every name is looked up before anything is sent to anybody. Raises RpcError."""
    shown: Shown = context.call("agent.show", AgentRef(ref))
    return Target(shown.row.id, shown.row.name)


def _is_meant(row: AgentRow, team: str | None, kind: str | None) -> bool:
    return (
        row.lifecycle in LIVE
        and not row.archived
        and (team is None or row.team == team)
        and (kind is None or row.kind == kind)
    )
