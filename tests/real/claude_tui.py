"""How tests start Claude Code's own terminal: past its first-run walls, in a home of its own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.real.claude import environment


def settled(program: Path, home: Path, base_url: str, project: Path) -> dict[str, str]:
    """Return the environment of a Claude Code that was set up before, and trusts ``project``."""
    folder = home / "claude"
    folder.mkdir(parents=True, exist_ok=True)
    known = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": ["none"], "rejected": []},
        "projects": {str(project): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
    }
    if not (folder / ".claude.json").exists():
        (folder / ".claude.json").write_text(json.dumps(known))
    return environment(program, home, base_url) | {"TERM": "xterm-256color"}
