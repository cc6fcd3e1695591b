"""Lines and offsets agree with splitting the bytes, however they came in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logindex import BLOCK, LineIndex, NotLoaded


def reader(data: bytes, origin: int = 0):  # type: ignore[no-untyped-def]
    return lambda offset, length: data[offset - origin : offset - origin + length]


def fed(data: bytes, portions: int, origin: int = 0) -> LineIndex:
    index = LineIndex(origin)
    for position in range(0, len(data), portions):
        index.add(data[position : position + portions])
    return index


@given(
    st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"x")), max_size=60),
    st.integers(1, 97),
    st.booleans(),
)
def test_agrees_with_splitlines(lines: list[bytes], portions: int, ended: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    index = fed(data, portions, origin=1000)
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert index.lines == len(expected)
    read = reader(data, 1000)
    offset = 1000
    for number, line in enumerate(expected):
        assert index.offset_of(number, read) == offset
        assert index.line_at(offset, read) == number
        assert index.line_at(offset + len(line), read) == number
        offset += len(line) + 1


def test_lines_over_many_blocks() -> None:
    lines = [b"%d" % n + b"." * (n % 300) for n in range(20_000)]
    data = b"\n".join(lines) + b"\n"
    index = fed(data, 70_001)
    read = reader(data)
    assert index.lines == 20_000
    for number in (0, 1, 137, 9_999, 19_999):
        offset = index.offset_of(number, read)
        assert data[offset:].split(b"\n", 1)[0] == lines[number]
        assert index.line_at(offset, read) == number
    assert index.offset_of(20_000, read) == len(data)
    assert index.memory <= (len(data) // BLOCK + 2) * 8


def test_one_line_longer_than_many_blocks() -> None:
    data = b"a\n" + b"x" * (BLOCK * 5) + b"\nlast"
    index = fed(data, 10_000)
    read = reader(data)
    assert index.lines == 3
    assert index.offset_of(1, read) == 2
    assert index.offset_of(2, read) == len(data) - 4
    assert index.line_at(BLOCK * 3, read) == 1


def test_says_which_bytes_are_missing() -> None:
    index = fed(b"a\nb\n", 4)
    with pytest.raises(NotLoaded) as missing:
        index.offset_of(1, lambda _offset, _length: None)
    assert (missing.value.offset, missing.value.length) == (0, 4)
    assert index.offset_of(0, lambda _offset, _length: None) == 0
