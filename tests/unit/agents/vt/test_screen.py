"""The screen a program has drawn: what is seen, what a checkpoint holds, and what becomes of a flood."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.vt import libvterm, screen
from agents.vt.screen import Screen, ScreenState, Snapshot
from agents.vt.stream import Splitter, Text

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there")

PARTS = (
    *(
        b"a",
        b"hello ",
        b"wide \xe6\xbc\xa2\xe5\xad\x97",
        b"e\xcc\x81",
        b"\xe2\x94\x82",
        b"\xef\xb8\x8f",
        b"\r\n",
        b"\n",
        b"\r",
    ),
    *(b"\x08", b"\t", b"\x1b[H", b"\x1b[2J", b"\x1b[K", b"\x1b[J", b"\x1b[3;4H", b"\x1b[A", b"\x1b[99C", b"\x1b[2;5r"),
    *(b"\x1b[r", b"\x1b[L", b"\x1b[M", b"\x1b[2P", b"\x1b[4@", b"\x1b7", b"\x1b8", b"\x1b[?1049h", b"\x1b[?1049l"),
    *(
        b"\x1b[?6h",
        b"\x1b[?6l",
        b"\x1b[?7l",
        b"\x1b[?7h",
        b"\x1b[1;31m",
        b"\x1bM",
        b"\x1b(0",
        b"\x1b(B",
        b"lqk",
        b"\x1b[5b",
    ),
    *(b"\xff", b"\xe6\xbc", b"\x80", b"\x1bc", b"x" * 90, b"line of text\r\n" * 60),
)


def fresh(rows: int = 24, cols: int = 80) -> Screen:
    return Screen(ScreenState(rows, cols))


def loaded(state: ScreenState) -> Screen:
    return Screen(msgspec.json.decode(msgspec.json.encode(state), type=ScreenState))


def seen(of: Screen) -> Snapshot:
    snapshot = of.snapshot()
    assert snapshot is not None
    return snapshot


def text(of: Screen) -> list[str]:
    return [line for line in seen(of).lines if line]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "TAIL", 400)


@pytest.fixture(scope="module", autouse=True)
def brief() -> Iterator[None]:
    """Write the screen down often, so that examples that can be small cross that border many times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "_MANY", 64)
        yield


def test_text_cursor_and_screens_are_seen() -> None:
    tested = fresh(5, 20)
    tested.feed("one\r\n\x1b[1;31mtwo\x1b[m 漢 é".encode(), 1.0)
    assert seen(tested) == Snapshot(("one", "two 漢 é", "", "", ""), 1, 8, alternate=False, cols=20)
    tested.feed(b"\x1b[?1049h\x1b[2;3Hother", 1.1)
    assert seen(tested) == Snapshot(("", "  other", "", "", ""), 1, 7, alternate=True, cols=20)
    tested.feed(b"\x1b[?1049l", 1.2)
    assert text(tested) == ["one", "two 漢 é"]


def test_what_comes_in_parts_is_drawn_when_it_is_whole() -> None:
    tested = fresh(2, 10)
    for byte in "a\x1b[2Cé\x1b[31m漢".encode():
        tested.feed(bytes([byte]), 1.0)
        tested.snapshot()
    assert seen(tested).lines[0] == "a  é漢"


@given(
    parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=40),
    looks=st.lists(st.booleans(), min_size=40, max_size=40),
    cut=st.integers(0, 39),
    size=st.sampled_from([(24, 80), (5, 12), (2, 3)]),
)
@settings(max_examples=120, deadline=None)
def test_a_checkpoint_and_the_rest_are_the_whole_wherever_it_was_cut_and_whoever_looked(
    parts: list[bytes], looks: list[bool], cut: int, size: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screen, "TAIL", 400)
        whole, other = fresh(*size), fresh(*size)
        for number, (part, look) in enumerate(zip(parts, looks, strict=False)):
            for one in (whole, other):
                if number % 11 == 7:
                    one.resize(size[0] + number, max(2, size[1] - number))
                one.feed(part, float(number))
            if look:
                whole.snapshot()
            if number == cut:
                other = loaded(other.state)
        assert other.state == whole.state
        assert other.snapshot() == whole.snapshot()


@given(st.binary(max_size=3000), st.integers(1, 60), st.integers(2, 200))
@settings(max_examples=60, deadline=None)
def test_no_bytes_at_all_make_it_raise(data: bytes, rows: int, cols: int) -> None:
    tested = fresh(rows, cols)
    for at in range(0, len(data), 97):
        tested.feed(data[at : at + 97], float(at))
        assert len(seen(tested).lines) == rows
    tested.resize(cols, rows)
    tested.snapshot()


@pytest.mark.usefixtures("short")
def test_a_long_stream_is_written_down_and_goes_on_the_same() -> None:
    tested = fresh(6, 30)
    for number in range(200):
        tested.feed(f"\x1b[{number % 6 + 1};3H\x1b[Krow {number}".encode(), float(number))
        assert len(tested.state.tail) <= 400
    assert text(tested) == [f"  row {number}" for number in (198, 199, 194, 195, 196, 197)]
    assert (seen(tested).row, seen(tested).col) == (1, 9)


