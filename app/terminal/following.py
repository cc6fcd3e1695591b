"""When a view looks for new output by itself instead of waiting for an event; pure, with the time passed in."""

from __future__ import annotations

#: Seconds between two looks while something is going on: a frame.
FRAME_S = 0.016

#: How long after a key, and after the last output, the next output is expected.
TYPED_S = 0.25
FLOWED_S = 0.1

#: How much longer a view nobody types into waits for each second the loop is late, and for how long at most: as often
#: events tell of output anyway.
EASE, EASED_S = 8, 0.1

#: What a loop that keeps up is late, seconds.
PUNCTUAL_S = 0.002


def eased(pause_s: float, late_s: float, *, is_typed_into: bool) -> float:
    """Return the pause of a view in a loop that is so late: those that only show leave room for the one typed into."""
    if is_typed_into or late_s <= PUNCTUAL_S:
        return pause_s
    return max(pause_s, min(pause_s + EASE * late_s, EASED_S))


class Following:
    """Owned by one view: told of keys and output, it says when to look next. Times are of one monotonic clock."""

    def __init__(self) -> None:
        self._until = float("-inf")

    def typed(self, now: float) -> None:
        """Take note of a key: its echo comes soon."""
        self._until = max(self._until, now + TYPED_S)

    def flowed(self, now: float) -> None:
        """Take note of output: more may follow."""
        self._until = max(self._until, now + FLOWED_S)

    def next_look(self, now: float) -> float | None:
        """Return the seconds until the next look, ``None`` when an event tells of the next output."""
        return FRAME_S if now < self._until else None

    def stop(self) -> None:
        """Look no more: nobody sees it, or the program ended."""
        self._until = float("-inf")
