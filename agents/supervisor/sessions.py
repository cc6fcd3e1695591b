"""Sessions one already has: those of a project, which kinds can continue them, and which agent of ours has one.

Reads vendors' files and starts nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from agents.adapters import chosen
from agents.jsonrpc import ErrorCode, RpcError
from agents.sessions.saved import SavedSession, is_id
from agents.sessions.stores import READERS
from agents.spec import Kind
from agents.supervisor.unit import Unit
from agents.wire import AdoptSession, FoundSession, FoundSessions, ListSessions, Run


class Store(msgspec.Struct, frozen=True):
    """A place where sessions lie, and the kinds that can continue one of it."""

    name: str
    environ: dict[str, str]
    kinds: tuple[str, ...]


def stores(kinds: Iterable[Kind], wanted: Kind | None, environ: Mapping[str, str]) -> tuple[Store, ...]:
    """Return the stores to look into; for ``wanted`` that of this kind. Raises RpcError when that cannot be read."""
    able = sorted((kind for kind in kinds if _continues(kind)), key=lambda kind: (_store(kind), kind.name))
    if wanted is not None and _store(wanted) not in READERS:
        raise RpcError(
            ErrorCode.NOT_POSSIBLE,
            f"where {wanted.name} keeps its sessions is not known; kinds whose sessions are: "
            f"{', '.join(kind.name for kind in able) or 'none'}",
        )
    found = []
    for name, group in itertools.groupby(able, _store):
        members = list(group)
        if wanted is None or _store(wanted) == name:
            own = {key: value for kind in members for key, value in kind.env.items()}
            found.append(Store(name, {**environ, **own}, tuple(kind.name for kind in members)))
    return tuple(found)


def _store(kind: Kind) -> str:
    return kind.sessions or kind.name


def _continues(kind: Kind) -> bool:
    able = kind.resume and (kind.family != "terminal" or chosen.continues(kind))
    return able and not kind.hidden and _store(kind) in READERS


def read(params: ListSessions, wanted: Sequence[Store]) -> tuple[list[tuple[Store, SavedSession]], list[str]]:
    """Read the stores' files; may run in a thread. A store that cannot be read is a problem and hides no other."""
    project = Path(params.project)
    if not project.is_absolute():
        raise RpcError(ErrorCode.INVALID_PARAMS, f"the project must be an absolute path, not {params.project}")
    found: list[tuple[Store, SavedSession]] = []
    problems: list[str] = []
    for store in wanted:
        try:
            found += [(store, session) for session in READERS[store.name](store.environ, project)]
        except OSError as error:
            problems.append(
                f"the sessions of {store.name} cannot be read: {error.strerror or error} ({error.filename})"
            )
    return found, problems


def listing(
    found: Iterable[tuple[Store, SavedSession]], problems: Iterable[str], units: Iterable[Unit]
) -> FoundSessions:
    """Return what was found with the agents that have it, the last used first."""
    owners = {key: unit for unit in units for key in _keys(unit)}
    sessions = []
    for store, session in found:
        unit = owners.get((store.name, session.id))
        sessions.append(
            FoundSession(
                id=session.id,
                kinds=store.kinds,
                title=session.title,
                cwd=session.cwd,
                used_at=session.used_at,
                size=session.size,
                agent=None if unit is None else unit.id,
                agent_name="" if unit is None else unit.name,
                is_running=unit is not None and unit.is_live,
            )
        )
    return FoundSessions(tuple(sorted(sessions, key=lambda s: s.used_at, reverse=True)), tuple(problems))


def _keys(unit: Unit) -> list[tuple[str, str]]:
    session = unit.row().session_id
    return [] if session is None else [(_store(unit.kind), session)]


def adoption(params: AdoptSession, kind: Kind, found: FoundSessions | None) -> Run:
    """Return what starts an agent with a session. Raises RpcError when that cannot work, naming who has it.

    ``found`` are the sessions of the project, ``None`` where they cannot be listed.
    """
    if not is_id(params.session):
        raise RpcError(ErrorCode.INVALID_PARAMS, f"“{params.session[:100]}” is no session")
    if not kind.resume or (kind.family == "terminal" and not chosen.continues(kind)):
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{kind.name} cannot continue a session")
    run = Run(kind=kind.name, project=params.project, name=params.name, prompt=params.prompt)
    if found is None:
        return run
    session = next((session for session in found.sessions if session.id == params.session), None)
    if session is None:
        text = f"{kind.name} has no session {params.session} in {params.project}; `quarterdeck sessions` lists them"
        raise RpcError(ErrorCode.NOT_FOUND, text)
    if session.is_running:
        text = f"session {session.id} is run by {session.agent_name} ({session.agent}) now: use that, or stop it first"
        raise RpcError(ErrorCode.NOT_POSSIBLE, text)
    return msgspec.structs.replace(run, cwd=session.cwd if Path(session.cwd).is_dir() else None)
