"""The stores of sessions that can be read from the disk, by the name kinds give them (``Kind.sessions``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from agents.sessions import claude, codex
from agents.sessions.saved import SavedSession

Reader = Callable[[Mapping[str, str], Path], Iterator[SavedSession]]

READERS: Final[dict[str, Reader]] = {"claude": claude.sessions, "codex": codex.sessions}


def exists(store: str, environ: Mapping[str, str], session: str) -> bool | None:
    """Tell whether a session is on the disk; ``None`` when that cannot be known."""
    return claude.exists(environ, session) if store == "claude" else None
