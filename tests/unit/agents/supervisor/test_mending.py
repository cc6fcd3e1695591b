from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agents.supervisor.mending import AGAIN_S, BACK_S, TORN_S, Mending


class Torn:
    """A unit whose terminal is torn until it was drawn at another size."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []
        self.torn: tuple[int, int] | None = (40, 120)
        self.now: tuple[int, int] | None = (40, 120)
        self.adapter: Any = SimpleNamespace(torn_size=lambda: self.torn, size=lambda: self.now)
        self.intents: Any = SimpleNamespace(writer=object())
        self.sizing: Any = SimpleNamespace(tell=self._resize)
        self.is_live, self.catching_up = True, False

    def _resize(self, rows: int, cols: int) -> None:
        self.sizes.append((rows, cols))
        self.now = (rows, cols)


@pytest.fixture
def unit() -> Torn:
    return Torn()


def play(unit: Any, seconds: float, mending: Mending | None = None, begin: float = 100.0) -> Mending:
    """Step whenever the mending wants to be, as a life does."""
    mending, now = mending or Mending(unit), begin
    while now is not None and now <= begin + seconds:
        due = mending.step(now)
        if due is None:
            break
        assert due > now
        now = due
    return mending


def test_a_torn_screen_is_drawn_at_one_column_less_and_back(unit: Torn) -> None:
    play(unit, TORN_S + BACK_S + 0.01)
    assert unit.sizes == [(40, 119), (40, 120)]


def test_a_screen_that_stays_torn_is_not_resized_without_end(unit: Torn) -> None:
    play(unit, 2.5 * AGAIN_S)
    assert unit.sizes == [(40, 119), (40, 120)] * 3


def test_the_size_somebody_chose_meanwhile_is_left_alone(unit: Torn) -> None:
    mending = Mending(unit)  # type: ignore[arg-type]
    mending.step(100.0)
    mending.step(100.0 + TORN_S)
    unit.now = (50, 200)
    mending.step(100.0 + TORN_S + BACK_S)
    assert unit.sizes == [(40, 119)]


@pytest.mark.parametrize("why", ["whole", "ended", "catching up", "no keeper", "too narrow"])
def test_nothing_is_resized_that_need_or_can_not_be(unit: Torn, why: str) -> None:
    unit.torn = {"whole": None, "too narrow": (40, 2)}.get(why, unit.torn)
    unit.is_live, unit.catching_up = why != "ended", why == "catching up"
    unit.intents.writer = None if why == "no keeper" else unit.intents.writer
    play(unit, 5.0)
    assert unit.sizes == []


def test_a_flood_is_over_before_anything_is_mended(unit: Torn) -> None:
    mending = Mending(unit)  # type: ignore[arg-type]
    mending.step(100.0)
    unit.torn = None
    mending.step(100.2)
    unit.torn = (40, 120)
    mending.step(100.25)
    assert mending.step(100.4) == pytest.approx(100.25 + TORN_S)
    assert unit.sizes == []
