"""Logs on disk for the tests of terminals, and what a terminal shows that drew them from their first byte."""

from __future__ import annotations

import time
from pathlib import Path

from agents.model import Stream
from agents.runtime.rawlog import SEGMENT
from agents.vt.grid import Grid, Row
from agents.wire import TerminalState
from app.logsource import LocalLog
from app.terminal.terminal import Terminal

ROWS, COLS = 24, 80


def write(directory: Path, data: bytes, *, start: int = 0) -> LocalLog:
    """Write ``data`` as an agent's output, of which the first ``start`` bytes were deleted since."""
    directory.mkdir(exist_ok=True)
    first = start // SEGMENT
    for at in range(0, len(data) or 1, SEGMENT):
        (directory / f"out.{first + at // SEGMENT}.log").write_bytes(data[at : at + SEGMENT])
    return LocalLog(directory, Stream.OUT)


def append(directory: Path, data: bytes) -> None:
    with (directory / "out.0.log").open("ab") as file:
        file.write(data)


def whole(data: bytes, rows: int = ROWS, cols: int = COLS) -> Grid:
    """Return a grid that drew everything."""
    grid = Grid(rows, cols, keep=1_000_000)
    grid.feed(data)
    return grid


def lines(grid: Grid) -> list[Row]:
    """Return everything a grid knows, from the first line that scrolled off to the last row of its screen."""
    gone = [grid.kept(number) for number in range(grid.scrolled)]
    return [row for row in gone if row is not None] + screen(grid)


def screen(grid: Grid) -> list[Row]:
    return [grid.row(number) for number in range(grid.rows)]


def state(
    data: bytes, offset: int | None = None, *, rows: int = ROWS, cols: int = COLS, began: int = 0
) -> TerminalState:
    """Return what the daemon would say of a terminal that drew ``data`` up to ``offset``."""
    offset = len(data) if offset is None else offset
    grid = whole(data[began:offset], rows, cols)
    cursor = grid.cursor
    texts = tuple(row.text for row in screen(grid))
    modes = grid.modes.to_bytes()
    return TerminalState(offset, ROWS, COLS, modes, grid.alternate, texts, cursor.row, cursor.col, began)


async def opened(source: LocalLog, begun: TerminalState) -> Terminal:
    terminal = Terminal(source, Grid, begun, clock=time.perf_counter)
    await terminal.open()
    return terminal


async def everything(terminal: Terminal) -> list[Row]:
    """Return every line, read as a reader would who scrolls up to the first one."""
    while terminal.has_older:
        await terminal.load_older(1000)
    found: list[Row] = []
    for number in range(terminal.first, terminal.bottom + 1):
        row = terminal.line(number)
        if row is None:
            await terminal.load(number, 1)
            row = terminal.line(number)
        assert row is not None, number
        found.append(row)
    return found


def pump(terminal: Terminal) -> None:
    terminal.look()
    while terminal.pump(1.0):
        assert not terminal.starved


def shown(rows: list[Row]) -> list[str]:
    return [row.text for row in rows]
