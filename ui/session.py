"""What one window works with: the fleet, the way to the daemon, the user's choices. Made by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtWidgets import QWidget

from agents.model import AgentId
from app.actions.agents import AgentActions
from app.client.api import Caller, Spawner
from app.fleet import Fleet
from app.keymap import Keymap, display
from app.layout import Layouts
from app.settings import Settings
from ui.terminals import Terminals
from ui.theme import Theme

#: Makes the pane of an agent: id, theme, parent.
PaneFactory = Callable[[AgentId, Theme, QWidget], QWidget]


@dataclass(frozen=True, slots=True)
class Session:
    """Handed to every part of the window; each takes from it what it needs."""

    fleet: Fleet
    caller: Caller
    spawner: Spawner
    actions: AgentActions
    settings: Settings
    layouts: Layouts
    keymap: Keymap
    make_pane: PaneFactory
    is_mac: bool = False
    terminals: Terminals = field(default_factory=Terminals)

    def keys_of(self, command: str) -> str:
        """Return the first key of a command as people read it, nothing when it has none."""
        keys = self.keymap.keys_of(command)
        return display(keys[0], is_mac=self.is_mac) if keys else ""
