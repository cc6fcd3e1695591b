"""Where drawing may begin, told from bytes alone."""

from __future__ import annotations

import pytest

from app.terminal import ground
from app.terminal.ground import Ground

ROWS = 4


def numbered(count: int) -> bytes:
    return b"".join(b"%04d\r\n" % number for number in range(count))


def test_the_last_lines_make_a_screen() -> None:
    found = ground.find(numbered(100), ROWS)
    assert found == Ground(begin=600 - 11 * 6, settled=600 - 3 * 6, at_top=False)


def test_too_few_lines_do_not() -> None:
    assert ground.find(numbered(2 * ROWS), ROWS) is None
    assert ground.find(b"no end", ROWS) is None
    assert ground.find(b"", ROWS) is None


@pytest.mark.parametrize(
    "move", [b"\x1b[A", b"\x1b[2;5H", b"\x1b[J", b"\x1b[2;5r", b"\x1bM", b"\x1b8", b"\x1b[?6h", b"\x1b[3S"]
)
def test_lines_count_only_behind_what_moves(move: bytes) -> None:
    assert ground.find(numbered(100) + move + numbered(3), ROWS) is None
    found = ground.find(numbered(3) + move + numbered(100), ROWS)
    assert found is not None
    assert found.begin > 3 * 6 + len(move)
    found = ground.find(numbered(30) + move + numbered(2 * ROWS + 3), ROWS)
    assert found is not None
    assert 30 * 6 + len(move) < found.begin <= found.settled


@pytest.mark.parametrize(
    "plain", [b"\x1b[31m", b"\x1b[K", b"\x1b[?2004h", b"\x1b[>1u", b"\x1b[3C", b"\x1b]0;title\x07", b"\x1b(B"]
)
def test_what_stays_in_its_line_moves_nothing(plain: bytes) -> None:
    found = ground.find(numbered(9) + plain + numbered(3), ROWS)
    assert found is not None
    assert not found.at_top


@pytest.mark.parametrize(
    "clean", [b"\x1bc", b"\x1b[2J\x1b[H", b"\x1b[H\x1b[2J", b"\x1b[H\x1b[J", b"\x1b[2J\x1b[3J\x1b[1;1H", b"\x1b[;Hx"]
)
def test_a_clean_point(clean: bytes) -> None:
    data = b"before\x1b[5A" + clean + b"\x1b[3;3Hafter"
    found = ground.find(data, ROWS)
    if clean.endswith(b"x"):
        assert found is None
        return
    assert found == Ground(begin=10, settled=10, at_top=True)
    assert ground.find_clean(data) == 10


def test_what_is_carried_over() -> None:
    before = b"\x1b[31m\x1b[?2004h\x1b[0;1m\x1b[44m\x1b[?1049h\x1b[2;9r text \x1b[4m"
    carried = ground.carried(before)
    assert carried.endswith(b"\x1b[0;1m\x1b[44m\x1b[4m")
    assert b"\x1b[?2004h" in carried
    assert b"\x1b[2;9r" in carried
    assert b"1049" not in carried
    assert b"1047" not in carried
    assert ground.carried(b"\x1b[1m" * 1000).count(b"m") == 64


def test_switches_of_screens() -> None:
    data = b"\x1b[?1049h..\x1b[?25;1047l..\x1b[?47h..\x1bc..\x1b[?2004h"
    assert [found[1] for found in ground.SWITCH.finditer(data)] == [b"h", b"l", b"h", None]
    last = ground.last(ground.SWITCH, data, 12)
    assert last is not None
    assert last.start() == 10
    assert ground.last(ground.SWITCH, data, 0) is None
