"""A raw log as numbered lines: bytes from a ``LogSource``, places from a ``LineIndex``, a bounded cache of shown lines.

Lives in one event loop and works in slices of about a millisecond, so that a pane paints in between. Holds no widget.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable

from app.logindex import LineIndex, NotLoaded
from app.logline import HEAD, LINE_LIMIT, TAIL, Line, show, show_long
from app.logsearch import Needle, Scanner
from app.logsource import LogSource

#: Bytes indexed at once, and how much new text is indexed right away instead of by the task.
SLICE = 1024 * 1024
AT_ONCE = 256 * 1024

#: Shown lines kept.
LINES_KEPT = 1024

#: Hits a search remembers; one more and it stops until asked to go on.
HIT_LIMIT = 100_000

#: Bytes searched at once; less where letters beyond ASCII make it slower.
SEARCH_SLICE = 512 * 1024
SLOW_SLICE = 64 * 1024

#: Bytes a search reads ahead.
SEARCH_READ = 4 * 1024 * 1024

#: What stands for a line whose bytes were deleted while it was open.
GONE = show(b"\x1b[2m(deleted: raw logs are kept for a while only)\x1b[0m")

#: Longest text searched for, in characters: what a long line's pieces overlap by.
NEEDLE_LIMIT = 1000


class LogDocument:
    """Lines of one log. Owned by a pane; every method is called in its event loop."""

    def __init__(self, source: LogSource) -> None:
        self.source = source
        self.index = LineIndex(source.start)
        self._lines: OrderedDict[int, Line] = OrderedDict()
        self._closed = False

    @property
    def count(self) -> int:
        """Return the number of lines indexed so far."""
        return self.index.lines

    @property
    def behind(self) -> int:
        """Return how many known bytes are not indexed yet."""
        return self.source.size - self.index.end

    def catch_up_now(self) -> bool:
        """Index what is little and at hand; tell whether nothing is left for ``catch_up``."""
        self._pass_gap()
        if 0 < self.behind <= AT_ONCE:
            data = self.source.cached(self.index.end, self.behind)
            if data:
                self.index.add(data)
        return self.behind <= 0

    def close(self) -> None:
        """End ``catch_up`` at the next slice."""
        self._closed = True

    async def catch_up(self, progress: Callable[[], None]) -> None:
        """Index everything there is, telling after each slice."""
        while self.behind > 0 and not self._closed:
            self._pass_gap()
            data = await self.source.load(self.index.end, min(SLICE, self.behind))
            if not data:
                break
            self.index.add(data)
            progress()
            await asyncio.sleep(0)

    def _pass_gap(self) -> None:
        """Begin anew when everything indexed, and what follows it, was deleted: the log goes on behind that."""
        if self.source.start > self.index.end:
            self.index = LineIndex(self.source.start)
            self._lines.clear()

    # -- lines

    @property
    def deleted(self) -> int:
        """Return how many bytes of the log were deleted before its first line."""
        return self.source.start if self.count == 0 else self.index.origin

    def _gone(self) -> int:
        """Return how many lines from the top have lost their bytes since they were indexed."""
        start = self.source.start
        return 0 if start <= self.index.origin else self.index.begun_before(start)

    def lines(self, first: int, count: int) -> list[Line | None]:
        """Return ``count`` lines from ``first``, fewer at the end; ``None`` stands for lines still to be loaded."""
        wanted = range(max(0, first), min(first + count, self.count))
        found: list[Line | None] = [self._lines.get(number) for number in wanted]
        if all(line is not None for line in found):
            return found
        try:
            return list(self._read(wanted))
        except NotLoaded:
            return found

    async def load(self, first: int, count: int) -> None:
        """Load the bytes that ``lines`` lacks. Raises what the source raises."""
        while True:
            wanted = range(max(0, first), min(first + count, self.count))
            try:
                self._read(wanted)
            except NotLoaded as missing:
                if not await self.source.load(missing.offset, missing.length):
                    return
            else:
                return

    def text(self, first: int, count: int) -> list[str]:
        """Return the shown text of lines that are at hand; an empty one for each that is not."""
        return [line.text if line else "" for line in self.lines(first, count)]

    def _read(self, wanted: range) -> list[Line]:
        gone = self._gone()
        out: list[Line] = [GONE for number in wanted if number < gone]
        wanted = range(max(wanted.start, gone), max(wanted.stop, gone))
        offset = self.index.offset_of(wanted.start, self.source.cached) if wanted else 0
        window, base = b"", offset
        for number in wanted:
            end = window.find(b"\n", offset - base)
            if end < 0:
                # Read a little more than a screen of usual lines at a time.
                window, base = self._bytes(offset, LINE_LIMIT * 4), offset
                end = window.find(b"\n", 0)
            if 0 <= end - (offset - base) <= LINE_LIMIT:
                line, after = show(window[offset - base : end]), base + end + 1
            else:
                line, after = self._long(number, offset)
            out.append(line)
            offset = after
            self._keep(number, line)
        return out

    def _long(self, number: int, offset: int) -> tuple[Line, int]:
        """Return a line that is unfinished or longer than LINE_LIMIT, and where the next one begins."""
        after = self.index.offset_of(number + 1, self.source.cached)
        end = after - 1 if number < self.index.newlines else after
        length = end - offset
        if length <= LINE_LIMIT:
            return show(self._bytes(offset, length)), after
        head, tail = self._bytes(offset, HEAD), self._bytes(end - TAIL, TAIL)
        return show_long(head, tail, length - len(head) - len(tail)), after

    def _bytes(self, offset: int, length: int) -> bytes:
        length = min(length, self.index.end - offset)
        data = self.source.cached(offset, length)
        if data is None:
            raise NotLoaded(offset, length)
        return data

    def _keep(self, number: int, line: Line) -> None:
        if number >= self.index.newlines:
            return  # the last line may still grow
        self._lines[number] = line
        self._lines.move_to_end(number)
        while len(self._lines) > LINES_KEPT:
            self._lines.popitem(last=False)


class LogSearch:
    """One search over a document: starts where the reader is, goes to the end, then on from the top."""

    def __init__(self, document: LogDocument, needle: Needle) -> None:
        self.needle = Needle(needle.text[:NEEDLE_LIMIT])
        self.done = False
        self.capped = False
        self.canceled = False
        self._document = document
        self._scanner = Scanner(self.needle)
        self._searched = 0
        # Hits from the starting point on, and those above it, which come last but lie first.
        self._below = array("Q")
        self._above = array("Q")
        self._all = array("Q")
        self._merged = True

    @property
    def hits(self) -> array[int]:
        """Return the numbers of the lines found so far, ascending."""
        if not self._merged:
            self._all = self._above + self._below
            self._merged = True
        return self._all

    @property
    def progress(self) -> float:
        """Return the share of the log that was searched, 0 to 1."""
        held = self._document.index.end - self._document.index.origin
        return min(1.0, self._searched / held) if held else 1.0

    def cancel(self) -> None:
        """End ``run`` at the next slice."""
        self.canceled = True

    def after(self, line: int) -> int | None:
        """Return the first known hit behind ``line``, else the first of all."""
        if not self.hits:
            return None
        place = bisect_right(self.hits, line)
        return self.hits[place % len(self.hits)]

    def before(self, line: int) -> int | None:
        """Return the last known hit before ``line``, else the last of all."""
        return self.hits[bisect_left(self.hits, line) - 1] if self.hits else None

    def place(self, line: int) -> int | None:
        """Return the rank of ``line`` among the hits, from 0, or ``None`` when it is none."""
        place = bisect_left(self.hits, max(line, 0))
        return place if line >= 0 and place < len(self.hits) and self.hits[place] == line else None

    async def run(self, line: int, progress: Callable[[], None]) -> None:
        """Search everything from ``line`` on, around the end, telling after each slice."""
        index = self._document.index
        await self._document.load(line, 1)
        middle = index.offset_of(line, self._document.source.cached)
        await self._part(self._below, middle, index.end, line, progress)
        await self._part(self._above, index.origin, middle, 0, progress)
        self.done = not self.canceled
        progress()

    async def run_new(self, line: int, progress: Callable[[], None]) -> None:
        """Search what was appended, from ``line`` on (the one that was last, it may have grown)."""
        index = self._document.index
        await self._document.load(line, 1)
        offset = index.offset_of(line, self._document.source.cached)
        await self._part(self._below, offset, index.end, line, progress)

    async def _part(self, hits: array[int], offset: int, end: int, line: int, progress: Callable[[], None]) -> None:
        size = SEARCH_SLICE if self._scanner.quick else SLOW_SLICE
        read, base = b"", offset
        while offset < end and not self.canceled and not self.capped:
            chunk = read[offset - base : offset - base + size]
            if len(chunk) < min(size, end - offset):
                # Reading much at a time keeps hops to the reading thread few.
                read, base = await self._document.source.load(offset, min(SEARCH_READ, end - offset)), offset
                chunk = read[:size]
            if not chunk:
                return
            used, lines = _whole_lines(chunk, last=offset + len(chunk) >= end)
            room = HIT_LIMIT - len(self._above) - len(self._below) + 1
            self._take(hits, self._scanner.scan(chunk[:used] if lines else chunk, line, room))
            offset += used
            line += lines
            self._searched += used
            progress()
            await asyncio.sleep(0)

    def _take(self, hits: array[int], found: list[int]) -> None:
        if not found:
            return
        # A long line comes in pieces, a last line again when it grew: each counts once.
        hits.extend(number for number in found if not hits or number > hits[-1])
        self._merged = False
        if len(self._above) + len(self._below) > HIT_LIMIT:
            hits.pop()
            self.capped = True


def _whole_lines(chunk: bytes, *, last: bool) -> tuple[int, int]:
    """Return how many bytes of ``chunk`` to take as whole lines, and how many line ends these hold."""
    whole = chunk.rfind(b"\n") + 1
    if last:
        return len(chunk), chunk.count(b"\n")
    if whole:
        return whole, chunk.count(b"\n")
    # Inside a line longer than a slice: the next piece repeats what a hit may straddle.
    return max(1, len(chunk) - NEEDLE_LIMIT * 4), 0
