"""What the native core is never given: each of these harmed it, measured with 0.1.4 and 0.3.3."""

from __future__ import annotations

import re

import pytest

from agents.vt import libvterm, safety
from agents.vt.libvterm import Core
from agents.vt.safety import portions

needed = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")


def given(data: bytes) -> bytes:
    parts, taken = portions(data)
    assert taken == len(data)
    return b"".join(parts)


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[" + b"1;" * 500 + b"H",
        b"\x1b[" + b";" * 17 + b"m",
        b"\x1b[" + b":" * 900 + b"J",
        b"\x1b[?" + b"1;" * 40 + b"h",
    ],
)
def test_no_sequence_has_more_parameters_than_the_core_has_room_for(sequence: bytes) -> None:
    assert all(
        len(re.split(b"[;:]", found)) <= 16 for found in re.findall(rb"\x1b\[([^@-~]*)", given(b"a" + sequence + b"b"))
    )


def test_an_aborted_sequence_keeps_no_parameters_either() -> None:
    assert given(b"a\x1b[" + b"1;" * 30 + "é".encode() + b"b") == "aéb".encode()


@pytest.mark.parametrize(
    "hidden", [b"\x1b\n[", b"\x1b\x00[", b"\x1b\x7f\n[", b"\x1b[\n", b"\x1b[1\n;", b"\x1b[1\xc2\x80;"]
)
def test_controls_within_a_sequence_hide_nothing(hidden: bytes) -> None:
    found = re.findall(rb"\x1b\[([^@-~]*)", given(hidden + b";" * 30 + b"H"))
    assert found
    assert all(len(re.split(b"[;:]", parameters)) <= 16 for parameters in found)
    assert b"\x1b\n" not in given(hidden + b"1H")


@pytest.mark.parametrize("between", [b"\x1b[b", b"\x1b[m", b"\x1b#6", b"\x1b]", b"\x1b[11111b", b"\x1b[\x18b"])
def test_what_is_taken_out_lets_nothing_dangerous_move_together(between: bytes) -> None:
    for begun, end in ((b"\x1b[", b"\nb"), (b"\x1b[;;;;;;;;;;", b";;;;;;;;;;H"), (b"\x1b", b"[b")):
        found = b"".join(portions(b"\xcc\x81" + begun + between + end)[0])
        assert b"\x1b" not in found


def test_an_endless_sequence_becomes_text() -> None:
    assert given(b"\x1b[" + b"1" * 5000 + b"H") == b"1" * 5000 + b"H"


@pytest.mark.parametrize("number", [b"99999", b"9223372036854775807", b"99999999999999999999"])
def test_no_number_is_larger_than_any_screen(number: bytes) -> None:
    assert given(b"\x1b[" + number + b"X") == b"\x1b[" + number[:4] + b"X"


def test_c1_characters_which_move_left_of_the_screen_are_left_out() -> None:
    assert given(b"a\xc2\x80\xc2\x9bb\x00\x7fc") == b"abc"


def test_invalid_bytes_become_what_stands_for_them() -> None:
    assert given(b"a\xffb\xed\xa0\x80\xf8\x88\x80\x80\x80c").decode().replace("�", "") == "abc"


@needed
@pytest.mark.timeout(20)
@pytest.mark.parametrize("before", [b"\xef\xb8\x8f", b"", b"x\r\xcc\x81", b"\x1b[2Ja\x1b[5;5H\xcc\x81"])
@pytest.mark.parametrize(
    "repeat", [b"\x1b[b\x1b[9999b", b"\x1b[\x0eb", b"\x1b\n[3b", b"\x1b[1;2b", b"\x1b[99999;" + b"1?" * 20 + b"b"]
)
def test_an_accent_is_never_repeated_which_would_take_for_ever(before: bytes, repeat: bytes) -> None:
    core = Core(libvterm.system(), 5, 10)
    for part in portions(before + repeat)[0]:
        core.write(part)
    assert len(core.text()) == 5


