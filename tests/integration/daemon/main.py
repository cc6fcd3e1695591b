"""The real daemon with a seam: it dies at a chosen border, or has a family whose adapter fails."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import Fact
from agents.adapters.registry import Family, families
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.model import Mark, Stream
from agents.supervisor.retention import Limits
from agents.vt import libvterm
from app import daemon
from app.paths import home_from


class Crash:
    """Kills this process with -9 the moment a step is reached the ``nth`` time."""

    def __init__(self, step: str, what: str, nth: int) -> None:
        self._step, self._what, self._left = step, what, nth

    def reached(self, step: str, agent: str, what: str) -> None:
        if (step, what) == (self._step, self._what):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Fragile(TerminalAdapter):
    """Fails at what a program says on purpose."""

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        if mark.stream is Stream.OUT and b"poison" in data:
            raise ZeroDivisionError("poison")
        return super().feed(mark, data)


class FragileProtocol(AcpAdapter):
    """Fails at noise between the messages."""

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        if mark.stream is Stream.OUT and b"poison" in data:
            raise ZeroDivisionError("poison")
        return super().feed(mark, data)


def make_harmful() -> None:
    """Have the native core do what a fault of it does, at what a program prints on purpose."""
    harmless = libvterm.Core.write

    def write(core: libvterm.Core, data: bytes) -> None:
        if b"poison" in data:
            ctypes.string_at(0)
        harmless(core, data)

    libvterm.Core.write = write  # type: ignore[method-assign]


def with_fragile() -> dict[str, Family]:
    return {**families(), "terminal": Fragile, "acp": FragileProtocol}


def main() -> int:
    options = json.loads(sys.argv[1])
    seams = daemon.Seams(out_limit=options.get("out_limit"))
    if "crash" in options:
        seams.steps = Crash(*options["crash"])
    if options.get("fragile"):
        seams.families = with_fragile
    if options.get("harmful"):
        make_harmful()
    if "limits" in options:
        seams.limits = Limits(**options["limits"])
    home = home_from(os.environ)
    home.prepare()
    Path(home.places.state / "ran.txt").write_text(str(os.getpid()))
    return daemon.run(home.places, seams=seams)


if __name__ == "__main__":
    sys.exit(main())
