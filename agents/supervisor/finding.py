"""Finds the agents of a home at start. A directory that cannot be used is set aside by name, never fatal."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from agents.runtime.directory import AgentDirectory, DirectoryDamaged
from agents.spec import Spec

Notice = Callable[[str, str], None]  # level, text


def find(state: Path, families: Collection[str], now: float, notice: Notice) -> list[tuple[AgentDirectory, Spec]]:
    """Return every agent directory with its spec, in creation order; what is unfit is moved to ``damaged/``."""
    folder = state / "agents"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found: list[tuple[AgentDirectory, Spec]] = []
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        directory = AgentDirectory(path)
        try:
            found.append((directory, _fitting(directory, families)))
        except FileNotFoundError:
            _set_aside(path, state, now, "it has no spec.json", notice)
        except (OSError, DirectoryDamaged) as error:
            _set_aside(path, state, now, str(error), notice)
    return sorted(found, key=lambda pair: pair[1].created_at)


def _fitting(directory: AgentDirectory, families: Collection[str]) -> Spec:
    spec = directory.spec()
    if spec.id != directory.path.name:
        raise DirectoryDamaged(f"its spec is that of agent {spec.id}")
    if spec.family not in families:
        raise DirectoryDamaged(f"this version knows no family “{spec.family}”")
    return spec


def _set_aside(path: Path, state: Path, now: float, why: str, notice: Notice) -> None:
    target = state / "damaged" / f"{path.name}-{int(now)}"
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        path.rename(target)
    except OSError as error:
        notice("warning", f"agent directory {path} cannot be used: {why}; nor can it be moved away: {error.strerror}")
    else:
        notice("warning", f"agent directory {path.name} cannot be used: {why}. It was moved to {target}")
