"""Which output is nothing but lines, of which most leave unseen, and how many rows they make."""

from __future__ import annotations

import pytest

from agents.vt.flow import parted

ROWS, COLS = 4, 20


def many(line: bytes, count: int = 20) -> bytes:
    return (line + b"\r\n") * count


def test_lines_are_parted_into_what_ends_the_present_one_what_passes_and_what_stays() -> None:
    data = b"rest\r\n" + many(b"\x1b[32mpass\x1b[m") + b"\x1b[1mlast\r\n" + many(b"stay", 3) + b"begun"
    flow = parted(data, ROWS, COLS)
    assert flow is not None
    assert flow.head + flow.passing + flow.tail == data
    assert flow.head == b"rest\r\n"
    assert flow.tail.count(b"\n") == ROWS - 1
    assert flow.tail.endswith(b"begun")
    assert (flow.lines, flow.styling) == (21, b"\x1b[m\x1b[1m")


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        (b"x" * COLS, 1),
        (b"x" * (COLS + 1), 2),
        (b"x" * (3 * COLS), 3),
        (b"", 1),
        (b"\x1b[38;2;1;2;3m" + b"x" * COLS + b"\x1b[0m\x1b[K", 1),
        ("│é…✓".encode() * 5, 1),
        (b"a\tb", 1),
        (b"50%\r60%", 1),
        (b"ab\bc", 1),
    ],
)
def test_rows_are_counted_as_they_will_be_drawn(line: bytes, rows: int) -> None:
    flow = parted(many(line), ROWS, COLS)
    assert flow is not None
    assert flow.lines == rows * (flow.passing.count(b"\n"))


@pytest.mark.parametrize(
    "line",
    [
        "漢字".encode(),
        "e\u0301".encode(),
        b"\xff",
        b"\x1b[Aup",
        b"\x1b[2J",
        b"\x1b7",
        b"\x0e",
        b"\x0b",
        b"x" * COLS + b"\ty",
        b"x" * COLS + b"\rx",
        b"bare\nfeed",
        b"\x1b[44mfilled",
    ],
)
def test_what_only_drawing_tells_is_drawn(line: bytes) -> None:
    assert parted(many(line), ROWS, COLS) is None


def test_few_lines_are_just_drawn() -> None:
    assert parted(many(b"x", ROWS + 2), ROWS, COLS) is None
    assert parted(many(b"x", ROWS + 3), ROWS, COLS) is not None
    assert parted(many(b"x"), 1, COLS) is None
