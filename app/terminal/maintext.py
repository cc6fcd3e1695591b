"""A log walked back from some offset, with all that was drawn on the other screen left out: that is no scrollback.

Reads bytes of a ``LogSource``; draws nothing.
"""

from __future__ import annotations

import asyncio

import msgspec

from app.logsource import LogSource
from app.terminal import ground

#: Bytes looked through at once.
BLOCK = 256 * 1024

#: How far back the beginning of the other screen is looked for.
FAR, FAR_REMOTE = 256 * 1024 * 1024, 16 * 1024 * 1024


class Gone(LookupError):
    """Bytes that were there have been deleted meanwhile, or the log is shorter than it was said to be."""


class Span(msgspec.Struct, frozen=True):
    """Bytes of the log, ``end`` excluded."""

    begin: int
    end: int


async def read(source: LogSource, begin: int, end: int) -> bytes:
    """Return exactly these bytes. Raises Gone, and what the source raises."""
    if begin >= end:
        return b""
    data = source.cached(begin, end - begin) if source.start <= begin else b""
    if data is None:
        data = await source.load(begin, end - begin)
    if len(data) != end - begin or source.start > begin:
        raise Gone(f"bytes {begin} to {end} of the log are gone")
    return data


async def last_switch(source: LogSource, begin: int, end: int) -> tuple[Span, bool] | None:
    """Return the last switch of screens that lies within, and whether it is one to the other screen."""
    at = end
    while at > begin:
        low = max(begin, at - BLOCK)
        data = await read(source, low, min(end, at + ground.OVERLAP))
        found = ground.last(ground.SWITCH, data, at - low)
        if found is not None:
            return Span(low + found.start(), low + found.end()), found[1] == b"h"
        at = low
        await asyncio.sleep(0)
    return None


class MainText:
    """The text of the main screen before ``end``, from the newest to the oldest. Made for one walk.

    ``alternate``: whether the other screen is on at ``end``, ``None`` where that is to be found out.
    """

    def __init__(self, source: LogSource, end: int, *, alternate: bool | None, floor: int = 0) -> None:
        self._source = source
        self._at = self._end = end
        self._alternate = alternate
        self._floor = max(floor, source.start)

    @property
    def begin(self) -> int:
        """Return the offset down to which was walked: what is older lies before it."""
        return self._at

    @property
    def floor(self) -> int:
        """Return the offset that nothing goes behind."""
        return self._floor

    @property
    def at_floor(self) -> bool:
        """Whether there is no more."""
        return self._at <= self._floor

    async def back(self, length: int) -> list[Span]:
        """Return the next older spans, oldest first, of about ``length`` bytes; fewer at the beginning. Raises Gone.

        They are to be drawn one behind the other: the switches between them are part of them.
        """
        spans: list[Span] = []
        missing = length
        while missing > 0 and not self.at_floor:
            if self._alternate is not False:
                await self._leave_other()
                continue
            span = await self._step(min(BLOCK, missing))
            if span is not None:
                missing -= span.end - span.begin
                self._add(spans, span)
        return spans

    async def _step(self, length: int) -> Span | None:
        low = max(self._floor, self._at - length)
        data = await read(self._source, low, self._at)
        end, self._end = self._end, 0
        found = ground.last(ground.SWITCH, data)
        if found is None:
            if low > self._floor:  # never begin in the middle of a sequence
                low += ground.line_start(data[: len(data) // 2])
            self._at = self._end = low
            return Span(low, end)
        self._at = self._end = low + found.start()
        if found[1] == b"h":  # what was taken for the main screen was not
            self._alternate = False
            return None
        self._alternate = None
        return Span(low + found.start(), end)

    async def _leave_other(self) -> None:
        """Go to where the other screen was taken, if it was; a switch back may also come unasked."""
        far = FAR if self._source.local else FAR_REMOTE
        found = await last_switch(self._source, max(self._floor, self._at - far), self._at)
        if found is not None and found[1]:
            self._at, self._end = found[0].begin, found[0].end
        elif found is None and (self._alternate or self._floor > 0):
            self._at = self._end = self._floor  # nothing but the other screen, as far as is known
        self._alternate = False

    @staticmethod
    def _add(spans: list[Span], older: Span) -> None:
        if spans and spans[0].begin == older.end:
            spans[0] = Span(older.begin, spans[0].end)
        else:
            spans.insert(0, older)
