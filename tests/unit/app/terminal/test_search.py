"""Text found in all lines of a terminal, the newest first."""

from __future__ import annotations

import re
from pathlib import Path

from agents.vt.rows import Row
from app.terminal.history import MEMORY
from app.terminal.patterns import pattern, plain
from app.terminal.search import Hit
from app.terminal.terminal import Terminal
from tests.unit.app.terminal.logs import append, everything, opened, pump, shown, state, write
from tests.unit.app.terminal.test_terminal import mixed


def numbered(count: int) -> bytes:
    """Lines of which every thousandth holds what is looked for, in colours."""
    made = []
    for number in range(count):
        text = "\x1b[31mERR\x1b[1mOR\x1b[m here" if number % 1000 == 7 else "all is well"
        made.append(f"line {number} {text}\r\n")
    return "".join(made).encode()


async def hits(terminal: Terminal, text: str) -> list[Hit]:
    return [hit async for hit in terminal.search(plain(text))]


async def found(terminal: Terminal, hit: Hit) -> str:
    """Return the text at a hit, in its line alone."""
    row = terminal.line(hit.line)
    if row is None:
        await terminal.load(hit.line, 1)
        row = terminal.line(hit.line)
    assert row is not None
    return row.text[hit.col : hit.col + hit.width]


async def test_everything_is_searched_newest_first(tmp_path: Path) -> None:
    data = numbered(12_000)
    terminal = await opened(write(tmp_path, data), state(data))
    got = await hits(terminal, "error")
    assert len(got) == 12
    assert [hit.line for hit in got] == sorted((hit.line for hit in got), reverse=True)
    assert {await found(terminal, hit) for hit in got} == {"ERROR"}
    rows = [row.text for row in await everything(terminal)]
    expected = [number + terminal.first for number, text in enumerate(rows) if "ERROR" in text]
    assert sorted(hit.line for hit in got) == expected
    assert await hits(terminal, "error") == got  # now that all is known of
    assert await hits(terminal, "Error") == []
    assert terminal.first < 0
    terminal.close()


async def test_stretches_without_it_are_not_drawn_again(tmp_path: Path) -> None:
    data = numbered(20_000)
    drawn: list[int] = []
    terminal = await opened(write(tmp_path, data), state(data))
    while terminal.has_older:
        await terminal.load_older(100_000)
    load = terminal.load

    async def counting(first: int, count: int) -> None:
        drawn.append(first)
        await load(first, count)

    terminal.load = counting  # type: ignore[method-assign]
    assert await hits(terminal, "line 5 all") == [Hit(terminal.first + 5, 0, 10)]
    assert len(drawn) <= 3  # of seven
    terminal.close()


async def test_hits_of_one_line_and_cells_of_wide_characters(tmp_path: Path) -> None:
    data = "漢字 ab 漢字 ab\r\n".encode()
    terminal = await opened(write(tmp_path, data), state(data))
    assert await hits(terminal, "ab") == [Hit(0, 13, 2), Hit(0, 5, 2)]
    assert await hits(terminal, "漢字") == [Hit(0, 8, 4), Hit(0, 0, 4)]
    assert await hits(terminal, "no such thing") == []
    terminal.close()


async def test_what_wraps_is_found(tmp_path: Path) -> None:
    data = b"x" * 76 + b"needle in the next row\r\n" + b"y" * 200 + b"needle\r\n"
    terminal = await opened(write(tmp_path, data), state(data))
    assert await hits(terminal, "needle") == [Hit(4, 40, 6), Hit(0, 76, 6)]
    terminal.close()


async def test_what_wraps_far_back_is_found(tmp_path: Path) -> None:
    line = b"a" * 70 + b"%05d needle wraps" + b"b" * 30 + b"\r\n"
    data = b"".join(line % number for number in range(6000))
    terminal = await opened(write(tmp_path, data), state(data))
    got = await hits(terminal, "19 needle wraps")
    assert len(got) == 60
    rows = shown(await everything(terminal))
    for hit in got:
        at = hit.line - terminal.first
        assert (rows[at] + rows[at + 1])[hit.col : hit.col + hit.width] == "19 needle wraps"
    terminal.close()


async def test_text_put_together_on_the_screen_is_found_far_back(tmp_path: Path) -> None:
    """Bytes that do not read as they are shown are drawn to be searched."""
    data = b"dle\rnee\x1b[3D\x1b[3@\rpin\r\n".replace(b"\x1b[3D\x1b[3@\rpin", b"\x1b[4Gdle")
    data += b"a tab\there\r\n" + mixed(9000)
    terminal = await opened(write(tmp_path, data), state(data))
    assert [hit.line for hit in await hits(terminal, "needle")] == [terminal.first]
    assert [hit.line for hit in await hits(terminal, "tab  ")] == [terminal.first + 1]
    terminal.close()


async def test_progress_and_an_early_end(tmp_path: Path) -> None:
    data = numbered(12_000)
    terminal = await opened(write(tmp_path, data), state(data))
    search = terminal.search(plain("error"))
    seen = [search.progress]
    async for hit in search:
        seen.append(search.progress)
        if len(seen) == 8:
            assert hit.line < 0
            break
    await search.aclose()
    assert seen == sorted(seen)
    assert 0 < seen[-1] < 1
    assert terminal.has_older
    whole = terminal.search(plain("error"))
    assert len([hit async for hit in whole]) == 12
    assert whole.progress == 1.0
    terminal.close()


async def test_lines_without_numbers_end_a_search(tmp_path: Path) -> None:
    data = numbered(12_000)
    terminal = await opened(write(tmp_path, data), state(data))
    got = []
    async for hit in terminal.search(plain("error")):
        got.append(hit)
        if len(got) == 3:
            terminal.grew(len(data), 24, 100)
            append(tmp_path, b"wider\r\n")
            pump(terminal)
    assert len(got) == 3
    terminal.close()


async def test_a_pattern_may_be_given_as_such(tmp_path: Path) -> None:
    data = numbered(9000)
    terminal = await opened(write(tmp_path, data), state(data))
    got = [hit async for hit in terminal.search(re.compile(r"^line \d007 "))]
    assert [hit.width for hit in got] == [10] * 8
    terminal.close()


async def test_memory_is_bounded_whatever_is_searched(tmp_path: Path) -> None:
    data = numbered(20_000)
    terminal = await opened(write(tmp_path, data), state(data))
    assert len(await hits(terminal, "l")) > 20_000
    assert terminal.memory <= MEMORY
    assert isinstance(terminal.line(terminal.first), Row)
    terminal.close()


async def test_patterns_find_what_wraps_too(tmp_path: Path) -> None:
    data = b"x" * 70 + b"took 12 of 40 ms\r\n" + b"y" * 170 + b" took 3 of 4 ms\r\n"
    terminal = await opened(write(tmp_path, data), state(data))
    got = [hit async for hit in terminal.search(pattern(r"took.*of \d+ ms"))]
    assert got == [Hit(4, 11, 14), Hit(0, 70, 16)]
    terminal.close()
