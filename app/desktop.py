"""The window's composition root: checks that Qt can work here, then builds and runs the shell.

Loads Qt only after the check, so that a missing library is a sentence and not a crash.
"""

from __future__ import annotations

import gc
import logging
import logging.handlers
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from agents.model import AgentRow
from agents.vt import libvterm
from app import libraries, preflight
from app.demo import TERMINALS, DemoFleet
from app.paths import Home

if TYPE_CHECKING:
    from ui.shell import Shell

#: Exit code when the window cannot open.
FAILED = 1


class CannotOpen(Exception):
    """The window cannot open here; the text says why and what to do."""


def run(home: Home, project: Path | None) -> int:
    """Open the window on the fleet of ``home`` until it is closed. Raises HomeRefused."""
    home.prepare()
    try:
        _check(opens_window=True)
    except CannotOpen as reason:
        sys.stderr.write(f"quarterdeck: {reason}\n")
        return FAILED
    _log_to(home)
    _run(home, os.environ, project)
    return 0


def run_demo(env: Mapping[str, str]) -> int:
    """Open the window on the demo fleet until it is closed. Raises DemoFailed."""
    try:
        _check(opens_window=True)
    except CannotOpen as reason:
        sys.stderr.write(f"quarterdeck: {reason}\n")
        return FAILED
    with DemoFleet(env) as demo:
        demo.home.prepare()
        _run(demo.home, demo.env, None, demo)
    return 0


def run_demo_headless(env: Mapping[str, str], shots: Path) -> tuple[Sequence[AgentRow], Sequence[Path]]:
    """Play the demo fleet without a window; return its rows and the pictures in ``shots``. Raises DemoFailed."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        _check(opens_window=False)
    except CannotOpen as reason:
        raise SystemExit(f"quarterdeck: {reason}") from None
    with DemoFleet(env) as demo:
        demo.prepare()
        rows = demo.settle()
        # Without the core nothing reads a screen, and there would be nothing to picture.
        if not libvterm.missing():
            demo.add_terminals()
            rows = demo.settle(cast=TERMINALS)
        # Imported after the check above: it loads Qt.
        from ui import shots as pictures  # noqa: PLC0415

        return rows, pictures.draw(demo.home, demo.env, shots)


def _check(*, opens_window: bool) -> None:
    found = preflight.problem(sys.version_info[:2], _pyside(), libraries.missing, opens_window=opens_window)
    if found:
        raise CannotOpen(found)


def _pyside() -> str:
    try:
        return metadata.version("PySide6_Essentials")
    except metadata.PackageNotFoundError:
        return ""


def _run(home: Home, env: Mapping[str, str], project: Path | None, demo: DemoFleet | None = None) -> None:
    if os.environ.get("DISPLAY") and os.environ.get("WAYLAND_DISPLAY"):
        # Docks do not move on Wayland as they do on X11 (architecture.md, "Shell").
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
    # Imported after the check: it loads Qt.
    from ui import shell as shells  # noqa: PLC0415

    shell = shells.Shell(shells.make_application(), home, env)
    # All that was loaded to come here stays: walking over it again, the collector of garbage held frames up by 15 ms.
    gc.freeze()

    async def work() -> None:
        await shell.run(project, _begin(demo, shell) if demo else None)

    shells.run_loop(shell, work)


async def _begin(demo: DemoFleet, shell: Shell) -> None:
    await shell.connected()
    await demo.prepare_through(shell.stream)


def _log_to(home: Home) -> None:
    handler = logging.handlers.RotatingFileHandler(home.places.state / "shell.log", maxBytes=1_000_000, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
