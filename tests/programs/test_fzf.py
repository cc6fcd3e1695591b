"""Choosing in fzf: a filter typed, colours of what matches, the choice by keys and by the mouse."""

from __future__ import annotations

import pytest

from tests.programs.seat import Place, Seat

FRUIT = "apple\nbanana\ncherry\ngrape\npineapple\n"


@pytest.fixture
def script(place: Place) -> str:
    (place.home / "fruit").write_text(FRUIT)
    return "fzf --layout=reverse --color=16 < fruit > chosen; echo left $?; read x"


async def leave(seat: Seat, place: Place) -> str:
    await seat.sees("left 0")
    seat.press("Enter")
    assert await seat.ended() == 0
    return (place.home / "chosen").read_text()


async def test_a_filter_and_the_arrow_keys_choose(place: Place, script: str) -> None:
    async with place.sit("sh", "-c", script) as seat:
        await seat.sees("5/5", "banana")
        seat.write("ppl")
        await seat.sees("2/5")
        await seat.until(lambda: not seat.shows("banana"))
        row, col = seat.where("apple")
        assert seat.style(row, col + 1) != seat.style(row, col)
        seat.press("Backspace", "Ctrl+u")
        await seat.sees("5/5")
        seat.write("an")
        await seat.sees("1/5")
        seat.press("Ctrl+w")
        await seat.sees("5/5")
        seat.press("Down", "Down")
        await seat.until(lambda: seat.lines[4].startswith(">"))
        seat.press("Enter")
        assert await leave(seat, place) == "cherry\n"


async def test_a_double_click_chooses(place: Place, script: str) -> None:
    async with place.sit("sh", "-c", script) as seat:
        await seat.sees("5/5", "grape")
        await seat.until(lambda: seat.grid.modes.mouse != 0)
        at = seat.where("grape")
        seat.click(*at)
        seat.click(*at)
        assert await leave(seat, place) == "grape\n"


async def test_escape_leaves_without_a_choice(place: Place, script: str) -> None:
    async with place.sit("sh", "-c", script) as seat:
        await seat.sees("5/5")
        seat.press("Esc")
        await seat.sees("left 130")
    assert (place.home / "chosen").read_text() == ""
