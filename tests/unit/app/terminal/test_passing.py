"""What output that nobody draws leaves behind: the modes a terminal has that read all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt.modes import Modes
from agents.vt.stream import Splitter
from app.terminal.passing import Passed, between, copied, plain, told

_SETTINGS = st.sampled_from(
    [
        *(b"\x1b[?25l", b"\x1b[?25h", b"\x1b[?1000;1006h", b"\x1b[?1006l", b"\x1b[?2004h", b"\x1b[4h", b"\x1b[4l"),
        *(
            b"\x1b[?1049h",
            b"\x1b[?1049l",
            b"\x1b[?47h",
            b"\x1b[>1u",
            b"\x1b[>5u",
            b"\x1b[<u",
            b"\x1b[=3;2u",
            b"\x1b[<9u",
        ),
        *(b"\x1bc", b"\x1b[!p", b"\x1b=", b"\x1b>", b"\x1b[?7l", b"\x1b[?1h", b"\x1b[20h", b"\x1b[?2026h"),
        *(b"text\r\n", b"\x1b[31m", b"\x1b[2;5H", b"\x1b]0;title\x07", b"\x1b[3;9r", "é漢".encode()),
    ]
)


def read(data: bytes) -> Modes:
    modes, splitter = Modes(), Splitter()
    for piece in splitter.feed(data):
        modes.feed(piece)
    return modes


def passed(data: bytes, size: int) -> Passed:
    over = Passed(Modes())
    at = 0
    while at < len(data):
        taken = over.feed(data[at : at + size], last=at + size >= len(data))
        assert taken > 0
        at += taken
    return over


@given(st.lists(_SETTINGS, max_size=60).map(b"".join), st.integers(40, 400))
def test_modes_are_those_of_a_terminal_that_read_everything(data: bytes, size: int) -> None:
    assert passed(data, size).modes == read(data)


@given(st.lists(_SETTINGS, max_size=40).map(b"".join), st.lists(_SETTINGS, max_size=40).map(b"".join))
def test_what_lies_between_two_states(first: bytes, second: bytes) -> None:
    now, then = read(first), read(second)
    known = copied(now)
    splitter = Splitter()
    for piece in splitter.feed(between(now, then)):
        known.feed(piece)
    screens = {47, 1047, 1048, 1049}
    assert set(known.dec) - screens == set(then.dec) - screens
    assert known.ansi == then.ansi
    assert known.alternate == now.alternate
    assert read(first) == now


def test_the_same_said_over_and_over_is_kept_once() -> None:
    over = passed(b"\x1b[?25lframe\x1b[?25h" * 5000 + b"\x1b[?1h\x1b(0", 4096)
    assert over.modes.dec == tuple(sorted({*Modes().dec, 1}))
    assert len(over.settings) < 40
    assert passed(b"\x1b[5;9r", 40).settings == b"\x1b[5;9r"


@pytest.mark.parametrize(
    ("begun", "expected"), [(b"", b""), (b"\x1b]-", b"\x1b]-"), (b"\x1bX", b"\x1bX"), (b"\x1b[" + b"0" * 1024, None)]
)
def test_a_beginning_without_its_end_is_told_apart(begun: bytes, expected: bytes | None) -> None:
    modes, rest = told(b"\x1b[?2004h\x1b[>1u" + begun)
    assert modes.bracketed
    assert modes.flags == 1
    assert rest == (begun if expected is None else expected)


def test_text_is_drawn_plainly() -> None:
    modes = plain(read(b"\x1b[?6h\x1b[4h\x1b[?7l\x1b[?2004h"))
    assert (modes.is_set(6), modes.is_set(7), modes.ansi, modes.bracketed) == (False, True, (), True)
