"""Since when the daemon runs without a break: silence counts from there, or a suspend would make everybody silent.

Tells only that time went on without us; what follows from it is decided by those who ask.
"""

from __future__ import annotations

from agents.supervisor.services import Clock

#: Seconds between two beats, and how much more may go by (or the clocks differ) before that was a break.
BEAT_S = 5.0
JUMP_S = 10.0


class Pulse:
    """Owned by the supervisor; ``beat`` is called every ``BEAT_S`` by whoever keeps the daemon running."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall, self._steady = clock.wall(), clock.monotonic()
        self._unbroken = 0.0

    def beat(self) -> float | None:
        """Return the seconds that went by unseen since the last beat when there was a break, else ``None``."""
        gone_wall, gone_steady = self._clock.wall() - self._wall, self._clock.monotonic() - self._steady
        is_broken = has_jumped(gone_wall, gone_steady)
        if is_broken:
            self._unbroken = self._clock.monotonic()
        self._wall, self._steady = self._clock.wall(), self._clock.monotonic()
        return gone_wall - BEAT_S if is_broken else None

    @property
    def unbroken_since(self) -> float:
        """Return the monotonic time before which silence does not count.

        After a pause the timers that became due meanwhile may all fire before the next beat: so it is looked at here.
        """
        if self._clock.monotonic() - self._steady > BEAT_S + JUMP_S:
            return self._clock.monotonic()
        return self._unbroken


def has_jumped(gone_wall: float, gone_steady: float) -> bool:
    """Tell whether more went on between two beats than waiting: sleep of the machine, a pause of its VM.

    The steady clock stands still while the machine sleeps; while only we were paused it goes on.
    """
    return abs(gone_wall - gone_steady) > JUMP_S or gone_steady > BEAT_S + JUMP_S
