"""Two panels of mc: function keys, marking with Insert and Shift, its menus by mouse, its viewer and its shell line."""

from __future__ import annotations

from tests.programs.seat import Place


async def test_function_keys_panels_and_the_mouse(place: Place) -> None:
    work = place.home / "work"
    (work / "sub").mkdir(parents=True)
    for name in ("one.txt", "two.txt"):
        (work / name).write_text(f"this is {name}\n" * 3)
    async with place.sit("mc", "-u", "--nosubshell", "work", "work/sub", rows=30, cols=100) as seat:
        await seat.sees("one.txt", "two.txt", "10Quit")
        panel = seat.look_of("one.txt")
        assert panel.bg not in {-1, 0}
        await seat.until(lambda: seat.grid.modes.mouse != 0)

        seat.click(*seat.where("one.txt"))
        row, col = seat.where("one.txt")
        await seat.until(lambda: seat.style(row, col) != panel)
        seat.press("F3")
        await seat.sees("this is one.txt")
        seat.press("F10")
        await seat.sees("two.txt")

        seat.press("F5")
        await seat.sees("Copy", "to:")
        seat.press("Enter")
        await seat.until(lambda: seat.lines[4][50:].startswith("│ one.txt") and not seat.shows("to:"))
        assert (work / "sub" / "one.txt").read_text() == (work / "one.txt").read_text()
        seat.press("Tab")
        await seat.until(lambda: seat.style(3, 52) != panel)

        seat.press("F7")
        await seat.sees("Create a new Directory")
        seat.write("made\n")
        await seat.until((work / "sub" / "made").is_dir)
        seat.press("F9")
        await seat.sees("Left", "Options")
        seat.press("F10")
        await seat.sees("Hint:")
        seat.press("F10")
        assert await seat.ended() == 0
