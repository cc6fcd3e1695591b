"""A view over a terminal drawn from a log on disk: what comes, what scrolled off long ago, what is found there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from agents.vt.grid import Grid
from agents.wire import TerminalState
from app.logsource import LocalLog
from app.terminal.terminal import Terminal
from tests.ui.panes.conftest import Pump
from tests.unit.app.terminal.logs import append, write
from ui.panes.terminal.view import TerminalView
from ui.theme import Theme

ROWS, COLS = 10, 60


class Reader:
    """A view whose terminal reads a log; shown again, it begins anew from the log."""

    def __init__(self, qtbot: QtBot, pump: Pump, theme: Theme, folder: Path, data: bytes) -> None:
        self.pump, self.folder = pump, folder
        self.source: LocalLog = write(folder, data)
        self.view = TerminalView(pump, theme)
        self.view.wanted.connect(lambda: pump.spawn(self.open(), "opening"))
        qtbot.addWidget(self.view)
        metrics = self.view._metrics
        self.view.resize(COLS * metrics.cell + 40, ROWS * metrics.height + 12)
        self.view.show()
        pump.until(lambda: self.view.terminal is not None)
        pump.settle()

    async def open(self) -> None:
        terminal = Terminal(self.source, Grid, TerminalState(0, ROWS, COLS), clock=time.monotonic)
        await terminal.open()
        self.view.show_terminal(terminal)

    def write(self, data: bytes) -> None:
        append(self.folder, data)
        self.source.look()
        self.view.grew(self.source.size, ROWS, COLS)

    def until(self, text: str) -> None:
        self.pump.until(lambda: text in self.view.accessible_text())


@pytest.fixture
def read(qtbot: QtBot, pump: Pump, theme: Theme, tmp_path: Path) -> Iterator[Callable[[bytes], Reader]]:
    made: list[Reader] = []

    def make(data: bytes) -> Reader:
        made.append(Reader(qtbot, pump, theme, tmp_path / "log", data))
        return made[-1]

    yield make
    for reader in made:
        reader.view.hide()
        reader.pump.settle()


def lines(count: int) -> bytes:
    return b"".join(b"\x1b[3%dmline %d\x1b[0m of the log\r\n" % (n % 8, n) for n in range(count))


def test_what_comes_is_shown(read: Callable[[bytes], Reader]) -> None:
    reader = read(b"begin\r\n")
    reader.until("begin")
    reader.write(b"\x1b[1mnews\x1b[0m")
    reader.until("news")
    reader.write(b"\x1b[2J\x1b[Hcleared")
    reader.until("cleared")
    assert "news" not in reader.view.accessible_text()


def test_hidden_and_shown_again_it_begins_from_the_log(read: Callable[[bytes], Reader]) -> None:
    reader = read(lines(100))
    reader.until("line 99 ")
    reader.view.hide()
    append(reader.folder, b"meanwhile")
    reader.source.look()
    reader.view.show()
    reader.until("meanwhile")


def test_a_flood_is_shown_to_its_end(read: Callable[[bytes], Reader]) -> None:
    reader = read(b"begin\r\n")
    reader.until("begin")
    reader.write(lines(60_000) + b"the end")
    reader.until("the end")
    assert reader.view.follow


def test_the_first_of_many_lines_is_read_again(read: Callable[[bytes], Reader]) -> None:
    reader = read(lines(30_000))
    reader.until("line 29999 ")

    def at_first() -> bool:
        reader.view.to_begin()
        return "line 0 of the log" in reader.view.accessible_text()

    reader.pump.until(at_first, seconds=60)
    row = reader.view.row_of(reader.view.first_line() + 1)
    assert row is not None
    assert {run.style.fg for run in row.runs} > {-1}, "its colours are read again too"


def test_text_is_found_in_what_scrolled_off_long_ago(read: Callable[[bytes], Reader]) -> None:
    reader = read(b"a needle in the first line\r\n" + lines(30_000) + b"the last needle")
    reader.until("the last needle")
    reader.view.look_for("needle")
    search = reader.view.search
    assert search is not None
    reader.pump.until(lambda: search.done, seconds=60)
    assert len(search.hits) == 2
    reader.view.find_previous()
    reader.until("a needle in the first line")
    assert search.place(reader.view.hit) == 0
