"""What a tool is: its description for the model, and jobs made from calls. Values and protocols only."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from agents.pilot.permissions import Access, Need
from agents.pilot.places import Project
from agents.pilot.providers.contract import ToolSpec


class ToolError(Exception):
    """The call cannot be done; the text is for the model (and shown to the user) and says what to do instead."""


class Change(msgspec.Struct, frozen=True):
    """An edit as it will be made; ``old`` is ``None`` for a new file."""

    path: str
    old: str | None
    new: str


class Outcome(msgspec.Struct, frozen=True):
    """What came of a job; ``text`` is for the model. ``change`` is what was really done to a file."""

    text: str
    has_failed: bool = False
    change: Change | None = None
    plan: tuple[tuple[str, str], ...] | None = None


class Progress(Protocol):
    """Where a running job tells what it does; owned by the turn."""

    stop: threading.Event  # set when nobody wants the result any more

    def output(self, text: Callable[[], str]) -> None:
        """Show the output so far, when it is time to."""


Run = Callable[[Progress], Awaitable[Outcome]]


class Job(msgspec.Struct, frozen=True):
    """One call ready to be allowed and run.

    ``preview`` reads the file and returns the edit for the user to see, raising ToolError when it cannot be made;
    ``locations`` are (absolute path, line). ``raw`` is what the user sees of the arguments.
    """

    title: str
    kind: str  # of ACP: read, edit, search, execute, think, other
    need: Need
    run: Run
    raw: dict[str, Any]
    locations: tuple[tuple[str, int | None], ...] = ()
    preview: Callable[[], Change] | None = None


class Tool(Protocol):
    """One tool; holds no state of a session."""

    spec: ToolSpec

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return what a call asks for. Looks at names, reads nothing. Raises ToolError for bad arguments."""


def text_of(arguments: dict[str, Any], name: str, *, required: bool = True) -> str:
    """Return a text argument. Raises ToolError naming it."""
    value = arguments.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise ToolError(f"“{name}” must be a string" + (": it is missing" if value is None else ""))
    if required and not value and name in ("path", "command", "pattern", "name"):
        raise ToolError(f"“{name}” is empty")
    return value


def number_of(arguments: dict[str, Any], name: str, default: int, highest: int) -> int:
    """Return a whole number from 1 to ``highest``. Raises ToolError naming it."""
    value = arguments.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isdigit():
        value = int(value)  # small models quote numbers
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
        raise ToolError(f"“{name}” must be a whole number from 1 to {highest}")
    return min(int(value), highest)


def schema(required: tuple[str, ...], **properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def string(description: str) -> dict[str, Any]:
    """Return the schema of a text."""
    return {"type": "string", "description": description}


def integer(description: str) -> dict[str, Any]:
    """Return the schema of a whole number."""
    return {"type": "integer", "description": description}


def reading(project: Project, named: str) -> tuple[Need, str]:
    """Return what reading a path needs, and the path as shown."""
    place = project.place(named)
    shown = project.shown(place.path)
    need = Need(Access.READ, place.inside, place.protected, ("read", str(place.path)), f"reading {shown}")
    return need, shown
