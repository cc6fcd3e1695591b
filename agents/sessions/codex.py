"""Sessions of Codex: ``sessions/<year>/<month>/<day>/rollout-….jsonl`` under its home. Only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from agents.sessions.lines import Glance, glance
from agents.sessions.saved import MOST, SavedSession, is_id, is_of, title

#: Files looked at, newest first: the sessions of all projects lie together.
LOOKED_AT: Final = 1000

#: What the program itself says in the user's name before the user says anything.
_NOT_SAID: Final = ("<environment_context", "<user_instructions", "<permissions", "# AGENTS.md", "<turn_aborted")


def folder(environ: Mapping[str, str]) -> Path:
    """Return where the program keeps the sessions of all projects."""
    chosen = environ.get("CODEX_HOME")
    base = Path(chosen) if chosen else Path(environ.get("HOME", "~")).expanduser() / ".codex"
    return base / "sessions"


def sessions(environ: Mapping[str, str], project: Path) -> Iterator[SavedSession]:
    """Yield the sessions of a project, the last used first."""
    base = folder(environ)
    files = [path for path in base.glob("*/*/*/rollout-*.jsonl") if path.is_file()] if base.is_dir() else []
    # Their names begin with their time, as the folders do.
    found = 0
    for path in sorted(files, reverse=True)[:LOOKED_AT]:
        try:
            session = _session(glance(path))
        except OSError:
            continue  # one that cannot be read hides no other
        if session is not None and is_of(session.cwd, project):
            yield session
            found += 1
        if found >= MOST:
            return


def _session(seen: Glance) -> SavedSession | None:
    meta = seen.head[0] if seen.head else {}
    body = meta.get("payload") if meta.get("type") == "session_meta" else meta  # older ones have no envelope
    if not isinstance(body, dict) or not is_id(body.get("id")) or not isinstance(body.get("cwd"), str):
        return None
    said = next((text for line in (*seen.head, *seen.tail) if (text := _said(line))), "")
    return SavedSession(str(body["id"]), title(said), str(body["cwd"]), seen.written, seen.size)


def _said(line: dict[str, Any]) -> str:
    body = line.get("payload")
    if not isinstance(body, dict):
        return ""
    if body.get("type") == "user_message" and isinstance(body.get("message"), str):
        return _of_the_user(body["message"])
    if body.get("type") != "message" or body.get("role") != "user" or not isinstance(body.get("content"), list):
        return ""
    texts = [part.get("text") for part in body["content"] if isinstance(part, dict)]
    return next((said for text in texts if isinstance(text, str) and (said := _of_the_user(text))), "")


def _of_the_user(text: str) -> str:
    return "" if text.lstrip().startswith(_NOT_SAID) else text.strip()
