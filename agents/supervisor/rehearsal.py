"""Keeps a screen that ends whoever draws it from ending one daemon after the other: who draws it says so before.

The native core trusts its input; a fault of it that nobody knows yet ends the daemon. A mark lies in the agent's
directory while an adopting daemon reads its output and draws its screen; one that finds such marks leaves it undrawn.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: Daemons that may die over one screen. Not one: it may have been killed by chance at that very moment.
MOST_DEATHS: Final = 2

#: What the row says of it.
UNDRAWN: Final = (
    "its screen is not drawn: two daemons ended while they did that; what it prints and what is typed pass as ever, "
    "and stopped and started again it is drawn"
)


class Rehearsal:
    """Owned by one agent's hold; its file is open while an adoption goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._has_screen = False
        self._deaths = 0
        self._fd: int | None = None

    @property
    def is_left_undrawn(self) -> bool:
        """Tell whether too many daemons died over it."""
        return self._deaths >= MOST_DEATHS

    def begin(self, *, has_screen: bool) -> None:
        """Begin to take it over: count the daemons that died over it, of which one was in the middle of it."""
        self._has_screen = has_screen
        with contextlib.suppress(OSError, ValueError, IndexError):  # none did, or nobody can tell
            words = self._path.read_text().split()
            self._deaths = int(words[0]) + ("drawing" in words)
            self._note("")

    @contextmanager
    def marked(self) -> Iterator[None]:
        """Say on the disk that its output is being read and drawn now; it must not await anything meanwhile."""
        if self.is_left_undrawn or not self._has_screen:
            yield
            return
        self._note("drawing")
        try:
            yield
        finally:
            self._note("")

    def forget(self) -> None:
        """Begin anew: it was drawn, or another process begins with an empty screen."""
        self._deaths = 0
        self.close()
        with contextlib.suppress(OSError):  # a read-only disk: the next daemon tries it once less
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; what it says stays."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def _note(self, what: str) -> None:
        """Keep the count. Not synced: it is about daemons that end, not about machines."""
        with contextlib.suppress(OSError):  # a full or read-only disk: then there is no guard
            if self._fd is None:
                self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._fd, f"{self._deaths} {what:8}\n".encode(), 0)
