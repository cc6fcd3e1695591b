"""The terminal beside an agent: a shell where it works, made when it is asked for, found again by the next window.

Only shows it: it ends with its agent, never because nobody looks.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from agents.model import AgentId, AgentRow
from agents.wire import Started
from app.actions.terminals import TerminalActions
from app.commands import Zone
from app.fleet import Change, What
from ui.panes.findbar import FindBar
from ui.panes.finding import Finding
from ui.panes.keyboard import holds
from ui.panes.links import follow, with_desktop
from ui.panes.terminal.pane import TerminalPane
from ui.panes.terminal.view import TerminalView
from ui.roster.look import place
from ui.session import Session
from ui.theme import Theme


class TerminalTool(QWidget):
    """Owns the pane of the terminal beside one agent at a time."""

    title_text = "Terminal"
    watched = Signal(tuple)  # whose output is to be told of
    hinted = Signal(str)  # what a newcomer has to know now

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._actions = TerminalActions(session.caller, session.spawner)
        self._agent: AgentRow | None = None
        self._starting: set[AgentId] = set()
        self._whys: dict[AgentId, str] = {}  # why there is none, of those that could not be opened
        self._wants_keyboard = False
        self.pane: TerminalPane | None = None
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setWordWrap(True)
        self.words.setMargin(24)
        self.words.setProperty("role", "muted")
        self.find_bar = FindBar(theme)
        self.finding = Finding(self.find_bar, self._searched, self.take_keyboard)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.words)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.find_bar)
        column.addWidget(self._stack, 1)
        self._stop_listening = session.fleet.listen(self._on_change)

    def dispose(self) -> None:
        """Stop listening to the fleet."""
        self._stop_listening()

    # -- looks, as the tool area wants them

    @property
    def theme(self) -> Theme:
        """Return the theme in force."""
        return self._theme

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self._theme = theme
        self.find_bar.set_theme(theme)
        if self.pane is not None:
            self.pane.set_theme(theme)

    # -- whose terminal

    def show_agent(self, row: AgentRow | None) -> None:
        """Show the terminal beside ``row``, or how to get one."""
        self._agent = row
        beside = self._session.fleet.terminal_beside(row.id) if row is not None else None
        lacks = self._session.terminals.missing() if beside is not None else ""
        if beside is None or lacks:
            self._drop()
            self.words.setText(self._empty_words(row) if not lacks else f"It runs, but to show it: {lacks}.")
        else:
            self._show(beside)
        self._tell_watched()

    def _empty_words(self, row: AgentRow | None) -> str:
        if row is None:
            return "Select an agent: its terminal is shown here."
        where = place(row.worktree or row.cwd)
        if row.id in self._starting:
            return f"Opening a shell in {where} …"
        if row.id in self._whys:
            return f"No terminal beside {row.name}: {self._whys[row.id]}"
        keys = self._session.keymap.keys_of("terminal.toggle", Zone.TOOL)
        key = keys[0] if keys else "the command “Terminal”"
        return f"No terminal beside {row.name} yet.\n{key} opens a shell in {where}."

    def _show(self, beside: AgentRow) -> None:
        if self.pane is None or self.pane.agent_id != beside.id:
            self._drop()
            session = self._session
            self.pane = TerminalPane(
                beside.id, session.caller, session.spawner, session.fleet, self._theme, terminals=session.terminals
            )
            self.pane.setProperty("zone", Zone.TERMINAL.value)
            self.pane.found.connect(self.finding.show_count)
            self.pane.hinted.connect(self.hinted)
            self.pane.link_activated.connect(self._on_link)
            self.pane.name_keys(leave=session.keys_of("zone.next"), allow=session.keys_of("terminal.allow"))
            self._stack.addWidget(self.pane)
        self.pane.show_row(beside)
        self._stack.setCurrentWidget(self.pane)
        if self._wants_keyboard or self.hasFocus():
            self._wants_keyboard = False
            self.pane.focus()

    def _drop(self) -> None:
        pane, self.pane = self.pane, None
        if pane is None:
            return
        if holds(pane):
            self.setFocus()
        self.hinted.emit("")
        self.find_bar.hide()
        self._stack.removeWidget(pane)
        pane.hide()
        pane.deleteLater()

    def _on_link(self, target: str) -> None:
        problem = follow(target, with_desktop)
        if problem and self.pane is not None:
            self.pane.corner.say("trouble", problem, "danger")

    @property
    def is_fresh(self) -> bool:
        """Tell whether nothing it shows is still on its way."""
        if self.pane is None:
            return not self._starting
        return self.pane.view.terminal is not None or not self.isVisible()

    # -- asked for

    def open(self, row: AgentRow) -> None:
        """Show the terminal beside ``row`` with the keyboard in it, and start it unless there is one."""
        self._wants_keyboard = True
        self.setFocus()
        if self._session.fleet.terminal_beside(row.id) is None and row.id not in self._starting:
            self._start(row)
        self.show_agent(row)

    def _start(self, row: AgentRow) -> None:
        self._starting.add(row.id)
        self._whys.pop(row.id, None)

        def started(_: Started) -> None:
            self._starting.discard(row.id)

        self._actions.open_beside(row, started, lambda why: self._not_started(row, why))

    def _not_started(self, row: AgentRow, why: str) -> None:
        self._starting.discard(row.id)
        self._whys[row.id] = why
        if isValid(self) and self._agent is not None and self._agent.id == row.id:
            self.show_agent(self._agent)

    @property
    def zone(self) -> Zone:
        """Return the zone that has the keyboard here, or would get it."""
        return Zone.TERMINAL if self.pane is not None else Zone.TOOL

    def take_keyboard(self) -> None:
        """Put the keyboard into the terminal."""
        if self.pane is None:
            self.setFocus()
        else:
            self.pane.focus()

    def perform(self, command: str) -> bool:
        """Do a command of terminals or of finding; false where there is no terminal."""
        if self.pane is None:
            return False
        if command == "pane.find":
            self.find_bar.open()
            return True
        return self.pane.perform(command)

    def leave_field(self) -> bool:
        """Step out of the find bar; tell whether the keyboard was there."""
        was_there = holds(self.find_bar)
        self.finding.close()
        return was_there

    def _searched(self) -> TerminalView | None:
        return self.pane.view if self.pane is not None else None

    # -- what happens

    def _on_change(self, change: Change) -> None:
        if self.pane is not None and change.agent in (None, self.pane.agent_id):
            self.pane.follow(change)
        if change.what in (What.ADDED, What.CHANGED, What.REMOVED, What.RESET) and self._concerns(change):
            self.show_agent(self._session.fleet.row(self._agent.id) if self._agent is not None else None)

    def _concerns(self, change: Change) -> bool:
        if not self.isVisible() or self._agent is None:
            return False
        if change.agent is None or (self.pane is not None and change.agent == self.pane.agent_id):
            return True
        row = self._session.fleet.row(change.agent)
        return row is not None and row.terminal_of == self._agent.id

    def _tell_watched(self) -> None:
        is_seen = self.isVisible() and self.pane is not None
        self.watched.emit((self.pane.agent_id,) if is_seen and self.pane is not None else ())

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: hear of its output from now on."""
        super().showEvent(event)
        self._tell_watched()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt: its output matters to nobody now; the program goes on."""
        super().hideEvent(event)
        self._tell_watched()
