"""Asks a program for its version before it is started, where its terminal is read by rules for a version.

Asked once for each program file; never in the way of a launch for long: without an answer all rules apply.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from agents.runtime.process import run_once
from agents.spec import Kind
from agents.status.reading.version import number
from agents.status.untrusted import one_line

log = logging.getLogger(__name__)

#: Seconds a program may take to say its version, and characters of the answer that are kept.
PATIENCE_S = 5.0
LONGEST = 80

#: Bytes of its output that are read.
MOST_OUTPUT = 64 * 1024

_File = tuple[str, int, int]


class Versions:
    """What programs said about themselves, by file; owned by the supervisor."""

    def __init__(self) -> None:
        self._known: dict[tuple[_File, tuple[str, ...]], str] = {}

    async def of(self, kind: Kind, argv: tuple[str, ...], cwd: str, environ: Mapping[str, str]) -> str:
        """Return the version of the program that ``argv`` starts; empty where it is of no use or not told."""
        if not kind.status or not kind.version_probe:
            return ""
        probe = kind.version_probe
        if kind.command and probe[0] == kind.command[0]:
            probe = (argv[0], *probe[1:])  # it may have been given with its path
        file = _file(probe[0], cwd, environ)
        if file is None:
            return ""
        key = (file, probe)
        if key not in self._known:
            self._known[key] = await _asked(probe, cwd, environ)
        return self._known[key]


def _file(program: str, cwd: str, environ: Mapping[str, str]) -> _File | None:
    """Return what tells one state of a program file from another."""
    found = shutil.which(str(Path(cwd, program)) if "/" in program else program, path=environ.get("PATH"))
    if found is None:
        return None
    try:
        real = os.path.realpath(found)
        facts = Path(real).stat()
    except OSError:
        return None
    return real, facts.st_mtime_ns, facts.st_size


async def _asked(probe: tuple[str, ...], cwd: str, environ: Mapping[str, str]) -> str:
    try:
        done = await run_once(probe, PATIENCE_S, cwd=Path(cwd), env=environ, limit=MOST_OUTPUT)
    except (OSError, TimeoutError, ValueError) as error:
        log.info("%s does not say its version: %s", probe[0], error)
        return ""
    text = done.out.decode(errors="replace")
    return one_line(text, LONGEST) if done.code == 0 and number(text) is not None else ""
