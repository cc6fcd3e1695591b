"""When a permission card may take a key: the rule that keeps a stray keystroke from approving anything.

Pure: times are passed in. ui.md, "Triage": a card that appeared by itself takes no key for 300 ms, after *next*
for 120 ms; keys in that time are ignored, never queued.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds before a card takes keys: when it came by itself, and when the user asked for it.
BY_ITSELF_S = 0.3
AFTER_NEXT_S = 0.12


@dataclass(frozen=True, slots=True)
class Guard:
    """Closed until a moment on the clock its owner uses."""

    opens_at: float

    def takes(self, now: float) -> bool:
        """Tell whether a key pressed at ``now`` counts."""
        return now >= self.opens_at


def later(first: Guard, second: Guard) -> Guard:
    """Return the guard that opens later."""
    return max(first, second, key=lambda guard: guard.opens_at)


def appeared(now: float, *, after_next: bool) -> Guard:
    """Return the guard of a card that shows a request since ``now``, or was focused by *next* at ``now``."""
    return Guard(now + (AFTER_NEXT_S if after_next else BY_ITSELF_S))
