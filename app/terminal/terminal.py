"""A terminal for one view: its screen, drawn from the log, and its numbered lines, as far back as the log goes.

Lives in the view's loop; every call is short. It answers no query, draws no pixel and starts no task.
"""

from __future__ import annotations

import re

from agents.vt.grid import Grid, Row
from agents.wire import TerminalState
from app.logsource import REMOTE_READ, LocalLog, LogSource
from app.terminal import beginning
from app.terminal.ahead import Ahead
from app.terminal.beginning import Stopped
from app.terminal.drawing import Clock, GridFactory, Turns
from app.terminal.feed import Feed
from app.terminal.history import History, Past, Piece
from app.terminal.patterns import Needle
from app.terminal.search import Search
from app.terminal.selection import Selection, text_of

#: Lines that scrolled off and are at hand at once.
KEEP = 3000

#: How many of them, and bytes that made them, history takes over at once, to have them when they are kept no longer.
_TAKEN_LINES, _TAKEN = 1500, 512 * 1024


class Terminal:
    """One per visible view; ``open`` draws what there is, ``pump`` what comes.

    Lines are numbered, the screen's rows with them: the first row of the screen is ``top``, which grows as lines
    scroll off; what is older has lower numbers, below zero too.
    """

    def __init__(self, source: LogSource, grid_factory: GridFactory, state: TerminalState, *, clock: Clock) -> None:
        """Make an empty screen. Raises libvterm.Refused where there is no core."""
        self.epoch = 0
        self.needs_repaint = False
        self._source, self._state, self._clock = source, state, clock
        self.grid: Grid = grid_factory(state.rows, state.cols, keep=KEEP)
        self._factory = grid_factory
        self._ahead = Ahead(source, state.rows, state.cols) if isinstance(source, LocalLog) else None
        self._history = History(source, grid_factory, clock)
        self._feed = Feed(source, self.grid, state.offset, clock)
        self._zero = 0  # which line, of those that left the grid, has number 0
        self._floor = 0  # the first of them that counts
        self._open = self._closed = False
        self._later: list[tuple[int, int, int]] = []

    async def open(self) -> None:
        """Draw the screen as of the state. Raises what the source raises."""
        try:
            began = await beginning.begin(self._source, self.grid, self._state, Turns(self._clock), self._check)
        except Stopped:
            return
        self.needs_repaint = began.needs_repaint
        self._zero = self._floor = began.scrolled
        self._feed = Feed(self._source, self.grid, self._state.offset, self._clock)
        self._begin_history(began.seam, alternate=False, closed=began.forgets)
        for size in self._later:
            self._feed.resize(*size)
        self._open = True

    def close(self) -> None:
        """Free the screen; nothing may be asked after it."""
        self._closed, self._open = True, False
        self._history.close()
        self.grid.close()

    def _check(self) -> None:
        if self._closed:
            raise Stopped

    # ------------------------------------------------------------ output

    @property
    def is_open(self) -> bool:
        """Tell whether the screen was drawn once."""
        return self._open

    def look(self) -> bool:
        """See what came without an event telling of it; only logs of this machine can."""
        if self._ahead is not None:
            self._source.grew(self._ahead.size())
        return self._source.size > self._feed.position

    def grew(self, size: int, rows: int, cols: int) -> None:
        """Take note of more output; the terminal is ``rows`` by ``cols`` from there on, zeros where that is unknown."""
        self._source.grew(size)
        if rows > 0 and cols > 0:
            if self._ahead is not None:
                self._ahead.told(size, rows, cols)
            if self._open:
                self._feed.resize(size, rows, cols)
            else:
                self._later.append((size, rows, cols))

    def pump(self, budget_s: float) -> bool:
        """Draw what came, for at most ``budget_s``; tell whether more is waiting. Short of bytes it is ``starved``."""
        if not self._open:
            return False
        rows, cols = self.grid.rows, self.grid.cols
        more = self._feed.pump(budget_s)
        self._follow()
        if cols != self.grid.cols:
            # Lines of another width are read again, from here on back.
            self._floor = self.grid.scrolled
            self._begin_history(self._feed.position, min(rows, self.grid.rows), alternate=self.grid.alternate)
        return more

    @property
    def starved(self) -> bool:
        """Tell whether ``pump`` needs bytes that are not at hand: ``fetch`` gets them."""
        return self._feed.starved

    async def fetch(self) -> None:
        """Get the bytes that ``pump`` was short of. Raises what the source raises."""
        position = max(self._feed.position, self._source.start)
        await self._source.load(position, min(self._source.size - position, REMOTE_READ))

    def _follow(self) -> None:
        """Let history know what was drawn, before the grid no longer keeps it."""
        seams = self._feed.seams
        if seams and seams[0].cuts:
            cut = seams.pop(0)
            self._floor = cut.scrolled
            self._begin_history(cut.offset, alternate=cut.alternate, closed=cut.forgets)
        offset, number = self._history.seam
        for at in range(len(seams) - 1, -1, -1):
            seam = seams[at]
            if seam.scrolled - self._zero - number >= _TAKEN_LINES or seam.offset - offset >= _TAKEN:
                self._history.extend(seam.offset, seam.scrolled - self._zero, seam.rows)
                del seams[: at + 1]
                return

    def _begin_history(self, seam: int, rows: int = 0, *, alternate: bool, closed: bool = False) -> None:
        self.epoch += 1
        grid = self.grid
        number = self._floor - self._zero
        past = Past(seam, number, rows or grid.rows, grid.cols, alternate, self._state.began, closed)
        self._history.begin(past)
        self._feed.seams.clear()

    # ------------------------------------------------------------ lines

    @property
    def cols(self) -> int:
        """Return how wide the lines are."""
        return self.grid.cols

    @property
    def first(self) -> int:
        """Return the number of the oldest line known of."""
        return self._history.first

    @property
    def top(self) -> int:
        """Return the number of the screen's first row."""
        return self.grid.scrolled - self._zero

    @property
    def bottom(self) -> int:
        """Return the number of the screen's last row."""
        return self.top + self.grid.rows - 1

    @property
    def has_older(self) -> bool:
        """Tell whether the log has more lines before ``first``."""
        return self._history.has_older

    @property
    def trimmed(self) -> bool:
        """Tell whether the beginning of the log was deleted: the first line is not the first there ever was."""
        return self._history.trimmed

    def line(self, number: int) -> Row | None:
        """Return a line; None where there is none, and for one that ``load`` must bring first."""
        top = self.top
        if number >= top:
            return self.grid.row(number - top) if number <= self.bottom else None
        at = number + self._zero
        kept = self.grid.kept(at) if at >= self._floor else None
        return kept if kept is not None else self._history.line(number)

    @property
    def memory(self) -> int:
        """Return how many bytes of older lines are in memory."""
        return self._history.size

    def piece(self, number: int) -> Piece | None:
        """Return where in the log a line comes from that scrolled off long ago."""
        return self._history.piece(number)

    def text_of(self, selection: Selection) -> str:
        """Return the selected text, as far as its lines are in memory."""
        return text_of(selection, self.line, self.grid.cols)

    def search(self, pattern: re.Pattern[str] | Needle) -> Search:
        """Look for a pattern in all lines, the newest first; an iterator of line, column and width in cells."""
        needle = pattern if isinstance(pattern, Needle) else Needle(pattern)
        return Search(self, self._source, needle, Turns(self._clock))

    def link(self, link: int, line: int) -> str | None:
        """Return where a link in a line leads."""
        at = line + self._zero
        is_kept = at >= max(self._floor, self.grid.scrolled - KEEP)
        return self.grid.link(link) if is_kept else self._history.link(link, line)

    async def load(self, first: int, count: int) -> None:
        """Read lines again that are known of and no longer in memory. Raises what the source raises."""
        await self._history.load(first, count)

    async def load_older(self, lines: int) -> None:
        """Read at least ``lines`` more lines before ``first``, if there are so many. Raises what the source raises."""
        await self._history.load_older(lines)
