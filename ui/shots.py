"""Draws the main states of the window to PNG files, from whatever fleet a daemon has; used by the demo and the docs.

Waits for facts (connected, panes there), then until no window was painted for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from agents.model import AgentRow, Headline, Rank
from app.commands import Zone
from app.paths import Home
from ui import windowstate
from ui.shell import Shell, make_application, run_loop

#: Window sizes, as in the design.
SIZES = (QSize(1280, 800), QSize(2560, 1440))
THEMES = ("dark", "light")

#: Seconds a picture may take to settle, and without a paint until it has: ages are painted every second, so that
#: a machine too busy for several pictures within one would never see two alike.
SETTLE_S = 10.0
STILL_S = 0.25

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
    yield "explain", _explain
    yield "approval", _approval
    yield "terminal", _terminal
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


def _explain(shell: Shell) -> None:
    """Show why a program that reports its status is called blocked."""
    _show_terminal(shell, Rank.OSC7501)
    shell.window.tools.show()
    shell.window.tools.show_tool("explain")


def _approval(shell: Shell) -> None:
    """Show the card of what was read from a screen."""
    _show_terminal(shell, Rank.SCREEN)


def _terminal(shell: Shell) -> None:
    """Show a program in its terminal, and the shell beside it with the keyboard."""
    _show_terminal(shell, Rank.OSC7501)
    pane = shell.window.place().agent
    if pane is not None:
        shell.window.run("terminal.toggle")


def _show_terminal(shell: Shell, rank: Rank) -> None:
    asking = (row for row in shell.fleet.rows() if row.requests and row.source == rank.name.lower())
    row = next(asking, None)
    if row is not None:
        shell.window.agents.open_row(row)


def _tidy(shell: Shell) -> None:
    window = shell.window
    if window.zone() is Zone.TERMINAL and window.place().agent is None:
        window.run("terminal.toggle")
    for overlay in (window.palette_overlay, window.key_help, window.notices):
        overlay.close_overlay()
    for dialog in window.findChildren(QDialog):
        dialog.reject()
    if window.triage.has_back:
        window.run("triage.back")


class _Paints(QObject):
    """Remembers when a window was last painted, on the loop's clock; owned by who draws."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self.last = clock()

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Qt: windows are painted in answer to one request each."""
        if event.type() == QEvent.Type.UpdateRequest:
            self.last = self._clock()
        return False


async def _settled(shell: Shell) -> QPixmap:
    """Return the picture once nothing was painted for a while and the tools have their answers."""
    loop, app = asyncio.get_running_loop(), QApplication.instance()
    assert app is not None  # noqa: S101  (there is no shell without one)
    paints = _Paints(loop.time)
    app.installEventFilter(paints)
    deadline = loop.time() + SETTLE_S
    try:
        while True:
            if not shell.window.tools.is_fresh:
                paints.last = loop.time()
            left = min(paints.last + STILL_S, deadline) - loop.time()
            if left <= 0:
                return _picture(shell)
            await asyncio.sleep(left)
    finally:
        app.removeEventFilter(paints)


def _picture(shell: Shell) -> QPixmap:
    dialog = QApplication.activeModalWidget()
    return dialog.grab() if isinstance(dialog, QDialog) else shell.window.grab()
