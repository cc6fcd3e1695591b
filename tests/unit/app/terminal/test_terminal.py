"""A terminal for a view: begun anywhere in its output, its lines are those of a terminal that drew everything."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.runtime.rawlog import SEGMENT
from agents.vt.grid import Grid
from agents.wire import LogBytes, ReadLog, TerminalState
from app.logsource import RemoteLog
from app.terminal.history import MEMORY
from app.terminal.terminal import KEEP, Terminal
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
    state,
    whole,
    write,
)

WORDS = ("build", "\x1b[32mok\x1b[0m", "\x1b[1;31mfailed\x1b[m", "漢字", "é", "tests/unit/app", "\x1b[4mlink\x1b[24m")


def plain(count: int, begin: int = 0) -> bytes:
    return b"".join(b"line %07d of the output\r\n" % number for number in range(begin, begin + count))


def mixed(count: int, seed: int = 5) -> bytes:
    """Lines of many lengths: some wrap, some carry a colour over their end."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        words = " ".join(chance.choices((*WORDS, "x" * 30), k=chance.randint(0, 14)))
        made.append(f"{number} {words}\r\n")
    return "".join(made).encode()


async def test_a_short_log_is_drawn_whole(tmp_path: Path) -> None:
    data = mixed(200)
    terminal = await opened(write(tmp_path, data), state(data))
    assert not terminal.needs_repaint
    assert not terminal.has_older
    assert (terminal.first, terminal.top) == (0, terminal.grid.scrolled)
    assert await everything(terminal) == lines(whole(data))
    assert terminal.line(terminal.bottom + 1) is None
    assert terminal.line(terminal.first - 1) is None
    terminal.close()


@pytest.mark.parametrize("made", [plain(50_000), mixed(20_000)], ids=["plain", "wrapped and coloured"])
async def test_every_line_once_and_in_order(tmp_path: Path, made: bytes) -> None:
    terminal = await opened(write(tmp_path, made), state(made))
    assert not terminal.needs_repaint
    assert terminal.has_older
    before = terminal.bottom
    assert await everything(terminal) == lines(whole(made))
    assert terminal.bottom == before
    assert terminal.first < -1000
    terminal.close()


