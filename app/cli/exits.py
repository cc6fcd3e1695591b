"""Exit codes, and the one error a command raises to end with one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What scripts may rely on."""

    DONE = 0  # it was done
    FAILED = 1  # the thing asked for failed; the reason is on stderr
    USAGE = 2  # the command line was wrong
    TIMEOUT = 3
    NO_DAEMON = 4  # no daemon could be started


class CommandError(Exception):
    """The command ends here; the text names the thing and the next step."""

    def __init__(self, text: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(text)
        self.code = code
