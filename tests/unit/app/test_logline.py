"""What a raw line looks like to a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logline import BOLD, RGB, UNDERLINE, Run, Style, apply_sgr, show, show_long, width


def test_plain_text_is_itself() -> None:
    assert show(b"hello world").text == "hello world"
    assert show(b"hello").runs == ()


def test_colours_become_runs() -> None:
    line = show(b"\x1b[31merr\x1b[0m ok \x1b[1;38;5;208mbold\x1b[m")
    assert line.text == "err ok bold"
    assert line.runs == (Run(0, 3, Style(fg=1)), Run(7, 11, Style(fg=208, flags=BOLD)))


@pytest.mark.parametrize("parameters", ["38;2;1;2;3", "38:2:1:2:3", "38:2::1:2:3"])
def test_true_colour_in_all_spellings(parameters: str) -> None:
    assert apply_sgr(Style(), parameters).fg == RGB | 0x010203


def test_what_follows_an_extended_colour_still_counts() -> None:
    assert apply_sgr(Style(), "38;5;9;48;2;9;8;7;4") == Style(9, RGB | 0x090807, UNDERLINE)


@pytest.mark.parametrize(
    ("parameters", "after"),
    [
        ("", Style()),
        ("22", Style(3, 4, UNDERLINE)),
        ("39;49", Style(None, None, BOLD | UNDERLINE)),
        ("97;107", Style(15, 15, BOLD | UNDERLINE)),
        ("38", Style(None, 4, BOLD | UNDERLINE)),
        ("999999999", Style()),
    ],
)
def test_single_codes(parameters: str, after: Style) -> None:
    assert apply_sgr(Style(3, 4, BOLD | UNDERLINE), parameters) == after


def test_the_last_state_of_a_progress_line_is_shown() -> None:
    assert show(b" 10%\r 50%\r100% done\r").text == "100% done"


def test_titles_hyperlinks_and_cursor_moves_leave_no_trace() -> None:
    raw = b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b[2K\x1b[1Ab\x1b(B\x1b=c"
    assert show(raw).text == "alinkbc"


def test_deceptive_characters_are_taken_out() -> None:
    assert show("a\u202eb\u200bc\x07\x08d\x85".encode()).text == "abcd"


def test_tabs_stop_at_eight_columns_behind_wide_characters_too() -> None:
    assert show("漢\tx".encode()).text == "漢" + " " * 6 + "x"


def test_broken_utf8_is_marked_and_not_lost() -> None:
    assert show(b"a\xffb").text == "a\ufffdb"


def test_a_long_line_says_what_is_missing() -> None:
    line = show_long(b"head", b"\x1b[31mtail", 52_400_000)
    assert line.text == "head ⋯ 52.4 MB not shown ⋯ tail"
    assert line.runs[0].start == line.text.index("tail")
    assert line.elided == 52_400_000
    assert line.text[: line.elided_at] == "head"


def test_a_long_progress_line_shows_its_last_state() -> None:
    assert show_long(b"1%\r2%", b"98%\r99%", 10**7).text == "99%"


def test_widths() -> None:
    assert width("abc") == 3
    assert width("漢字") == 4
    assert width("e\u0301") == 1
    assert width("🙂") == 2


@given(st.binary(max_size=300))
def test_nothing_a_program_writes_gets_through_raw(raw: bytes) -> None:
    line = show(raw.replace(b"\n", b""))
    assert not any(c < " " or "\x7f" <= c < "\xa0" for c in line.text)
    assert all(0 <= r.start < r.end <= len(line.text) for r in line.runs)
    ends = [(r.start, r.end) for r in line.runs]
    assert ends == sorted(ends)
