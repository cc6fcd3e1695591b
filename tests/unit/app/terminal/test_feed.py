"""Floods passed over, and what they leave: the screen, the modes and the lines of a terminal that drew everything."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agents.wire import TerminalState
from app.terminal.feed import FLOOD
from app.terminal.terminal import Terminal
from tests.unit.app.terminal.logs import (
    COLS,
    ROWS,
    append,
    everything,
    lines,
    opened,
    pump,
    screen,
    shown,
    whole,
    write,
)
from tests.unit.app.terminal.test_terminal import mixed, plain

START = TerminalState(0, ROWS, COLS)


def frames(count: int) -> bytes:
    """Draw the whole screen again and again, without ever clearing it."""
    made = []
    for frame in range(count):
        rows = (b"\x1b[%d;1H\x1b[3%dmrow %d of frame %d\x1b[m\x1b[K" % (n + 1, n % 8, n, frame) for n in range(ROWS))
        made.append(b"\x1b[?2026h" + b"".join(rows) + b"\x1b[?2026l")
    return b"\x1b[?1049h\x1b[?25l\x1b[?1002h\x1b[?1006h" + b"".join(made)


FLOODS = {
    "yes": b"y\r\n" * 30_000,
    "plain": plain(20_000),
    "coloured": mixed(8000),
    "a program that repaints": frames(1500),
    "and one that ended": frames(900) + b"\x1b[?1049l\x1b[?25h\x1b[?1002l" + plain(2500),
}


async def flooded(directory: Path, flood: bytes) -> Terminal:
    """Return a terminal over which a flood came at once."""
    terminal = await opened(write(directory, b"$ cat\r\n"), START)
    pump(terminal)
    append(directory, flood)
    pump(terminal)
    return terminal


@pytest.mark.parametrize("name", FLOODS)
async def test_after_a_flood_all_is_as_if_it_had_been_drawn(tmp_path: Path, name: str) -> None:
    data = b"$ cat\r\n" + FLOODS[name]
    terminal = await flooded(tmp_path, FLOODS[name])
    expected = whole(data)
    assert screen(terminal.grid) == screen(expected)
    assert terminal.grid.modes == expected.modes
    assert terminal.grid.cursor == expected.cursor
    assert terminal.epoch > 1
    fresh = await opened(write(tmp_path, data), TerminalState(len(data), ROWS, COLS))
    assert screen(fresh.grid) == screen(terminal.grid)
    fresh.close()
    found = await everything(terminal)
    assert found == lines(expected)
    more = (b"\x1b[?1049l" if terminal.grid.alternate else b"") + b"$ \r\n"
    append(tmp_path, more)
    pump(terminal)
    expected.feed(more)
    assert await everything(terminal) == lines(expected)
    terminal.close()


async def test_a_flood_is_not_drawn(tmp_path: Path) -> None:
    terminal = await opened(write(tmp_path, b""), START)
    append(tmp_path, plain(300_000))
    terminal.look()
    terminal.pump(0)
    before = terminal.grid.scrolled
    pump(terminal)
    assert terminal.grid.scrolled - before < 5 * ROWS
    assert terminal.line(terminal.bottom - 1) is not None
    terminal.close()


async def test_less_than_a_flood_is_drawn(tmp_path: Path) -> None:
    data = plain(5000)
    assert len(data) < FLOOD
    terminal = await opened(write(tmp_path, b""), START)
    epoch = terminal.epoch
    append(tmp_path, data)
    pump(terminal)
    assert terminal.epoch == epoch
    assert terminal.top == 5000 - ROWS + 1
    terminal.close()


async def test_modes_set_within_a_flood_hold(tmp_path: Path) -> None:
    setting = b"\x1b[?2004h\x1b[?1h\x1b=\x1b[>1u\x1b[?1003h\x1b[4h\x1b[?7l\x1b(0\x1b[5;20r"
    flood = plain(30_000) + setting + plain(30_000) + b"\x1b[r\x1b(B\x1b[999;1H"
    terminal = await flooded(tmp_path, flood + plain(200))
    expected = whole(b"$ cat\r\n" + flood + plain(200))
    assert terminal.grid.modes == expected.modes
    assert terminal.grid.modes.bracketed
    assert terminal.grid.modes.flags == 1
    for more in (b"abc\x1b[Gx", b"\r\n" + b"z" * 200, b"\r\n\x1b(0qqq\x1b(B"):
        append(tmp_path, more)
        expected.feed(more)
    pump(terminal)
    assert screen(terminal.grid) == screen(expected)
    terminal.close()


async def test_a_character_set_of_a_flood_holds(tmp_path: Path) -> None:
    flood = b"\x1b(0" + plain(60_000)
    terminal = await flooded(tmp_path, flood)
    assert screen(terminal.grid) == screen(whole(b"$ cat\r\n" + flood))
    terminal.close()


async def test_one_flood_after_another(tmp_path: Path) -> None:
    data = b""
    terminal = await opened(write(tmp_path, b""), START)
    for number in range(3):
        more = plain(20_000, number * 20_000)
        data += more
        append(tmp_path, more)
        terminal.look()
        terminal.pump(0)
    pump(terminal)
    assert screen(terminal.grid) == screen(whole(data))
    await terminal.load_older(50)
    texts = [row.text for row in (terminal.line(number) for number in range(terminal.first, terminal.bottom)) if row]
    last = range(60_000 - len(texts), 60_000)
    assert texts == [f"line {number:07} of the output" for number in last]
    terminal.close()


async def test_sizes_within_a_flood(tmp_path: Path) -> None:
    terminal = await opened(write(tmp_path, b""), START)
    append(tmp_path, plain(30_000))
    terminal.grew(len(plain(30_000)), 30, 90)
    append(tmp_path, plain(30_000, 30_000))
    terminal.grew(len(plain(60_000)), 40, 100)
    pump(terminal)
    assert (terminal.grid.rows, terminal.grid.cols) == (40, 100)
    texts = shown(screen(terminal.grid))
    assert "line 0059999 of the output" in texts
    terminal.close()


async def test_no_pump_takes_long(tmp_path: Path) -> None:
    """Few bytes can ask for much: the budget is kept to within a portion, once it is known what portions take."""
    hostile = (b"\x1b[2J" * 50 + b"\x1b[1000b" + b"\x1bM" * 50) * 1200
    terminal = await opened(write(tmp_path, b""), START)
    append(tmp_path, hostile)
    terminal.look()
    took = []
    for _ in range(30):
        began = time.process_time()
        assert terminal.pump(0.004)
        took.append(time.process_time() - began)
    assert sorted(took)[len(took) // 2] < 0.03
    terminal.close()


async def test_a_program_begins_right_behind_a_flood(tmp_path: Path) -> None:
    flood = plain(20_000)
    terminal = await opened(write(tmp_path, b""), START)
    append(tmp_path, flood)
    terminal.look()
    append(tmp_path, b"\x1b[?1049h\x1b[2J\x1b[Hfull screen")
    pump(terminal)
    assert terminal.grid.alternate
    await terminal.load_older(100)
    row = terminal.line(terminal.top - 1)
    assert row is not None
    assert row.text == f"line {20_000 - ROWS:07} of the output"
    terminal.close()
