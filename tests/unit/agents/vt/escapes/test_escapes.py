"""Escape sequences do what the standards say: on the screen that is seen and on the daemon's, cut anywhere."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from agents.vt.grid import Grid
from agents.vt.libvterm import Library
from agents.vt.queries import for_core
from agents.vt.screen import Screen, ScreenState
from agents.vt.stream import Splitter
from tests.unit.agents.vt import cores
from tests.unit.agents.vt.escapes.case import Case, at, cases, style

#: Of all cases at most so many may be ones the core is known to do in another way.
_KNOWN_SHARE = 0.06

pytestmark = cores.needed
_EACH = pytest.mark.parametrize("case", cases().values(), ids=cases())


@pytest.fixture(params=cores.libraries(), ids=lambda library: f"libvterm {library.interface}", scope="module")
def library(request: pytest.FixtureRequest) -> Library:
    found: Library = request.param
    return found


def differs(request: pytest.FixtureRequest, reason: str) -> None:
    """Expect a difference that is known, and nothing else: without it the case must be known no more."""
    request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


def drawn(case: Case, portions: Iterable[bytes], library: Library) -> Grid:
    grid = Grid(*case.size, library=library)
    for portion in portions:
        grid.feed(portion)
    return grid


def text(grid: Grid) -> tuple[str, ...]:
    return tuple(grid.row(number).text for number in range(grid.rows))


def off(grid: Grid) -> list[str]:
    return [row.text for row in map(grid.kept, range(grid.scrolled)) if row is not None]


def seen(grid: Grid) -> tuple[object, ...]:
    """Return all that can be seen, to compare two grids by."""
    rows = tuple((grid.row(number), number) for number in range(grid.rows))
    history = tuple(grid.kept(number) for number in range(grid.scrolled))
    return rows, history, grid.cursor, grid.title, grid.bells, grid.alternate, grid.modes, grid.palette


@_EACH
def test_it_does_what_the_standard_says(case: Case, library: Library, request: pytest.FixtureRequest) -> None:
    if case.is_known(library.interface):
        differs(request, case.known)
    grid = drawn(case, [case.data], library)
    assert text(grid) == case.text
    if case.cursor is not None:
        assert (grid.cursor.row, grid.cursor.col) == case.cursor
    for cell, words in case.styles.items():
        row, col = map(int, cell.split(","))
        assert (cell, at(grid.row(row), col, grid)) == (cell, style(words))
    if case.off is not None:
        assert off(grid) == case.off
    for cell, words in case.off_styles.items():
        row, col = map(int, cell.split(","))
        assert (cell, at(grid.kept(row), col, grid)) == (cell, style(words))
    if case.wraps is not None:
        assert [number for number in range(grid.rows) if grid.row(number).wraps] == case.wraps
    _beside(case, grid)
    grid.close()


def _beside(case: Case, grid: Grid) -> None:
    """Compare what is not in the cells."""
    for mode in case.modes:
        number = mode.lstrip("!?")
        assert (mode, grid.modes.is_set(int(number), private="?" in mode)) == (mode, not mode.startswith("!"))
    found = {
        "title": grid.title,
        "bells": grid.bells,
        "alternate": grid.alternate,
        "visible": grid.cursor.visible,
        "shape": grid.cursor.shape,
        "blinks": grid.cursor.blinks,
    }
    expected = {name: getattr(case, name) for name in found}
    assert {name: found[name] for name, value in expected.items() if value is not None} == {
        name: value for name, value in expected.items() if value is not None
    }


@_EACH
def test_cut_at_every_byte_it_is_the_same(case: Case, library: Library) -> None:
    data = case.data
    whole = seen(drawn(case, [data], library))
    assert seen(drawn(case, [data[n : n + 1] for n in range(len(data))], library)) == whole
    for cut in range(1, len(data)):
        assert (cut, seen(drawn(case, [data[:cut], data[cut:]], library))) == (cut, whole)


@_EACH
def test_the_daemons_screen_shows_the_same_text(case: Case, library: Library, request: pytest.FixtureRequest) -> None:
    if case.daemon:
        differs(request, case.daemon)
    grid = drawn(case, [case.data], library)
    screen = Screen(ScreenState(*case.size), library)
    for piece in Splitter().feed(case.data):
        screen.feed(for_core(piece), 1.0)
    snapshot = screen.snapshot()
    assert snapshot is not None
    assert snapshot.lines == text(grid)
    assert (snapshot.row, snapshot.col) == (grid.cursor.row, grid.cursor.col)
    assert snapshot.alternate == grid.alternate


def test_there_are_enough_cases_and_few_are_known_to_differ() -> None:
    every = cases().values()
    assert len(every) >= 430
    assert sum(bool(case.known) for case in every) <= len(every) * _KNOWN_SHARE
    assert all(case.source and case.name for case in every)
