"""Find text in a raw log as it is shown: smart case, across colour changes, a piece at a time.

Pure: ``scan`` looks through one chunk of whole lines; ``app.logdocument`` feeds it and may stop at any chunk.
Speed comes from searching the raw bytes and looking at lines only where these contain the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.logline import Line, show

#: What may stand between two characters that are shown side by side (after ``bytes.lower``).
_BETWEEN = rb"(?:\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\))*"

_NEEDS_LOOK = re.compile(rb"[\x1b\r\t]")


@dataclass(frozen=True, slots=True)
class Needle:
    """What is looked for. Without an upper-case letter, case does not matter."""

    text: str

    @property
    def folds(self) -> bool:
        """Tell whether case is ignored."""
        return self.text == self.text.lower()

    def in_text(self, text: str) -> list[tuple[int, int]]:
        """Return where the needle stands in a shown text, as (start, end)."""
        if not self.text:
            return []
        pattern = re.compile(re.escape(self.text), re.IGNORECASE if self.folds else 0)
        return [found.span() for found in pattern.finditer(text)]


class Scanner:
    """A needle made ready for bytes. ``scan`` may run in any thread, one call at a time."""

    def __init__(self, needle: Needle) -> None:
        self.needle = needle
        self._fold = needle.folds
        self._bytes = needle.text.encode()
        self._plain = self._bytes.isascii() or not self._fold
        #: Whether a scan runs at memory speed; else it decodes line by line.
        self.quick = self._plain
        self._spread = re.compile(_BETWEEN.join(re.escape(c.encode()) for c in needle.text))
        self._decoded = re.compile(re.escape(needle.text), re.IGNORECASE)

    def scan(self, chunk: bytes, first_line: int, limit: int) -> list[int]:
        """Return the numbers of the lines of ``chunk`` that show the needle, ascending, at most ``limit``.

        ``chunk`` begins with line ``first_line``; a long line may come in several chunks, each with its number.
        """
        if not self._bytes or limit <= 0:
            return []
        hay = chunk.lower() if self._fold else chunk
        hits: list[int] = []
        line, counted, position = first_line, 0, 0
        while len(hits) < limit:
            found = self._find(hay, chunk, position)
            if found < 0:
                break
            begin = hay.rfind(b"\n", counted, found) + 1 or counted
            end = hay.find(b"\n", found)
            end = len(hay) if end < 0 else end
            line += hay.count(b"\n", counted, found)
            if self._shown(chunk[begin:end]):
                hits.append(line)
            position = counted = end
        return hits

    def _find(self, hay: bytes, chunk: bytes, position: int) -> int:
        if not self._plain:
            return self._find_decoded(chunk, position)
        raw = hay.find(self._bytes, position)
        if hay.find(b"\x1b", position, raw if raw >= 0 else len(hay)) < 0:
            return raw
        found = self._spread.search(hay, position)
        return found.start() if found else -1

    def _find_decoded(self, chunk: bytes, position: int) -> int:
        # Case folding beyond ASCII changes byte lengths: look line by line.
        while position < len(chunk):
            end = chunk.find(b"\n", position + 1)
            end = len(chunk) if end < 0 else end
            if self._decoded.search(show(chunk[position:end].lstrip(b"\n")).text):
                return position + (1 if chunk[position] == 10 and end > position + 1 else 0)
            position = end
        return -1

    def _shown(self, raw: bytes) -> bool:
        if not _NEEDS_LOOK.search(raw):
            return True
        line: Line = show(raw)
        return bool(self.needle.in_text(line.text))
