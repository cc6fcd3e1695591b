"""The one sequence of events: numbering, coalescing of row changes, and the history for reconnects.

Builds no row and knows no socket; lives in the daemon's event loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from agents.events import (
    EVENT_HISTORY,
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    BlocksChanged,
    Event,
    LogGrew,
    NumberedEvent,
)
from agents.model import AgentId, AgentRow

#: A row change is told within this many seconds, so that a burst of facts is one event.
URGENT_S = 0.002

#: Changes nobody waits for (streamed text) are told within this many seconds.
LAZY_S = 0.25

#: A row of which only the sizes of its logs changed is told this seldom, seconds: whoever looks at a log hears LogGrew.
#: Fifty programs that print once a second each would otherwise keep every client busy for nothing.
SIZES_S = 30.0

Sink = Callable[[NumberedEvent], None]


class Timers(Protocol):
    """The event loop as far as the bus needs it."""

    def time(self) -> float:
        """Return the loop's clock in seconds."""

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        """Call back once at ``when``."""


class EventBus:
    """Owns the sequence number and the last events; sinks are called in order and must not block.

    Transcript and log events are numbered but not kept: a client that reconnects pages the transcript anew.
    """

    def __init__(
        self, rows: Callable[[AgentId], AgentRow | None], timers: Timers, history: int = EVENT_HISTORY
    ) -> None:
        self._rows = rows
        self._timers = timers
        self._limit = history
        self._history: deque[NumberedEvent] = deque()
        self._floor = 0  # events up to here are no longer all held
        self._seq = 0
        self._sinks: list[Sink] = []
        self._told: dict[AgentId, AgentRow] = {}
        self._due: dict[AgentId, float] = {}
        self._grown: dict[AgentId, float] = {}  # only its sizes differ; told at that time, or with what comes first
        self._alarm: float | None = None

    @property
    def seq(self) -> int:
        """Return the number of the newest event."""
        return self._seq

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Call ``sink`` with every event from now on; the returned function ends that."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def publish(self, event: Event) -> None:
        """Give an event its number and tell it at once."""
        if isinstance(event, AgentAdded):
            self._told[event.row.id] = event.row
        elif isinstance(event, AgentRemoved):
            self._told.pop(event.id, None)
            self._due.pop(event.id, None)
            self._grown.pop(event.id, None)
        self._seq += 1
        numbered = NumberedEvent(self._seq, event)
        if not isinstance(event, BlocksChanged | LogGrew):
            self._keep(numbered)
        for sink in tuple(self._sinks):
            sink(numbered)

    def grew(self, agent: AgentId) -> None:
        """Say that nothing but the sizes of an agent's logs differs."""
        if agent not in self._grown:
            self._grown[agent] = due = self._timers.time() + SIZES_S
            if agent not in self._due:
                self._due[agent] = due
                self._set_alarm(due)

    def touch(self, agent: AgentId, *, lazy: bool = False) -> None:
        """Say that an agent's row may differ; it is built and told within a few milliseconds."""
        now = self._timers.time()
        # Lazy changes of all agents fall on the same moments: one wake of the process for all of them.
        due = (now // LAZY_S + 1) * LAZY_S if lazy else now + URGENT_S
        if due < self._due.get(agent, float("inf")):
            self._due[agent] = due
            self._set_alarm(due)

    def _set_alarm(self, due: float) -> None:
        if self._alarm is None or due < self._alarm:
            self._alarm = due
            self._timers.call_at(due, lambda: self._on_alarm(due))

    def flush(self) -> None:
        """Tell every pending row change now (before a snapshot is taken)."""
        due, self._due = self._due, {}
        for agent in due:
            self._tell(agent, with_sizes=True)

    def since(self, seq: int) -> list[NumberedEvent] | None:
        """Return the kept events after ``seq``, ``None`` when some are gone or ``seq`` was never given out."""
        if seq < self._floor or seq > self._seq:
            return None
        return [numbered for numbered in self._history if numbered.seq > seq]

    def _keep(self, numbered: NumberedEvent) -> None:
        self._history.append(numbered)
        if len(self._history) > self._limit:
            self._floor = self._history.popleft().seq

    def _on_alarm(self, due: float) -> None:
        if due != self._alarm:
            return  # an earlier one was set meanwhile
        self._alarm = None
        now = self._timers.time()
        for agent in [agent for agent, at in self._due.items() if at <= now]:
            del self._due[agent]
            self._tell(agent)
        if self._due:
            self._set_alarm(min(self._due.values()))

    def _tell(self, agent: AgentId, *, with_sizes: bool = False) -> None:
        row, told = self._rows(agent), self._told.get(agent)
        if row is None or told is None or row == told:
            return
        if not with_sizes and _with_sizes_of(told, row) == row:
            now = self._timers.time()
            due = self._grown.setdefault(agent, now + SIZES_S)
            if now < due:
                self._due[agent] = due
                return
        self._grown.pop(agent, None)
        self._told[agent] = row
        self.publish(AgentChanged(row))


def _with_sizes_of(told: AgentRow, row: AgentRow) -> AgentRow:
    return msgspec.structs.replace(told, out_size=row.out_size, err_size=row.err_size)
