"""A selection in numbered lines: an anchor and a caret, moved by mouse and keys. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[\w./:@~+-]+|\s+|.")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position between characters: line number and index in the shown text."""

    line: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """From ``anchor`` to ``caret``, in whichever order."""

    anchor: Place = Place()
    caret: Place = Place()

    @property
    def begin(self) -> Place:
        """Return the earlier end."""
        return min(self.anchor, self.caret)

    @property
    def end(self) -> Place:
        """Return the later end."""
        return max(self.anchor, self.caret)

    def __bool__(self) -> bool:
        return self.anchor != self.caret

    def on_line(self, line: int, length: int) -> tuple[int, int] | None:
        """Return the selected characters of ``line``; one past the end where the line end is selected too."""
        if not self or not self.begin.line <= line <= self.end.line:
            return None
        start = self.begin.index if line == self.begin.line else 0
        end = self.end.index if line == self.end.line else length + 1
        return (start, end) if start < end else None


def word_at(text: str, index: int) -> tuple[int, int]:
    """Return the word, path or stretch of space around ``index``."""
    for found in _WORD.finditer(text):
        if found.start() <= index < found.end():
            return found.span()
    return (len(text), len(text))


def cut(texts: list[str], selection: Selection) -> str:
    """Return the selected part of ``texts``, the shown lines from ``begin.line`` to ``end.line``."""
    parts = []
    for offset, text in enumerate(texts):
        span = selection.on_line(selection.begin.line + offset, len(text))
        parts.append(text[span[0] : span[1]] if span else "")
    return "\n".join(parts)
