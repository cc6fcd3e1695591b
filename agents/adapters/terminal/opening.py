"""The terminal as a view needs it that begins in the middle of the output: modes, screen, and from where on to read.

Pure over the state; draws the screen, and changes nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from agents.adapters.terminal.state import State
from agents.vt.screen import Screen
from agents.vt.stream import CSI_LIMIT, Splitter
from agents.wire import TerminalState

#: Begins a sequence that means nothing and ends as the one that is being skipped, so that the view skips its rest.
_SKIPPED: Final = {"": b"", "osc": b"\x1b]-", "string": b"\x1bX", "csi": b"\x1b[" + b"0" * CSI_LIMIT}

#: How long a character is by its first byte, from the longest one down.
_LEADS: Final = ((0xF0, 4), (0xE0, 3), (0xC0, 2))


def state(known: State, screen: Screen, fed: int) -> TerminalState:
    """Return the terminal as it is after ``fed`` bytes of output."""
    kept = screen.state
    cut = len(known.splitter.pending) or _cut_character(kept.tail)
    begun = TerminalState(
        offset=max(0, fed - cut),
        rows=kept.rows,
        cols=kept.cols,
        modes=known.modes.to_bytes() + _opening(known.splitter),
        alternate=known.modes.alternate,
    )
    seen = screen.snapshot()
    if seen is None:
        return begun
    return msgspec.structs.replace(begun, alternate=seen.alternate, lines=seen.lines, row=seen.row, col=seen.col)


def _opening(splitter: Splitter) -> bytes:
    """Return what stands for the lost beginning of a sequence too long to be kept."""
    return _SKIPPED[splitter.discarding]


def _cut_character(drawn: bytes) -> int:
    """Return how many bytes of a character without its end stand at the end: it is drawn with the rest."""
    for back in range(1, min(3, len(drawn)) + 1):
        byte = drawn[-back]
        if byte & 0xC0 != 0x80:
            length = next((length for lead, length in _LEADS if byte >= lead), 1)
            return back if length > back else 0
    return 0
