"""What the handlers of commands may use of the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtWidgets import QWidget

from agents.model import AgentId, AgentRow
from app.commands import Zone
from ui.port import Pane
from ui.roster.panel import RosterPanel
from ui.session import Session
from ui.stage import Stage
from ui.theme import Theme
from ui.tools.area import ToolArea
from ui.zones import Place

Bindings = dict[str, Callable[[], None]]


class Window(Protocol):
    """The main window as handlers see it."""

    session: Session
    theme: Theme
    roster: RosterPanel
    stage: Stage
    tools: ToolArea

    def subject(self) -> AgentRow | None:
        """Return the agent commands act on: of the pane with the keyboard, else the selected one."""

    def place(self) -> Place:
        """Return where the keyboard is."""

    def zone(self) -> Zone:
        """Return the zone that has the keyboard."""

    def pane_of(self, agent: AgentId) -> Pane | None:
        """Return an agent's pane while it is there."""

    def widget(self) -> QWidget:
        """Return the window itself, as parent of dialogs."""

    def tell(self, text: str, level: str = "info") -> None:
        """Say something in the line at the bottom."""

    def refresh_context(self) -> None:
        """Show the keys that act now."""
