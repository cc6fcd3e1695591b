"""Terminals beside agents: where they stand, what they are called, and whose they are. Pure.

A companion is an agent like any other to its keeper; what is said of the fleet leaves it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentId
from agents.spec import Kind, Spec
from agents.supervisor import names
from agents.wire import Run

#: The family of programs that are nothing but their terminal.
FAMILY = "terminal"


def beside(params: Run, kind: Kind, taken: Mapping[str, Spec]) -> Run:
    """Return what is to be run, in the place of the agent it stands beside, if any. Raises RpcError."""
    if params.terminal_of is None:
        return params
    owner = taken.get(params.terminal_of)
    if owner is None:
        raise RpcError(ErrorCode.NOT_FOUND, f"there is no agent {params.terminal_of} to have a terminal")
    if owner.terminal_of is not None:
        whose = taken.get(owner.terminal_of)
        of = f" of {whose.name}" if whose is not None else ""
        text = f"{owner.name} is itself the terminal{of}: open another one beside the agent"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)
    if kind.family != FAMILY or params.pty is False:
        text = f"{kind.name} is no terminal: only a program in a terminal can stand beside an agent"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)
    return msgspec.structs.replace(
        params,
        project=owner.project,
        cwd=params.cwd or owner.worktree or owner.cwd,
        name=params.name or _name(owner.name, {spec.name for spec in taken.values()}),
        pty=True,
    )


def of(agent: AgentId, specs: Iterable[Spec]) -> tuple[AgentId, ...]:
    """Return the terminals beside an agent."""
    return tuple(spec.id for spec in specs if spec.terminal_of == agent)


def orphans(specs: Collection[Spec]) -> tuple[AgentId, ...]:
    """Return the terminals whose agent is gone: a daemon died between the two."""
    there = {spec.id for spec in specs}
    return tuple(spec.id for spec in specs if spec.terminal_of is not None and spec.terminal_of not in there)


def _name(owner: str, taken: Collection[str]) -> str:
    stem = f"{owner[: names.MAX_NAME - 12].rstrip()}-terminal"
    return stem if stem not in taken else names.derive(stem, None, taken)
