"""A terminal within the terminal: panes of tmux, its copy mode, the mouse between panes, detaching."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.programs.seat import Place, Seat


@asynccontextmanager
async def tmux(place: Place, *settings: str) -> AsyncIterator[Seat]:
    """Start tmux with a server of its own; the server ends with its only session."""
    lines = ["set -g default-shell /bin/sh", "set -g default-command 'PS1=: sh'", "set -sg escape-time 20"]
    lines += ["set -g repeat-time 0", "set -g assume-paste-time 0", *settings]  # a test types fast
    (place.home / "tmux.conf").write_text("\n".join(lines) + "\n")
    argv = ("tmux", "-f", "tmux.conf", "-S", "socket", "new", "-s", "work")
    async with place.sit(*argv, rows=30, cols=100, env={"PS1": ":"}) as seat:
        await seat.sees("[work]")
        await seat.until(lambda: seat.lines[0] == ":")
        try:
            yield seat
        finally:
            async with place.sit("tmux", "-S", "socket", "kill-server") as ending:
                await ending.ended()


async def test_panes_copy_mode_and_detaching(place: Place) -> None:
    async with tmux(place) as seat:
        assert seat.look_of("[work]").bg == 2
        seat.press("Ctrl+b", "%")
        await seat.until(lambda: "│" in seat.lines[0] and seat.lines[0].endswith(":"))
        seat.write("seq 100\n")
        await seat.sees("│100")
        seat.press("Ctrl+b", "Left")
        await seat.until(lambda: seat.grid.cursor.col < 49)
        seat.write("echo left\n")
        await seat.until(lambda: seat.lines[1].startswith("left"))
        seat.press("Ctrl+b", "Right", "Ctrl+b")
        seat.write("[")
        await seat.sees("[0/")
        seat.press("PageUp", "PageUp")
        await seat.until(lambda: not seat.shows("│100") and seat.shows("│35"))
        seat.write("q")
        await seat.sees("│100")
        seat.press("Ctrl+b", "Ctrl+Left", "Ctrl+b", "Ctrl+Left")
        await seat.until(lambda: seat.lines[0].find("│") == 48)
        seat.resize(20, 60)
        await seat.until(lambda: seat.lines[19].startswith("[work]") and seat.shows("│100"))
        seat.press("Ctrl+b", "d")
        assert await seat.ended() == 0
        assert seat.shows("[detached (from session work)]")


async def test_the_mouse_chooses_and_sizes_panes(place: Place) -> None:
    async with tmux(place, "set -g mouse on") as seat:
        seat.press("Ctrl+b", '"')
        await seat.until(lambda: any(line.startswith("──") for line in seat.lines) and seat.grid.cursor.row > 10)
        border = next(n for n, line in enumerate(seat.lines) if line.startswith("──"))
        seat.click(2, 5)
        await seat.until(lambda: seat.grid.cursor.row == 0)
        seat.drag((border, 10), (border - 5, 10))
        await seat.until(lambda: seat.lines[border - 5].startswith("──"))
        seat.write("seq 50\n")
        await seat.until(lambda: any(line == "50" for line in seat.lines))
        seat.wheel(4, 2, 5)
        await seat.sees("[0/")
        seat.wheel(4, 2, 5)
        await seat.until(lambda: not any(line == "50" for line in seat.lines))
        seat.write("q")
        await seat.until(lambda: any(line == "50" for line in seat.lines))
