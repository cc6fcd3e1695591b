"""Output that means harm: behind it the screen is right, time and memory stay bounded, and nothing of it acts."""

from __future__ import annotations

import re
import resource
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.vt.grid import Grid, Style
from agents.vt.keys import Key, encode
from agents.vt.modes import Modes
from agents.vt.paste import BEGIN, END, prepare
from agents.vt.queries import Known, reply
from agents.vt.stream import STRING_LIMIT, Splitter
from tests.unit.agents.vt import cores

pytestmark = cores.needed

#: What a program that comes after does to begin anew: ends what is open, and clears.
RECOVERY = b"\x18\x1b\\\x1b[?1049l\x1b[!p\x1b[?5l\x1b[2J\x1b[H"

#: What is tried for so many bytes.
FLOOD = 64 * 1024

#: A mark that must come back from nowhere.
EVIL = b"rm -rf ~"

#: Asked for or done once: what each would do in a terminal that obeys.
ONCE = {
    "writes the clipboard": b"\x1b]52;c;cm0gLXJmIH4K\x07",
    "reads the clipboard": b"\x1b]52;c;?\x07",
    "sets a title and asks for it": b"\x1b]2;" + EVIL + b"\r\x07\x1b[21t\x1b[20t",
    "asks for a setting with a command in it": b"\x1bP$q" + EVIL + b"\r\x1b\\",
    "asks for a capability with a command in it": b"\x1bP+q" + EVIL.hex().encode() + b"\x1b\\",
    "asks for a font": b"\x1b]50;?\x07\x1b]50;#" + EVIL + b"\x07",
    "asks for a colour with a command in it": b"\x1b]4;" + EVIL + b";?\x07\x1b]10;" + EVIL + b";?\x07",
    "asks for the answerback": b"\x05",
    "asks for a checksum of the screen": EVIL + b"\x1b[1;1;1;1;80;1*y",
    "asks for a macro": b"\x1bP1;0;0!z" + EVIL + b"\r\x1b\\\x1b[1*z\x1b[?62n\x1b[?63;1n",
    "defines a key": b"\x1bP0;1|17/726d\x1b\\\x1b[?26n",
    "notifies": b"\x1b]9;" + EVIL + b"\x07\x1b]777;notify;a;b\x07\x1b]99;i=1;" + EVIL + b"\x1b\\",
    "sets a directory": b"\x1b]7;file://host/etc\x07\x1b]1337;CurrentDir=/etc\x07",
    "downloads a file": b"\x1b]1337;File=name=eA==;size=4:AAAA\x07",
    "runs in another terminal": b'\x1b]51;["call","x"]\x07\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\',
    "moves the window": b"\x1b[3;0;0t\x1b[4;10;10t\x1b[8;200;300t\x1b[9;1t\x1b[10;1t\x1b[2t\x1b[5t",
    "prints": b"\x1b[5i" + EVIL + b"\x1b[4i\x1b[?5i\x1b[i",
    "locks the keyboard": b"\x1b[2h\x1b[?2h\x1b[12l",
    "is deaf to keys": b"\x1b[?8l\x1b[>0p\x1b[2*x",
    "loads characters": b"\x1bP1;1;1;4;0;0{ @~~~/\x1b\\\x1b( @",
    "locks in another character set": b"\x1b(0\x1b)0\x0e\x1bn\x1b%@\x1b%/I",
    "goes to another emulation": b'\x1b[61"p\x1b[?2l\x1b\x1f\x1b<\x1b[?38h',
    "reads memory": b"\x1b[256;256;1;1;1;1;$w\x1b[?1;1;1;1x",
}

