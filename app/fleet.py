"""The fleet as a client knows it: folded from one snapshot and numbered events, then read by every view.

Qt-free and I/O-free. Views keep ids and read rows; listeners are told what changed, in order.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from enum import StrEnum

import msgspec

from agents.events import (
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    BlocksChanged,
    LogGrew,
    Noticed,
    NumberedEvent,
    Snapshot,
)
from agents.model import AgentId, AgentRow, Block, Headline, Incident
from agents.spec import KindInfo
from agents.status import incidents

#: Notices a client remembers.
NOTICE_LIMIT = 1000


class What(StrEnum):
    """What a change was about."""

    RESET = "reset"  # everything may differ: read all rows anew
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    BLOCKS = "blocks"
    LOG = "log"
    NOTICE = "notice"
    CONNECTION = "connection"


class Change(msgspec.Struct, frozen=True):
    """One change as told to listeners; ``before`` is the row it replaced."""

    what: What
    agent: AgentId | None = None
    before: AgentRow | None = None
    blocks: tuple[Block, ...] = ()
    sizes: tuple[int, int] = (0, 0)  # out, err in bytes
    cells: tuple[int, int] = (0, 0)  # rows, columns of its terminal as of ``sizes``; zeros where it has none
    notice: Noticed | None = None


Listener = Callable[[Change], None]


class Fleet:
    """Owns the client's copy of the fleet; lives in the client's event loop, changed only by ``apply``."""

    def __init__(self) -> None:
        self._rows: dict[AgentId, AgentRow] = {}
        self._listeners: list[Listener] = []
        self._own: list[Noticed] = []
        self.notices: list[Noticed] = []
        self.kinds: tuple[KindInfo, ...] = ()
        self.seq = 0
        self.connected = False
        self.connection_detail = "connecting"

    # -- reading

    def rows(self) -> tuple[AgentRow, ...]:
        """Return all rows in creation order; the terminals beside agents are none of their own."""
        return tuple(row for row in self._rows.values() if row.terminal_of is None)

    def terminal_beside(self, agent: AgentId) -> AgentRow | None:
        """Return the terminal beside an agent, the oldest where several clients opened one at once."""
        return next((row for row in self._rows.values() if row.terminal_of == agent), None)

    def row(self, agent: AgentId) -> AgentRow | None:
        """Return one row, ``None`` once it is gone."""
        return self._rows.get(agent)

    def triage(self, now: float) -> tuple[AgentRow, ...]:
        """Return who needs the user, most urgent first, oldest first inside a rank; snoozed ones left out.

        Agents that lost the same login are one entry: the first of them stands for all.
        """
        return incidents.heads(self._waiting(now), incidents.vendors(self.kinds))

    def entries(self, now: float) -> tuple[AgentRow, ...]:
        """Return all rows as they are counted: of those that lost the same login only the one that stands for all."""
        heads = {row.id for row in self.triage(now)}
        return tuple(row for row in self.rows() if row.id in heads or not needs_user(row, now))

    def incidents(self, now: float) -> tuple[Incident, ...]:
        """Return what befell several agents at once: a lost login of those that wait, a provider that parks them."""
        vendors = incidents.vendors(self.kinds)
        lost = incidents.incidents(self._waiting(now), vendors)
        parked = incidents.incidents(self.rows(), vendors)
        return (*lost, *(found for found in parked if found.state is Headline.PARKED))

    def _waiting(self, now: float) -> list[AgentRow]:
        waiting = [r for r in self.rows() if needs_user(r, now)]
        return sorted(waiting, key=lambda r: (r.rank or 0, r.since, r.id))

    def counts(self) -> dict[Headline, int]:
        """Return how many agents show each headline."""
        counts: dict[Headline, int] = {}
        for row in self.rows():
            counts[row.state] = counts.get(row.state, 0) + 1
        return counts

    # -- folding

    def reset(self, snapshot: Snapshot) -> None:
        """Replace everything by a snapshot."""
        self._rows = {row.id: row for row in snapshot.agents}
        # What this client noted itself (a bad settings line) the daemon does not know: it must not vanish here.
        both = heapq.merge(snapshot.notices, self._own, key=lambda notice: notice.at)
        self.notices = list(both)[-NOTICE_LIMIT:]
        self.kinds = snapshot.kinds
        self.seq = snapshot.seq
        self._tell(Change(What.RESET))

    def apply(self, numbered: NumberedEvent) -> None:
        """Fold one event; an event at or below the last number is a repetition and is ignored."""
        if numbered.seq <= self.seq:
            return
        self.seq = numbered.seq
        event = numbered.event
        match event:
            case AgentAdded(row=row):
                self._rows[row.id] = row
                self._tell(Change(What.ADDED, row.id))
            case AgentChanged(row=row):
                before = self._rows.get(row.id)
                self._rows[row.id] = row
                self._tell(Change(What.CHANGED, row.id, before))
            case AgentRemoved(id=agent):
                self._tell(Change(What.REMOVED, agent, self._rows.pop(agent, None)))
            case BlocksChanged(agent=agent, blocks=blocks):
                self._tell(Change(What.BLOCKS, agent, blocks=blocks))
            case LogGrew():
                cells = (event.rows, event.cols)
                self._tell(Change(What.LOG, event.agent, sizes=(event.out, event.err), cells=cells))
            case Noticed():
                self._keep_notice(event)

    def note(self, level: str, text: str, at: float, agent: AgentId | None = None) -> None:
        """Add a notice of this client's own (``at`` epoch seconds); the daemon never hears of it."""
        notice = Noticed(level, text, at, agent)
        self._own = [*self._own[-NOTICE_LIMIT + 1 :], notice]
        self._keep_notice(notice)

    def set_connection(self, *, connected: bool, detail: str) -> None:
        """Record whether the daemon answers; rows stay readable while it does not."""
        self.connected = connected
        self.connection_detail = detail
        self._tell(Change(What.CONNECTION))

    def _keep_notice(self, notice: Noticed) -> None:
        self.notices = [*self.notices[-NOTICE_LIMIT + 1 :], notice]
        self._tell(Change(What.NOTICE, notice.agent, notice=notice))

    # -- telling

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` on every change; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)


def needs_user(row: AgentRow, now: float) -> bool:
    """Tell whether a row belongs into the triage queue at ``now`` (epoch seconds)."""
    if row.rank is None or row.archived:
        return False
    return row.snoozed_until is None or row.snoozed_until <= now
