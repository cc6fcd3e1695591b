"""What the window looked like, kept as JSON: one file a project for its panes, one for the window itself.

Qt's own state is carried as opaque text. A file that does not parse is set aside and named, never fatal.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec

from agents.model import AgentId

#: Raised whenever a field changes its meaning; older files are set aside.
VERSION = 1


class ProjectLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The panes of one project: ``docks`` is the dock manager's own state in base64."""

    project: str
    docks: str = ""
    shown: tuple[AgentId, ...] = ()
    pinned: tuple[AgentId, ...] = ()
    current: AgentId | None = None
    version: int = VERSION


class NewAgentChoices(msgspec.Struct, frozen=True):
    """What was chosen last in the new-agent dialog."""

    kind: str = ""
    project: str = ""
    mode: str = ""


class WindowLayout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The window: Qt's geometry in base64, splitter widths in pixels, what is folded, hidden or open."""

    geometry: str = ""
    splitter: tuple[int, ...] = ()
    collapsed: tuple[str, ...] = ()
    hidden: tuple[AgentId, ...] = ()
    tools: bool | None = None
    tool: str = ""
    project: str = ""
    projects: tuple[str, ...] = ()
    new_agent: NewAgentChoices = NewAgentChoices()
    left_terminals: int = 0  # how often a terminal was left by key: after a few times no terminal says how any more
    version: int = VERSION


Stored = TypeVar("Stored", ProjectLayout, WindowLayout)


class Layouts:
    """The layout files of one home, in one folder; writes by rename."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[str] = []

    def window(self) -> WindowLayout:
        """Return the window's layout, the default one when there is none that can be read."""
        return self._read(self._folder / "window.json", WindowLayout) or WindowLayout()

    def project(self, project: str) -> ProjectLayout | None:
        """Return the layout of a project, ``None`` when there is none that can be read."""
        return self._read(self._file(project), ProjectLayout)

    def keep(self, layout: WindowLayout | ProjectLayout) -> None:
        """Write a layout. Raises OSError."""
        path = self._folder / "window.json" if isinstance(layout, WindowLayout) else self._file(layout.project)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(layout), indent=1))
        Path(name).replace(path)

    def take_problems(self) -> tuple[str, ...]:
        """Return the sentences about files set aside since the last call."""
        problems, self.problems = tuple(self.problems), []
        return problems

    def set_aside(self, project: str, why: str) -> None:
        """Put a project's layout away that parses but cannot be used (the dock manager refuses it)."""
        self._set_aside(self._file(project), why)

    def _file(self, project: str) -> Path:
        slug = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(project).name)[:40] or "root"
        return self._folder / f"{slug}-{hashlib.sha256(os.fsencode(project)).hexdigest()[:8]}.json"

    def _read(self, path: Path, kind: type[Stored]) -> Stored | None:
        try:
            found = msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            self._set_aside(path, str(error))
            return None
        if found.version != VERSION:
            self._set_aside(path, f"it is of version {found.version}, this program writes {VERSION}")
            return None
        return found

    def _set_aside(self, path: Path, why: str) -> None:
        away = path.with_name(path.name + ".broken")
        try:
            path.replace(away)
        except OSError as error:
            self.problems.append(f"{path}: the layout cannot be used ({why}) nor set aside: {error.strerror}")
            return
        self.problems.append(f"{path}: the layout cannot be used ({why}); it is now {away.name}")
