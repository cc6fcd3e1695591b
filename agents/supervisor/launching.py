"""From what a user asks for to a spec that can be started: pure but for looking at directories and PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from agents.adapters.kinds import launch_argv
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Capability
from agents.spec import Kind, Spec
from agents.supervisor import companions, names
from agents.supervisor.unit import Unit
from agents.wire import Fork, Run

#: Most bytes of argv and environment an exec takes for sure.
MAX_ARGV = 128 * 1024


def plan(params: Run, kind: Kind, taken: Mapping[str, Spec], environ: Mapping[str, str], new_id: str) -> Spec:
    """Return the spec of a new agent. Raises RpcError naming what is wrong and the next step."""
    params = companions.beside(params, kind, taken)
    cwd = _directory(params.cwd or params.project, "working directory")
    _directory(params.project, "project")
    if params.parent is not None and params.parent not in taken:
        raise RpcError(ErrorCode.NOT_FOUND, f"there is no agent {params.parent} to be the parent")
    try:
        argv = launch_argv(kind, params.argv, shell=environ.get("SHELL", "/bin/sh"))
    except ValueError as error:
        raise RpcError(ErrorCode.INVALID_PARAMS, str(error)) from error
    if sum(len(os.fsencode(word)) for word in argv) > MAX_ARGV:
        raise RpcError(ErrorCode.INVALID_PARAMS, f"the command has more than {MAX_ARGV} bytes: put it into a script")
    check_program(argv[0], kind, {**environ, **kind.env, **params.env}, cwd)
    return Spec(
        id=new_id,
        name=_name(params, kind, {spec.name for spec in taken.values()}),
        kind=kind.name,
        family=kind.family,
        argv=argv,
        cwd=cwd,
        project=str(Path(params.project)),
        created_at=0.0,
        env=dict(params.env),
        pty=kind.pty if params.pty is None else params.pty,
        mode=params.mode or kind.mode,
        model=params.model,
        team=params.team,
        parent=params.parent,
        terminal_of=params.terminal_of,
        labels=params.labels,
        demo=kind.demo,
        rows=params.rows,
        cols=params.cols,
    )


def fork(unit: Unit, params: Fork) -> tuple[Run, str]:
    """Return what starts a fork of an agent, and the vendor's session it begins with. Raises RpcError."""
    row, spec = unit.row(), unit.spec
    if Capability.FORK not in unit.view.capabilities:
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{unit.name} ({unit.kind.name}) cannot be forked: start a new agent")
    if row.session_id is None:
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{unit.name} has no session yet: there is nothing to fork")
    own = spec.argv[len(unit.kind.command) :] if unit.kind.command else spec.argv
    run = Run(
        kind=spec.kind,
        project=spec.project,
        cwd=spec.cwd,
        name=params.name,
        prompt=params.prompt,
        argv=tuple(own),
        env=spec.env,
        pty=spec.pty,
        mode=row.mode,
        model=row.model,
        team=row.team,
        labels=row.labels,
        parent=unit.id,
        rows=spec.rows,
        cols=spec.cols,
    )
    return run, row.session_id


def _directory(path: str, what: str) -> str:
    if not Path(path).is_absolute():
        raise RpcError(ErrorCode.INVALID_PARAMS, f"the {what} must be an absolute path, not {path}")
    if not Path(path).is_dir():
        problem = "is not a directory" if Path(path).exists() else "does not exist"
        raise RpcError(ErrorCode.NOT_FOUND, f"the {what} {path} {problem}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"the {what} {path} cannot be read: check its permissions")
    return path


def check_program(program: str, kind: Kind, environ: Mapping[str, str], cwd: str) -> None:
    """Check that a program is there. Raises RpcError naming it and how to get it."""
    where = str(Path(cwd, program)) if "/" in program else program
    if shutil.which(where, path=environ.get("PATH")) is not None:
        return
    hint = f"install it: {kind.install}" if kind.install else "check the command"
    if "/" in program and Path(where).exists():
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"“{program}” is not a program that can be executed; {hint}")
    place = "does not exist" if "/" in program else "was not found on PATH"
    raise RpcError(ErrorCode.NOT_FOUND, f"“{program}” {place}; {hint}")


def _name(params: Run, kind: Kind, taken: Collection[str]) -> str:
    if params.name is None:
        return names.derive(kind.name, params.prompt, taken)
    problem = names.check(params.name) or (f"the name {params.name} is taken" if params.name in taken else None)
    if problem is not None:
        raise RpcError(ErrorCode.INVALID_PARAMS, problem)
    return params.name
