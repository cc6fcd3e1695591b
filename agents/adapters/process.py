"""What every family reads the same way: the keeper's control records of one agent's process.

Pure. Keeper protocol, "Files in the agent directory": each ctl mark covers one JSON object.
"""

from __future__ import annotations

import msgspec

from agents.status.headline import exit_words


class Control(msgspec.Struct, frozen=True):
    """One control record; fields that the event does not have keep their defaults."""

    ev: str = ""
    incarnation: int = 0
    pid: int = 0
    stream: str = ""
    code: int | None = None
    signal: int | None = None
    error: str = ""
    program: str = ""
    id: str = ""  # of a write that is now wholly in the agent
    rows: int = 0
    cols: int = 0


def read_control(data: bytes) -> Control | None:
    """Return the control record of a ctl mark, ``None`` when it is damaged or of a later protocol."""
    try:
        return msgspec.json.decode(data, type=Control)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def ending(control: Control) -> str:
    """Return how the process ended, for people: "exited with 3", "ended by SIGKILL"."""
    words = exit_words(control.code, control.signal)
    if control.signal is not None:
        return f"ended by {words}"
    return f"exited with {words}" if words else "ended"


def launch_failure(control: Control) -> tuple[str, str]:
    """Return what a failed launch says and the next step."""
    program = control.program or "the program"
    return f"{program} could not be started: {control.error or 'unknown error'}", (
        f"Check that {program} is installed and may be executed, then resume."
    )
