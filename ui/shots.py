"""Draws the main states of the window to PNG files, from whatever fleet a daemon has; used by the demo and the docs.

Waits for facts (connected, panes there), then for the pictures to stop changing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from agents.model import AgentRow, Headline
from app.paths import Home
from ui import windowstate
from ui.shell import Shell, make_application, run_loop

#: Window sizes, as in the design.
SIZES = (QSize(1280, 800), QSize(2560, 1440))
THEMES = ("dark", "light")

#: Seconds a picture may take to settle, and between two looks at it.
SETTLE_S = 10.0
LOOK_S = 0.08

Scene = Callable[[Shell], None]


def draw(home: Home, env: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """Draw every scene in every theme and size into ``folder``; return the files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    shell = Shell(make_application(), home, env)
    drawn: list[Path] = []

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            window = tasks.create_task(shell.run())
            await shell.connected()
            drawn.extend([path async for path in _pictures(shell, folder)])
            shell.window.close()
            await window

    run_loop(shell, work)
    return tuple(drawn)


async def _pictures(shell: Shell, folder: Path) -> AsyncIterator[Path]:
    for size in SIZES:
        for theme in THEMES:
            shell.settings.set("ui.theme", theme)
            shell.window.resize(size)
            shell.window.tools.setVisible(size.width() > SIZES[0].width())
            shell.window.splitter.setSizes(windowstate.first_widths(size.width()))
            for name, scene in _scenes(size):
                shell.window.activateWindow()
                scene(shell)
                path = folder / f"{name}-{theme}-{size.width()}x{size.height()}.png"
                picture = await _settled(shell)
                if not picture.save(str(path)):
                    raise OSError(f"{path} could not be written")
                yield path
                _tidy(shell)


def _scenes(size: QSize) -> Iterator[tuple[str, Scene]]:
    yield "fleet", _fleet if size.width() < 2000 else _grid
    yield "triage", _triage
    yield "transcript", _transcript
    yield "palette", lambda shell: shell.window.run("palette.open")
    yield "keys", lambda shell: shell.window.run("help.keys")
    yield "new-agent", lambda shell: shell.window.run("agent.new")
    yield "settings", lambda shell: shell.window.run("settings.open")


def _row(shell: Shell, *states: Headline) -> AgentRow | None:
    rows: Sequence[AgentRow] = shell.fleet.rows()
    return next((row for state in states for row in rows if row.state is state), rows[0] if rows else None)


def _fleet(shell: Shell) -> None:
    row = _row(shell, Headline.WORKING, Headline.ALLOW)
    if row is not None:
        shell.window.stage.show_agent(row.id)
        shell.window.roster.view.select_agent(row.id)
    shell.window.roster.view.setFocus()


def _grid(shell: Shell) -> None:
    stage = shell.window.stage
    while stage.mode != "grid":
        stage.next_layout()
    _fleet(shell)


def _triage(shell: Shell) -> None:
    shell.window.run("triage.next")


def _transcript(shell: Shell) -> None:
    row = _row(shell, Headline.WORKING, Headline.DONE, Headline.IDLE)
    if row is not None:
        shell.window.agents.open_row(row)
    shell.window.tools.show()
    shell.window.tools.show_tool("explain")


def _tidy(shell: Shell) -> None:
    window = shell.window
    for overlay in (window.palette_overlay, window.key_help, window.notices):
        overlay.close_overlay()
    for dialog in window.findChildren(QDialog):
        dialog.reject()
    if window.triage.has_back:
        window.run("triage.back")


async def _settled(shell: Shell) -> QPixmap:
    """Return the picture once it stopped changing."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_S
    before, same = None, 0
    while True:
        await asyncio.sleep(LOOK_S)
        picture = _picture(shell)
        image = picture.toImage()
        same = same + 1 if image == before else 0
        if same >= 3 or loop.time() > deadline:
            return picture
        before = image


def _picture(shell: Shell) -> QPixmap:
    dialog = QApplication.activeModalWidget()
    return dialog.grab() if isinstance(dialog, QDialog) else shell.window.grab()
