"""A terminal pane in a window, for tests: a real log on disk, a real screen, a daemon in memory that hears the keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from agents.events import LogGrew, NumberedEvent
from agents.model import AgentRow, Capability, Turn
from agents.wire import TerminalState
from app.fleet import Fleet
from app.prompting import Memory
from tests.fakes.rows import fleet_of, row
from tests.ui.panes.conftest import KEYMAP, Clock, Daemon, Pump, Window
from ui.panes.agent_pane import AgentPane
from ui.panes.terminal.pane import TerminalPane
from ui.terminals import Terminals
from ui.theme import Theme

ABLE = (Capability.INPUT, Capability.PROMPT, Capability.TERMINAL, Capability.INTERRUPT)


def terminal_row(**changes: Any) -> AgentRow:
    """Return the row of agent ``a``, a program in a terminal."""
    values: dict[str, Any] = {"kind": "shell", "family": "terminal", "capabilities": ABLE, "modes": (), "mode": None}
    return row("fox", changes.pop("turn", Turn.UNKNOWN), id="a", **values | changes)


class Bench:
    """One terminal pane in a window, the program behind it played by the test."""

    def __init__(self, qtbot: QtBot, pump: Pump, daemon: Daemon, theme: Theme, folder: Path) -> None:
        self.pump, self.daemon, self.theme = pump, daemon, theme
        self.qtbot = qtbot
        self.log = folder / "out.0.log"
        self.log.write_bytes(b"")
        daemon.directory = str(folder)
        self.rows, self.cols = 40, 120
        self.clock = Clock()
        self.terminals = Terminals()
        self.memory = Memory()
        self.fleet: Fleet = fleet_of([terminal_row()])
        self.window: Window | None = None
        self._tell_state()

    def _tell_state(self) -> None:
        size = self.log.stat().st_size
        self.daemon.answers["terminal.open"] = TerminalState(size, self.rows, self.cols)

    def prints(self, data: bytes) -> None:
        """Have the program print, as the daemon tells of it."""
        with self.log.open("ab") as file:
            file.write(data)
        self._tell_state()
        size = self.log.stat().st_size
        self.fleet.apply(NumberedEvent(self.fleet.seq + 1, LogGrew("a", size, 0, self.rows, self.cols)))

    def resized(self, rows: int, cols: int) -> None:
        """Give the program's terminal another size, as some view asked for."""
        self.rows, self.cols = rows, cols
        self.prints(b"")

    def open(self) -> Bench:
        """Show the pane of the agent in an active window."""
        pane = AgentPane(
            "a", self.daemon, self.pump, self.fleet, self.theme,
            memory=self.memory, clock=self.clock, terminals=self.terminals,
        )  # fmt: skip
        pane.set_keymap(KEYMAP)
        self.window = Window(pane)
        self.qtbot.addWidget(self.window)
        self.window.resize(900, 600)
        self.window.show()
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow, timeout=30_000)
        self.pump.settle()
        return self

    @property
    def pane(self) -> AgentPane:
        """Return the pane of the agent."""
        assert self.window is not None
        return self.window.pane

    @property
    def terminal(self) -> TerminalPane:
        """Return the terminal in it."""
        found = self.pane.body.terminal
        assert found is not None, "the pane shows no terminal"
        return found

    def focus(self) -> None:
        """Put the keyboard into the pane, as Enter on its row does."""
        assert self.pane.focus_composer()
        self.pump.settle()

    def screen(self) -> str:
        """Return what is to be seen."""
        return self.terminal.view.accessible_text()

    def shows(self, text: str) -> None:
        """Wait until a text is on the screen."""
        self.pump.until(lambda: text in self.screen())

    def typed(self) -> bytes:
        """Return all that reached the program."""
        self.pump.settle()
        return b"".join(params.data for params in self.daemon.of("agent.input"))

    def sizes(self) -> list[tuple[int, int]]:
        """Return the sizes asked for."""
        self.pump.settle()
        return [(params.rows, params.cols) for params in self.daemon.of("agent.resize")]

    def said(self, about: str) -> str:
        """Return what the corner says about something."""
        return self.terminal.corner.said(about)
