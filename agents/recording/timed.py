"""The clock of a recording that is being made, from its program's start; knows nothing of what is recorded."""

from __future__ import annotations

import time


class Timed:
    """A recording that runs until it is stopped, which does not end the program. Times in seconds."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._is_recording = True

    @property
    def now(self) -> float:
        """Return the seconds since the program was started."""
        return time.monotonic() - self._began

    @property
    def began(self) -> float:
        """Return when that was, on the monotonic clock."""
        return self._began

    def stop(self) -> float:
        """End the recording, not the program; return when."""
        self._is_recording = False
        return self.now
