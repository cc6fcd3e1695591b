"""Draws made-up output as a view does: however it is cut, the same is to be seen; minimises nothing."""

from __future__ import annotations

from random import Random

from agents.vt import libvterm
from agents.vt.grid import Grid, Row, Run
from tests.fuzz.grammar import Case, Feed, Look, Resize, Step, case

#: Lines a view keeps in these cases: fewer than scroll off, so that some are forgotten.
KEEP = 150

_WORDS = ("a", "warning:", "漢字", "é", "x" * 33, "\t", "  ", "e\u0301", "ok ✓", "│", "👍", "1\r", "ab\b")
_STYLES = (b"0", b"", b"1", b"2", b"22", b"31", b"44", b"7", b"4:3", b"38;5;200", b"48;2;1;2;3", b"53", b"8", b"39;49")
_SEQUENCES = (b"\x1b[K", b"\x1b[2K", b"\x1b[A", b"\x1b[3J", b"\x1b[3;5r", b"\x1bH", b"\x1b(0", b"\x1b[?1049h", b"\x07")
_SEQUENCES += (b"\x1b]8;;http://x\x07", b"\x1b]8;id=1;http://y\x07", b"\x1b]8;;\x07", b"\x1b[?7l", b"\x1b[H", b"\x1bc")


class Different(Exception):
    """Two views of the same output show something else, or one view contradicts itself."""


def lines(seed: int) -> Case:
    """Return a case that is mostly lines, many at once, as builds and logs print them."""
    random = Random(seed)
    odd = random.choice((0.0, 0.0, 0.0005, 0.02))
    words, styled = random.choice((_WORDS[:2], _WORDS[:8], _WORDS)), random.choice((0.0, 0.3, 0.9))
    steps: list[Step] = []
    for _ in range(random.choice((1, 3, 6))):
        parts = []
        for _ in range(random.choice((5, 60, 300))):
            parts += [_word(random, words, styled, odd) for _ in range(random.choice((0, 1, 6, 12)))]
            parts.append(b"\r\n")
        steps.append(Feed(b"".join(parts)))
        if random.random() < 0.3:
            steps.append(Resize(random.choice((2, 5, 24)), random.choice((7, 80, 132))))
        steps.append(Look())
    return Case(random.choice((2, 3, 10, 24)), random.choice((10, 40, 80, 132)), 0, tuple(steps))


def _word(random: Random, words: tuple[str, ...], styled: float, odd: float) -> bytes:
    if random.random() < odd:
        return random.choice(_SEQUENCES)
    word = random.choice(words).encode() + b" "
    return b"\x1b[%sm%s" % (random.choice(_STYLES), word) if random.random() < styled else word


def made(seed: int) -> Case:
    """Return the case of ``seed``: hostile, or mere lines."""
    return lines(seed) if seed % 2 else case(seed)


def run(tested: Case, library: libvterm.Library) -> None:
    """Draw ``tested`` in the portions given and in small ones. Raises Different, and whatever the path raises."""
    live, other = (Grid(tested.rows, tested.cols, keep=KEEP, library=library) for _ in range(2))
    random = Random(len(tested.steps))
    known: dict[int, tuple[Run, ...]] = {}
    for step in tested.steps:
        if isinstance(step, Feed):
            live.feed(step.data)
            _feed_cut(other, step.data, random)
        elif isinstance(step, Resize):
            for one in (live, other):
                one.resize(step.rows, step.cols)
        else:
            known |= {number: live.row(number).runs for number in live.take_dirty()}
            known = {number: runs for number, runs in known.items() if number < live.rows}
            if known != {number: _fresh(live, number) for number in range(live.rows)}:
                raise Different("a row changed that was not told of")
    _same(live, other)
    live.close()
    other.close()


def _fresh(grid: Grid, number: int) -> tuple[Run, ...]:
    """Return what a row shows now, whatever was read of it before."""
    grid._changes.rows[number] = None
    return grid.row(number).runs


def _feed_cut(grid: Grid, data: bytes, random: Random) -> None:
    at, longest = 0, random.choice((1, 7, 500))
    while at < len(data):
        end = at + random.randint(1, longest)
        grid.feed(data[at:end])
        at = end


def _same(live: Grid, other: Grid) -> None:
    for told, one, two in (
        ("cursor", live.cursor, other.cursor),
        ("modes", live.modes, other.modes),
        ("scrolled", live.scrolled, other.scrolled),
        ("title", live.title, other.title),
        ("colours", dict(live.palette), dict(other.palette)),
        ("bells", live.bells, other.bells),
        ("notes", live.take_notes(), other.take_notes()),
    ):
        if one != two:
            raise Different(f"{told}: {one!r} in large portions is {two!r} in small ones")
    for number in range(live.rows):
        _same_row(f"row {number}", live.row(number), other.row(number), live.cols)
    for number in range(max(0, live.scrolled - KEEP), live.scrolled):
        _same_row(f"line {number}", live.kept(number), other.kept(number), None)


def _same_row(name: str, one: Row | None, two: Row | None, cols: int | None) -> None:
    if one != two:
        raise Different(f"{name}: {one!r} in large portions is {two!r} in small ones")
    end = 0
    for run_ in one.runs if one is not None else ():
        if run_.col < end or run_.width < 1 or (len(run_.text) != run_.width and run_.width > 2):
            raise Different(f"{name}: {run_!r} is no run behind column {end}")
        end = run_.col + run_.width
    if cols is not None and end > cols:
        raise Different(f"{name}: {end} columns of {cols}")
