"""Somebody at a terminal of ours: a real program on a real pty, drawn by the grid, typed into through the encoders."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from agents.recording.answering import Answering
from agents.recording.capture import Capture, NotSeen, Program
from agents.vt import mouse, paste
from agents.vt.grid import Grid, Style
from agents.vt.keys import Key, encode
from agents.vt.mouse import Mouse
from tests.fakes.chords import key

#: Seconds until a screen that does not come is a failure: a busy machine takes its time.
PATIENCE_S = 60.0

_INSTALL = "packaging/system-libraries.sh test"


class Drawn:
    """The recording's output and sizes as a grid."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self.typed = b""

    def output(self, _: float, data: bytes) -> None:
        self._grid.feed(data)

    def input(self, _: float, data: bytes) -> None:
        self.typed += data

    def resize(self, _: float, rows: int, cols: int) -> None:
        self._grid.resize(rows, cols)


class Seat:
    """What a person can do there, and see."""

    def __init__(self, capture: Capture, grid: Grid) -> None:
        self.capture = capture
        self.grid = grid

    # -- doing

    def press(self, *chords: str) -> None:
        for chord in chords:
            self.capture.type(encode(key(chord), self.grid.modes))

    def write(self, text: str) -> None:
        """Type text key by key."""
        for character in text:
            name = {"\n": "Enter", "\t": "Tab", " ": "Space"}.get(character)
            pressed = Key(name=name) if name else Key(text=character, base=character.lower())
            self.capture.type(encode(pressed, self.grid.modes))

    def paste(self, text: str) -> tuple[str, ...]:
        pasted = paste.prepare(text, self.grid.modes)
        self.capture.type(pasted.data)
        return pasted.dangers

    def click(self, row: int, col: int, button: int = 1) -> None:
        self.drag((row, col), (row, col), button)

    def drag(self, begin: tuple[int, int], end: tuple[int, int], button: int = 1) -> None:
        self._mouse(Mouse("press", button, *begin))
        if begin != end:
            self._mouse(Mouse("move", button, *end))
        self._mouse(Mouse("release", button, *end))

    def wheel(self, button: int, row: int, col: int) -> None:
        self._mouse(Mouse("wheel", button, row, col))

    def _mouse(self, event: Mouse) -> None:
        self.capture.type(mouse.encode_mouse(event, self.grid.modes))

    def resize(self, rows: int, cols: int) -> None:
        self.capture.resize(rows, cols)

    # -- seeing

    @property
    def lines(self) -> list[str]:
        return [self.grid.row(n).text for n in range(self.grid.rows)]

    def shows(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def where(self, text: str) -> tuple[int, int]:
        """Return the cell where ``text`` is first on the screen; all of its line must be single cells before it."""
        for row, line in enumerate(self.lines):
            if text in line:
                return row, line.index(text)
        raise AssertionError(f"{text!r} is not on the screen:\n" + "\n".join(self.lines))

    def style(self, row: int, col: int) -> Style:
        """Return how a cell looks."""
        for run in self.grid.row(row).runs:
            if run.col <= col < run.col + run.width:
                return run.style
        return Style()

    def look_of(self, text: str) -> Style:
        return self.style(*self.where(text))

    async def until(self, fact: Callable[[], bool]) -> None:
        """Wait until ``fact`` holds. Raises NotSeen with the screen."""
        try:
            await self.capture.until(lambda _: fact(), within=PATIENCE_S)
        except NotSeen as error:
            raise NotSeen(f"{error}\nas the grid has it:\n" + "\n".join(self.lines)) from None

    async def sees(self, *texts: str) -> None:
        await self.until(lambda: all(self.shows(text) for text in texts))

    async def ended(self) -> int:
        return await self.capture.wait()


class Place(msgspec.Struct, frozen=True):
    """A home of its own for programs, so that no file of the user's has a say."""

    home: Path

    def env(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TMPDIR": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "SHELL": "/bin/sh",
            "USER": "somebody",
            **more,
        }

    @asynccontextmanager
    async def sit(
        self, *argv: str, rows: int = 24, cols: int = 80, env: Mapping[str, str] | None = None
    ) -> AsyncIterator[Seat]:
        """Start a program; it is ended with all it started when the block is left."""
        _wanted(argv[0])
        grid = Grid(rows, cols)
        try:
            program = Program(argv, self.home, self.env(env or {}))
            async with Capture.run(program, Drawn(grid), Answering(rows, cols)) as capture:
                yield Seat(capture, grid)
        finally:
            grid.close()


def _wanted(name: str) -> None:
    """Skip where nobody installs programs for tests; on Linux one that is missing is a mistake of the set-up."""
    if shutil.which(name):
        return
    if sys.platform != "linux":
        pytest.skip(f"{name} is not installed")
    pytest.fail(f"{name} is not installed: run {_INSTALL}")
