"""Draws a terminal's screen for a view that begins in the middle of its output, and checks it against what is known.

Answers nothing; what the daemon knows for certain (modes, text) wins over what was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from agents.vt.grid import Grid
from agents.wire import TerminalState
from app.logsource import LogSource
from app.terminal import ground, opening, passing
from app.terminal.drawing import Turns, draw
from app.terminal.maintext import BLOCK, Gone, MainText, Span, read
from app.terminal.opening import Opening, Screen

#: What is drawn of the other screen where no clean point is found, and how often a log is read that is being trimmed.
_BLIND = 1024 * 1024
_ATTEMPTS = 3

#: How far back the styling in force is looked for.
_STYLED = 16 * 1024


class Began(msgspec.Struct, frozen=True):
    """The first line that scrolls off behind ``seam`` leaves the grid as number ``scrolled``."""

    seam: int
    scrolled: int
    needs_repaint: bool
    forgets: bool


class Stopped(Exception):
    """Nobody wants it any more."""


async def begin(source: LogSource, grid: Grid, state: TerminalState, turns: Turns, check: Callable[[], None]) -> Began:
    """Draw everything up to the offset of ``state``. Raises what ``check`` and the source raise."""
    source.grew(state.offset)
    found = await _found(source, state)
    check()
    grid.feed(found.prefix)
    is_certain, style = found.certain, b""
    try:
        await draw(grid, source, _before(found.spans, found.seam), turns, check)
        scrolled = grid.scrolled
        await draw(grid, source, _behind(found.spans, found.seam), turns, check)
        if state.alternate:
            other = await _other(source, found, state.offset)
            check()
            if not grid.alternate:
                grid.feed(b"\x1b[?1049h")
            await draw(grid, source, other, turns, check)
        style = await _style(source, state.offset)
    except Gone:  # deleted while it was drawn: what the daemon knows is shown, the rest comes with a repaint
        is_certain, scrolled = False, grid.scrolled
    check()
    is_wrong = _settle(grid, state, style)
    return Began(found.seam, scrolled, is_wrong or (state.lines is None and not is_certain), found.forgets)


async def _found(source: LogSource, state: TerminalState) -> Opening:
    for _ in range(_ATTEMPTS):
        text = MainText(source, state.offset, alternate=state.alternate, floor=state.began)
        screen = Screen(state.rows, state.cols, fresh=source.start <= state.began)
        try:
            return await opening.live(source, text, screen)
        except Gone:  # the oldest segment was deleted meanwhile: there is less to read now
            continue
    return Opening(b"", (), state.offset, certain=False)


async def _other(source: LogSource, found: Opening, end: int) -> list[Span]:
    """Return what to draw of the other screen, which was taken where ``found`` ends."""
    at, begin = end, max(found.spans[-1].end if found.spans else found.seam, source.start)
    while at - BLOCK > begin and end - at < opening.REACH:
        at -= BLOCK
        clean = ground.find_clean(await read(source, at, min(end, at + BLOCK + ground.OVERLAP)))
        if clean is not None:
            return [Span(at + clean, end)]
    if end - begin <= opening.REACH:
        return [Span(begin, end)]
    at = end - _BLIND
    return [Span(at + ground.line_start(await read(source, at, at + BLOCK)), end)]


async def _style(source: LogSource, offset: int) -> bytes:
    return ground.style(await read(source, max(source.start, offset - _STYLED), offset))


def _before(spans: Sequence[Span], seam: int) -> list[Span]:
    return [Span(span.begin, min(span.end, seam)) for span in spans if span.begin < seam]


def _behind(spans: Sequence[Span], seam: int) -> list[Span]:
    return [Span(max(span.begin, seam), span.end) for span in spans if span.end > seam]


def _settle(grid: Grid, state: TerminalState, style: bytes) -> bool:
    """Set the modes that hold, mend what is known to be otherwise, and tell whether something was."""
    modes, begun = passing.told(state.modes)
    grid.feed(b"\x18" + passing.between(grid.modes, modes))
    if grid.alternate == modes.alternate:
        grid.modes.keyboard, grid.modes.alternate_keyboard = modes.keyboard, modes.alternate_keyboard
    mended = _mended(grid, state)
    if mended:
        again = passing.between(passing.plain(grid.modes), grid.modes)
        place = b"\x1b[%d;%dH" % (state.row + 1, state.col + 1)
        grid.feed(b"\x1b[?6l\x1b[4l\x1b[?7h\x1b(B\x0f\x1b[m" + mended + again + place + style)
    grid.feed(begun)
    return bool(mended)


def _mended(grid: Grid, state: TerminalState) -> bytes:
    """Return what makes the text on the screen what it is known to be; empty where it is."""
    if state.lines is None:
        return b""
    parts = []
    for number, line in enumerate(state.lines[: grid.rows]):
        if grid.row(number).text != line:
            parts.append(b"\x1b[%d;1H\x1b[2K%s" % (number + 1, line.encode("utf-8", "replace")))
    cursor = grid.cursor
    if not parts and (cursor.row, cursor.col) != (state.row, state.col):
        parts.append(b"\x1b[m")
    return b"".join(parts)
