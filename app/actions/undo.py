"""The undo stack of the shell: hides and snoozes, newest first. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

#: Steps remembered.
DEPTH = 50


class Step(msgspec.Struct, frozen=True):
    """Something that can be taken back; ``words`` end the sentence “undo …”."""

    words: str
    back: Callable[[], None]


class Undo:
    """Owned by the shell."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    @property
    def words(self) -> str | None:
        """Return what would be undone, ``None`` when nothing can be."""
        return self._steps[-1].words if self._steps else None

    def push(self, words: str, back: Callable[[], None]) -> None:
        """Remember how to take back what was just done."""
        self._steps = [*self._steps[1 - DEPTH :], Step(words, back)]

    def pop(self) -> str | None:
        """Take the newest step back and return its words."""
        if not self._steps:
            return None
        step = self._steps.pop()
        step.back()
        return step.words
