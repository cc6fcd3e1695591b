"""What programs ask for beside the screen: titles, colours and notes, each taken with bounds and never done."""

from __future__ import annotations

import pytest

from agents.vt.asked import NOTES, TEXT, TITLE, Asked
from agents.vt.rows import Note
from agents.vt.stream import Osc


def asked(*pieces: tuple[int | None, bytes]) -> Asked:
    made = Asked()
    for code, body in pieces:
        made.feed(Osc(code, body))
    return made


@pytest.mark.parametrize("code", [0, 2])
def test_a_title_is_one_line_of_what_can_be_printed(code: int) -> None:
    assert asked((code, "a\u202e\u200b \n b\x1b\u0080c".encode())).title == "a bc"
    assert asked((code, b"\xff!")).title == "\ufffd!"
    assert len(asked((code, b"x" * 9999)).title) == TITLE


def test_an_icon_name_is_no_title() -> None:
    assert asked((1, b"icon"), (None, b"odd")).title == ""


@pytest.mark.parametrize(
    ("given", "colour"),
    [
        (b"rgb:ff/80/00", 0xFF8000),
        (b"rgb:f/8/0", 0xFF8800),
        (b"rgb:ffff/8080/0000", 0xFF8000),
        (b"rgb:fff/800/000", 0xFF7F00),
        (b"#ff8000", 0xFF8000),
        (b"#f80", 0xFF8800),
    ],
)
def test_a_colour_is_read_as_x11_writes_it(given: bytes, colour: int) -> None:
    assert asked((4, b"1;" + given), (11, given)).palette == {1: colour, -2: colour}


@pytest.mark.parametrize("given", [b"?", b"red", b"rgb:fffff/0/0", b"rgb:1/2", b"#12345", b"", b"rgb:g/0/0"])
def test_no_other_colour_is_taken(given: bytes) -> None:
    assert asked((4, b"1;" + given), (10, given)).palette == {}


def test_several_colours_are_set_at_once_where_there_are_any() -> None:
    assert asked((4, b"1;#111;300;#222;x;#333;255;#444;9")).palette == {1: 0x111111, 255: 0x444444}
    assert asked((10, b"#111;?;#333;#444")).palette == {-1: 0x111111, -3: 0x333333}


def test_colours_are_taken_back() -> None:
    set_all = ((4, b"1;#111;2;#222;3;#333"), (10, b"#111;#222;#333"))
    assert asked(*set_all, (104, b"2;9;x")).palette.keys() == {1, 3, -1, -2, -3}
    assert asked(*set_all, (104, b"")).palette.keys() == {-1, -2, -3}
    assert asked(*set_all, (110, b""), (111, b""), (112, b"")).palette.keys() == {1, 2, 3}
    made = asked(*set_all)
    made.reset()
    assert made.palette == {}


@pytest.mark.parametrize(
    ("code", "body", "note"),
    [
        (52, b"c;aGk=", Note("clipboard", "c;aGk=")),
        (9, b"done\x1b!", Note("notification", "done!")),
        (777, b"notify;a;b", Note("notification", "notify;a;b")),
        (99, b"i=1;hello", Note("notification", "i=1;hello")),
    ],
)
def test_what_nobody_does_is_written_down(code: int, body: bytes, note: Note) -> None:
    assert asked((code, body)).take_notes() == (note,)


def test_progress_is_no_notification() -> None:
    assert asked((9, b"4;1;50"), (9, b"4")).take_notes() == ()


def test_notes_are_few_and_short_and_taken_once() -> None:
    made = asked(*[(9, b"%d" % number * 3000) for number in range(100)])
    notes = made.take_notes()
    assert len(notes) == NOTES
    assert notes[-1].text.startswith("99")
    assert {len(note.text) for note in notes} == {TEXT}
    assert made.take_notes() == ()
