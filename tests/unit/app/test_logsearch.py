"""Searching finds what is shown, and only that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logline import show
from app.logsearch import Needle, Scanner


def scan(text: str, chunk: bytes, first: int = 0, limit: int = 1000) -> list[int]:
    return Scanner(Needle(text)).scan(chunk, first, limit)


def test_numbers_of_matching_lines_each_once() -> None:
    assert scan("b", b"a\nb b b\nc\n\nab\n", first=10) == [11, 14]


def test_limit_and_nothing() -> None:
    assert scan("x", b"x\nx\nx\n", limit=2) == [0, 1]
    assert scan("x", b"x\n", limit=0) == []
    assert scan("", b"x\n") == []


def test_smart_case() -> None:
    log = b"Error\nERROR\nerror\n"
    assert scan("error", log) == [0, 1, 2]
    assert scan("Error", log) == [0]


def test_case_beyond_ascii() -> None:
    log = "straße\nÜBER\nüber\n\nÉTÉ".encode()
    assert scan("über", log) == [1, 2]
    assert scan("ÜBER", log) == [1]
    assert scan("été", log) == [4]


def test_across_colours_and_links() -> None:
    log = b"plain\nERR\x1b[31mOR\x1b[0m\nE\x1b]8;;http://x\x1b\\RROR\n"
    assert scan("error", log) == [1, 2]
    assert scan("ERROR", log) == [1, 2]


def test_not_inside_escape_sequences() -> None:
    assert scan("31m", b"\x1b[31mred\x1b[0m\nreal 31m\n") == [1]
    assert scan("title", b"\x1b]0;title\x07x\n") == []


def test_not_in_states_that_were_overwritten() -> None:
    assert scan("50%", b"10%\r50%\r100%\n50%\r\n") == [1]


@pytest.mark.parametrize(
    ("text", "line", "spans"), [("ab", "xabAB", [(1, 3), (3, 5)]), ("", "x", []), ("A", "aA", [(1, 2)])]
)
def test_where_in_a_line(text: str, line: str, spans: list[tuple[int, int]]) -> None:
    assert Needle(text).in_text(line) == spans


LINES = st.lists(
    st.lists(st.sampled_from(["a", "b", "A", "ü", "\x1b[31m", "\x1b[0m", "\r", " ", "\t", "31m"]), max_size=8).map(
        "".join
    ),
    max_size=12,
)


@given(LINES, st.sampled_from(["a", "ab", "A", "ü", "aü", "31", "b a"]))
def test_same_as_looking_at_every_line(lines: list[str], text: str) -> None:
    chunk = "\n".join(lines).encode()
    expected = [n for n, line in enumerate(chunk.split(b"\n")) if Needle(text).in_text(show(line).text)]
    assert scan(text, chunk) == expected
