"""How large a terminal is to be: of many wishes in a row the last one counts, and the program sees few of them.

The rule is “the view that last had the focus”; who that is, the views know. Knows no view and draws nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from agents.supervisor.bus import Timers
from agents.supervisor.intents import Writer

#: Seconds between two sizes a program is told: it draws everything anew at each, and a window that is being dragged
#: asks for one at every step.
PAUSE_S: Final = 0.05

Size = tuple[int, int]


class Sizing:
    """Owned by one unit. ``writer`` returns the keeper's connection, ``known`` the size as of the marks taken."""

    def __init__(
        self, timers: Callable[[], Timers], writer: Callable[[], Writer | None], known: Callable[[], Size]
    ) -> None:
        self._timers = timers
        self._writer = writer
        self._known = known
        self._told: Size | None = None  # what this process was last told; its mark may still be on its way
        self._waiting: Size | None = None
        self._is_pausing = False

    def want(self, rows: int, cols: int) -> None:
        """Give it this size: now, or soon where it just got another one. The size it has is not told again."""
        if self._is_pausing:
            self._waiting = (rows, cols)
        elif (rows, cols) != (self._told or self._known()):
            self.tell(rows, cols)
            self._pause()

    def settle(self) -> None:
        """Tell now what waits: what is typed behind a change of size must find the new one."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and waiting != (self._told or self._known()):
            self.tell(*waiting)

    def tell(self, rows: int, cols: int) -> None:
        """Tell the program at once; nothing happens while its keeper is not connected."""
        writer = self._writer()
        if writer is None:
            return
        with contextlib.suppress(ConnectionError):  # the size is asked for again with the next view
            writer.resize(rows, cols)
            self._told = (rows, cols)

    def forget(self) -> None:
        """Begin anew: another process, or another connection, over which what was told may never have come."""
        self._told = self._waiting = None

    def _pause(self) -> None:
        self._is_pausing = True
        timers = self._timers()
        timers.call_at(timers.time() + PAUSE_S, self._on_pause_over)

    def _on_pause_over(self) -> None:
        self._is_pausing = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.want(*waiting)
