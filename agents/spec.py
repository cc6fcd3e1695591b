"""What is asked for: the specification of one agent, and the kinds of programs there are to choose from.

Vocabulary only, like ``agents.model``: nothing here does anything.
"""

from __future__ import annotations

from typing import Any

import msgspec

from agents.model import AgentId, Capability


class Spec(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked for; written to ``spec.json`` and synced before the launch."""

    id: AgentId
    name: str
    kind: str
    family: str
    argv: tuple[str, ...]
    cwd: str
    project: str
    created_at: float
    env: dict[str, str] = {}
    pty: bool = False
    session_id: str | None = None  # the vendor's session to continue
    fork_of: str | None = None  # the vendor's session to begin with a copy of; ignored once there is an own one
    worktree: str | None = None
    mode: str | None = None
    model: str | None = None
    team: str | None = None
    parent: AgentId | None = None
    terminal_of: AgentId | None = None  # it is the terminal beside this agent: goes with it, and is no row of its own
    labels: tuple[str, ...] = ()
    slot: int | None = None
    demo: bool = False
    grants: tuple[str, ...] = ()
    version: str = ""  # of the program its present process runs, as it was found at the launch; empty is unknown
    rows: int = 40
    cols: int = 120


class Kind(msgspec.Struct, frozen=True):
    """A program Quarterdeck can drive; one TOML file each (``resources/agents/*.toml`` and the user's own).

    ``command`` is the argv; for family ``terminal`` an empty one means "the argv the user gives".
    ``sessions`` names the vendor's store of sessions where several kinds share one (default: the kind's name): a
    session of it runs once, whatever kind runs it. ``pool`` says in plain words who pays. ``login`` is the argv that
    logs in. ``wants`` are variables of the environment of which the program needs one. ``silent_s`` and
    ``silent_tool_s`` are seconds without any event after which a working agent is marked as silent, without and with
    a tool call open (default: ``agents.supervisor.health``). ``status`` is how the program's terminal is read: the
    table of ``resources/status/NAME.toml`` (``agents.status.program``). ``quirks`` is data an adapter
    may read; ``source`` is the file it was read from.
    """

    name: str
    family: str
    command: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    install: str = ""
    version_probe: tuple[str, ...] = ()
    env: dict[str, str] = {}
    capabilities: tuple[Capability, ...] = ()
    pty: bool = False
    mode: str | None = None
    auth_method: str | None = None
    sessions: str = ""
    pool: str = ""
    login: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    status: dict[str, Any] = {}
    silent_s: float | None = None
    silent_tool_s: float | None = None
    resume: bool = True
    demo: bool = False
    hidden: bool = False
    quirks: dict[str, Any] = {}
    source: str = ""


class KindInfo(msgspec.Struct, frozen=True):
    """A kind as clients see it: is its program there, and what to do when not.

    A kind that is available may have a ``problem`` all the same: what it lacks to be of use.
    """

    name: str
    family: str
    title: str
    description: str
    available: bool
    program: str
    install: str = ""
    pty: bool = False
    demo: bool = False
    hidden: bool = False
    problem: str = ""
    sessions: str = ""
    pool: str = ""
    login: tuple[str, ...] = ()
