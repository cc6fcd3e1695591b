"""Whether what somebody waits for is reached: a pure function of a row and its turns.

How far a message got is a fact that stays true: it is answered the same whenever it is asked for, however long ago
its turn was over and however often the daemon was replaced since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from agents.model import AgentRow, Delivery, Lifecycle, RequestKey, Turn, TurnEnd

#: How far a message got; each waits for a turn (default: the newest message).
DELIVERED = (Delivery.DELIVERED.value, Delivery.SUBMITTED.value, Delivery.STARTED.value)

#: What can be waited for.
UNTIL = (*DELIVERED, "working", "idle", "blocked", "done", "exited")

_REST = frozenset({Turn.IDLE, Turn.DONE, Turn.ERROR})
_ENDED = {Lifecycle.EXITED: "exited", Lifecycle.FAILED: "failed", Lifecycle.LOST: "failed"}


class Progress(msgspec.Struct, frozen=True):
    """How far an agent's turns are, each number the highest there was.

    ``waiting`` tells whether messages wait, ``undelivered`` and ``dropped`` which will not come, ``ends`` how the
    last turns ended, ``typed`` how many ended that the user began in the program himself. Of a program without turns
    (``has_turns``) nothing is known beyond the delivery.
    """

    delivered: int = 0
    taken: int = 0
    begun: int = 0
    started: int = 0
    ended: int = 0
    waiting: bool = False
    undelivered: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()
    ends: Mapping[int, TurnEnd] = {}
    typed: int = 0
    has_turns: bool = True


class Wanted(msgspec.Struct, frozen=True):
    """What is waited for: any of ``until``, of ``turn`` or a later one; ``seen`` requests do not count as blocked."""

    until: Collection[str]
    turn: int | None = None
    seen: frozenset[RequestKey] = frozenset()


def reached(wanted: Wanted, row: AgentRow, progress: Progress) -> str | None:
    """Return what to answer now, ``None`` to go on waiting.

    A word that was not asked for means that what was asked for can no longer come: ``exited``, ``failed``,
    ``undelivered``, ``dropped``, ``over`` (of the turn), or ``delivered`` for a program without turns.
    """
    if row.catching_up:
        return None
    for until in wanted.until:
        found = _fact(until, wanted.turn, row, progress)
        if found is not None:
            return found
    if row.lifecycle in _ENDED:
        return _ENDED[row.lifecycle]
    for until in wanted.until:
        found = _now(until, wanted, row, progress)
        if found is not None:
            return found
    return "over" if _is_over(wanted, row, progress) else None


def _fact(until: str, turn: int | None, row: AgentRow, progress: Progress) -> str | None:
    """Return what will stay true whatever the agent does next, also after its end."""
    if turn is None or until == "exited":
        return None
    if turn in progress.undelivered:
        return Delivery.UNDELIVERED.value
    if turn in progress.dropped:
        return "dropped"
    if until in DELIVERED:
        return _delivered(until, turn, progress)
    end = progress.ends.get(turn)
    if until != "done" or end is None:
        return None
    if not end.ok:
        return "failed"
    return until if progress.ended > turn or row.lifecycle in _ENDED else None


def _delivered(until: str, turn: int, progress: Progress) -> str | None:
    so_far = {
        Delivery.DELIVERED.value: max(progress.delivered, progress.started),
        Delivery.SUBMITTED.value: progress.taken,
        Delivery.STARTED.value: progress.begun,
    }
    if so_far[until] >= turn:
        return until
    is_all = not progress.has_turns and progress.delivered >= turn
    return Delivery.DELIVERED.value if is_all else None


def _now(until: str, wanted: Wanted, row: AgentRow, progress: Progress) -> str | None:
    """Return what is true at this moment."""
    turn = wanted.turn
    has_begun = turn is None or progress.started >= turn
    match until:
        case "blocked":
            holds = row.turn is Turn.BLOCKED and has_begun and _asks_anew(row, wanted.seen)
        case "working":
            holds = row.turn is Turn.WORKING and has_begun
        case "idle":
            holds = _at_rest(turn, row, progress)
        case "done":
            holds = _at_rest(turn, row, progress) and (progress.ended > 0 or progress.typed > 0)
            if holds and row.turn is Turn.ERROR and (turn is None or progress.ended == turn):
                return "failed"
        case _:
            holds = False
    return until if holds else None


def _asks_anew(row: AgentRow, seen: frozenset[RequestKey]) -> bool:
    """Tell whether it waits for something not in ``seen``; a block without a request has the key ""."""
    return any(key not in seen for key in [request.key for request in row.requests] or [""])


def _at_rest(turn: int | None, row: AgentRow, progress: Progress) -> bool:
    if row.turn not in _REST:
        return False
    if turn is None:
        return not progress.waiting
    return progress.ended >= turn


def _is_over(wanted: Wanted, row: AgentRow, progress: Progress) -> bool:
    """Tell whether it is at rest for good after the turn asked about: it will neither work nor ask by itself."""
    if wanted.turn is None or progress.waiting or not {"blocked", "working"}.intersection(wanted.until):
        return False
    return _at_rest(wanted.turn, row, progress)