#: Done again and again.
AGAIN = {
    "line feeds": b"\n",
    "reverse feeds": b"\x1bM",
    "full resets": b"\x1bc",
    "soft resets": b"\x1b[!p",
    "test pictures": b"\x1b#8",
    "clears": b"\x1b[2J",
    "clears of what scrolled off": b"\x1b[3J",
    "lines inserted": b"\x1b[999999999L",
    "lines deleted": b"\x1b[999999999M",
    "scrolls up": b"\x1b[1000000000S",
    "scrolls down": b"\x1b[1000000000T",
    "repetitions": b"a\x1b[1000000000b",
    "repetitions of a wide character": "漢\x1b[1000000000b".encode(),
    "repetitions of an accent": "\u0301\x1b[1000000000b".encode(),
    "tab stops walked": b"\x1b[1000000000I\x1b[1000000000Z",
    "characters inserted": b"\x1b[1000000000@",
    "columns inserted": b"\x1b[1000000000'}",
    "screens switched": b"\x1b[?1049h\x1b[?1049l",
    "screens switched in lists": b"\x1b[?" + b"1047;" * 40 + b"1049h\x1b[?" + b"1047;" * 40 + b"1049l",
    "cursors kept and restored": b"\x1b7\x1b8\x1b[s\x1b[u",
    "regions": b"\x1b[2;9r\x1b[r",
    "accents on one cell": "\u0301".encode(),
    "letters with many accents": ("e" + "\u0301" * 30).encode(),
    "zero width characters": "\u200b\u200d\ufe0f\u2060".encode(),
    "direction changes": "\u202e\u2066\u202c".encode(),
    "tags": "\U000e0041".encode(),
    "titles": b"\x1b]0;title\x07",
    "long titles": b"\x1b]2;" + b"x" * 5000 + b"\x07",
    "bells": b"\x07",
    "palettes": b"\x1b]4;1;#123456;300;#fff;x;y\x07",
    "clipboards": b"\x1b]52;c;" + b"A" * 500 + b"\x07",
    "notifications": b"\x1b]777;notify;t;" + b"b" * 500 + b"\x07",
    "keyboard flags": b"\x1b[>31u",
    "modes that are none": b"\x1b[?31337h\x1b[99h",
    "sequences without an end": b"\x1b[1;",
    "sequences of many parameters": b"\x1b[" + b"1;" * 400 + b"m",
    "styles": b"\x1b[38;2;1;2;3;48:2::4:5:6;58:5:1;4:3;53;2;8mx",
    "strings without an end": b"\x1b]0;x",
    "invalid bytes": b"\xff\xc0\x80\xf5",
    "queries": b"\x1b[c\x1b[6n\x1b[?996n\x1bP$qm\x1b\\",
    "links": b"\x1b]8;;http://a/\x07x\x1b]8;;\x07",
    "synchronised updates": b"\x1b[?2026h",
}

#: All that a terminal answers: forms of ours, made of numbers.
ANSWERS = re.compile(
    rb"(?:\x1b\[[?>]?[0-9;]*(?:[cnRtum]|\$y)|\x1bP(?:0[$+]r|!\|0{8}|>\|Quarterdeck)\x1b\\"
    rb"|\x1b\](?:(?:4;)?[0-9]{1,3};rgb:(?:[0-9a-f]{4}/){2}[0-9a-f]{4}|7501;\?|[lL])(?:\x07|\x1b\\))*"
)


def answered(data: bytes) -> bytes:
    return b"".join(reply(piece, Known()) for piece in Splitter().feed(data))


def is_right(grid: Grid) -> bool:
    """Tell whether what is drawn now is shown as it should be, and nothing else."""
    grid.feed(RECOVERY + "after \x1b[1mbold\x1b[m 漢".encode())
    rows = [grid.row(number).text for number in range(grid.rows)]
    bold = [run.style for run in grid.row(0).runs if run.text == "bold"]
    cursor = grid.cursor
    return (
        rows == ["after bold 漢"] + [""] * (grid.rows - 1)
        and bold == [Style(bold=True)]
        and (cursor.row, cursor.col, cursor.visible, grid.alternate) == (0, 13, True, False)
    )


