from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.status.untrusted import clean, one_line, reveal

DECEPTIVE = "\u202e\u2066\u200b\u200d\ufeff\u00ad\u2028\U000e0041\x00\x07\x1b\x7f\x85"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (f"x{DECEPTIVE}y", "xy"),
        ("grüße 漢字 ✓", "grüße 漢字 ✓"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_one_line_joins_and_cuts() -> None:
    assert one_line("  a\n\n b\tc ") == "a b c"
    assert one_line("x" * 300, 10) == "x" * 9 + "…"


def test_reveal_hides_nothing() -> None:
    assert reveal("rm \u202etxt\x1b[1m\n-f") == "rm ⟨U+202E⟩txt⟨U+001B⟩[1m\n-f"
    assert reveal("ls -l") == "ls -l"


@given(st.text())
def test_no_deceptive_character_is_left(text: str) -> None:
    for shown in (clean(text), reveal(text)):
        assert not set(shown) & set(DECEPTIVE)
    assert "\n" not in one_line(text)
