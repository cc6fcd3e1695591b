"""``attach``: the keys that leave, what of the past is shown, and who has no terminal."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import Capability, Headline, Lifecycle
from app.cli.attach import _QUERIES, Keys
from tests.fakes.scripted_daemon import row
from tests.unit.app.cli.test_see import shown


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


def test_old_questions_to_the_terminal_are_not_asked_again() -> None:
    questions = b"\x1b[c\x1b[>0c\x1b[6n\x1b[?u\x1b[?2026$p\x1b[>q\x1b]11;?\x1b\\\x1b]7501;?\x07\x1bP+q544e\x1b\\"
    kept = b"\x1b[31mred\x1b[u\x1b[?25h\x1b[2J\x1b]0;title\x07\x1b[>1u"
    assert _QUERIES.sub(b"", questions + kept) == kept


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "it speaks a protocol. Send a message with `quarterdeck send habc123 TEXT`"),
        ({"capabilities": (Capability.INPUT,)}, "attach needs a terminal on stdin and stdout"),
        (
            {"lifecycle": Lifecycle.EXITED, "state": Headline.EXITED, "headline": "exited 0"},
            "fix-login does not run (exited 0)",
        ),
    ],
)
def test_who_cannot_be_attached_to_is_told_what_to_do(shell, changes: dict[str, object], message: str) -> None:
    with shell.daemon({"agent.show": shown(row(**changes))}):
        ran = shell("attach", "x")
    assert (ran.code, message in ran.err) == (1, True)