def memory() -> int:
    """Return the most memory this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize("attack", ONCE.values(), ids=ONCE)
def test_nothing_acts_and_the_screen_is_right_behind_it(attack: bytes) -> None:
    grid = Grid(24, 80)
    before = encode(Key("Enter"), grid.modes), encode(Key("", "x"), grid.modes)
    grid.feed(attack)
    assert (grid.rows, grid.cols) == (24, 80)
    assert (encode(Key("Enter"), grid.modes), encode(Key("", "x"), grid.modes)) == before
    assert ANSWERS.fullmatch(answered(attack))
    assert is_right(grid)


@pytest.mark.parametrize("attack", AGAIN.values(), ids=AGAIN)
def test_a_flood_of_it_ends_in_time_and_leaves_a_right_screen(attack: bytes) -> None:
    grid = Grid(24, 80)
    flood = attack * (FLOOD // len(attack))
    grid.feed(b"before")
    began, most = time.process_time(), memory()
    for at in range(0, len(flood), 4096):
        grid.feed(flood[at : at + 4096])
    grid.feed(flood)
    for number in range(24):
        grid.row(number)
    # The slowest takes some 0.3 s on a quiet machine; without bounds some of them take minutes or gigabytes.
    assert time.process_time() - began < 10.0
    assert memory() - most < 60_000
    assert len(grid.take_notes()) <= 32
    assert is_right(grid)
    assert ANSWERS.fullmatch(answered(flood))


@given(st.lists(st.sampled_from([*ONCE.values(), *AGAIN.values(), EVIL, b"\r\n", b"\x1b", b"\x9c", b"?"]), max_size=12))
@settings(max_examples=150, deadline=None)
def test_whatever_is_put_together_nothing_printed_comes_back_as_input(parts: list[bytes]) -> None:
    data = b"".join(parts)
    said = answered(data)
    assert ANSWERS.fullmatch(said)
    assert EVIL not in said
    assert not set(said) & set(b"\r\n")
    grid = Grid(6, 20)
    grid.feed(data)
    assert is_right(grid)


def test_many_answers_are_not_much_longer_than_what_asked() -> None:
    asked = b"\x1b]4;" + b";".join(b"%d;?" % number for number in range(256)) * 20 + b"\x07"
    assert len(answered(asked)) < 8192


@pytest.mark.parametrize("introducer", [b"\x1b]0;", b"\x1bPq", b"\x1bPp", b"\x1b_G", b"\x1b^", b"\x1bX", b"\x1b]8;;"])
def test_a_string_of_any_length_takes_no_room_and_no_time(introducer: bytes) -> None:
    grid = Grid(24, 80)
    grid.feed(b"a" + introducer)
    began, most = time.process_time(), memory()
    for _ in range(32):
        grid.feed(b"#1;2;50;50;50~" * 40_000)
    grid.feed(b"\x1b\\b")
    assert grid.row(0).text == "ab"
    assert grid.title == ""
    assert memory() - most < 20_000
    assert time.process_time() - began < 5.0
    assert is_right(grid)


def test_a_title_is_one_short_line_of_what_can_be_printed() -> None:
    grid = Grid(2, 20)
    grid.feed("\x1b]2;a\u202eb\u2066c\u200bd\u0007".encode())
    assert grid.title == "abcd"
    grid.feed(b"\x1b]2;one\r\ntwo\tthree\x08\x1b\\")
    assert grid.title == "one two three"
    grid.feed(b"\x1b]2;" + b"y" * (STRING_LIMIT - 100) + b"\x07")
    assert grid.title == "y" * 255 + "…"
    grid.feed(b"\x1b]2;" + b"x" * (1024 * 1024) + b"\x07")
    assert grid.title == "y" * 255 + "…"
    grid.feed("\x1b]2;\u3164\u115f\uffa0 \U000e0041\u00ad\x07".encode())
    assert grid.title == ""


@pytest.mark.parametrize("code", [b"9;", b"777;notify;t;", b"99;;"])
def test_what_is_asked_for_is_written_down_as_one_clean_line(code: bytes) -> None:
    grid = Grid(2, 20)
    grid.feed(b"\x1b]" + code + "pay\u202ecilp\x01\nnow".encode() * 200 + b"\x07")
    (note,) = grid.take_notes()
    assert len(note.text) <= 1024
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in note.text)
    assert grid.take_notes() == ()


def test_what_was_to_be_copied_is_kept_whole_and_of_few() -> None:
    grid = Grid(2, 20)
    grid.feed(b"\x1b]52;c;" + b"QUJD" * 10_000 + b"\x07")
    (note,) = grid.take_notes()
    assert note.text == "c;" + "QUJD" * 10_000
    most = memory()
    for _ in range(500):
        grid.feed(b"\x1b]52;c;" + b"QUJD" * 10_000 + b"\x07")
    assert memory() - most < 20_000
    assert len(grid.take_notes()) == 32


def test_links_in_a_flood_are_forgotten_and_never_taken_for_others() -> None:
    grid = Grid(4, 10, keep=10)
    grid.feed(b"\x1b]8;;http://first/\x07F\x1b]8;;\x07")
    first = grid.row(0).runs[0].style.link
    assert grid.link(first) == "http://first/"
    most = memory()
    for begin in range(0, 20_000, 500):
        grid.feed(
            b"\x1b[2;1H" + b"".join(b"\x1b]8;;http://%d/%s\x07x" % (n, b"y" * 500) for n in range(begin, begin + 500))
        )
    assert memory() - most < 40_000
    assert grid.link(first) is None
    links = [run.style.link for number in range(4) for run in grid.row(number).runs if run.style.link]
    assert links
    assert {grid.link(link) for link in links} <= {None, *(f"http://{link - 2}/{'y' * 500}" for link in links)}


@pytest.mark.parametrize(
    "address", ["http://a/\u202egpj.exe", "http://a/\x01b", "http://a/\x85", "http://a/" + "x" * 3000]
)
def test_a_link_with_characters_nobody_sees_or_without_end_is_none(address: str) -> None:
    grid = Grid(2, 20)
    grid.feed(f"\x1b]8;;{address}\x07X".encode())
    assert all(run.style.link == 0 for run in grid.row(0).runs)


def test_what_is_copied_from_a_screen_and_pasted_types_only_what_could_be_typed() -> None:
    grid = Grid(3, 80)
    grid.feed("echo\x1b[8m\x1b[201~hidden\x1b[m \u202eevil\u2069 \x9b201~ \xc2\x9b201~\r\nls".encode())
    modes = Modes(dec=(7, 25, 2004))
    pasted = prepare("\n".join(grid.row(number).text for number in range(2)), modes).data
    assert pasted.startswith(BEGIN)
    assert pasted.endswith(END)
    inside = pasted[len(BEGIN) : -len(END)]
    assert b"\x1b" not in inside
    assert not any(unicodedata.category(character) == "Cc" for character in inside.decode() if character != "\r")


def test_lines_that_scroll_for_ever_take_no_more_room_than_is_kept() -> None:
    grid = Grid(24, 80, keep=200)
    lines = b"\x1b[31mline of text\x1b[m that is coloured\r\n" * 2000
    grid.feed(lines)
    most = memory()
    for _ in range(50):
        grid.feed(lines)
        grid.feed(b"\x1b[2;20r" + lines[:4000] + b"\x1b[r")
    assert memory() - most < 30_000
    assert grid.kept(grid.scrolled - 1) is not None
    assert grid.kept(grid.scrolled - 2000) is None


def _pour(grid: Grid, portion: bytes, size: int) -> None:
    for _ in range(size // len(portion)):
        grid.feed(portion)


def test_megabytes_without_a_line_end_take_neither_room_nor_much_time() -> None:
    grid = Grid(24, 80, keep=200)
    _pour(grid, b"x" * 16384, 1024 * 1024)
    most = memory()
    _pour(grid, b"x" * 16384, 8 * 1024 * 1024)
    assert memory() - most < 20_000
    assert grid.row(0).text == "x" * 80
    assert is_right(grid)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("portion", [b"x" * 16384, "漢e\u0301🟢".encode() * 1500, b"\x1b[1;31mx\x1b[m" * 1400], ids=len)
def test_a_hundred_megabytes_without_a_line_end_take_no_room(portion: bytes) -> None:
    grid = Grid(24, 80)
    _pour(grid, portion, 4 * 1024 * 1024)
    most = memory()
    _pour(grid, portion, 100 * 1024 * 1024)
    assert memory() - most < 30_000
    assert is_right(grid)
