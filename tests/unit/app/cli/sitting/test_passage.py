"""What passes from a program to one's own terminal, and how that terminal is given back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.vt.modes import Modes
from agents.vt.stream import Splitter, written
from app.cli.sitting.passage import Passage
from tests.unit.agents.vt.test_hostile import ONCE

QUESTIONS = b"\x1b[c\x1b[>0c\x1b[6n\x1b[?u\x1b[?2026$p\x1b[>q\x1b]11;?\x1b\\\x1b]7501;?\x07\x1bP+q544e\x1b\\\x1b[18t"
KEPT = b"\x1b[31mred\x1b[u\x1b[?25h\x1b[2J\x1b]0;title\x07\x1b]8;;http://x\x1b\\\x1b[>1u\a\x1bPq#0\x1b\\\xc3\xa4"


def test_only_the_daemon_answers_what_a_program_asks() -> None:
    passage = Passage()
    assert passage.live(QUESTIONS + KEPT + QUESTIONS) == KEPT
    assert passage.live(b"\x1bc\x1b^pm\x1b\\\x1bXsos\x1b\\\x1b]junk\x1b\\") == b"\x1bc"


@given(st.lists(st.integers(0, len(KEPT + QUESTIONS)), max_size=8))
def test_however_it_is_cut_the_same_passes(cuts: list[int]) -> None:
    passage, whole, at, passed = Passage(), KEPT + QUESTIONS + KEPT, 0, b""
    for cut in [*sorted(cuts), len(whole)]:
        passed, at = passed + passage.live(whole[at:cut]), cut
    assert passed == KEPT + KEPT


def test_nothing_of_the_past_acts_once_more() -> None:
    acts = b"\x1b]52;c;cm0=\x07\x1b]0;title\x07\a\x1b[?1000h\x1b[>1u\x1b[?1049h\x1bc\x1b]9;hello\x07\x1bPq\x1b\\"
    passage = Passage()
    assert passage.past(QUESTIONS + b"\x1b[32mgreen\x1b[0m\r\n" + acts + b"end\x1b[3") == b"\x1b[32mgreen\x1b[0m\r\nend"
    assert not passage.changes_input


@pytest.mark.parametrize(
    "changes",
    [
        b"\x1b[?1049h\x1b[?1002;1006h\x1b[?2004h\x1b[?1004h\x1b[?25l",
        b"\x1b[>1u",
        b"\x1b[>1u\x1b[>3u\x1b[?1049h\x1b[>5u\x1b[>7u",
        b"\x1b[?1049h\x1b[=1u",
        b"\x1b[?7l\x1b[4h\x1b[20h\x1b[?1h\x1b=\x1b[?12h\x1b[?1007l",
        b"\x1b[?2026h\x1b[?9999h\x1b[?1015h",
    ],
)
def test_a_terminal_is_given_back_as_it_was(changes: bytes) -> None:
    passage = Passage()
    seen = passage.live(changes)
    terminal, splitter = Modes(), Splitter()
    for piece in splitter.feed(seen + passage.undo()):
        terminal.feed(piece)
    assert terminal == Modes()
    assert passage.changes_input


def test_every_mode_that_was_changed_is_changed_back_also_one_nobody_knows() -> None:
    passage = Passage()
    passage.live(b"\x1b[?9999h\x1b[?2031h\x1b[?7l\x1b[?25l\x1b[?1000h\x1b[?1000l")
    undo = passage.undo()
    assert [b in undo for b in (b"\x1b[?9999l", b"\x1b[?2031l", b"\x1b[?7h", b"\x1b[?25h", b"\x1b[?1000l")] == [
        True, True, True, True, False,
    ]  # fmt: skip


def test_colours_and_other_keys_are_put_back_where_they_were_changed() -> None:
    passage = Passage()
    quiet = passage.undo()
    assert b"\x1b]104" not in quiet
    assert b"\x1b[>4m" not in quiet
    assert not passage.changes_input
    passage.live(b"\x1b]4;1;#ff0000\x07\x1b]11;#000000\x07\x1b[>4;2m")
    undo = passage.undo()
    assert [each in undo for each in (b"\x1b]104\x1b\\", b"\x1b]111\x1b\\", b"\x1b]112", b"\x1b[>4m")] == [
        True, True, False, True,
    ]  # fmt: skip


def test_a_program_cannot_make_what_is_remembered_grow_for_ever() -> None:
    passage = Passage()
    passage.live(b"".join(b"\x1b[?%dh" % mode for mode in range(2000, 9000)))
    assert passage.undo().count(b"l") < 400


@given(st.binary(max_size=200))
def test_whatever_comes_nothing_breaks(data: bytes) -> None:
    passage = Passage()
    passage.live(data)
    passage.past(data)
    assert passage.undo()


#: What no terminal of one's own may get: it would answer, obey, or go on to somewhere.
ACTING = re.compile(rb"\x05|\x1bZ|\x1b\](?:[3579]|13[^3])|\x1b[P_]|\x1b\[[0-?]*(?:[ictxn]|[$*&]|\"p|2h)")


@pytest.mark.parametrize("acts", ONCE.values(), ids=ONCE)
def test_nothing_a_program_prints_acts_in_ones_own_terminal(acts: bytes) -> None:
    passed = Passage().live(b"\x1b[1mbefore\x1b[m" + acts + b"after")
    assert passed.startswith(b"\x1b[1mbefore\x1b[m")
    assert passed.endswith(b"after")
    assert not ACTING.search(passed)
    assert Passage().live(passed) == passed


@pytest.mark.parametrize(
    "drawing",
    [
        b"\x1b[3;4H\x1b[1;38;2;1;2;3mx\x1b[K\x1b[2 q",
        b"\x1b[1\"qy\x1b[3'}\x1b[2 @\x1b[5b",
        b"\x1b[?2004h\x1b[4h\x1b[!p\x1b[>1u\x1b[?2026h",
        b"\x1b(0q\x1b(B\x0e\x0f\x1b7\x1b8\x1bM\x1b[2;5r",
        b"\x1b]133;A\x07\x1b]2;title\x07\x1b]8;id=1;http://x\x1b\\",
    ],
)
def test_what_draws_passes_as_it_is(drawing: bytes) -> None:
    assert Passage().live(drawing) == drawing


def test_pieces_are_written_as_they_came() -> None:
    assert b"".join(written(piece) for piece in Splitter().feed(QUESTIONS + KEPT)) == QUESTIONS + KEPT
