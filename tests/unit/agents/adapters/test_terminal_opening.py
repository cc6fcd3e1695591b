"""What a view of a terminal begins with, wherever in its output that is."""

from __future__ import annotations

import pytest

from agents.adapters.terminal import opening
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.adapters.terminal.state import State
from agents.model import Stream
from agents.vt import libvterm, queries
from agents.vt.screen import Screen, ScreenState
from agents.vt.stream import CSI_LIMIT, Osc, Splitter, Str, Text
from agents.wire import TerminalState
from tests.unit.agents.adapters.tape import Drive, kind, spec


class Fed:
    """A terminal that was fed some output, as an adapter feeds it."""

    def __init__(self, data: bytes, rows: int = 5, cols: int = 20) -> None:
        self.screen = Screen(ScreenState(rows, cols))
        self.state = State(1, self.screen.state)
        for piece in self.state.splitter.feed(data):
            self.screen.feed(queries.for_core(piece), 0.0)
            if not isinstance(piece, Text):
                self.state.modes.feed(piece)
        self.opened: TerminalState = opening.state(self.state, self.screen, len(data))


@pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")
def test_screen_cursor_modes_and_offset_are_of_one_moment() -> None:
    opened = Fed(b"one\r\ntwo\x1b[?1000h\x1b[?1006h").opened
    assert (opened.offset, opened.rows, opened.cols) == (24, 5, 20)
    assert (opened.lines or ())[:2] == ("one", "two")
    assert (opened.row, opened.col, opened.alternate) == (1, 3, False)
    assert opened.modes == b"\x1b[?1000h\x1b[?1006h"


def test_of_a_torn_screen_the_modes_alone_are_known() -> None:
    fed = Fed(b"one\x1b[?2004h")
    fed.screen = Screen(ScreenState(5, 20, torn=True))
    opened = opening.state(fed.state, fed.screen, 11)
    assert (opened.lines, opened.modes, opened.offset) == (None, b"\x1b[?2004h", 11)


@pytest.mark.parametrize(
    ("output", "whole"),
    [
        (b"abc\x1b", 3),
        (b"abc\x1b[38;5", 3),
        (b"abc\x1b]0;a tit", 3),
        ("abcä".encode()[:-1], 3),
        ("abc€".encode()[:-1], 3),
        ("abc€".encode()[:-2], 3),
        ("abc😀".encode()[:-1], 3),
        ("abcä".encode(), 5),
        (b"abc\xff\x80\x80\x80", 7),
        (b"abc", 3),
        (b"", 0),
    ],
)
def test_a_view_begins_before_what_was_cut_in_two(output: bytes, whole: int) -> None:
    assert Fed(output).opened.offset == whole


@pytest.mark.parametrize(
    ("begun", "rest"),
    [
        (b"\x1b]52;c;" + b"A" * 70_000, b"8;;AAAA\x07shown"),
        (b"\x1b]52;c;" + b"A" * 70_000 + b"\x1b", b"\\shown"),
        (b"\x1bP" + b"q" * 70_000, b"qqq\x1b\\shown"),
        (b"\x1b[" + b"1;" * CSI_LIMIT, b"1;1mshown"),
    ],
)
def test_a_view_skips_the_rest_of_what_is_being_skipped(begun: bytes, rest: bytes) -> None:
    opened = Fed(begun).opened
    view = Splitter()
    pieces = view.feed(opened.modes + begun[opened.offset :] + rest)
    assert [piece for piece in pieces if not isinstance(piece, Osc | Str)] == [Text(b"shown")]
    assert all(piece.code is None if isinstance(piece, Osc) else piece.kind == "sos" for piece in pieces[:-1])


@pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")
def test_left_undrawn_a_screen_is_not_known_until_another_process_begins() -> None:
    of_terminal = kind(family="terminal"), spec(family="terminal", pty=True, rows=5, cols=20)
    drive = Drive(TerminalAdapter(*of_terminal))
    drive.ctl("start", incarnation=1, pid=7, rows=5, cols=20)
    drive.feed(Stream.OUT, b"one\x1b[?2004h")
    loaded = TerminalAdapter.load(*of_terminal, drive.adapter.dump())
    loaded.leave_undrawn(1)
    drive.adapter = loaded
    drive.feed(Stream.OUT, b"two")
    loaded.rehearse()
    opened = loaded.terminal(14)
    assert opened is not None
    assert (opened.lines, opened.modes) == (None, b"\x1b[?2004h")
    drive.ctl("exit", code=0)
    drive.ctl("start", incarnation=1, pid=7, rows=5, cols=20)  # a replay from the beginning
    drive.feed(Stream.OUT, b"one")
    assert (loaded.terminal(17) or opened).lines is None
    drive.ctl("exit", code=0)
    drive.ctl("start", incarnation=2, pid=8, rows=5, cols=20)
    drive.feed(Stream.OUT, b"three")
    assert ((loaded.terminal(22) or opened).lines or ())[:1] == ("three",)


@pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")
def test_a_rehearsal_changes_nothing() -> None:
    drive = Drive(TerminalAdapter(kind(family="terminal"), spec(family="terminal", pty=True)))
    drive.ctl("start", incarnation=1, pid=7, rows=5, cols=20)
    drive.feed(Stream.OUT, b"one\x1b[3")
    before = drive.adapter.dump()
    drive.adapter.rehearse()
    assert drive.adapter.dump() == before


def test_a_program_on_pipes_has_no_terminal() -> None:
    assert TerminalAdapter(kind(family="terminal"), spec(family="terminal")).terminal(0) is None
