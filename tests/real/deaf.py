"""A program in a terminal that does not know OSC 7501: ``deaf.py PROGRAM [ARGUMENT...]``, between it and its terminal.

Takes the program's question whether it does out of what it prints, and its hooks out of its arguments: what is left to
know it by is what any older version shows.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

QUERY = b"\x1b]7501;?\x1b\\"

#: What no terminal draws.
NOTHING = b"\x00"

#: Where hooks are turned on; the next argument is what they are.
_SETTINGS = "--settings"


def shim(folder: Path, program: Path) -> Path:
    """Write a program of the same name that runs it so; return its folder, for the front of a PATH."""
    folder.mkdir(parents=True)
    made = folder / program.name
    made.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" "{program}" "$@"\n')
    made.chmod(0o700)
    return folder


def without_settings(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without the settings and their value."""
    kept: list[str] = []
    follows = False
    for argument in arguments:
        if not follows and argument != _SETTINGS:
            kept.append(argument)
        follows = argument == _SETTINGS and not follows
    return kept


class Filter:
    """Reads what the program prints, without its query wherever that is cut."""

    def __init__(self) -> None:
        self._sized = False

    def read(self, master: int) -> bytes:
        """Return what may be shown; nothing means the end."""
        if not self._sized:
            self._sized = True
            fcntl.ioctl(master, termios.TIOCSWINSZ, fcntl.ioctl(sys.stdout, termios.TIOCGWINSZ, bytes(8)))
        data = self._some(master)
        shown = data.replace(QUERY, b"").replace(QUERY[:-2] + b"\x07", b"")
        # The query alone leaves nothing, and that would be the end; to wait for more would hold up what is typed.
        return shown or (data and NOTHING)

    @staticmethod
    def _some(master: int) -> bytes:
        data = _read(master, 65536)
        while any(data.endswith(QUERY[:n]) for n in range(1, len(QUERY))):
            more = _read(master, 1)
            if not more:
                break
            data += more
        return data


def _read(master: int, most: int) -> bytes:
    """Read once there is something: ``pty.spawn`` does not wait there, and takes that there is nothing for the end."""
    while True:
        select.select([master], [], [])
        with contextlib.suppress(BlockingIOError):
            return os.read(master, most)


def main() -> int:
    """Run it."""
    program, *arguments = sys.argv[1:]
    argv = [program, *without_settings(arguments)]
    if not os.isatty(0):
        os.execv(program, argv)
    return os.waitstatus_to_exitcode(pty.spawn(argv, Filter().read))


if __name__ == "__main__":
    sys.exit(main())
