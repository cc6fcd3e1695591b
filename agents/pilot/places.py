"""Which files belong to the project: paths with every symlink followed, and where one may not write unasked.

Looks at the file system, changes nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A path the model named: as shown to the user, and what it really is."""

    path: Path
    inside: bool
    protected: bool

    @property
    def exists(self) -> bool:
        """Tell whether something is there."""
        return os.path.lexists(self.path)


class Project:
    """The directory a session works in; owned by the session."""

    def __init__(self, cwd: str) -> None:
        self.cwd = Path(cwd)
        self.root = self.cwd.resolve()

    def place(self, named: str) -> Place:
        """Return what a path really is: relative ones are the project's, links are followed to their end."""
        # os.path instead of pathlib: that raises for loops of links and for homes of nobody.
        path = Path(os.path.realpath(self.root / os.path.expanduser(named)))  # noqa: PTH111
        inside = path.is_relative_to(self.root)
        # What lies in .git can be run by the next git command: hooks, and programs named in its configuration.
        protected = inside and ".git" in path.relative_to(self.root).parts
        return Place(path, inside, protected)

    def shown(self, path: Path) -> str:
        """Return a path as the user and the model read it: short inside the project."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def repository(self) -> Path | None:
        """Return the root of the repository the project lies in."""
        return next((folder for folder in (self.root, *self.root.parents) if (folder / ".git").exists()), None)
