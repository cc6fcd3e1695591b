"""Asks an ACP agent for the sessions it has: the program is started for that alone, and ended with its answer.

Keeps nothing, and starts nothing that outlives the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agents.jsonrpc import ErrorCode, RpcError
from agents.runtime.process import run_once
from agents.sessions import acp
from agents.sessions.saved import SavedSession
from agents.sessions.stores import READERS
from agents.spec import Kind

#: Seconds a program may take to start and answer.
PATIENCE_S = 30.0


def can_be_asked(kind: Kind) -> bool:
    """Tell whether this kind's program is the one to ask: its files are not ours to read."""
    known = (kind.sessions or kind.name) in READERS
    return kind.family == "acp" and kind.resume and bool(kind.command) and not kind.demo and not known


async def ask(kind: Kind, project: str, environ: Mapping[str, str]) -> list[SavedSession]:
    """Return the sessions of ``project`` that the program of ``kind`` lists. Raises RpcError saying why it cannot."""
    if not project.startswith("/"):
        raise RpcError(ErrorCode.INVALID_PARAMS, f"the project must be an absolute path, not {project}")
    env = {**environ, **kind.env}
    asked = acp.question(Path(project))
    try:
        done = await run_once(kind.command, PATIENCE_S, cwd=Path(project), env=env, data=asked, until=acp.is_answered)
        return acp.sessions(done.out, Path(project))
    except FileNotFoundError as error:
        if str(error.filename) == project:
            raise RpcError(ErrorCode.NOT_FOUND, f"the project {project} does not exist") from error
        hint = f"; install it: {kind.install}" if kind.install else ""
        raise RpcError(ErrorCode.NOT_FOUND, f"“{kind.command[0]}” was not found on PATH{hint}") from error
    except (OSError, TimeoutError, ValueError, acp.NotTold) as error:
        raise RpcError(ErrorCode.NOT_POSSIBLE, f"{kind.name} does not list its sessions: {error}") from error
