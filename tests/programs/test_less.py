"""Reading in less: pages, searches, the wheel, and the main screen as it was afterwards."""

from __future__ import annotations

from tests.programs.seat import Place

ENV = {"LESSHISTFILE": "-"}


async def test_paging_searching_and_leaving(place: Place) -> None:
    (place.home / "long.txt").write_text(
        "".join(f"entry {n}: {'needle' if n % 97 == 0 else 'hay'}\n" for n in range(1, 501))
    )
    async with place.sit("sh", "-c", "echo before; less long.txt; echo after; read x", env=ENV) as seat:
        await seat.sees("entry 1:", "long.txt")
        assert seat.grid.alternate
        seat.press("Space")
        await seat.until(lambda: seat.lines[0] == "entry 24: hay")
        seat.press("PageUp")
        await seat.until(lambda: seat.lines[0] == "entry 1: hay")
        seat.press("End")
        await seat.sees("entry 500: hay", "(END)")
        seat.press("Home")
        await seat.until(lambda: seat.lines[0] == "entry 1: hay")
        seat.press("Down", "Down", "Up")
        await seat.until(lambda: seat.lines[0] == "entry 2: hay")
        seat.write("/needle\n")
        await seat.until(lambda: seat.lines[0] == "entry 97: needle")
        await seat.until(lambda: seat.look_of("needle").reverse)
        assert not seat.look_of("entry 98").reverse
        seat.write("n")
        await seat.until(lambda: seat.lines[0] == "entry 194: needle")
        seat.press("Alt+u")  # takes the highlight away
        await seat.until(lambda: not seat.look_of("needle").reverse)
        seat.wheel(5, 3, 3)
        await seat.until(lambda: seat.lines[0] == "entry 197: hay")  # no mouse asked for: three arrow keys
        seat.resize(30, 100)
        seat.press("Ctrl+l")  # less misses a new size between two keys until the next one
        await seat.until(lambda: seat.lines[29] == ":" and seat.lines[28].startswith("entry "))
        seat.write("q")
        await seat.sees("before", "after")
        assert not seat.grid.alternate
        assert not seat.shows("entry")
        seat.press("Enter")
        assert await seat.ended() == 0
