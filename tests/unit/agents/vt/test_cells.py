"""How cells are read: what takes one column in every core, what halves of wide characters and erased cells show."""

from __future__ import annotations

import re
import unicodedata

import pytest

from agents.vt import mending, safety
from agents.vt.cells import BITS, NARROW, SIMPLE, SIZE, WIDE, Looks, erased, runs
from agents.vt.joining import JOINING
from agents.vt.libvterm import Core, Library
from agents.vt.rows import PLAIN, TRUE_COLOUR, Run, Style
from tests.unit.agents.vt.cores import libraries, needed


def cell(*characters: int, width: int = 1, attributes: int = 0, fg: bytes = b"\x02", bg: bytes = b"\x04") -> bytes:
    code_points = [*characters, *[0] * (6 - len(characters))]
    words = [*code_points, width, attributes, *(int.from_bytes(colour, "little") for colour in (fg, bg))]
    return b"".join(word.to_bytes(4, "little") for word in words)


def looks(**entries: tuple[int, int]) -> Looks:
    return Looks(BITS["0.1"], lambda number: entries.get(f"n{number}", (-1, 0)))


@needed
@pytest.mark.parametrize("library", libraries(), ids=lambda library: library.interface)
def test_what_counts_as_narrow_takes_one_column_and_joins_nothing(library: Library) -> None:
    wanted = re.compile(f"[{NARROW}]")
    characters = [chr(code) for code in range(0xA0, 0x10000) if not 0xD800 <= code < 0xE000]
    narrow = [one for one in characters if wanted.match(one) and unicodedata.category(one) != "Cn"]
    assert len(narrow) > 9000
    core = Core(library, 1, 200)
    for begin in range(0, len(narrow), 150):
        text = "".join(narrow[begin : begin + 150])
        core.write(b"\x1b[H\x1b[2J" + text.encode() + b"|")
        assert core.text() == (text + "|",)
        assert core.cursor() == (0, len(text) + 1)


def test_what_is_drawn_as_it_is_joins_nothing_and_is_not_mended() -> None:
    drawn = [chr(code) for code in range(0xA0, 0x20000) if re.match(f"[{NARROW}{WIDE}]", chr(code))]
    assert len(drawn) > 40_000
    joining = re.compile(f"[{JOINING}]")
    assert [one for one in drawn if joining.match(one) or mending.mended(one) != one] == []
    for begin in range(0, len(drawn), 4000):
        text = "".join(drawn[begin : begin + 4000]).encode()
        assert safety.portions(text, styled=True) == ([text], len(text))


def test_ascii_is_simple_and_what_is_wide_or_joins_is_not() -> None:
    assert SIMPLE.fullmatch("".join(map(chr, range(0x20, 0x7F))))
    for odd in ("漢", "e\u0301", "\u00ad", "\u200d", "\x07", "👍", "\x85", "⌚"):
        assert SIMPLE.fullmatch(odd) is None


def test_a_cell_is_forty_bytes() -> None:
    assert len(cell(0x61)) == SIZE


def test_cells_of_one_look_are_one_run_and_blanks_behind_are_none() -> None:
    raw = cell(0x61) + cell(0x62) + cell(0x63, attributes=1) + cell(0x20) + cell(0)
    assert runs(raw, looks()) == (Run(0, 2, "ab", PLAIN), Run(2, 1, "c", Style(bold=True)))


def test_a_wide_character_takes_two_cells_and_its_right_half_none() -> None:
    raw = cell(0x61) + cell(0x6F22, width=2) + cell(0xFFFFFFFF, attributes=1) + cell(0x62)
    assert runs(raw, looks()) == (Run(0, 1, "a", PLAIN), Run(1, 2, "漢", PLAIN), Run(3, 1, "b", PLAIN))


def test_halves_of_wide_characters_are_blanks() -> None:
    raw = cell(0x6F22) + cell(0x61) + cell(0xFFFFFFFF) + cell(0x62)
    assert runs(raw, looks()) == (Run(0, 4, " a b", PLAIN),)


def test_joined_characters_are_one_cluster_also_six() -> None:
    raw = cell(0x65, 0x301) + cell(0x65, *[0x301] * 5) + cell(0x61)
    assert [(run.col, run.width, run.text) for run in runs(raw, looks())] == [
        (0, 1, "e\u0301"),
        (1, 1, "e" + "\u0301" * 5),
        (2, 1, "a"),
    ]


def test_what_is_no_character_is_replaced() -> None:
    raw = cell(0xD800) + cell(0x110000) + cell(0x7FFFFFFF)
    assert runs(raw, looks())[0].text == "\ufffd" * 3


def test_an_erased_cell_keeps_its_background_alone() -> None:
    raw = cell(0, attributes=0b100111, bg=b"\x01\x05") + cell(0x20, attributes=1)
    assert runs(raw, looks()) == (Run(0, 1, " ", Style(bg=5)), Run(1, 1, " ", Style(bold=True)))
    assert erased(Style(bold=True, link=3)) is PLAIN


@pytest.mark.parametrize(
    ("colour", "told"),
    [
        (b"\x01\xc8\x07\x09", 200),
        (b"\x00\x01\x02\x03", TRUE_COLOUR | 0x010203),
        (b"\x00\x00\x00\x00", TRUE_COLOUR),
    ],
)
def test_a_colour_is_of_the_palette_or_its_own(colour: bytes, told: int) -> None:
    style = runs(cell(0x61, fg=colour, bg=colour), looks())[0].style
    assert (style.fg, style.bg) == (told, told)


def test_a_default_background_may_stand_for_another_and_a_link() -> None:
    style = runs(cell(0x61, bg=b"\x04\x07\x00\x00"), looks(n7=(3, 12)))[0].style
    assert style == Style(bg=3, link=12)


def test_more_looks_than_are_kept_ready_are_still_told() -> None:
    many = looks()
    for number in range(10_000):
        colour = b"\x00" + number.to_bytes(3, "big")
        assert many.style((0, int.from_bytes(colour, "little"), 4)).fg == TRUE_COLOUR | number
