"""The terminal a recorded program believes to sit at: answers its questions, keeps its screen. Touches no file.

The answers are those the daemon gives (``agents.vt.queries``), so that a recording is what the daemon would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from agents.vt import queries
from agents.vt.modes import Modes
from agents.vt.screen import Screen, ScreenState, Snapshot
from agents.vt.stream import Csi, Osc, Piece, Splitter, written

#: What a recording may leave unanswered, to see what a program does in a terminal that does not know it.
QUESTIONS: dict[str, Callable[[Piece], bool]] = {
    "osc7501": lambda piece: isinstance(piece, Osc) and piece.code == 7501,
}


class Answering:
    """One emulated terminal; owned by the capture that feeds it."""

    def __init__(self, rows: int, cols: int, unanswered: Collection[str] = ()) -> None:
        unknown = set(unanswered) - set(QUESTIONS)
        if unknown:
            raise ValueError(f"no question is called {', '.join(sorted(unknown))}; there are {', '.join(QUESTIONS)}")
        self._silent = tuple(QUESTIONS[name] for name in unanswered)
        self._splitter = Splitter()
        self._modes = Modes()
        self._screen = Screen(ScreenState(rows=rows, cols=cols))
        self._size = (rows, cols)

    @property
    def size(self) -> tuple[int, int]:
        """Return rows and columns."""
        return self._size

    @property
    def modes(self) -> Modes:
        """Return what the program has switched on."""
        return self._modes

    def feed(self, data: bytes, now: float) -> tuple[bytes, bytes]:
        """Take output of the time ``now`` (s); return the answers to its questions, and the output without them."""
        replies, shown = b"", b""
        for piece in self._splitter.feed(data):
            if queries.is_query(piece):
                replies += b"" if any(is_one(piece) for is_one in self._silent) else self._reply(piece)
                continue
            self._modes.feed(piece)
            self._screen.feed(queries.for_core(piece), now)
            shown += written(piece)
        return replies, shown

    def resize(self, rows: int, cols: int) -> None:
        """Change the size."""
        self._size = (rows, cols)
        self._screen.resize(rows, cols)

    def snapshot(self) -> Snapshot | None:
        """Return what is on the screen, ``None`` while that is not known."""
        return self._screen.snapshot()

    def _reply(self, piece: Piece) -> bytes:
        rows, cols = self._size
        # Only a report of the cursor needs the screen, which costs to draw.
        at = self._screen.snapshot() if isinstance(piece, Csi) and piece.final == "n" else None
        row, col = (at.row, at.col) if at is not None else (0, 0)
        return queries.reply(piece, queries.Known(rows, cols, row, col, self._modes))
