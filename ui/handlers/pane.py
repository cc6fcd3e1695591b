"""Commands of the focused pane: reading, finding, writing. The pane does them; this finds it."""

from __future__ import annotations

from functools import partial

from app.commands import COMMANDS, Zone
from ui.handlers.base import Bindings, Window
from ui.port import Pane


class PaneHandlers:
    """Passes commands to the pane of the subject, or to the first in front."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def bindings(self) -> Bindings:
        """Return what runs for each command id."""
        passed = (command.id for command in COMMANDS if command.group == "pane")
        return {command: partial(self._pass_on, command) for command in passed}

    def _pass_on(self, command: str) -> None:
        window = self._window
        place, row = window.place(), window.subject()
        if place.zone is Zone.TERMINAL and place.agent is None:
            if window.tools.terminal.perform(command):
                return
            if row is not None:
                window.stage.show_agent(row.id)  # else it would be done in whatever pane is in front
        pane = self._pane()
        if pane is None or not pane.perform(command):
            window.tell("this pane cannot do that", "warning")

    def _pane(self) -> Pane | None:
        row = self._window.subject()
        pane = self._window.pane_of(row.id) if row else None
        if pane is not None:
            return pane
        return next(filter(None, map(self._window.pane_of, self._window.stage.docks.in_front())), None)