@pytest.mark.usefixtures("short")
def test_the_screen_below_scroll_region_modes_and_a_pending_wrap_survive_being_written_down() -> None:
    one, other = fresh(6, 10), fresh(6, 10)
    begin = b"below\x1b7\x1b[?1049h\x1b[2;4r\x1b[?6h\x1b[3;1H0123456789"
    idle = b"\x1b[m" * 200
    one.feed(begin, 1.0)
    other.feed(begin + idle, 1.0)
    assert not other.state.tail
    assert other.state.base
    for rest in (b"wrapped", b"\r\n\r\nscrolled", b"\x1b[?6l\x1b[6;1Hlast\x1b[?1049l", b"!"):
        one.feed(rest, 2.0)
        other.feed(rest, 2.0)
        assert seen(other) == seen(one)
    assert text(other) == ["below!"]


def test_a_flood_of_lines_leaves_the_last_ones_without_being_drawn() -> None:
    tested = fresh(4, 40)
    tested.feed(b"\x1b[2;1Hbefore\x1b[4;20Hold", 1.0)
    for first in range(0, 300_000, 3000):
        tested.feed(b"".join(b"line %d\r\n" % number for number in range(first, first + 3000)), 1.0)
    assert text(tested) == ["line 299997", "line 299998", "line 299999"]
    assert len(tested.state.tail) < screen.TAIL


def test_a_flood_of_anything_else_is_given_up_until_all_is_drawn_anew() -> None:
    tested = fresh()
    noise = random.Random(5).randbytes(4 * 1024 * 1024).replace(b"\x1b", b"\x1b[5C")
    splitter = Splitter()
    for at in range(0, len(noise), 65536):
        for piece in splitter.feed(noise[at : at + 65536]):
            if isinstance(piece, Text):
                tested.feed(piece.data, 1.0)
    tested.feed(b"\x18" + b"\x1b[5C" * 40_000, 1.0)
    assert tested.state.torn
    assert tested.snapshot() is None
    assert len(tested.state.base) + len(tested.state.tail) < 64 * 1024
    assert loaded(tested.state).snapshot() is None
    tested.feed(b"\x1b[?1049h\x1b[", 2.0)
    tested.feed(b"2J\x1b[Hback", 2.0)
    assert text(tested) == ["back"]
    assert seen(tested).alternate


def test_time_gives_back_what_may_be_drawn() -> None:
    tested = fresh()
    frame = b"\x1b[H" + b"\x1b[5C." * 3000
    for second in range(200):
        tested.feed(frame, second / 10)
    assert tested.snapshot() is not None


def test_a_resize_makes_a_torn_screen_whole_and_empty() -> None:
    tested = fresh()
    for _ in range(20):
        tested.feed(b"\x1b[5C." * 30_000, 1.0)
    assert tested.state.torn
    tested.resize(24, 79)
    assert tested.snapshot() is None
    tested.feed(b"\x1b[Hdrawn anew", 1.0)
    assert text(tested) == ["drawn anew"]


def test_of_many_sizes_in_a_row_the_last_one_counts() -> None:
    stormy, calm = fresh(10, 40), fresh(10, 40)
    for tested in (stormy, calm):
        tested.feed(b"one\r\ntwo\r\nthree", 1.0)
    for number in range(500):
        stormy.resize(1 + number % 30, 2 + number % 90)
        if number % 50 == 0:
            stormy.snapshot()
    for tested in (stormy, calm):
        tested.resize(8, 30)
    assert stormy.state == calm.state
    assert seen(stormy) == seen(calm)
    assert seen(stormy).lines[:3] == ("one", "two", "three")
    assert (len(seen(stormy).lines), seen(stormy).cols) == (8, 30)


@pytest.mark.parametrize(("asked", "got"), [((0, 0), (1, 2)), ((-5, 1), (1, 2)), ((99999, 99999), (500, 1000))])
def test_a_size_no_core_could_have_is_bounded(asked: tuple[int, int], got: tuple[int, int]) -> None:
    tested = fresh()
    tested.resize(*asked)
    tested.feed("漢".encode(), 1.0)
    assert (len(seen(tested).lines), seen(tested).cols) == got


def test_another_program_begins_on_an_empty_screen() -> None:
    tested = fresh()
    tested.feed(b"\x1b[?1049hleft over", 1.0)
    state = tested.state
    tested.reset()
    assert text(tested) == []
    assert not seen(tested).alternate
    assert tested.state is state
    assert state == ScreenState(24, 80)


