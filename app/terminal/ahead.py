"""Finds output of this machine that no event told of yet, but none that is for a size of the terminal nobody told of.

Drawn for another size, lines wrap where the program does not know of it, and what it draws relative to them is lost.
Reads the logs alone; decides nothing about when.
"""

from __future__ import annotations

import re

from agents.model import Stream
from agents.runtime.rawlog import RawLog
from app.logsource import LocalLog

#: How the keeper notes a new size.
_RESIZED = re.compile(rb'"ev":\s*"resize","rows":\s*(\d+),\s*"cols":\s*(\d+)\}')

#: Bytes of the keeper's notes that are looked at again: the last one may have been half written.
_OVERLAP = 128
#: Of what came before the view, so much is looked at.
_BEFORE = 16 * 1024


class Ahead:
    """Owned by one terminal. ``size`` is asked at every look, ``told`` at every event."""

    def __init__(self, source: LocalLog, rows: int, cols: int) -> None:
        self._source = source
        self._notes = RawLog(source.directory, Stream.CTL)
        self._read = max(0, self._notes.size - _BEFORE)
        self._told = self._noted = (rows, cols)
        self._safe = source.size
        self._behind: int | None = None
        if self._fresh() and self._noted != self._told:
            self._behind = self._safe

    def size(self) -> int:
        """Return how far the output may be drawn: no further than known while a new size was not told."""
        size = self._source.written  # before the notes: a new size is noted before anything is written for it
        count = self._fresh()
        if count > 1 or (count and self._noted != self._told):
            self._behind = self._safe
        if self._behind is not None:
            return self._source.size
        self._safe = size
        return size

    def told(self, size: int, rows: int, cols: int) -> None:
        """Take note of the terminal's size as of so much output."""
        self._told = (rows, cols)
        if self._behind is not None and size > self._behind and self._told == self._noted:
            self._behind = None

    def _fresh(self) -> int:
        """Read what the keeper noted since; return how many new sizes are in it."""
        begin = max(self._read, self._notes.start)
        end = self._notes.size
        if end <= begin:
            return 0
        found = list(_RESIZED.finditer(self._notes.read(begin, end - begin)))
        if found:
            self._noted = (int(found[-1][1]), int(found[-1][2]))
        self._read = begin + found[-1].end() if found else max(begin, end - _OVERLAP)
        return len(found)
