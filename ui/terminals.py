"""What the terminals of one window share: bells nobody saw, how often one was left by key, when a card was answered."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from agents.model import AgentId
from app.terminal import asking

#: How often one leaves a terminal by key until no terminal says any more how.
LESSONS = 3

#: Seconds an answer may take until its card is gone and the keyboard is in a terminal, and for which that is deaf.
ANSWER_S, DEAF_S = 10.0, 0.5


class Terminals(QObject):
    """Owned by the session; GUI thread."""

    rang = Signal(str)  # an agent's bell rang, or was seen
    learned = Signal()

    def __init__(
        self, missing: Callable[[], str] = asking.missing, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.clock = clock
        #: Returns why there is no terminal core and what to install; nothing when there is one.
        self.missing = missing
        self._ringing: set[AgentId] = set()
        self._answered_at = float("-inf")
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

    def answered(self) -> None:
        """Take note that a card was answered or left by key."""
        self._answered_at = self.clock()

    @property
    def deaf_until(self) -> float:
        """Return until when a terminal that gets the keyboard now takes no key.

        It may be one more press of the key that answered a card, and would answer something else.
        """
        now = self.clock()
        return now + DEAF_S if now - self._answered_at < ANSWER_S else float("-inf")

    @property
    def teaches_leaving(self) -> bool:
        """Tell whether a terminal still says how it is left."""
        return self.left < LESSONS

    def was_left(self) -> None:
        """Count that a terminal was left by key."""
        self.left += 1
        if self.left == LESSONS:
            self.learned.emit()
