"""Scopes of systemd: a group of processes of its own, which outlives whoever started it and dies alone.

Says how to start a program in one; starts nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path


def prefix(env: Mapping[str, str], description: str) -> tuple[str, ...]:
    """Return what to put before a command so that it runs in a scope of the user's manager; empty where there is none.

    ``systemd-run --scope`` becomes the command: same process, same descriptors, same environment.
    """
    program = shutil.which("systemd-run", path=env.get("PATH"))
    runtime = Path(env.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    if program is None or not (runtime / "bus").exists() or not (runtime / "systemd" / "private").exists():
        return ()
    return (program, "--user", "--scope", "--quiet", "--collect", f"--description={description}", "--")


def variables(env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which ``systemd-run`` finds the user's manager."""
    return {name: env[name] for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS") if name in env}
