"""The tree agrees with plain sums."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.extents import Extents

HEIGHTS = st.lists(st.integers(0, 50), max_size=60)


@given(HEIGHTS, st.lists(st.tuples(st.integers(0, 59), st.integers(0, 50)), max_size=20))
def test_sums_and_places(heights: list[int], changes: list[tuple[int, int]]) -> None:
    extents = Extents()
    for height in heights:
        extents.append(height)
    for index, height in changes:
        if index < len(heights):
            heights[index] = height
            extents.set(index, height)
    assert [extents[i] for i in range(len(extents))] == heights
    assert extents.total == sum(heights)
    for index in range(len(heights) + 1):
        assert extents.top(index) == sum(heights[:index])
    for y in range(sum(heights)):
        found = extents.at(y)
        assert sum(heights[:found]) <= y < sum(heights[: found + 1])


def test_places_outside() -> None:
    extents = Extents()
    assert extents.at(0) == -1
    extents.append(10)
    extents.append(10)
    assert (extents.at(-5), extents.at(99)) == (0, 1)
    extents.clear()
    assert (len(extents), extents.total) == (0, 0)
