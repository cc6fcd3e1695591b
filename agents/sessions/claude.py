"""Sessions of Claude Code: ``projects/<directory>/<session>.jsonl`` under its configuration directory. Only reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from agents.sessions.lines import Glance, glance
from agents.sessions.saved import MOST, SavedSession, is_of, title

_NAME: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: What the program itself puts where the user's words stand.
_NOT_SAID: Final = ("<command-", "<local-command", "<system-reminder", "Caveat:", "[Request interrupted")


def folder(environ: Mapping[str, str]) -> Path:
    """Return where the program keeps the sessions of all projects."""
    chosen = environ.get("CLAUDE_CONFIG_DIR")
    base = Path(chosen) if chosen else Path(environ.get("HOME", "~")).expanduser() / ".claude"
    return base / "projects"


def munged(project: Path) -> str:
    """Return the name of a project's folder: every other character becomes a dash, so two projects may share one."""
    return re.sub(r"[^A-Za-z0-9]", "-", str(project))


def sessions(environ: Mapping[str, str], project: Path) -> Iterator[SavedSession]:
    """Yield the sessions of a project, the last used first. Raises OSError when there are some that cannot be read."""
    own = folder(environ) / munged(project.resolve())
    if not own.is_dir():
        return
    files = [
        (path.stat().st_mtime, path) for path in own.glob("*.jsonl") if _NAME.fullmatch(path.stem) and path.is_file()
    ]
    for _, path in sorted(files, reverse=True)[:MOST]:
        try:
            seen = glance(path)
        except OSError:
            continue  # one that cannot be read hides no other
        found = _session(path.stem, seen)
        if found is not None and is_of(found.cwd, project):
            yield found


def exists(environ: Mapping[str, str], session: str) -> bool | None:
    """Tell whether a session is on the disk, under whichever project; ``None`` when that cannot be known."""
    if not _NAME.fullmatch(session):
        return None
    base = folder(environ)
    try:
        return any((project / f"{session}.jsonl").is_file() for project in base.iterdir())
    except OSError:
        return None


def _session(name: str, seen: Glance) -> SavedSession | None:
    lines = (*seen.head, *seen.tail)
    cwd = next((line["cwd"] for line in lines if isinstance(line.get("cwd"), str)), None)
    if cwd is None:
        return None
    return SavedSession(name, _title(seen), cwd, seen.written, seen.size)


def _title(seen: Glance) -> str:
    """Return the newest name it was given, else the user's first words, else the program's summary."""
    lines = (*seen.head, *seen.tail)
    for kind, key in (("custom-title", "customTitle"), ("ai-title", "aiTitle")):
        named = [line[key] for line in lines if line.get("type") == kind and isinstance(line.get(key), str)]
        if named:
            return title(named[-1])
    said = next((text for line in lines if (text := _said(line))), "")
    summaries = [
        line["summary"] for line in lines if line.get("type") == "summary" and isinstance(line.get("summary"), str)
    ]
    return title(said or (summaries[-1] if summaries else ""))


def _said(line: dict[str, Any]) -> str:
    if line.get("type") != "user" or line.get("isMeta") or line.get("isSidechain"):
        return ""
    message = line.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        content = next((part for part in parts if isinstance(part, str)), "")
    return "" if not isinstance(content, str) or content.lstrip().startswith(_NOT_SAID) else content.strip()