async def test_an_offset_in_the_middle(tmp_path: Path) -> None:
    data = mixed(12_000)
    for offset in (0, 1, 4097, len(data) // 2, len(data) - 2):
        terminal = await opened(write(tmp_path, data), state(data, offset))
        assert screen(terminal.grid) == screen(whole(data[:offset])), offset
        assert not terminal.needs_repaint
        terminal.close()


async def test_begun_in_the_middle_all_the_rest_comes(tmp_path: Path) -> None:
    data = mixed(8000)
    terminal = await opened(write(tmp_path, data), state(data, len(data) // 2))
    pump(terminal)
    assert await everything(terminal) == lines(whole(data))
    terminal.close()


async def test_output_that_comes_is_drawn_and_kept_for_ever(tmp_path: Path) -> None:
    data = mixed(3000)
    terminal = await opened(write(tmp_path, data), state(data))
    epoch = terminal.epoch
    for part in range(4):
        more = plain(KEEP, part * KEEP)
        data += more
        for at in range(0, len(more), 30_000):
            append(tmp_path, more[at : at + 30_000])
            assert terminal.look()
            pump(terminal)
    assert not terminal.look()
    assert terminal.epoch == epoch
    assert terminal.line(0) is None  # kept no longer, but known of
    assert await everything(terminal) == lines(whole(data))
    terminal.close()


async def test_events_tell_of_output_as_well(tmp_path: Path) -> None:
    data = plain(10)
    terminal = await opened(write(tmp_path, data), state(data))
    append(tmp_path, b"more")
    assert not terminal.pump(1)
    terminal.grew(len(data) + 4, 0, 0)
    assert not terminal.pump(1)
    assert screen(terminal.grid)[10].text == "more"
    terminal.close()


# ---------------------------------------------------------------- screens


TUI = b"\x1b[?1049h\x1b[2J\x1b[H" + b"\x1b[5;7Hfull screen\x1b[9;1H\x1b[44m  status  \x1b[m"


async def test_the_other_screen_is_no_scrollback(tmp_path: Path) -> None:
    frames = b"".join(b"\x1b[%d;3Hframe %d\x1b[K\n\n\n" % (row % 20 + 1, row) for row in range(30_000))
    data = plain(4000) + TUI + frames + b"\x1b[?1049l" + plain(3000, 4000)
    terminal = await opened(write(tmp_path, data), state(data))
    assert await everything(terminal) == lines(whole(data))
    terminal.close()


async def test_begun_on_the_other_screen(tmp_path: Path) -> None:
    frames = b"".join(b"\x1b[%d;3Hframe %d\x1b[K" % (row % 20 + 1, row) for row in range(40_000))
    data = plain(9000) + TUI + frames
    terminal = await opened(write(tmp_path, data), state(data))
    assert terminal.grid.alternate
    assert not terminal.needs_repaint
    assert screen(terminal.grid) == screen(whole(data))
    more = b"\x1b[?1049l" + plain(100, 9000)
    append(tmp_path, more)
    pump(terminal)
    assert await everything(terminal) == lines(whole(data + more))
    terminal.close()


async def test_a_clear_screen_is_a_place_to_begin(tmp_path: Path) -> None:
    drawn = b"\x1b[2J\x1b[H" + b"".join(b"\x1b[%d;%dHat %d" % (row + 1, row * 2 + 1, row) for row in range(ROWS))
    data = plain(20_000) + drawn + b"\x1b[3;3H*" * 30_000
    terminal = await opened(write(tmp_path, data), state(data))
    assert not terminal.needs_repaint
    assert await everything(terminal) == lines(whole(data))
    terminal.close()


@pytest.mark.parametrize("erase", [b"\x1b[H\x1b[2J\x1b[3J", b"\x1bc"], ids=["ED 3", "RIS"])
async def test_lines_the_program_erased_do_not_come_back(tmp_path: Path, erase: bytes) -> None:
    data = plain(5000) + erase + plain(9000, 5000)
    terminal = await opened(write(tmp_path, data), state(data))
    found = shown(await everything(terminal))
    assert found == [*shown(lines(whole(plain(9000, 5000))))]
    append(tmp_path, plain(10, 14_000) + erase + plain(300, 14_010))
    pump(terminal)
    assert not terminal.has_older
    assert shown(await everything(terminal)) == shown(lines(whole(plain(300, 14_010))))
    terminal.close()


async def test_the_program_before_is_older_output(tmp_path: Path) -> None:
    """A restarted program begins with an empty screen; what the former one left there is above it."""
    former, present = plain(9000) + b"\x1b[?1049hdied here", b"$ " + plain(40, 9000)
    data = former + present
    terminal = await opened(write(tmp_path, data), state(data, began=len(former)))
    assert not terminal.needs_repaint
    found = shown(await everything(terminal))
    assert found[:9000] == [f"line {number:07} of the output" for number in range(9000)]
    assert found[9000] == "$ line 0009000 of the output"
    assert len(found) == 9000 + 41
    terminal.close()


# ---------------------------------------------------------------- modes, and what the daemon knows better


async def test_modes_of_the_state_hold_at_the_end(tmp_path: Path) -> None:
    setting = b"\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[=1u\x1b[>5u\x1b[?25l"
    data = setting + plain(40_000)
    begun = state(data)
    terminal = await opened(write(tmp_path, data), begun)
    modes = terminal.grid.modes
    assert modes == whole(data).modes
    assert modes.bracketed
    assert modes.flags == 5
    assert not terminal.grid.cursor.visible
    append(tmp_path, b"\x1b[<u")
    pump(terminal)
    assert terminal.grid.modes.flags == 1
    terminal.close()


async def test_a_sequence_too_long_to_be_kept_is_skipped_to_its_end(tmp_path: Path) -> None:
    data = plain(3) + b"\x1b]1337;" + b"A" * 200_000
    begun = msgspec.structs.replace(state(data), modes=b"\x1b]-")
    terminal = await opened(write(tmp_path, data), begun)
    append(tmp_path, b"AAAA\x07after")
    pump(terminal)
    assert shown(screen(terminal.grid))[:4] == [*shown(screen(whole(plain(3))))[:3], "after"]
    terminal.close()


async def test_text_that_differs_is_mended_and_a_repaint_is_wanted(tmp_path: Path) -> None:
    data = b"".join(b"\x1b[3;1Hturn %d" % number for number in range(120_000))
    texts = ("first row", "", "turn 119999", *[""] * (ROWS - 4), "漢字 at the end")
    begun = TerminalState(len(data), ROWS, COLS, b"\x1b[?6h\x1b[4h", False, texts, 5, 7)
    terminal = await opened(write(tmp_path, data), begun)
    assert terminal.needs_repaint
    assert tuple(shown(screen(terminal.grid))) == texts
    assert (terminal.grid.cursor.row, terminal.grid.cursor.col) == (5, 7)
    assert terminal.grid.modes.ansi == (4,)
    terminal.close()


@pytest.mark.parametrize("data", [plain(30_000), b"\x1b[3;1Hturn" * 1_000_000], ids=["lines", "cursor moves"])
async def test_without_the_daemons_text_only_the_uncertain_is_repainted(tmp_path: Path, data: bytes) -> None:
    terminal = await opened(write(tmp_path, data), TerminalState(len(data), ROWS, COLS))
    assert terminal.needs_repaint == data.startswith(b"\x1b")
    terminal.close()


# ---------------------------------------------------------------- sizes


async def test_a_new_size_holds_from_its_offset_on(tmp_path: Path) -> None:
    first, second = b"\x1b[1;1H" + b"a" * 100, b"\x1b[2J\x1b[H" + b"b" * 100
    data = first
    terminal = await opened(write(tmp_path, data), state(data))
    append(tmp_path, second)
    terminal.grew(len(data), 30, 60)
    terminal.grew(len(data + second), 30, 40)
    pump(terminal)
    assert (terminal.grid.rows, terminal.grid.cols) == (30, 40)
    assert shown(screen(terminal.grid))[:2] == ["b" * 40, "b" * 40]
    terminal.close()


async def test_more_rows_and_fewer_lose_no_line(tmp_path: Path) -> None:
    data = plain(8000)
    terminal = await opened(write(tmp_path, data), state(data))
    for rows in (40, 10, 33, 24):
        terminal.grew(len(data), rows, COLS)
        more = plain(KEEP, len(data) // len(plain(1)))
        data += more
        append(tmp_path, more)
        pump(terminal)
    count = len(data) // len(plain(1))
    found = shown(await everything(terminal))
    assert [line for line in found if line] == [f"line {number:07} of the output" for number in range(count)]
    terminal.close()


async def test_lines_of_another_width_are_read_again(tmp_path: Path) -> None:
    data = b"".join(b"%04d %s\r\n" % (number, b"w" * 90) for number in range(3000))
    terminal = await opened(write(tmp_path, data), state(data))
    epoch = terminal.epoch
    terminal.grew(len(data), ROWS, 120)
    pump(terminal)
    assert terminal.epoch > epoch
    assert terminal.first == terminal.top
    assert terminal.has_older
    await terminal.load_older(500)
    older = [terminal.line(number) for number in range(terminal.top - 300, terminal.top - 100)]
    texts = [row.text for row in older if row is not None]
    first = int(texts[0][:4])
    assert texts == [f"{number:04} {'w' * 90}" for number in range(first, first + 200)]
    terminal.close()


# ---------------------------------------------------------------- logs that are gone, or elsewhere


async def test_a_log_of_which_the_beginning_was_deleted(tmp_path: Path) -> None:
    data = b"cut in the mid\x1b[31mdle\r\n" + plain(9000)
    source = write(tmp_path, data, start=SEGMENT)
    begun = msgspec.structs.replace(state(data), offset=SEGMENT + len(data))
    terminal = await opened(source, begun)
    assert terminal.trimmed
    assert not terminal.needs_repaint
    assert shown(await everything(terminal))[-9001:] == [*(f"line {n:07} of the output" for n in range(9000)), ""]
    terminal.close()


async def test_what_is_deleted_while_it_is_read_ends_history(tmp_path: Path) -> None:
    early, data = plain(3_000_000)[:SEGMENT], plain(9000)
    source = write(tmp_path, early + data)
    begun = TerminalState(len(early) + len(data), ROWS, COLS)
    terminal = await opened(source, begun)
    while terminal.has_older and terminal.first > -20_000:
        await terminal.load_older(1000)
    assert terminal.has_older
    (tmp_path / "out.0.log").unlink()
    assert terminal.trimmed
    assert not terminal.has_older
    await terminal.load_older(1000)
    for number in range(terminal.first, terminal.top):
        await terminal.load(number, 1)
    found = shown(await everything(terminal))
    assert found[-9000:] == [*(f"line {n:07} of the output" for n in range(1, 9000)), ""]
    terminal.close()


class Daemon:
    """Answers ``log.read`` from bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        assert method == "log.read"
        assert isinstance(params, ReadLog)
        end = params.offset + min(params.length, 1024 * 1024)
        return LogBytes(self.data[params.offset : end], params.offset, len(self.data), 0)


async def test_a_log_of_another_machine(tmp_path: Path) -> None:
    data = mixed(9000)
    daemon = Daemon(data)
    source = RemoteLog("a1", "out", daemon)
    await source.open()
    terminal = Terminal(source, Grid, state(data), clock=time.perf_counter)
    await terminal.open()
    daemon.data = data + plain(500)
    assert not terminal.look()
    terminal.grew(len(daemon.data), 0, 0)
    for _ in range(100):
        if not terminal.pump(1.0) and not terminal.starved:
            break
        if terminal.starved:
            await terminal.fetch()
    assert await everything(terminal) == lines(whole(daemon.data))
    terminal.close()


async def test_closed_while_it_opens(tmp_path: Path) -> None:
    data = b"\x1b[2J\x1b[H" + b"\x1b[3;1Hturn" * 300_000
    terminal = Terminal(write(tmp_path, data), Grid, state(data), clock=time.perf_counter)
    async with asyncio.TaskGroup() as tasks:
        opening = tasks.create_task(terminal.open())
        while terminal.grid.row(2).text == "":  # noqa: ASYNC110  (what is waited for is drawn, it is no event)
            await asyncio.sleep(0)
        assert not terminal.is_open
        assert not terminal.pump(1)
        terminal.close()
    assert opening.done()
    assert not terminal.is_open


async def test_an_empty_log(tmp_path: Path) -> None:
    terminal = await opened(write(tmp_path, b""), TerminalState(0, ROWS, COLS))
    assert not terminal.has_older
    assert (terminal.first, terminal.top, terminal.bottom) == (0, 0, ROWS - 1)
    await terminal.load_older(10)
    terminal.close()


@pytest.mark.slow
async def test_a_million_lines_back(tmp_path: Path) -> None:
    data = plain(1_000_000)
    last = plain(1, 999_999).decode().strip()
    terminal = await opened(write(tmp_path, data), TerminalState(len(data), ROWS, COLS))
    assert terminal.line(terminal.bottom - 1) == terminal.grid.row(ROWS - 2)
    assert terminal.grid.row(ROWS - 2).text == last
    while terminal.has_older:
        await terminal.load_older(100_000)
    assert terminal.bottom - terminal.first == 1_000_000
    for number in (*range(0, 1_000_000, 9973), 999_999):
        line = terminal.first + number
        await terminal.load(line, 1)
        row = terminal.line(line)
        assert row is not None
        assert row.text == f"line {number:07} of the output"
    assert terminal.memory <= MEMORY
    terminal.close()


@pytest.mark.parametrize("is_alternate", [False, True])
async def test_a_log_that_is_gone_shows_what_the_daemon_knows(tmp_path: Path, is_alternate: bool) -> None:
    texts = ("what the daemon", "", "knows", *[""] * (ROWS - 3))
    begun = TerminalState(5_000_000, ROWS, COLS, b"\x1b[?2004h", is_alternate, texts, 2, 5)
    terminal = await opened(write(tmp_path, b"short"), begun)
    assert tuple(shown(screen(terminal.grid))) == texts
    assert terminal.needs_repaint
    assert terminal.grid.modes.bracketed
    await terminal.load_older(100)
    assert not terminal.has_older
    terminal.close()


async def test_closed_while_older_lines_are_read(tmp_path: Path) -> None:
    data = plain(60_000)
    terminal = await opened(write(tmp_path, data), state(data))
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(terminal.load_older(1_000_000))
        while terminal.first > -3000:  # noqa: ASYNC110  (what is waited for is read, it is no event)
            await asyncio.sleep(0)
        terminal.close()
    assert reading.done()
    assert not terminal.has_older
    assert terminal.memory == 0


async def test_a_flood_of_another_machine(tmp_path: Path) -> None:
    daemon = Daemon(plain(10))
    source = RemoteLog("a1", "out", daemon)
    await source.open()
    terminal = Terminal(source, Grid, state(daemon.data), clock=time.perf_counter)
    await terminal.open()
    daemon.data += plain(90_000, 10)
    terminal.grew(len(daemon.data), 0, 0)
    for _ in range(200):
        if terminal.pump(1.0):
            continue
        if not terminal.starved:
            break
        await terminal.fetch()
    assert screen(terminal.grid) == screen(whole(daemon.data))
    await terminal.load_older(100)
    assert [terminal.line(terminal.top - back) for back in (1, 90)] == [
        whole(daemon.data[: -len(plain(1)) * back]).row(0) for back in (1, 90)
    ]
    terminal.close()
