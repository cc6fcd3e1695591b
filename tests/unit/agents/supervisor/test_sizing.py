"""Of many sizes the last one counts, few are told, and the one there is never again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.supervisor.sizing import PAUSE_S, Sizing


class Keeper:
    """A keeper, its connection and the clock; ``sizes`` is what the program was told."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []
        self.known = (40, 120)
        self.is_connected = True
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.sizing = Sizing(lambda: self, lambda: self if self.is_connected else None, lambda: self.known)

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        self.due.append((when, callback))
        return None

    def write(self, ident: str, data: bytes) -> None:
        raise AssertionError("a size is no input")

    def resize(self, rows: int, cols: int) -> None:
        if self.known == (0, 0):
            raise ConnectionResetError
        self.sizes.append((rows, cols))

    def pass_to(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and self.due[0][0] <= end:
            self.now, callback = self.due.pop(0)
            callback()
        self.now = end


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


def test_a_size_is_told_at_once_and_the_same_not_again(keeper: Keeper) -> None:
    keeper.sizing.want(40, 120)
    assert keeper.sizes == []
    keeper.sizing.want(30, 90)
    keeper.sizing.want(30, 90)
    keeper.pass_to(10 * PAUSE_S)
    assert keeper.sizes == [(30, 90)], "also while its mark is still on its way"
    keeper.sizing.want(40, 120)
    assert keeper.sizes == [(30, 90), (40, 120)]


def test_of_a_storm_a_few_are_told_and_the_last_one_wins(keeper: Keeper) -> None:
    for number in range(1000):
        keeper.sizing.want(20 + number % 7, 100 + number % 11)
        keeper.pass_to(0.001)
    keeper.sizing.want(33, 133)
    keeper.pass_to(1.0)
    assert keeper.sizes[-1] == (33, 133)
    assert len(keeper.sizes) <= 1 / PAUSE_S + 3
    assert keeper.due == []


def test_back_within_a_pause_both_are_told(keeper: Keeper) -> None:
    keeper.sizing.want(40, 119)
    keeper.sizing.want(40, 120)
    keeper.pass_to(PAUSE_S)
    assert keeper.sizes == [(40, 119), (40, 120)], "a program draws anew at another size only"


def test_what_another_connection_was_told_counts_for_nothing(keeper: Keeper) -> None:
    keeper.sizing.want(30, 90)
    keeper.pass_to(PAUSE_S)
    keeper.sizing.forget()
    keeper.sizing.want(30, 90)
    assert keeper.sizes == [(30, 90), (30, 90)]


def test_without_a_keeper_nothing_is_told_and_nothing_breaks(keeper: Keeper) -> None:
    keeper.is_connected = False
    keeper.sizing.want(30, 90)
    keeper.is_connected, keeper.known = True, (0, 0)  # it is being lost
    keeper.pass_to(PAUSE_S)
    keeper.sizing.want(30, 90)
    assert keeper.sizes == []
    keeper.known = (40, 120)
    keeper.pass_to(PAUSE_S)
    keeper.sizing.want(30, 90)
    assert keeper.sizes == [(30, 90)]


def test_what_is_typed_behind_a_change_of_size_finds_the_new_one(keeper: Keeper) -> None:
    keeper.sizing.want(30, 90)
    keeper.sizing.want(20, 80)
    keeper.sizing.settle()
    assert keeper.sizes == [(30, 90), (20, 80)]
    keeper.sizing.settle()
    keeper.sizing.want(20, 80)
    keeper.sizing.settle()
    keeper.pass_to(1.0)
    assert keeper.sizes == [(30, 90), (20, 80)]
