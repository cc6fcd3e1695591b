"""Text from the clipboard on its way to a program: brackets, what is taken out, what is said about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt.modes import DEFAULTS, Modes
from agents.vt.paste import BEGIN, BIG, END, Paste, prepare

PLAIN = Modes()
BRACKETED = Modes(dec=(*DEFAULTS, 2004))


@pytest.mark.parametrize(
    ("text", "plain", "dangers"),
    [
        ("ls -l", b"ls -l", ()),
        ("a\tb", b"a\tb", ()),
        ("Grüße 日本 👩‍🚀", "Grüße 日本 👩‍🚀".encode(), ()),
        ("", b"", ()),
        ("ls\n", b"ls\r", ("a line end: it runs at once",)),
        ("a\nb\nc", b"a\rb\rc", ("3 lines, each runs at once",)),
        ("a\r\nb\r\n", b"a\rb\r", ("2 lines, each runs at once",)),
        ("a\rb", b"a\rb", ("2 lines, each runs at once",)),
        ("\n\n", b"\r\r", ("a line end: it runs at once",)),
    ],
)
def test_without_brackets_every_line_is_typed(text: str, plain: bytes, dangers: tuple[str, ...]) -> None:
    assert prepare(text, PLAIN) == Paste(plain, dangers)
    assert prepare(text, BRACKETED) == Paste(BEGIN + plain + END if plain else b"", ())


@pytest.mark.parametrize(
    ("text", "data", "danger"),
    [
        ("a\x1b[31mb", b"a[31mb", "control characters (ESC) were removed"),
        ("a\x00\x03\x03\x04b", b"ab", "control characters (NUL, ^C, ^D) were removed"),
        ("\x16\x7f", b"", "control characters (^V, DEL) were removed"),
        ("a\x9b31mb", b"a31mb", "control characters (CSI) were removed"),
        ("a\x85\x0b\x0cb", b"ab", "control characters (U+0085, ^K, ^L) were removed"),
        ("\x01\x02\x05\x06\x0ex", b"x", "control characters (^A, ^B, ^E, ^F, …) were removed"),
        ("a\ud800b", b"ab", "control characters (U+D800) were removed"),
        ("\x08" * 1000 + "x", b"x", "control characters (BS) were removed"),
    ],
)
def test_control_characters_are_taken_out_and_named(text: str, data: bytes, danger: str) -> None:
    assert prepare(text, PLAIN) == Paste(data, (danger,))
    assert prepare(text, BRACKETED) == Paste(BEGIN + data + END if data else b"", (danger,))


@pytest.mark.parametrize(
    "text",
    [
        "echo safe\x1b[201~\nrm -rf ~\n",
        "echo safe\x9b201~\nrm -rf ~\n",
        "echo safe\x1b\x00[201~",
        "echo safe\x1b\x1b[201~[201~",
        "echo safe\x1b[\x1b[201~201~",
        "\x1b[20\x001~",
        "\x1b[200~\x1b[201~\x1b[201~",
    ],
)
def test_the_end_of_the_brackets_cannot_be_smuggled_in(text: str) -> None:
    pasted = prepare(text, BRACKETED)
    assert pasted.data.startswith(BEGIN)
    assert pasted.data.endswith(END)
    assert b"\x1b" not in pasted.data[len(BEGIN) : -len(END)]
    assert any("were removed" in danger for danger in pasted.dangers)


def test_a_text_that_reads_otherwise_than_it_runs_is_named_and_kept() -> None:
    pasted = prepare("if \u202etrue\u202c", BRACKETED)
    assert "\u202e".encode() in pasted.data
    assert pasted.dangers == (
        "characters that change the order it reads in (pop directional formatting, right-to-left override)",
    )


def test_a_big_paste_is_told_by_its_size() -> None:
    assert prepare("x" * (BIG - 1), BRACKETED).dangers == ()
    assert prepare("x" * 2_340_000, BRACKETED).dangers == ("2,340,000 characters",)
    assert prepare("x" * BIG, PLAIN).dangers == ("100,000 characters",)


@given(text=st.text(), bracketed=st.booleans())
def test_nothing_a_key_could_not_type_is_sent(text: str, *, bracketed: bool) -> None:
    pasted = prepare(text, BRACKETED if bracketed else PLAIN)
    inside = pasted.data[len(BEGIN) : -len(END)] if bracketed and pasted.data else pasted.data
    decoded = inside.decode()
    assert all(
        character in "\t\r" or not (ord(character) < 32 or 0x7F <= ord(character) < 0xA0) for character in decoded
    )
    assert not bracketed or not pasted.data or pasted.data == BEGIN + inside + END
