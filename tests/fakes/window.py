"""A real shell on a real daemon, driven from inside its own loop: scenarios are coroutines that press keys and wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtWidgets import QApplication, QWidget

from agents.model import AgentRow
from tests.fakes.deck import LIMIT_S, Deck
from tests.fakes.keys import press
from ui.panes.agent_pane import AgentPane
from ui.shell import Shell, run_loop


class User:
    """Looks at the window and presses keys; lives inside the shell's loop."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.window = shell.window

    async def until(self, fact: Callable[[], object], what: str) -> None:
        """Wait for a fact; fail naming it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LIMIT_S / 2
        while not fact():
            assert loop.time() < deadline, f"not within {LIMIT_S:.0f} s: {what}; rows {self.headlines()}"
            await asyncio.sleep(0.01)

    async def keys(self, *chords: str) -> None:
        """Press chords on whatever has the keyboard."""
        for chord in chords:
            press(chord)
            await asyncio.sleep(0)

    async def type(self, text: str) -> None:
        """Type text, letter by letter."""
        for letter in text:
            await self.keys("Space" if letter == " " else letter)

    def row(self, name: str) -> AgentRow | None:
        """Return the row the window shows for a name."""
        return next((row for row in self.shell.fleet.rows() if row.name == name), None)

    def pane(self, name: str) -> AgentPane | None:
        """Return an agent's pane while there is one."""
        row = self.row(name)
        pane = self.window.stage.pane(row.id) if row else None
        return pane if isinstance(pane, AgentPane) else None

    def headlines(self) -> dict[str, str]:
        """Return what all rows say."""
        return {row.name: row.headline for row in self.shell.fleet.rows()}

    def focus(self) -> QWidget | None:
        """Return what has the keyboard."""
        return QApplication.focusWidget()


def play(app: QApplication, deck: Deck, scenario: Callable[[User], Coroutine[Any, Any, None]]) -> None:
    """Open the shell on ``deck``, run ``scenario`` beside it, close it; failures inside are raised here."""
    shell = Shell(app, deck.home, deck.env)
    failures: list[str] = []
    shell.fleet.listen(
        lambda change: failures.append(change.notice.text) if change.notice and change.notice.level == "error" else None
    )

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            window = tasks.create_task(shell.run())
            user = User(shell)
            await shell.connected()
            shell.window.activateWindow()
            try:
                await scenario(user)
            finally:
                shell.window.close()
            await window

    try:
        run_loop(shell, work)
    finally:
        shell.window.deleteLater()
    assert not failures, failures
