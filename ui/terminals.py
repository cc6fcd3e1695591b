"""What the terminals of one window share: whose bell rang and was not seen, how often F6 was used to leave one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from agents.model import AgentId
from agents.vt import libvterm

#: How often one leaves a terminal by key until no terminal says any more how.
LESSONS = 3


class Terminals(QObject):
    """Owned by the session; GUI thread."""

    rang = Signal(str)  # an agent's bell rang, or was seen
    learned = Signal()

    def __init__(self, missing: Callable[[], str] = libvterm.missing) -> None:
        super().__init__()
        #: Returns why there is no terminal core and what to install; nothing when there is one.
        self.missing = missing
        self._ringing: set[AgentId] = set()
        self.left = 0

    def rings(self, agent: AgentId) -> bool:
        """Tell whether an agent's bell rang and nobody looked since."""
        return agent in self._ringing

    def ring(self, agent: AgentId) -> None:
        """Mark an agent."""
        if agent not in self._ringing:
            self._ringing.add(agent)
            self.rang.emit(agent)

    def seen(self, agent: AgentId) -> None:
        """Take the mark away: the user is there."""
        if agent in self._ringing:
            self._ringing.discard(agent)
            self.rang.emit(agent)

    @property
    def teaches_leaving(self) -> bool:
        """Tell whether a terminal still says how it is left."""
        return self.left < LESSONS

    def was_left(self) -> None:
        """Count that a terminal was left by key."""
        self.left += 1
        if self.left == LESSONS:
            self.learned.emit()
