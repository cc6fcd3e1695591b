"""The keys that leave, however a terminal writes them; all others pass."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.sitting.keys import Keys


def typed(*pieces: bytes) -> tuple[bytes, bool]:
    keys, passed = Keys(), b""
    for piece in pieces:
        part, leaves = keys.feed(piece)
        passed += part
        if leaves:
            return passed, True
    return passed, False


@pytest.mark.parametrize(
    ("pieces", "passed", "leaves"),
    [
        ([b"ls\r"], b"ls\r", False),
        ([b"ls\x1dd"], b"ls", True),
        ([b"\x1d", b"d"], b"", True),
        ([b"\x1c\x1c"], b"", True),
        ([b"\x1c", b"\x1c"], b"", True),
        ([b"\x1cx"], b"\x1cx", False),
        ([b"\x1c", b"x"], b"\x1cx", False),
        ([b"\x1dx\x1dd"], b"\x1dx", True),
        ([b"\x1d\x1dd"], b"\x1d", True),
        ([b"\x1c\x1dd"], b"\x1c", True),
        ([b"\x1b[93;5u", b"d"], b"", True),
        ([b"\x1b[93;5u\x1b[100u"], b"", True),
        ([b"\x1b[92;5u\x1b[92;5u"], b"", True),
        ([b"\x1b[A\x03"], b"\x1b[A\x03", False),
        ([b"\x1d"], b"", False),
        # as kitty writes them with number and caps lock on, with events, with other layouts' keys, and as xterm does
        ([b"\x1b[93;133u", b"\x1b[100;129u"], b"", True),
        ([b"\x1b[93;69u\x1b[100;65u"], b"", True),
        ([b"\x1b[93;5:1u\x1b[93;5:3u", b"\x1b[57442;5:3u", b"\x1b[100;1:1u"], b"", True),
        ([b"\x1b[93::93;5u", b"d"], b"", True),
        ([b"\x1b[27;5;93~", b"d"], b"", True),
        ([b"\x1b[27;5;92~\x1b[27;5;92~"], b"", True),
        ([b"\x1b[92;5:1u\x1b[92;5:3u\x1b[92;5:1u"], b"", True),
        # with other modifiers, or a key held down, it is the program's
        ([b"\x1b[93;6u", b"d"], b"\x1b[93;6ud", False),
        ([b"\x1b[93;5:2ud"], b"\x1b[93;5:2ud", False),
        ([b"\x1b[27;3;93~d"], b"\x1b[27;3;93~d", False),
        ([b"\x1b[93;5:1u\x1b[93;5:3ux"], b"\x1b[93;5:1u\x1b[93;5:3ux", False),
    ],
)
def test_keys_that_leave_are_kept_and_all_others_passed_on(pieces: list[bytes], passed: bytes, leaves: bool) -> None:
    assert typed(*pieces) == (passed, leaves)


@given(st.binary(max_size=30), st.lists(st.integers(0, 30)))
def test_what_is_typed_arrives_whole_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    whole, left = typed(data + b".")
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    if b"\x1b" not in data:  # a kitty sequence that is cut is the program's
        assert typed(*pieces, b".") == (whole, left)
    if not left:
        assert whole == data + b"."
