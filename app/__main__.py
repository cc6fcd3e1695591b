"""The program's entry: makes sure that the packages are ours, then runs the command line.

Imports the other composition roots only when a command hands over to one.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.model import AgentRow
    from app.paths import Home

#: Our packages with common names; other distributions install packages of the same names.
OURS = ("agents", "ui", "resources")


class Launchers:
    """Hands over to the other composition roots. Implements ``app.cli.context.Roots``."""

    def daemon(self, home: Home) -> int:
        """Run the daemon in the foreground."""
        return int(importlib.import_module("app.daemon").run(home.places))

    def window(self, home: Home, project: Path | None) -> int:
        """Open the window."""
        return int(importlib.import_module("app.desktop").run(home, project))

    def demo_window(self, env: Mapping[str, str]) -> int:
        """Open the window on the demo fleet."""
        return int(importlib.import_module("app.desktop").run_demo(env))

    def demo_headless(self, env: Mapping[str, str], shots: Path) -> tuple[Sequence[AgentRow], Sequence[Path]]:
        """Play the demo fleet without a window."""
        played: tuple[Sequence[AgentRow], Sequence[Path]]
        played = importlib.import_module("app.desktop").run_demo_headless(env, shots)
        return played


def foreign_package(names: tuple[str, ...] = OURS) -> str:
    """Return what is wrong when a package of one of our names is somebody else's, and what to do; else nothing."""
    here = Path(__file__).resolve().parent.parent
    for name in names:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parent.parent != here:
            found = f"is {origin}, which belongs to another distribution" if origin else "is missing"
            clash = " (openai-agents installs one)" if name == "agents" and origin else ""
            return (
                f"the package {name!r} {found}{clash}. Install Quarterdeck into an environment of its own:\n"
                "  pipx install quarterdeck    or    uv tool install quarterdeck"
            )
    return ""


def main() -> int:
    """Run the command line of this process and return its exit code."""
    if sys.argv[1:2] == ["hook"] and not {"-h", "--help"} & set(sys.argv):
        # An agent waits for it: nothing else is imported or checked first.
        return int(importlib.import_module("app.hook").main(sys.argv[2:], os.environ))
    problem = foreign_package()
    if problem:
        sys.stderr.write(f"quarterdeck: {problem}\n")
        return 1
    return int(importlib.import_module("app.cli.main").main(sys.argv[1:], Launchers(), os.environ))


if __name__ == "__main__":
    sys.exit(main())
