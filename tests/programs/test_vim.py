"""An hour in vim, in short: files, splits, blocks, substitution, undo, paste, the mouse, windows of changing size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.programs.seat import Place, Seat

POEM = "".join(f"line {n} of many\n" for n in range(1, 61))


@asynccontextmanager
async def vim(place: Place, *more: str) -> AsyncIterator[Seat]:
    (place.home / "poem.txt").write_text(POEM)
    async with place.sit("vim", "-N", "-u", "NONE", "-i", "NONE", "-n", *more, "poem.txt") as seat:
        await seat.sees("line 1 of many", "60L")
        yield seat


def poem(place: Place) -> Path:
    return place.home / "poem.txt"


async def test_a_file_is_edited_and_saved(place: Place) -> None:
    async with vim(place) as seat:
        seat.write("Owritten above: Grüße, 日本")
        seat.press("Esc")
        seat.write("ddpGA the end")
        seat.press("Esc")
        await seat.sees("line 60 of many the end")
        seat.write(":wq\n")
        assert await seat.ended() == 0
    written = poem(place).read_text().splitlines()
    assert written[:2] == ["line 1 of many", "written above: Grüße, 日本"]
    assert written[-1] == "line 60 of many the end"


async def test_substitution_undo_and_redo(place: Place) -> None:
    async with vim(place) as seat:
        seat.write(":%s/many/few/g\n")
        await seat.sees("60 substitutions on 60 lines")
        seat.write("gg")
        await seat.sees("line 1 of few")
        seat.write("u")
        await seat.sees("line 1 of many", "60 changes")
        seat.press("Ctrl+r")
        await seat.sees("line 1 of few")
        seat.write(":wq\n")
        assert await seat.ended() == 0
    assert poem(place).read_text() == POEM.replace("many", "few")


async def test_a_visual_block_is_seen_and_deleted(place: Place) -> None:
    async with vim(place) as seat:
        seat.press("Ctrl+v")
        seat.press("Down", "Down", "Right", "Right", "Right", "Right")
        await seat.sees("-- VISUAL BLOCK --")
        await seat.until(lambda: seat.style(2, 3).reverse or seat.style(2, 3).bg != -1)
        assert seat.style(0, 0) == seat.style(2, 3) != seat.style(2, 7)
        assert seat.style(3, 0) != seat.style(2, 0)
        seat.write("d")
        await seat.until(lambda: seat.lines[:4] == ["1 of many", "2 of many", "3 of many", "line 4 of many"])
        seat.press("Ctrl+v")
        seat.write("jjIno. ")
        seat.press("Esc")
        await seat.until(lambda: seat.lines[2] == "no. 3 of many")
        seat.write(":q!\n")
        assert await seat.ended() == 0


def halves(seat: Seat, rows: int, cols: int) -> bool:
    """Tell whether two windows of one width are drawn for a terminal of this size."""
    border = seat.lines[0].find("|line 1 of many")
    return abs(border - cols // 2) <= 1 and seat.lines[rows - 2].count("poem.txt") == 2


async def test_windows_beside_each_other_follow_the_size_of_the_terminal(place: Place) -> None:
    async with vim(place) as seat:
        seat.press("Ctrl+w")
        seat.write("v")
        await seat.until(lambda: seat.lines[0].count("line 1 of many") == 2)
        seat.press("Ctrl+w")
        seat.write("s")
        await seat.until(lambda: sum("poem.txt" in line for line in seat.lines) == 2)
        for rows, cols in ((40, 120), (12, 50), (30, 100)):
            seat.resize(rows, cols)
            await seat.until(lambda rows=rows: "poem.txt" in seat.lines[rows - 2])  # type: ignore[misc]
            seat.press("Ctrl+w")
            seat.write("=")
            await seat.until(lambda rows=rows, cols=cols: halves(seat, rows, cols))  # type: ignore[misc]
        seat.press("Ctrl+w", "Ctrl+w")
        seat.write(":qall\n")
        assert await seat.ended() == 0


async def test_what_is_pasted_is_text_and_no_keys(place: Place) -> None:
    async with vim(place) as seat:
        assert seat.grid.modes.bracketed
        seat.write("O")
        await seat.sees("-- INSERT --")
        dangers = seat.paste("  indented\n\tand \x1b:q!\rmore\x1b[201~:q!\n")
        assert dangers == ("control characters (ESC) were removed",)
        await seat.sees("more[201~:q!")
        seat.press("Esc")
        seat.write(":wq\n")
        assert await seat.ended() == 0
    assert poem(place).read_text() == "  indented\n\tand :q!\nmore[201~:q!\n\n" + POEM


async def test_the_mouse_places_the_cursor_drags_a_selection_and_turns_pages(place: Place) -> None:
    async with vim(place, "-c", "set mouse=a ttymouse=sgr") as seat:
        await seat.until(lambda: seat.grid.modes.mouse != 0)
        seat.click(4, 5)
        await seat.until(lambda: (seat.grid.cursor.row, seat.grid.cursor.col) == (4, 5))
        seat.wheel(5, 4, 5)
        await seat.until(lambda: seat.lines[0] == "line 4 of many")
        seat.wheel(4, 4, 5)
        await seat.until(lambda: seat.lines[0] == "line 1 of many")
        seat.drag((0, 0), (2, 3))
        await seat.sees("-- VISUAL --")
        seat.write("d")
        await seat.until(lambda: seat.lines[0] == " 3 of many")
        seat.write(":q!\n")
        assert await seat.ended() == 0


async def test_colours_and_the_cursors_shape(place: Place) -> None:
    (place.home / "it.py").write_text("def f():\n    return 'text'  # why\n")
    setting = 'syntax on | set t_Co=256 | let &t_SI = "\\e[6 q" | let &t_EI = "\\e[2 q"'
    async with place.sit("vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "-c", setting, "it.py") as seat:
        await seat.sees("def f():")
        await seat.until(lambda: seat.look_of("return").fg != -1)
        assert len({seat.look_of(word).fg for word in ("return", "'text'", "# why")}) == 3
        seat.write("i")
        await seat.until(lambda: seat.grid.cursor.shape == "bar")
        seat.press("Esc")
        await seat.until(lambda: seat.grid.cursor.shape == "block")
        seat.write(":q!\n")
        assert await seat.ended() == 0
    assert not seat.capture.modes.alternate