def test_a_character_is_repeated_wherever_its_sequence_came() -> None:
    assert given(b"ab\x1b[3b|\x1b[m\x1b[b") == b"abbbb|\x1b[m|"
    assert portions(b"\x1b[2b", last=safety.last_character(b"\x1b[31m-\x1b[K"))[0] == [b"--"]
    assert portions(b"\x1b[2b", last=safety.last_character(b"-\xc2\x85\x7f"))[0] == [b"--"]
    assert safety.repeats(b"\x1b[2b")
    assert not safety.repeats(b"bb")


def test_a_letter_gets_as_many_accents_as_a_cell_holds() -> None:
    assert given(b"e" + b"\xcc\x81" * 5000 + b"f").decode() == "e" + "\u0301" * 6 + "f"
    thai = "ที่นี่ไม่มีอะไรเลยครับผม"
    assert given(thai.encode()).decode() == thai


def test_hangul_vowels_and_other_letters_that_join_are_limited_as_well() -> None:
    assert given("\u1100".encode() + "\u1160".encode() * 5000).decode() == "\u1100" + "\u1160" * 6
    # U+0619 joins nothing: it has a cell of its own, and what follows is on it.
    two = "\u0600" * 6 + "\u0619" + "\u0600" * 5
    assert given(two.encode()).decode() == two


@pytest.mark.parametrize(
    "heavy",
    [
        b"\n",
        b"\x0b",
        b"\x1bM",
        b"\x1bD",
        b"\x1bE",
        b"\x1bc",
        b"\x1b#8",
        b"\x1b[L",
        b"\x1b[99T",
        b"\x1b[2J",
        b"\x1b[9999b",
        *(b"\x1b[?1047h", b"\x1b[?1047;47;1047l", b"\x1b[1'}", b"\x1b[1 @", b"\x1b[\nS", b"\x1b[?J"),
    ],
)
def test_what_takes_the_core_through_the_whole_screen_weighs_more_than_its_bytes(heavy: bytes) -> None:
    assert safety.weight(b"ab" + heavy, 50, 200) > safety.weight(b"x" * (len(heavy) + 2), 50, 200) + 3


def test_no_character_is_repeated_more_often_than_a_screen_is_wide() -> None:
    assert given(b"-\x1b[9999b") == b"-" * 1001


def test_the_character_to_repeat_is_known_whatever_stands_within_the_sequence() -> None:
    assert safety.repeats(b"\x1b[\x0eb")
    assert safety.repeats(b"\x1b[1\xc2\x80b")


def test_what_may_join_the_character_before_is_written_alone() -> None:
    assert portions("ae\u0301b│c".encode())[0] == [b"ae", "\u0301b│c".encode()]


def test_strings_and_what_a_text_screen_does_not_need_are_left_out() -> None:
    assert given(b"\x1b]0;t\x1b\\\x1bPq\x1b G\x1b#6\x1bN\x1b*0a") == b"0;tqa"


@pytest.mark.parametrize("begun", [b"\x1b", b"\x1b[", b"\x1b[1;3", b"\x1b(", b"\xe6\xbc", b"\x1b[1\xc2\x80"])
def test_what_is_not_whole_yet_waits(begun: bytes) -> None:
    assert portions(b"ab" + begun) == ([b"ab"], 2)


def test_choices_of_characters_are_noticed() -> None:
    assert safety.chooses_characters(b"a\x1b(0b")
    assert not safety.chooses_characters(b"a\x1b(Bb")
    assert portions("lé\rq".encode(), drawing=True)[0] == [b"l", "é".encode(), b"\rq"]


def test_margins_beside_the_text_are_left_out_and_a_kept_cursor_is_kept() -> None:
    assert given(b"a\x1b[s\x1b[5;5Hb\x1b[uc") == b"a\x1b7\x1b[5;5Hb\x1b8\x1b[mc"
    assert given(b"a\x1b[123s\x1b[2;9s\x1b[?69hb\x1b[?6;069;7hc\x1b[?69:69l") == b"ab\x1b[?6h\x1b[?7hc"
    assert given(b"\x1b[?169h\x1b[>1u\x1b[?u") == b"\x1b[?169h\x1b[>1u\x1b[?u"
    assert b"69" not in given(b"\x1b[?1;2;3;4;5;69;6;7;8;9;10;11;12;13;14;15h\x1b[\n?69h")
