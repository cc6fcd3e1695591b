"""How to begin drawing in the middle of a log, so that the screen is right from some offset on.

Reads the log and draws nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from app.logsource import LogSource
from app.terminal import ground
from app.terminal.maintext import BLOCK, MainText, Span, read

#: What is read for mere lines, whose last few make a screen, and how far back any clean point will do.
_NEAR = (32 * 1024, 96 * 1024)
REACH = 8 * 1024 * 1024

#: What is drawn where there is neither.
_BLIND = 1024 * 1024

#: What a view begins with: fewer lines than are kept, however they wrap.
_NEWEST, _NEWEST_LINES = 128 * 1024, 1200


class Screen(msgspec.Struct, frozen=True):
    """The screen to be drawn on; ``fresh``: at the floor of what is read it was empty.

    ``tallest``: how many rows it had at most while the lines in question were on it.
    """

    rows: int
    cols: int
    fresh: bool
    tallest: int = 0

    @property
    def bottom(self) -> bytes:
        """Return what moves the cursor to where it most likely was."""
        return b"\x1b[%d;1H" % self.rows


class Opening(msgspec.Struct, frozen=True):
    """Draw ``prefix``, then ``spans``: lines that scroll off behind ``seam`` are right.

    ``certain``: nothing before can change what is to be seen. ``forgets``: the program had all older lines erased.
    """

    prefix: bytes
    spans: tuple[Span, ...]
    seam: int
    certain: bool
    forgets: bool = False


class _Stretch(msgspec.Struct):
    """What was read so far: spans and their bytes, both oldest first."""

    spans: list[Span]
    data: bytes

    def cut(self, begin: int, prefix: bytes, settled: int | None = None, *, certain: bool = True) -> Opening:
        """Return the opening that begins with byte ``begin``."""
        seam = _offset(self.spans, begin if settled is None else settled)
        return Opening(ground.carried(self.data[:begin]) + prefix, cut(self.spans, begin), seam, certain)


async def live(source: LogSource, text: MainText, screen: Screen) -> Opening:
    """Return how to draw what ``text`` was before its end, with some lines of scrollback. Raises Gone."""
    newest = await text.back(min(_NEWEST, _NEWEST_LINES * screen.cols))
    data = await joined(source, newest)
    begin = _last_lines(data)
    if begin > 0:
        newest, data = list(cut(newest, begin)), data[begin:]
        text = MainText(source, newest[0].begin, alternate=False, floor=text.floor)
    forgets = ground.last(ground.FORGETS, data) is not None
    if text.at_floor:
        found = _from_floor(_Stretch(newest, data), text.begin, screen)
        return msgspec.structs.replace(found, forgets=forgets)
    found = await find(source, text, screen)
    spans = tuple(merged(found.spans, newest))
    # However much had to be drawn: lines before the newest are left to history, there may be more than are kept.
    seam = newest[0].begin if newest else found.seam
    return Opening(found.prefix, spans, seam, found.certain, forgets)


async def find(source: LogSource, text: MainText, screen: Screen, *, reach: int = REACH) -> Opening:
    """Return how to draw what ``text`` was before its end. Raises Gone."""
    stretch = _Stretch([], b"")
    for length in _NEAR:
        older = await text.back(length)
        stretch = _Stretch(merged(older, stretch.spans), await joined(source, older) + stretch.data)
        if text.at_floor:
            return _from_floor(stretch, text.begin, screen)
        found = ground.find(stretch.data, max(screen.rows, screen.tallest))
        if found is not None:
            return stretch.cut(found.begin, b"" if found.at_top else screen.bottom, found.settled)
    return await _further(source, text, screen, stretch, reach)


async def _further(source: LogSource, text: MainText, screen: Screen, near: _Stretch, reach: int) -> Opening:
    """Look for a clean point in what is older; else draw the last lines there are and hope."""
    spans, parts, length = near.spans, [near.data], len(near.data)
    while length < reach:
        older = await text.back(BLOCK)
        block = await joined(source, older)
        spans = merged(older, spans)
        found = ground.find_clean(block + parts[0][: ground.OVERLAP])
        parts.insert(0, block)
        length += len(block)
        if found is not None:
            return _Stretch(spans, block).cut(found, b"")
        if text.at_floor:
            return _from_floor(_Stretch(spans, b"".join(parts)), text.begin, screen)
        await asyncio.sleep(0)
    data = b"".join(parts)
    begin = max(0, length - _BLIND)
    begin += ground.line_start(data[begin : begin + BLOCK])
    return _Stretch(spans, data).cut(begin, screen.bottom, certain=False)


def _last_lines(data: bytes) -> int:
    """Return where the lines begin that a view begins with."""
    at = len(data)
    for _ in range(_NEWEST_LINES):
        at = data.rfind(b"\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _from_floor(stretch: _Stretch, floor: int, screen: Screen) -> Opening:
    if screen.fresh or not stretch.spans:
        return Opening(b"", tuple(stretch.spans), floor, certain=screen.fresh)
    begin = ground.line_start(stretch.data[:BLOCK])
    is_certain = ground.find(stretch.data, max(screen.rows, screen.tallest)) is not None
    return stretch.cut(begin, screen.bottom, certain=is_certain)


def cut(spans: Sequence[Span], index: int) -> tuple[Span, ...]:
    """Return what is left of ``spans`` behind their first ``index`` bytes."""
    kept = []
    for span in spans:
        length = span.end - span.begin
        if index < length:
            kept.append(Span(span.begin + max(0, index), span.end))
        index -= length
    return tuple(kept)


def _offset(spans: Sequence[Span], index: int) -> int:
    """Return which offset of the log the byte ``index`` of ``spans`` has."""
    left = cut(spans, index)
    return left[0].begin if left else spans[-1].end


async def joined(source: LogSource, spans: Sequence[Span]) -> bytes:
    """Return the bytes of ``spans``. Raises Gone."""
    return b"".join([await read(source, span.begin, span.end) for span in spans])


def merged(older: Sequence[Span], newer: Sequence[Span]) -> list[Span]:
    """Return both, one behind the other."""
    if older and newer and older[-1].end == newer[0].begin:
        return [*older[:-1], Span(older[-1].begin, newer[0].end), *newer[1:]]
    return [*older, *newer]
