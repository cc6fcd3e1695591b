"""Commands of terminals: going to the one beside an agent and back, and what acts on the one with the keyboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication, QSplitter, QWidget
from shiboken6 import isValid

from agents.model import AgentId, AgentRow
from agents.wire import Started
from app.actions.terminals import TerminalActions
from app.commands import COMMANDS, Zone
from app.fleet import Change, What
from ui.handlers.agent import AgentHandlers
from ui.handlers.base import Bindings, Window
from ui.roster.entries import Kind
from ui.stage import ALL

#: Pixels a terminal beside an agent gets where there is room: 80 columns. The stage keeps at least as much.
_WIDE = 660


class TerminalHandlers:
    """Owns the way back from the terminal beside an agent."""

    def __init__(self, window: Window, agents: AgentHandlers) -> None:
        self._window = window
        self._session = window.session
        self._agents = agents
        self._actions = TerminalActions(window.session.caller, window.session.spawner)
        self._came_from: QWidget | None = None
        self._before: tuple[bool, str, list[int]] | None = None  # tools shown, which one, widths
        self._awaited: AgentId | None = None
        self._stop_listening = window.session.fleet.listen(self._on_change)

    def dispose(self) -> None:
        """Stop listening to the fleet."""
        self._stop_listening()

    def bindings(self) -> Bindings:
        """Return what runs for each command id."""
        passed = (command.id for command in COMMANDS if command.group == "terminal")
        return {command: partial(self.perform, command) for command in passed} | {"terminal.toggle": self.toggle}

    def perform(self, command: str) -> None:
        """Do a command on the terminal that has the keyboard, else on the pane of the subject."""
        if not self.on_beside(command):
            row = self._window.subject()
            pane = self._window.pane_of(row.id) if row else None
            if pane is None or not pane.perform(command):
                self._window.tell("no terminal has the keyboard", "warning")

    def on_beside(self, command: str) -> bool:
        """Do a command on the terminal beside an agent; false when the keyboard is elsewhere."""
        window = self._window
        place = window.place()
        is_there = place.zone is Zone.TERMINAL and place.agent is None
        return is_there and window.tools.terminal.perform(command)

    # -- beside an agent

    def toggle(self) -> None:
        """Go to the terminal beside the subject, or back from it; on a project open one of its own."""
        window = self._window
        place = window.place()
        if place.zone is Zone.TERMINAL and place.agent is None:
            self._return()
            return
        row = window.subject()
        if row is None:
            self._open_plain(self.project_here())
        else:
            self._go_to(row)

    def _go_to(self, row: AgentRow) -> None:
        tools = self._window.tools
        splitter = tools.parentWidget()
        sizes = splitter.sizes() if isinstance(splitter, QSplitter) else []
        if self._before is None:
            self._before = (not tools.isHidden(), tools.current, sizes)
            self._came_from = QApplication.focusWidget()
        tools.show()
        if isinstance(splitter, QSplitter):
            splitter.setSizes(widened(splitter.sizes(), splitter.width()))
        tools.open_terminal(row)
        self._window.refresh_context()

    def _return(self) -> None:
        window = self._window
        came_from, self._came_from = self._came_from, None
        before, self._before = self._before, None
        is_back = came_from is not None and isValid(came_from) and came_from.isVisible()
        (came_from if is_back and came_from is not None else window.roster.view).setFocus()
        if before is None:
            return
        was_shown, tool, sizes = before
        splitter = window.tools.parentWidget()
        if isinstance(splitter, QSplitter) and len(sizes) == splitter.count():
            splitter.setSizes(sizes)
        window.tools.show_tool(tool)
        window.tools.setVisible(was_shown)

    # -- of a project

    def project_here(self) -> str:
        """Return the project a terminal without an agent begins in: the one selected, else the one on show."""
        key = self._window.roster.view.current_key()
        if key is not None and key.kind is Kind.PROJECT:
            return key.id
        if self._window.stage.project != ALL:
            return self._window.stage.project
        known = self._agents.known_projects
        return known[0] if known else str(Path.home())

    def _open_plain(self, project: str) -> None:
        def started(result: Started) -> None:
            self._window.tell(f"{result.name} started in {project}")
            self._awaited = result.id
            self._focus_awaited()

        self._actions.open_plain(project, started)

    def _on_change(self, change: Change) -> None:
        if change.what in (What.ADDED, What.RESET):
            self._focus_awaited()

    def _focus_awaited(self) -> None:
        """Put the keyboard into the terminal that was asked for, once the fleet knows it."""
        row = self._session.fleet.row(self._awaited) if self._awaited else None
        if row is not None:
            self._awaited = None
            self._agents.open_row(row)


def widened(sizes: list[int], width: int) -> list[int]:
    """Return the widths of roster, stage and tools with room for a terminal in the tools, if there is that much."""
    if len(sizes) != 3:
        return sizes
    roster, _, tools = sizes
    wanted = max(tools, min(_WIDE, (width - roster) // 2))
    return [roster, max(1, width - roster - wanted), wanted]
