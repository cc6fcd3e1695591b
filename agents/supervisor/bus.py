"""The one sequence of events: numbering, coalescing of row changes, and the history for reconnects.

Builds no row and knows no socket; lives in the daemon's event loop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from agents.model import AgentId, AgentRow
from agents.wire import (
    EVENT_HISTORY,
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    BlocksChanged,
    Event,
    LogGrew,
    NumberedEvent,
)

#: A row change is told within this many seconds, so that a burst of facts is one event.
URGENT_S = 0.004

#: Changes nobody waits for (sizes) are told within this many seconds.
LAZY_S = 0.25

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
        self._seq += 1
        numbered = NumberedEvent(self._seq, event)
        if not isinstance(event, BlocksChanged | LogGrew):
            self._keep(numbered)
        for sink in tuple(self._sinks):
            sink(numbered)

    def touch(self, agent: AgentId, *, lazy: bool = False) -> None:
        """Say that an agent's row may differ; it is built and told within a few milliseconds."""
        due = self._timers.time() + (LAZY_S if lazy else URGENT_S)
        if due >= self._due.get(agent, float("inf")):
            return
        self._due[agent] = due
        if self._alarm is None or due < self._alarm:
            self._alarm = due
            self._timers.call_at(due, self._on_alarm)

    def flush(self) -> None:
        """Tell every pending row change now (before a snapshot is taken)."""
        due, self._due = self._due, {}
        for agent in due:
            self._tell(agent)

    def since(self, seq: int) -> list[NumberedEvent] | None:
        """Return the kept events after ``seq``, ``None`` when some are gone or ``seq`` was never given out."""
        if seq < self._floor or seq > self._seq:
            return None
        return [numbered for numbered in self._history if numbered.seq > seq]

    def _keep(self, numbered: NumberedEvent) -> None:
        self._history.append(numbered)
        if len(self._history) > self._limit:
            self._floor = self._history.popleft().seq

    def _on_alarm(self) -> None:
        self._alarm = None
        now = self._timers.time()
        for agent in [agent for agent, due in self._due.items() if due <= now]:
            del self._due[agent]
            self._tell(agent)
        if self._due and self._alarm is None:
            self._alarm = min(self._due.values())
            self._timers.call_at(self._alarm, self._on_alarm)

    def _tell(self, agent: AgentId) -> None:
        row = self._rows(agent)
        if row is not None and agent in self._told and row != self._told[agent]:
            self._told[agent] = row
            self.publish(AgentChanged(row))
