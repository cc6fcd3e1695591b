"""The names of deciders for people: what ``by`` on an answer means to the user who reads it.

Pure; the recorded value stays the client's name, so that the audit log tells window and command line apart.
"""

from __future__ import annotations

from typing import Final

from agents.status.untrusted import one_line

_NAMES: Final = {"shell": "you", "cli": "you at the command line", "": "somebody else"}


def who(by: str) -> str:
    """Return who decided, in words; an unknown client keeps its own name, made safe to show."""
    return _NAMES.get(by) or one_line(by)
