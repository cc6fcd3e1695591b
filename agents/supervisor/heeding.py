"""When a keeper's word about new marks is heard: at once while somebody waits for it, else at moments all agents share.

For a process that sleeps, waking up costs more than taking a line in; so output nobody waits for is left unread until
all agents' is due, and one wake takes it in. Gives no meaning to any mark.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from agents.supervisor.bus import Timers

#: Seconds between two looks at output nobody waits for: at output that means nothing to its adapter, at a terminal
#: that tells its status, and at either when somebody watches (the first after a pause is then taken in at once: it may
#: be the echo of a key).
CALM_S = 1.0
TELLING_S = 0.4
SEEN_S = 0.1

#: Seconds of silence after which the connection of a terminal is read again: a title that ticks once a second would
#: else be heard each time, which costs more than to look whether there is anything.
SILENT_S = 1.5

#: Seconds after something was written to a watched agent in which whatever it says is taken in at once: more than one
#: key may echo within a pause.
ECHO_S = 0.25

#: A keeper tells of new marks at once, then not again for ten milliseconds; of a key that is the mark of the key
#: itself, and its echo comes right behind. So for that long (and a little) the disk is looked at instead, this often,
#: seconds.
PEEKING_S = 0.012
PEEK_S = 0.001

#: What a timer may come too early, seconds: the moment it came for is not the next one.
EARLY_S = 0.001


class Ear(Protocol):
    """The keeper's connection, as far as it can be left unread."""

    def pause(self) -> None:
        """Leave unread what the keeper says from now on."""

    def resume(self) -> None:
        """Read again, also what was left."""


class Awaited(Protocol):
    """The unit, as far as it says who waits for its agent's output."""

    @property
    def is_expectant(self) -> bool:
        """Tell whether somebody may be waiting for what the next marks say."""

    @property
    def reads_output(self) -> bool:
        """Tell whether mere output says something about it."""

    @property
    def is_looked_at(self) -> bool:
        """Tell whether mere output is of interest soon."""

    @property
    def taken(self) -> int:
        """Return the number of the next mark to be taken."""

    @property
    def is_behind(self) -> bool:
        """Tell whether the disk holds marks that were not taken."""

    def wake(self) -> None:
        """Have a round come soon."""


class Heeding:
    """Owned by one agent's hold; ``ear`` returns the connection there is.

    While an agent goes on talking its connection stays unread: a round looks on the disk at every moment, where its
    end is a mark too. Once a moment (of a terminal that tells its status: some) brings nothing new the connection is
    read again, so that its loss is heard.
    """

    def __init__(self, unit: Awaited, timers: Timers, ear: Callable[[], Ear | None]) -> None:
        self._unit = unit
        self._timers = timers
        self._ear = ear
        self._due: float | None = None  # the next moment; None while the connection is read
        self._looked_at = self._echo_until = self._peek_until = -math.inf
        self._had_taken: int | None = None  # what was taken before the look under way
        self._news_at = -math.inf  # when there last was something new

    @property
    def is_resting(self) -> bool:
        """Tell whether the connection is left unread."""
        return self._due is not None

    @property
    def may_echo(self) -> bool:
        """Tell whether what it says may be the echo of a key somebody just pressed, and looks at."""
        return self._unit.is_looked_at and self._timers.time() < self._echo_until

    def poked(self, next_seq: int) -> None:
        """Learn that there are marks below ``next_seq``."""
        unit, now = self._unit, self._timers.time()
        if next_seq <= unit.taken:
            return  # said before the last look
        self._news_at = now
        if unit.is_expectant or self.may_echo:
            unit.wake()
            return
        if unit.is_looked_at and now - self._looked_at >= SEEN_S:
            self._look(now)
        self._rest(now)

    def written(self) -> None:
        """Learn that something was written to the agent: its echo may follow."""
        now = self._timers.time()
        self._echo_until = now + ECHO_S
        if self._unit.is_looked_at:
            if now >= self._peek_until:
                self._timers.call_at(now + PEEK_S, self._peek)
            self._peek_until = now + PEEKING_S

    def _peek(self) -> None:
        """Look whether the echo of a key lies on the disk already."""
        now = self._timers.time()
        if now >= self._peek_until:
            return
        if self._unit.is_behind:
            self._unit.wake()
        self._timers.call_at(now + PEEK_S, self._peek)

    def settle(self) -> None:
        """Decide after a round whether to go on resting."""
        had_taken, self._had_taken = self._had_taken, None
        if self._due is None:
            return
        now = self._timers.time()
        if had_taken == self._unit.taken:
            self._looked_at = -math.inf  # it was silent: what it says next is the first
            self._listen()
        elif self._unit.is_expectant:
            self._listen()
        elif had_taken is not None or (self._unit.is_looked_at and self._due > now + SEEN_S):
            self._rest(now)

    def _listen(self) -> None:
        self._due = None
        ear = self._ear()
        if ear is not None:
            ear.resume()

    def _rest(self, now: float) -> None:
        calm = TELLING_S if self._unit.reads_output else CALM_S
        period = SEEN_S if self._unit.is_looked_at else calm
        due = (math.floor((now + EARLY_S) / period) + 1) * period
        if self._due is None:
            ear = self._ear()
            if ear is not None:
                ear.pause()
        if due != self._due:
            self._due = due
            self._timers.call_at(due, lambda: self._on_moment(due))

    def _on_moment(self, due: float) -> None:
        if due != self._due:
            return  # overtaken by another moment, or by somebody who waits
        now, unit = self._timers.time(), self._unit
        if unit.is_behind:
            self._news_at = now
        elif unit.reads_output and not unit.is_looked_at and now - self._news_at < SILENT_S:
            self._rest(now)
            return
        self._look(now)

    def _look(self, now: float) -> None:
        self._looked_at = now
        self._had_taken = self._unit.taken
        self._unit.wake()
