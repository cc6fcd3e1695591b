"""Watching processes in htop: bars and colours, sorting by key and by mouse, a process ended through its list."""

from __future__ import annotations

import re

from tests.programs.seat import Place, Seat


def first_pids(seat: Seat) -> list[int]:
    """Return the process ids of the list as they stand below its header."""
    rows = [re.match(r"\s*(\d+) ", line) for line in seat.lines]
    return [int(found[1]) for found in rows if found]


async def test_sorting_clicking_and_ending_a_process(place: Place) -> None:
    (place.home / "busy").write_text('sleep 2222 &\nhtop -p "$!,$$" -d 5\n')
    async with place.sit("sh", "busy", rows=30, cols=120) as seat:
        await seat.sees("Tasks:", "sleep 2222", "F10Quit")
        header = seat.where("PID")[0]
        assert seat.style(header, 5).bg != seat.style(seat.where("Tasks:")[0], 40).bg
        await seat.until(lambda: seat.grid.modes.mouse != 0)
        await seat.until(lambda: len(first_pids(seat)) == 2)

        seat.click(*seat.where("PID"))  # sorts by it, again the other way round
        await seat.until(lambda: first_pids(seat) in (sorted(first_pids(seat)), sorted(first_pids(seat), reverse=True)))
        before = first_pids(seat)
        seat.press("I")
        await seat.until(lambda: first_pids(seat) == before[::-1])

        seat.press("F6")
        await seat.sees("Sort by", "PERCENT_MEM")
        seat.press("Esc")
        await seat.until(lambda: not seat.shows("Sort by"))

        seat.click(*seat.where("sleep 2222"))
        row = seat.where("sleep 2222")[0]
        await seat.until(lambda: seat.style(row, 60).bg != -1)
        seat.press("F9")
        await seat.sees("Send signal:", "15 SIGTERM")
        seat.press("Enter")
        await seat.until(lambda: not seat.shows("Send signal:") and not seat.shows("sleep 2222"))
        seat.press("F10")
        assert await seat.ended() == 0
    assert not seat.capture.modes.alternate
