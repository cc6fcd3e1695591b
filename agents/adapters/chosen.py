"""Sessions under an id of our choosing, and the words of a command line that begin or continue one.

Pure. The id follows from what is on the disk before a launch, so that no crash can lose it; the words are data of the
kind (``quirks``), for programs whose protocol has no place for them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from agents.spec import Kind, Spec

#: Names the sessions of agents; any constant does, as long as it never changes.
_SESSIONS: Final = uuid.UUID("6f1c1d0e-8a54-4d0b-9d0e-51a9b6c2e7f4")

_PLACEHOLDER: Final = re.compile(r"\{(session|fork|model|mode)\}")


def session_id(spec: Spec) -> str:
    """Return the session of an agent: the one to continue, else one that is its own for ever."""
    own = f"{spec.id}/{spec.created_at!r}/{spec.cwd}"
    return spec.session_id or str(uuid.uuid5(_SESSIONS, own))


def chooses(kind: Kind) -> bool:
    """Tell whether a new session of this kind gets an id of ours."""
    return bool(_words(kind.quirks, "session_args"))


def continues(kind: Kind) -> bool:
    """Tell whether a later process of this kind can continue a session by its command line."""
    return bool(_words(kind.quirks, "resume_args"))


def arguments(kind: Kind, spec: Spec) -> tuple[str, ...]:
    """Return what follows the argv: how the session begins, begins as a copy, or goes on, its model and its mode.

    ``spec.session_id`` is a session that has begun. Words with a placeholder nothing is known for are left out whole.
    """
    if spec.session_id is not None:
        session = "resume_args"
    else:
        session = "fork_args" if spec.fork_of is not None else "session_args"
    values = {"session": session_id(spec), "fork": spec.fork_of, "model": spec.model, "mode": spec.mode or kind.mode}
    found: list[str] = []
    for key in (session, "model_args", "mode_args"):
        found += _filled(_words(kind.quirks, key), values)
    return tuple(found)


def _words(quirks: Mapping[str, Any], key: str) -> tuple[str, ...]:
    words = quirks.get(key)
    return tuple(words) if isinstance(words, list) and all(isinstance(word, str) for word in words) else ()


def _filled(words: tuple[str, ...], values: Mapping[str, str | None]) -> list[str]:
    if any(values[name] is None for word in words for name in _PLACEHOLDER.findall(word)):
        return []
    return [_PLACEHOLDER.sub(lambda found: str(values[found[1]]), word) for word in words]