def test_nothing_is_known_without_a_core_and_nothing_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> libvterm.Library:
        raise libvterm.Refused("no terminal core: none is installed")

    monkeypatch.setattr(libvterm, "system", refuse)
    tested = fresh()
    for _ in range(50):
        tested.feed(b"\x1b[5Cx" * 4000, 1.0)
    tested.resize(10, 10)
    tested.feed(b"more", 1.0)
    assert tested.snapshot() is None
    assert len(tested.state.tail) <= screen.TAIL


def test_what_was_drawn_outside_of_the_interpreter_is_freed() -> None:
    def draw(times: int) -> None:
        for number in range(times):
            tested = fresh(50, 200)
            tested.feed(b"\x1b[Hsome text", float(number))
            tested.snapshot()

    draw(200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    draw(800)
    again = fresh(50, 200)
    for number in range(10_000):
        again.feed(b"\x1b[H\x1b[2Jframe %d" % number, float(number))
        again.snapshot()
    # A thousand cores that were kept would be 800 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


@pytest.mark.parametrize(
    "heavy", [b"\n", b"\x1bM", b"\x1bc", b"\x1b#8", b"\x1b[L", b"\x1b[2J", b"\x1b[?1049h\x1b[?1049l", b"\x1b[9999b"]
)
@pytest.mark.parametrize("size", [(24, 80), (500, 1000)])
def test_no_look_takes_longer_than_the_most_that_is_drawn_at_once(heavy: bytes, size: tuple[int, int]) -> None:
    tested = fresh(*size)
    before = time.process_time()
    for _ in range(8):
        tested.feed((b"a" + heavy * 8192)[:8192], 1.0)
        tested.snapshot()
    # Without a measure of what it takes: eight minutes of line feeds on the large one.
    assert time.process_time() - before < 5.0


def test_a_flood_that_takes_long_to_draw_is_paid_back_before_the_screen_is_known_again() -> None:
    tested = fresh(500, 1000)
    for _ in range(100):
        tested.feed(b"\x1b[2J\x1b[H" + b"\x1b[L" * 100, 1.0)
        tested.snapshot()
    assert tested.state.torn
    assert tested.state.credit < 0
    assert loaded(tested.state).state == tested.state
    tested.feed(b"\x1b[2J\x1b[Hback", 3.0)
    assert text(tested) == ["back"]


def test_modes_that_no_core_knows_do_not_pile_up() -> None:
    tested = fresh()
    tested.state.torn = True
    for number in range(5000):
        tested.feed(b"\x1b[?%dh\x1b[%dl" % (number + 3000, number + 3000), 1.0)
    tested.feed(b"\x1b[?6h", 1.0)
    assert tested.state.base == b"\x1b[?6h"


@pytest.mark.parametrize("size", [(0, -1), (1, 1), (10**9, 10**9)])
def test_a_first_size_is_bounded_too(size: tuple[int, int]) -> None:
    tested = fresh(*size)
    assert (len(seen(tested).lines), seen(tested).cols) == (tested.state.rows, tested.state.cols)


def test_six_accents_without_a_letter_survive_a_checkpoint() -> None:
    one = fresh(5, 20)
    one.feed("\u0301".encode() * 5, 1.0)
    one.snapshot()
    one.feed("\u0301".encode() * 3, 1.0)
    before = seen(one)
    one.resize(5, 21)
    one.feed(b"\x1b[m", 1.0)
    assert seen(loaded(one.state)).lines == before.lines


def test_a_character_repeated_by_a_sequence_with_a_control_in_it_is_the_one_before() -> None:
    looked, other = fresh(3, 20), fresh(3, 20)
    for tested in (looked, other):
        tested.feed(b"p", 1.0)
        if tested is looked:
            tested.snapshot()
        tested.feed(b"\x1b[\x0eb", 1.0)
    assert seen(looked) == seen(other)
    assert text(looked) == ["pp"]


def test_a_part_that_scrolls_does_not_outlive_a_smaller_screen() -> None:
    tested = fresh(50, 10)
    tested.feed(b"\x1b[10;50r\x1b[50;1H0123456789", 1.0)
    tested.snapshot()
    tested.resize(5, 10)
    tested.feed(b"\x1b[S\x1b[5;1Hend\r\n\r\nmore", 1.0)
    assert text(tested) == ["0123456789", "end", "more"]


def test_margins_never_put_the_cursor_beside_the_screen() -> None:
    tested = fresh(5, 20)
    tested.feed(b"\x1b[?69h\x1b[?6h\x1b[123sa\x1b[Sb", 1.0)
    assert (seen(tested).row, seen(tested).col) == (0, 2)


def test_to_look_moves_no_cursor_that_was_restored_outside_of_what_scrolls() -> None:
    looked, other = fresh(50, 10), fresh(50, 10)
    for tested in (looked, other):
        tested.feed(b"\x1b[?6h\x1b[10;50r\x1b8", 1.0)
    looked.snapshot()
    for tested in (looked, other):
        tested.resize(40, 20)
        tested.feed(b"9", 2.0)
    assert looked.state == other.state
    assert seen(looked) == seen(other)
