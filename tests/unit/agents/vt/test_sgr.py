"""Styling written anew for the core: what it lacks as fonts, what it would misread as it means, never too much."""

from __future__ import annotations

import pytest

from agents.vt.sgr import background, is_known, is_usual, rewritten, safe_end


@pytest.mark.parametrize(
    ("given", "font", "written"),
    [
        (b"2", 0, b"\x1b[11m"),
        (b"2", 4, b"\x1b[15m"),
        (b"22", 5, b"\x1b[22;14m"),
        (b"8;53", 0, b"\x1b[12;16m"),
        (b"28", 6, b"\x1b[14m"),
        (b"55", 7, b"\x1b[13m"),
        (b"2;0;8", 0, b"\x1b[11;0;12m"),
        (b"", 7, b"\x1b[0m"),
        (b"6", 0, b"\x1b[5m"),
        (b"4:3", 0, b"\x1b[4:3m"),
        (b"4:0", 0, b"\x1b[24m"),
        (b"4:2", 0, b"\x1b[21m"),
        (b"4:5", 0, b"\x1b[4m"),
        (b"38:2::1:2:3", 0, b"\x1b[38;2;1;2;3m"),
        (b"38:2:1:2:3", 0, b"\x1b[38;2;1;2;3m"),
        (b"48:5:200", 0, b"\x1b[48;5;200m"),
        (b"38;2;1;2;999;1", 0, b"\x1b[38;2;1;2;255;1m"),
        (b"38;5", 0, b""),
        (b"38", 0, b""),
        (b"48;9;1", 0, b"\x1b[1m"),
        (b"58;2;1;2;3;4", 0, b"\x1b[4m"),
        (b"58:5:1;59;4", 0, b"\x1b[4m"),
        (b"11;15", 0, b""),
        (b"99999;1", 0, b"\x1b[0;1m"),
        (b"73;200", 0, b""),
    ],
)
def test_styling_is_written_as_the_core_knows_it(given: bytes, font: int, written: bytes) -> None:
    assert rewritten(b"a\x1b[%smb" % given, font) == b"a" + written + b"b"


def test_the_font_goes_on_from_one_sequence_to_the_next() -> None:
    assert rewritten(b"\x1b[2mx\x1b[53my\x1b[22mz\x1b[m\x1b[8m", 0) == b"\x1b[11mx\x1b[15my\x1b[22;14mz\x1b[0m\x1b[12m"


def test_no_sequence_has_more_parameters_than_the_core_has_room_for() -> None:
    written = rewritten(b"\x1b[%sm" % b";".join([b"1", b"38;2;1;2;3"] * 30), 0)
    sequences = written.split(b"m")[:-1]
    assert len(sequences) == 60
    assert max(sequence.count(b";") for sequence in sequences) < 12


@pytest.mark.parametrize(
    "data",
    [
        b"plain\r\n\ttext",
        b"\x1b[m\x1b[0;1;31m\x1b[01;32m\x1b[38;5;255m\x1b[48;2;1;2;3;1m",
        b"\x1b[2J\x1b[H\x1b[12;40H\x1b[K\x1b7",
        "é│✓漢字かな한글👍⌚".encode(),
    ],
)
def test_usual_output_is_drawn_as_it_is(data: bytes) -> None:
    assert is_usual(data)
    assert is_known(data, 1)
    assert safe_end(data) == len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[2m",
        b"\x1b[22m",
        b"\x1b[4:3m",
        b"\x1b[38;5;256m",
        b"\x1b[%sm" % b";".join([b"1"] * 13),
    ],
)
def test_styling_the_core_does_not_know_is_safe_but_not_usual(data: bytes) -> None:
    assert not is_usual(data)
    assert not is_known(data, 1)
    assert safe_end(data) == len(data)


@pytest.mark.parametrize(
    ("data", "is_so"), [(b"\x1b[22;28m\x1b[55m\x1b[59m", True), (b"\x1b[2m", False), (b"\x1b[8m", False)]
)
def test_what_takes_back_a_font_means_nothing_where_there_is_none(data: bytes, is_so: bool) -> None:
    assert is_known(data, 0) is is_so
    assert not is_known(data, 4)


@pytest.mark.parametrize(
    "odd",
    [
        b"\x00",
        b"\x7f",
        b"\x1b",
        b"\x1b[",
        b"\x1b[5b",
        b"\x1b8",
        b"\x1bH",
        b"\x1b[3g",
        b"\x1b[5 q",
        b"\x1b[99999A",
        b"\x1b[?69h",
        b"\x1b[2L",
        b"\x1b[3;5r",
        b"\x1b(0",
        b"\xff",
        b"\xc2\x85",
        "\ufe0f".encode(),
        "\u200d".encode(),
        "\U0001f9ff".encode(),
        "e\u0301".encode()[1:],
        b"\xe2\x94",
    ],
)
def test_what_may_harm_or_mean_something_else_is_left_to_the_long_way(odd: bytes) -> None:
    data = b"ab" + odd
    assert not is_usual(data)
    assert safe_end(data) == 2


def test_where_characters_are_chosen_only_ascii_is_usual() -> None:
    assert not is_usual("aé".encode(), ascii_alone=True)
    assert safe_end("aé".encode(), ascii_alone=True) == 1


@pytest.mark.parametrize(
    ("colour", "sequence"), [(-1, b"\x1b[49m"), (200, b"\x1b[48;5;200m"), (0x1010203, b"\x1b[48;2;1;2;3m")]
)
def test_a_background_is_set_by_its_sequence(colour: int, sequence: bytes) -> None:
    assert background(colour) == sequence
