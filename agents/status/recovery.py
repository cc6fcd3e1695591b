"""After a crash or a reboot: which agents were cut off, which of them can go on, and the one sentence about it.

Pure; used by the daemon (rows), the CLI and the shell. Looks at nothing that still runs.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agents.model import AgentRow, Lifecycle, Recovery
from agents.status.untrusted import one_line

#: Longest request repeated in a note, characters.
ASKED_LIMIT = 120


class Cut(msgspec.Struct, frozen=True):
    """What the judgement depends on, of an agent as it was found.

    ``by_keeper``: its keeper ended it without being asked to by us (log-out, shutdown). ``asked`` is the title
    of the request that was open then, ``failure`` why its session does not work.
    """

    lifecycle: Lifecycle
    exit_signal: int | None = None
    is_end_wanted: bool = False
    is_archived: bool = False
    by_keeper: bool = False
    has_begun: bool = True  # a process of it was started
    can_resume: bool = False
    directory: str = ""  # its working directory, when that does not exist any more
    in_turn: bool = False
    asked: str = ""
    failure: str = ""


def assess(cut: Cut) -> tuple[Recovery | None, str]:
    """Return what can be done about an agent that was cut off, and a note for the user; nothing for all others."""
    if not _was_cut_off(cut):
        return None, ""
    if not cut.can_resume:
        return Recovery.LOST, "it has no session to continue: run it again"
    if cut.directory:
        return Recovery.NEEDS_YOU, f"its directory {cut.directory} does not exist any more"
    if cut.asked:
        asked = one_line(cut.asked, ASKED_LIMIT)
        return Recovery.NEEDS_YOU, f"it waited for your answer to “{asked}”, which is gone: tell it what to do"
    if cut.failure:
        return Recovery.NEEDS_YOU, one_line(cut.failure, ASKED_LIMIT)
    if cut.in_turn:
        return Recovery.RESUME, "its turn was cut off: once resumed, tell it to go on"
    return Recovery.RESUME, ""


def _was_cut_off(cut: Cut) -> bool:
    """Tell whether it ended although nobody wanted that: not by itself, and not by the user."""
    if cut.is_end_wanted or cut.is_archived:
        return False
    match cut.lifecycle:
        case Lifecycle.LOST:
            return True
        case Lifecycle.EXITED:
            return cut.by_keeper or cut.exit_signal is not None
        case Lifecycle.FAILED:
            return not cut.has_begun
        case _:
            return False


def sentence(rows: Iterable[AgentRow]) -> str:
    """Return “12 agents: 9 can resume, 2 need you, 1 lost”, empty when nobody was cut off."""
    found = [row.recovery for row in rows if row.recovery is not None and not row.archived]
    if not found:
        return ""
    resume, needy, lost = (found.count(what) for what in Recovery)
    parts = [
        f"{resume} can resume" if resume else "",
        f"{needy} need{'s' if needy == 1 else ''} you" if needy else "",
        f"{lost} lost" if lost else "",
    ]
    agents = "1 agent" if len(found) == 1 else f"{len(found)} agents"
    return f"{agents}: {', '.join(part for part in parts if part)}"


def is_worth_resuming(rows: Iterable[AgentRow]) -> bool:
    """Tell whether ``resume --all`` would bring anybody back."""
    return any(row.recovery in (Recovery.RESUME, Recovery.NEEDS_YOU) and not row.archived for row in rows)
