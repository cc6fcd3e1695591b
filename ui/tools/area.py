"""The right side of the window: the tools of the focused agent, one at a time."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from agents.model import AgentId, AgentRow
from app.commands import Zone
from app.fleet import Change, What
from ui.session import Session
from ui.theme import Theme
from ui.tools.details import DetailsTool
from ui.tools.explain import ExplainTool
from ui.tools.terminal import TerminalTool

_FLUSH_MS = 200


class Tool(Protocol):
    """What the area needs of a tool."""

    title_text: str
    theme: Theme

    def show_agent(self, row: AgentRow | None) -> None:
        """Show one agent; called again when its row changed."""


class ToolArea(QWidget):
    """Owns the tools; only the one on show is told about changes."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tools")
        self._session = session
        self._agent: AgentId | None = None
        self._explain = ExplainTool(session, theme, self)
        self.terminal = TerminalTool(session, theme, self)
        self.tools: dict[str, ExplainTool | DetailsTool | TerminalTool] = {
            "terminal": self.terminal,
            "explain": self._explain,
            "details": DetailsTool(session, theme, self),
        }
        self._stack = QStackedWidget(self)
        self._buttons = QButtonGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        for name, tool in self.tools.items():
            tool.setProperty("zone", Zone.TOOL.value)
            self._stack.addWidget(tool)
            row.addWidget(self._button(name, tool.title_text))
        row.addStretch(1)
        self.hint = QLabel(self)
        self.terminal.hinted.connect(self.hint.setText)
        self._style_hint(theme)
        row.addWidget(self.hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self._timer = QTimer(self, singleShot=True, interval=_FLUSH_MS)
        self._timer.timeout.connect(self.refresh)
        self._stop_listening = session.fleet.listen(self._on_change)
        self.show_tool("explain")

    def dispose(self) -> None:
        """Stop listening to the fleet."""
        self._stop_listening()
        self.terminal.dispose()

    def _button(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "flat")
        button.setCheckable(True)
        button.setObjectName(name)
        button.clicked.connect(lambda _=False: self.show_tool(name))
        self._buttons.addButton(button)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Take colours and fonts from ``theme``."""
        for tool in self.tools.values():
            tool.theme = theme
        self._style_hint(theme)
        self.refresh()

    def _style_hint(self, theme: Theme) -> None:
        self.hint.setFont(theme.ui(delta=-1))
        self.hint.setStyleSheet(f"color: {theme.accent.name()};")

    @property
    def current(self) -> str:
        """Return the name of the tool on show."""
        return next(name for name, tool in self.tools.items() if tool is self._stack.currentWidget())

    def show_tool(self, name: str) -> None:
        """Bring a tool to the front."""
        tool = self.tools.get(name)
        if tool is None:
            return
        self._stack.setCurrentWidget(tool)
        for button in self._buttons.buttons():
            button.setChecked(button.objectName() == name)
        self.refresh()

    def step(self, steps: int) -> None:
        """Go to another tool."""
        names = list(self.tools)
        self.show_tool(names[(names.index(self.current) + steps) % len(names)])
        self.focus()

    def focus(self) -> None:
        """Give the keyboard to the tool on show."""
        if self.current == "terminal":
            self.terminal.take_keyboard()
        else:
            self.tools[self.current].setFocus()

    @property
    def zone(self) -> Zone:
        """Return the zone F6 comes to here."""
        return self.terminal.zone if self.current == "terminal" else Zone.TOOL

    def open_terminal(self, row: AgentRow) -> None:
        """Show the terminal beside an agent with the keyboard in it; it is started unless there is one."""
        self._agent = row.id
        self._timer.stop()
        self.show_tool("terminal")
        self.terminal.open(row)

    def set_agent(self, agent: AgentId | None) -> None:
        """Show the tools of another agent; asked at once by whoever walks the roster, answered when he pauses."""
        if agent != self._agent:
            self._agent = agent
            self._timer.start()

    @property
    def is_fresh(self) -> bool:
        """Tell whether nothing it shows waits to be asked for or answered."""
        is_drawn = self.current != "terminal" or self.terminal.is_fresh
        return not self._timer.isActive() and self._explain.is_fresh and is_drawn

    def refresh(self) -> None:
        """Show the agent as it is now, if anybody sees it."""
        if self.isVisible():
            row = self._session.fleet.row(self._agent) if self._agent else None
            self.tools[self.current].show_agent(row)

    def showEvent(self, event: object) -> None:
        """Qt: what was not worth the work while hidden is now."""
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    def _on_change(self, change: Change) -> None:
        is_ours = change.agent is not None and change.agent == self._agent
        matters = (is_ours and change.what is not What.BLOCKS) or change.what in (What.RESET, What.CONNECTION)
        if matters and not self._timer.isActive():
            self._timer.start()
