"""``quarterdeck [PATH]``: hands over to the desktop app, or says what is missing for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from app.cli.context import Context
from app.cli.exits import CommandError
from app.cli.project import locate


def window(context: Context, path: str | None) -> int:
    """Open the window, with the dock of the project at ``path`` pinned."""
    project = locate(path) if path else None
    missing = missing_display(context.env, sys.platform)
    if missing:
        raise CommandError(missing)
    return context.roots.window(context.home, project.root if project else None)


def missing_display(env: Mapping[str, str], platform: str) -> str:
    """Return what is missing to open a window, with what works without one; empty when nothing is."""
    if platform == "darwin" or env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"):
        return ""
    if env.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "vnc", "minimal", "eglfs", "linuxfb"):
        return ""
    return (
        "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set. Without one these work:\n"
        "  quarterdeck ls                the fleet; `quarterdeck --help` has the rest\n"
        "  quarterdeck demo --headless   play the demo fleet and draw pictures\n"
        "  ssh -X HOST quarterdeck       a window over ssh"
    )
