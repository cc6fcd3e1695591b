"""Which directory a command means, checked before anything is started in it. Starts no process."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from app.cli.exits import CommandError


class Project(msgspec.Struct, frozen=True):
    """A directory to work in, and the repository around it (the directory itself when there is none)."""

    directory: Path
    root: Path
    is_repository: bool


def locate(text: str) -> Project:
    """Return the project at ``text``. Raises CommandError naming what is wrong with it."""
    path = Path(text).expanduser()
    try:
        directory = path.resolve(strict=True)
    except FileNotFoundError:
        raise CommandError(f"{path} does not exist: give the directory of a project with -p") from None
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError before Python 3.13
        raise CommandError(f"{path} cannot be opened: {error}") from error
    if not directory.is_dir():
        raise CommandError(f"{path} is a file: give the directory of a project with -p")
    if not os.access(directory, os.R_OK | os.X_OK):
        raise CommandError(f"{path} cannot be read: permission denied; try `ls -ld {path}`")
    root = next((folder for folder in (directory, *directory.parents) if _is_root(folder / ".git")), None)
    return Project(directory, root or directory, root is not None)


def _is_root(git: Path) -> bool:
    """Tell whether a ``.git`` makes a repository: sandboxes of agents leave empty ones behind, in /tmp for example."""
    return git.is_file() or (git / "HEAD").is_file()
