"""The stop ladder: stdin EOF, SIGINT, SIGTERM, SIGKILL, to the group and every descendant, in bounded time."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import time

from agents.runtime.keep.store import NEVER
from agents.runtime.keep.table import descendants, kill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS = ("eof", "int", "term", "kill")
GRACE = {"eof": 2.0, "int": 2.0, "term": 3.0}
SWEEP_S = 5.0  # sweep hard for so long, then every RESWEEP_S
RESWEEP_S = 1.0
ROUND_S = 0.02
FREEZES = 8


class Ladder:
    """Climbs one step whenever ``due`` has come; ``climb`` is called by the loop and never waits."""

    def __init__(self, group: int, grace: dict[str, float], close_stdin: Callable[[], None]) -> None:
        self.group = group
        self.grace = {**GRACE, **grace}
        self.close_stdin = close_stdin
        self.steps: list[str] = []
        self.active = False
        self.killing = 0.0
        self.due = NEVER

    def start(self, steps: Sequence[str]) -> None:
        """Begin at the first of ``steps``; while climbing, only a shorter way to the end counts."""
        wanted = [step for step in STEPS if step in steps]
        if not wanted or (self.active and len(wanted) >= len(self.steps)):
            return
        self.steps = wanted
        self.active = True
        self.due = time.monotonic()

    def rest(self) -> None:
        """Stop climbing: nothing is left to end."""
        self.active = False
        self.steps = []
        self.killing = 0.0
        self.due = NEVER

    def hopeless(self, now: float) -> bool:
        """Tell whether killing has gone on so long that what is left cannot be killed (stuck in the kernel)."""
        return bool(self.killing) and now - self.killing > SWEEP_S

    def climb(self, now: float) -> str:
        """Take the next step and return its name, empty for one more round of killing."""
        if not self.steps:
            self._sweep(now)
            return ""
        step = self.steps.pop(0)
        self.due = now + self.grace.get(step, 0.0)
        if step == "eof":
            self.close_stdin()
        elif step == "int":
            self._signal(signal.SIGINT)
        elif step == "term":
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)  # a stopped process would keep its SIGTERM for later
        else:
            self.killing = now
            self._sweep(now)
        return step

    def _signal(self, number: int) -> None:
        if self.group:
            kill(-self.group, number)
        for pid, group in descendants(self.group).items():
            if group != self.group:
                kill(pid, number)

    def _sweep(self, now: float) -> None:
        """Stop everything first, so that nothing forks its way out of the scan, then kill it."""
        frozen: set[int] = set()
        for _ in range(FREEZES):
            fresh = descendants(self.group).keys() - frozen
            if not fresh:
                break
            for pid in fresh:
                kill(pid, signal.SIGSTOP)
            frozen |= fresh
        for pid in frozen:
            kill(pid, signal.SIGKILL)
        self.due = time.monotonic() + (ROUND_S if now - self.killing < SWEEP_S else RESWEEP_S)
