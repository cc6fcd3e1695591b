"""What is told of a saved session, whoever saved it: values and their cleaning only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.runtime.redact import Redactor
from agents.status.untrusted import one_line

#: Longest title, characters.
TITLE: Final = 120

#: Sessions listed of one store; older ones are left out.
MOST: Final = 200

#: An id that may become an argument of a command line: it never begins like an option.
_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{3,127}")

_redact = Redactor(frozenset()).text


class SavedSession(msgspec.Struct, frozen=True):
    """One session; ``used_at`` is epoch seconds, ``title`` the first thing the user said or the vendor's summary."""

    id: str
    title: str
    cwd: str
    used_at: float
    size: int = 0


def is_id(value: Any) -> bool:
    """Tell whether this can be handed on as a session's id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_of(cwd: str, project: Path) -> bool:
    """Tell whether a session that worked in ``cwd`` is one of a project, by whichever name."""
    return Path(cwd) == project or Path(cwd).resolve() == project.resolve()


def title(text: str) -> str:
    """Return a text as a title: one line, without what deceives and without secrets."""
    return one_line(_redact(text[: TITLE * 8]), TITLE)
