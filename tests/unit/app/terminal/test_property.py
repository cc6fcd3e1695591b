"""Made-up output, begun and cut anywhere: scrollback and screen are what one very tall terminal shows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.vt.grid import Grid
from agents.wire import TerminalState
from app.terminal import feed, maintext, opening, pieces, terminal
from app.terminal.terminal import Terminal
from tests.unit.app.terminal.logs import append, everything, lines, opened, pump, shown, write

_ROWS, _COLS = 6, 20

_WORDS = st.sampled_from(["a", "bb ", "é", "漢字", " ", "w" * 19, "long " * 9, "\t", "(", "12:30"])
_STYLES = st.sampled_from(["\x1b[m", "\x1b[31m", "\x1b[1m", "\x1b[4;44m", "\x1b[0;7m", "\x1b[38;5;200m", "\x1b[K"])
_LINE = st.lists(st.one_of(_WORDS, _WORDS, _STYLES), max_size=8).map(lambda parts: "".join(parts) + "\r\n")
_LINES = st.lists(_LINE, min_size=1, max_size=60).map("".join)
_OUTPUT = st.tuples(_LINES, st.integers(1, 40)).map(lambda made: (made[0] * made[1]).encode())


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    """Make floods, pieces and all that is read at once so small that made-up output has many of them."""
    sizes = {
        feed: {"FLOOD": 4000, "FLOOD_LINES": 60, "TAIL": 6000, "_NOTED_LINES": 9, "_NOTED": 500, "CHUNK": 700},
        maintext: {"BLOCK": 900},
        opening: {"BLOCK": 900, "_NEAR": (700, 1800), "_NEWEST": 2500, "_NEWEST_LINES": 40},
        pieces: {"BYTES": 1500, "_STEP": 600, "_CELLS": 900},
        terminal: {"_TAKEN_LINES": 25, "_TAKEN": 2000, "KEEP": 60},
    }
    with pytest.MonkeyPatch.context() as patch:
        for module, values in sizes.items():
            for name, value in values.items():
                patch.setattr(module, name, value)
        yield


def tall(data: bytes) -> list[str]:
    """Return what a terminal shows that has a row for every line there is."""
    grid = Grid(500, _COLS, keep=100_000)
    grid.feed(data)
    found = [row.text for row in lines(grid)]
    grid.close()
    while found and not found[-1]:
        found.pop()
    return found


def usual(data: bytes) -> Grid:
    grid = Grid(_ROWS, _COLS, keep=100_000)
    grid.feed(data)
    return grid


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=_OUTPUT, cuts=st.lists(st.floats(0, 1), max_size=4))
async def test_history_and_screen_are_what_a_tall_terminal_shows(data: bytes, cuts: list[float]) -> None:
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        ends = [*sorted(int(cut * len(data)) for cut in cuts), len(data)]
        log = write(directory, data[: ends[0]])
        before = usual(data[: ends[0]])
        cursor = before.cursor
        begun = TerminalState(
            _whole_characters(data, ends[0]), _ROWS, _COLS, before.modes.to_bytes(), False, None, cursor.row, cursor.col
        )
        shell = Terminal(log, Grid, begun, clock=time.perf_counter)
        await shell.open()
        for begin, end in pairwise(ends):
            append(directory, data[begin:end])
            pump(shell)
        found = await everything(shell)
        expected = usual(data)
        assert found == lines(expected)
        texts = shown(found)
        while texts and not texts[-1]:
            texts.pop()
        assert texts == tall(data)
        shell.close()
        expected.close()
        before.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.lists(st.binary(max_size=300), max_size=40).map(b"\r\n".join), cut=st.floats(0, 1))
async def test_any_bytes_are_survived(data: bytes, cut: float) -> None:
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        offset = int(cut * len(data))
        shell = await opened(write(directory, data[:offset]), TerminalState(offset, _ROWS, _COLS))
        append(directory, data[offset:])
        pump(shell)
        assert len(await everything(shell)) == shell.bottom - shell.first + 1
        shell.close()


def _whole_characters(data: bytes, offset: int) -> int:
    """Return where the last whole character and sequence before ``offset`` ends, as the daemon tells it."""
    escape = data.rfind(b"\x1b", 0, offset)
    if escape >= 0 and not any(final in data[escape:offset] for final in (b"m", b"K")):
        return escape
    while offset and offset < len(data) and data[offset] & 0xC0 == 0x80:
        offset -= 1
    return offset
