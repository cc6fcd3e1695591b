"""Takes in what a program prints: what it says beside the text, what its screen gets, and what it asks its terminal.

Changes state only by the bytes it is given. Renders nothing but for the answer to where the cursor is.
"""

from __future__ import annotations

from agents.adapters.terminal import replies
from agents.adapters.terminal.state import State
from agents.model import Mark
from agents.status.osc7501 import Record
from agents.status.program import Claim, Program, report_claim
from agents.vt import queries
from agents.vt.queries import Known
from agents.vt.screen import Screen
from agents.vt.stream import Osc, Piece, Reset, Text

_STATUS, _SHELL = 7501, 133
_PROMPT, _COMMAND = b"A", b"C"


def heard(state: State, screen: Screen | None, program: Program, mark: Mark, data: bytes) -> None:
    """Take the bytes of one mark of output."""
    state.last_output = mark.monotonic
    if state.shown.dirty is None and program.reads_screen:
        state.shown.dirty = mark.monotonic
    answers = b""
    for piece in state.splitter.feed(data):
        if queries.is_query(piece):
            answers += queries.reply(piece, _known(state, screen))
            continue
        if screen is not None:
            core = queries.for_core(piece)
            if core:
                screen.feed(core, mark.monotonic)
        if isinstance(piece, Text):
            state.modes.feed(piece)
        else:
            _said(state, program, mark, piece)
    if answers:
        replies.owe(state.replies, answers, mark.monotonic)


def _said(state: State, program: Program, mark: Mark, piece: Piece) -> None:
    state.modes.feed(piece)
    state.signals.feed(piece, mark.monotonic, mark.wall, program)
    if isinstance(piece, Reset):
        state.records.reset()
    elif isinstance(piece, Osc) and piece.code == _STATUS:

        def means(record: Record) -> Claim | None:
            return report_claim(program, record.state, record.msg)

        state.records.report(piece.body, mark.monotonic, mark.wall, means)
    elif isinstance(piece, Osc) and piece.code == _SHELL and not _is_known(program):
        if piece.body[:1] == _PROMPT:
            state.records.prompt_began()
        elif piece.body[:1] == _COMMAND:
            state.records.command_began()


def _is_known(program: Program) -> bool:
    """Tell whether the program has rules of its own: it is no shell, and marks in its output are what it shows."""
    return bool(program.titles or program.screens)


def _known(state: State, screen: Screen | None) -> Known:
    seen = None if screen is None else screen.snapshot()
    rows, cols = state.screen.rows, state.screen.cols
    if seen is None:
        return Known(rows=rows, cols=cols, modes=state.modes)
    return Known(rows=rows, cols=cols, row=seen.row, col=seen.col, modes=state.modes)
