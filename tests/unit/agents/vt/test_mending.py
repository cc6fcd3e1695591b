"""What the core does otherwise than the standards, and what it is given instead; the rest is left alone."""

from __future__ import annotations

import unicodedata

import pytest

from agents.vt import libvterm
from agents.vt.libvterm import Core
from agents.vt.mending import mended, ordered, read
from tests.unit.agents.vt import cores


@pytest.mark.parametrize(
    ("written", "given"),
    [
        ("\x1b[?12;25h", "\x1b[?12h\x1b[?25h"),
        ("\x1b[?25;;1:7l", "\x1b[?25l\x1b[?1l\x1b[?7l"),
        ("\x1b[?47h\x1b[?0047l\x1b[?1;47h", "\x1b[?1047h\x1b[?1047l\x1b[?1h\x1b[?1047h"),
        ("\x1b[4;20h", "\x1b[4h\x1b[20h"),
        ("\x1b[3;3r\x1b[4;2r\x1b[;1r", ""),
        ("\x1b[2;4r\x1b[2r\x1b[2;r\x1b[;4r\x1b[r", "\x1b[2;4r\x1b[2r\x1b[2;0r\x1b[0;4r\x1b[r"),
        ("\x1b[1;1;1;1;1T\x1b[2T", "\x1b[2T"),
        ("\x1b[L\x1b[3M", "\x1b[L\r\x1b[3M\r"),
        ("a\x1bcb", "a\x1bc\x1b7b"),
        ("\x1b#8", "\x1b[r\x1b#8\x1b[H"),
    ],
)
def test_what_is_meant_is_given(written: str, given: str) -> None:
    assert mended(written) == given


@pytest.mark.parametrize(
    "written", ["text", "\x1b[1;2H\x1b[?25h\x1b[4h\x1b[K", "\x1b[38;5;4m", "\x1b[?2;4r", "\x1b7\x1b8\x1bM", "漢字😀é"]
)
def test_what_is_right_already_is_left_alone(written: str) -> None:
    assert mended(ordered(written)) == written


@pytest.mark.parametrize("none", ["\x1b[1?25l", "\x1b[ 1q", "\x1b[1<;2H", "\x1b[!1p"])
def test_a_sequence_out_of_order_goes_whole(none: str) -> None:
    assert ordered(f"a{none}b") == "ab"


def test_late_emoji_come_back_as_they_were() -> None:
    every = "".join(
        chr(code)
        for code in range(0x1F000, 0x20000)
        if unicodedata.east_asian_width(chr(code)) == "W" and unicodedata.category(chr(code)) != "Cn"
    )
    assert read(mended(every)) == every
    assert read("\U00030000\U0003134a\U00033479") == "\U00030000\U0003134a\U00033479"


@cores.needed
def test_every_pictograph_the_interpreter_knows_as_wide_takes_two_cells() -> None:
    core = Core(libvterm.system(), 1, 10)
    for code in range(0x1F000, 0x20000):
        character = chr(code)
        if unicodedata.east_asian_width(character) == "W" and unicodedata.category(character) != "Cn":
            core.write(("\r" + mended(character)).encode())
            assert (hex(code), core.cursor()) == (hex(code), (0, 2))
            assert core.text()[0] == character
