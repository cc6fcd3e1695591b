"""What a recorded program is answered, and what of its output goes on to the terminal it really runs in."""

from __future__ import annotations

import pytest

from agents.recording.answering import Answering
from agents.vt.stream import Splitter, written

STREAM = (
    b"plain \xe2\x9c\xb3 text\x07\x1b[31mred\x1b[?2004h\x1b]0;title\x07\x1b]9;4;1;50\x1b\\\x1b]no code\x07"
    b"\x1bP1;2qsixel\x1b\\\x1b_app\x1b\\\x1b^private\x1b\\\x1bXstart\x1b\\\x1bc\x1b[2J"
)


def test_what_is_passed_on_means_what_was_said() -> None:
    pieces = Splitter().feed(STREAM)
    again = b"".join(written(piece) for piece in pieces)
    assert Splitter().feed(again) == pieces


@pytest.mark.parametrize("cut", range(1, len(STREAM)))
def test_nothing_that_asks_nothing_is_answered_or_lost_wherever_it_is_cut(cut: int) -> None:
    terminal = Answering(24, 80)
    replies, shown = terminal.feed(STREAM[:cut], 0.0)
    more, rest = terminal.feed(STREAM[cut:], 0.0)
    assert replies + more == b""
    assert Splitter().feed(shown + rest) == Splitter().feed(STREAM)


def test_a_question_is_answered_in_its_order_and_not_passed_on() -> None:
    terminal = Answering(24, 80)
    replies, shown = terminal.feed(b"ab\x1b[6n\x1b]7501;?\x07\x1b[c\r\nc\x1b[6n", 0.0)
    assert replies == b"\x1b[1;3R\x1b]7501;?\x07\x1b[?62;22c\x1b[2;2R"
    assert shown == b"ab\r\nc"


def test_what_is_left_unanswered_is_not_passed_on_either() -> None:
    assert Answering(24, 80, ("osc7501",)).feed(b"\x1b]7501;?\x07", 0.0) == (b"", b"")


def test_a_new_size_is_what_it_tells() -> None:
    terminal = Answering(24, 80)
    terminal.resize(30, 100)
    assert terminal.size == (30, 100)
    assert terminal.feed(b"\x1b[18t", 0.0)[0] == b"\x1b[8;30;100t"
