"""Whether what somebody waits for is reached: a pure function of a row and its turns."""

from __future__ import annotations

import msgspec

from agents.model import AgentRow, Lifecycle, Turn

#: What can be waited for.
UNTIL = ("idle", "blocked", "done", "exited")

_REST = frozenset({Turn.IDLE, Turn.DONE, Turn.ERROR})
_ENDED = {Lifecycle.EXITED: "exited", Lifecycle.FAILED: "failed", Lifecycle.LOST: "failed"}


class Progress(msgspec.Struct, frozen=True):
    """How far an agent's turns are: the highest started, the highest ended, whether messages wait, what was lost."""

    started: int = 0
    ended: int = 0
    waiting: bool = False
    undelivered: frozenset[int] = frozenset()


def reached(until: str, turn: int | None, row: AgentRow, progress: Progress) -> str | None:
    """Return what to answer now, ``None`` to go on waiting.

    ``exited`` or ``failed`` instead of the value asked for means that it can no longer come.
    """
    if row.catching_up:
        return None
    if row.lifecycle in _ENDED:
        return _ENDED[row.lifecycle]
    if turn in progress.undelivered and until != "exited":
        return "failed"
    match until:
        case "blocked":
            now = row.turn is Turn.BLOCKED and (turn is None or progress.started >= turn)
        case "idle":
            now = _at_rest(turn, row, progress)
        case "done":
            now = _at_rest(turn, row, progress) and progress.ended > 0
            if now and row.turn is Turn.ERROR and (turn is None or progress.ended == turn):
                return "failed"
        case _:
            now = False
    return until if now else None


def _at_rest(turn: int | None, row: AgentRow, progress: Progress) -> bool:
    if row.turn not in _REST:
        return False
    if turn is None:
        return not progress.waiting
    return progress.ended >= turn
