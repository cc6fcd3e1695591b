"""Which modes a program has set."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt.modes import DEFAULTS, Modes
from agents.vt.stream import Splitter


def modes(*streams: bytes) -> Modes:
    """Return what is set after ``streams``."""
    splitter, found = Splitter(), Modes()
    for stream in streams:
        for piece in splitter.feed(stream):
            found.feed(piece)
    return found


def test_a_terminal_begins_with_wrapping_and_a_cursor() -> None:
    found = modes(b"text")
    assert found == Modes()
    assert found.is_set(7)
    assert found.is_set(25)
    assert not found.is_set(2004)
    assert found.to_bytes() == b""


@pytest.mark.parametrize("mode", [b"47", b"1047", b"1049"])
def test_the_alternate_screen(mode: bytes) -> None:
    assert modes(b"\x1b[?" + mode + b"h").alternate
    assert modes(b"\x1b[?" + mode + b"h").is_set(1049)
    assert not modes(b"\x1b[?" + mode + b"h\x1b[?1049l").alternate


@pytest.mark.parametrize(
    ("stream", "clicks"),
    [
        (b"\x1b[?1000;1006h", True),
        (b"\x1b[?1003h\x1b[?1006h", True),
        (b"\x1b[?1000h", False),
        (b"\x1b[?1006h", False),
        (b"\x1b[?1002;1006h\x1b[?1002l", False),
    ],
)
def test_the_mouse_is_listened_to_only_with_buttons_and_their_form(stream: bytes, *, clicks: bool) -> None:
    assert modes(stream).clicks is clicks


def test_several_modes_in_one_sequence() -> None:
    found = modes(b"\x1b[?2004;1004;25h\x1b[?25l\x1b[4h")
    assert found.bracketed
    assert found.focus
    assert found.is_set(25) is False
    assert found.is_set(4, private=False)
    assert found.is_set(20, private=False) is False
    assert modes(b"\x1b[?2026h").updating


def test_modes_that_are_not_kept_are_not_known() -> None:
    found = modes(b"\x1b[?31337;2048;;99999999999999999999h\x1b[99h")
    assert found == Modes()
    assert found.is_set(31337) is None
    assert found.is_set(99, private=False) is None


def test_the_keyboard_flags_are_a_stack_for_each_screen() -> None:
    assert modes(b"\x1b[>1u").flags == 1
    assert modes(b"\x1b[>1u\x1b[>7u").flags == 7
    assert modes(b"\x1b[>1u\x1b[>7u\x1b[<u").flags == 1
    assert modes(b"\x1b[>1u\x1b[>7u\x1b[<2u").flags == 0
    assert modes(b"\x1b[<99u\x1b[>u").flags == 0
    assert modes(b"\x1b[>1u\x1b[?1049h").flags == 0
    assert modes(b"\x1b[>1u\x1b[?1049h\x1b[>3u\x1b[?1049l").flags == 1


def test_keyboard_flags_are_set_added_and_taken_away() -> None:
    assert modes(b"\x1b[=5u").flags == 5
    assert modes(b"\x1b[=5u\x1b[=2;2u").flags == 7
    assert modes(b"\x1b[=5u\x1b[=1;3u").flags == 4
    assert modes(b"\x1b[=5u\x1b[=1;9u").flags == 5
    assert modes(b"\x1b[=255u").flags == 31


def test_the_stack_is_bounded() -> None:
    found = modes(b"\x1b[>1u" * 1000 + b"\x1b[>2u")
    assert found.flags == 2
    assert len(found.keyboard) == 8


def test_a_full_reset_forgets_all_and_a_soft_one_little() -> None:
    set_all = b"\x1b[?1;6;2004;1000;1049h\x1b[?25;7l\x1b[4h\x1b[>3u"
    assert modes(set_all, b"\x1bc") == Modes()
    soft = modes(set_all, b"\x1b[!p")
    assert soft.dec == (7, 25, 1000, 1007, 2004)
    assert soft.alternate
    assert soft.flags == 3
    assert soft.ansi == ()


DEC = [b"\x1b[?2004h", b"\x1b[?2004l", b"\x1b[?25l", b"\x1b[?7l", b"\x1b[?25h", b"\x1b[?1049h", b"\x1b[?47l"]
KEYBOARD = [b"\x1b[>1u", b"\x1b[>7u", b"\x1b[<u", b"\x1b[=2;2u", b"\x1b[>u"]
KEYPAD = [b"\x1b=", b"\x1b>", b"\x1b[?66h", b"\x1b[?1007l"]
SEQUENCES = st.sampled_from([*DEC, *KEYBOARD, *KEYPAD, b"\x1b[4h", b"\x1b[!p", b"\x1bc", b"\x1b[?1000;1006h"])


@given(st.lists(SEQUENCES, max_size=20))
def test_the_sequence_that_sets_them_again_does(parts: list[bytes]) -> None:
    found = modes(*parts)
    assert modes(found.to_bytes()) == found
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Modes) == found
    assert modes(b"\x1bc" + found.to_bytes()) == found


def test_equal_states_are_equal_bytes() -> None:
    one, other = modes(b"\x1b[?1000;2004;1004h"), modes(b"\x1b[?1004h\x1b[?2004h\x1b[?1000h")
    assert msgspec.msgpack.encode(one) == msgspec.msgpack.encode(other)
    assert one.dec == tuple(sorted((*DEFAULTS, 1000, 1004, 2004)))


@pytest.mark.parametrize(
    ("stream", "is_set"),
    [
        (b"\x1b=", True),  # DECKPAM
        (b"\x1b=text\x1b>", False),  # DECKPNM
        (b"\x1b>\x1b[1mtext\x1b=\r\n", True),
        (b"\x1b[?66h", True),  # DECNKM
        (b"\x1b[?66h\x1b>", False),
        (b"\x1b=\x1b[?66l", False),
        (b"\x1b(=", False),  # a character set
        (b"\x1b]0;\x1b=\x07", True),  # the escape ended the title
        (b"\x1b=\x1b[!p", False),
        (b"\x1b=\x1bc", False),
    ],
)
def test_the_keypad_is_set_by_escapes_and_by_its_mode(stream: bytes, *, is_set: bool) -> None:
    for cut in range(len(stream) + 1):
        assert modes(stream[:cut], stream[cut:]).is_set(66) is is_set


@pytest.mark.parametrize(
    ("stream", "mode"),
    [
        (b"", 0),
        (b"\x1b[?9h", 9),
        (b"\x1b[?1000h", 1000),
        (b"\x1b[?1002;1000h", 1002),
        (b"\x1b[?1000;1002;1003h", 1003),
        (b"\x1b[?1000;1003h\x1b[?1003l", 1000),
        (b"\x1b[?1006h", 0),
    ],
)
def test_what_of_the_mouse_is_reported(stream: bytes, mode: int) -> None:
    assert modes(stream).mouse == mode


def test_a_state_of_an_older_version_is_read() -> None:
    older = msgspec.msgpack.encode({"dec": [7, 25, 2004], "ansi": [], "keyboard": [0], "alternate": False})
    read = msgspec.msgpack.decode(older, type=Modes)
    assert read.bracketed
    assert read.mouse == 0
