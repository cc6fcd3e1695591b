"""A terminal fed by hand: the real screen, and no log behind it. Older lines are those a test gives it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator

from agents.vt.grid import Grid
from agents.vt.rows import PLAIN, Row, Run


class Found:
    """What a search finds, and that it was ended."""

    def __init__(self, hits: AsyncGenerator[tuple[int, int, int], None]) -> None:
        self.progress = 0.5
        self._hits = hits
        self.is_closed = False

    def __aiter__(self) -> AsyncIterator[tuple[int, int, int]]:
        return self._hits

    async def aclose(self) -> None:
        self.is_closed = True
        await self._hits.aclose()


class Fed:
    """Numbers lines as ``app.terminal.terminal`` does: 0 is the first that was on the screen at the beginning."""

    def __init__(self, rows: int = 10, cols: int = 40, older: tuple[str, ...] = ()) -> None:
        self.grid = Grid(rows, cols)
        self.epoch = 0
        self.starved = False
        self.is_closed = False
        self.waiting = bytearray()
        self.looks = self.fetches = 0
        self.refuse: Exception | None = None
        self.trimmed = False
        self.end_of_search = asyncio.Event()
        self.end_of_search.set()
        self.missing: set[int] = set()
        self._older = list(older)
        self._known: list[Row] = []

    def feed(self, data: bytes) -> None:
        self.grid.feed(data)

    @property
    def first(self) -> int:
        return -len(self._known)

    @property
    def top(self) -> int:
        return self.grid.scrolled

    @property
    def bottom(self) -> int:
        return self.top + self.grid.rows - 1

    @property
    def has_older(self) -> bool:
        return bool(self._older)

    def pump(self, budget_s: float) -> bool:
        assert budget_s > 0
        data, self.waiting = bytes(self.waiting), bytearray()
        self.grid.feed(data)
        return False

    def grew(self, size: int, rows: int, cols: int) -> None:
        if rows and (rows, cols) != (self.grid.rows, self.grid.cols):
            self.grid.resize(rows, cols)

    def look(self) -> bool:
        self.looks += 1
        return bool(self.waiting)

    async def fetch(self) -> None:
        self.fetches += 1
        if self.refuse is not None:
            raise self.refuse
        self.starved = False

    def line(self, number: int) -> Row | None:
        assert self.first <= number <= self.bottom
        if number in self.missing:
            return None
        if number < 0:
            return self._known[-number - 1]
        return self.grid.row(number - self.top) if number >= self.top else self.grid.kept(number)

    def link(self, link: int, line: int) -> str | None:
        del line
        return self.grid.link(link)

    async def load(self, first: int, count: int) -> None:
        self.missing -= set(range(first, first + count))

    async def load_older(self, lines: int) -> None:
        for _ in range(min(lines, len(self._older))):
            text = self._older.pop()
            self._known.append(Row((Run(0, len(text), text, PLAIN),)))

    def search(self, pattern: re.Pattern[str]) -> Found:
        return Found(self._search(pattern))

    async def _search(self, pattern: re.Pattern[str]) -> AsyncGenerator[tuple[int, int, int], None]:
        for number in range(self.bottom, self.first - 1, -1):
            row = self.line(number)
            spans = [found.span() for found in pattern.finditer(row.text if row is not None else "")]
            for first, last in reversed(spans):
                yield number, first, last - first
        await self.end_of_search.wait()
        if self.refuse is not None:
            raise self.refuse

    def close(self) -> None:
        self.is_closed = True
        self.grid.close()
