"""Triage: from any place to whoever needs you, and back to the widget and caret you came from."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from agents.model import AgentId, AgentRow
from app.actions.triage import TriageWalk
from app.fleet import Change, What
from ui.handlers.base import Bindings, Window


class TriageHandlers:
    """Owns the walk and where it began."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._walk = TriageWalk()
        self._came_from: QWidget | None = None
        self._agent_before: AgentId | None = None
        self._has_answered = False

    def bindings(self) -> Bindings:
        """Return what runs for each command id."""
        return {"triage.next": self.next, "triage.back": self.back}

    @property
    def has_back(self) -> bool:
        """Tell whether there is a place to return to."""
        return self._came_from is not None

    def next(self) -> None:
        """Go to the first of the queue that was not shown yet; focus its card."""
        fleet = self._window.session.fleet
        row = self._walk.next(fleet.triage(time.time()))
        if row is None:
            self._end("nobody needs you any more")
            return
        if self._came_from is None:
            self._came_from = QApplication.focusWidget()
            self._agent_before = self._window.place().agent
        self._has_answered = False
        self._lead_to(row)

    def _lead_to(self, row: AgentRow) -> None:
        window = self._window
        window.stage.show_agent(row.id)
        window.roster.view.select_agent(row.id)
        pane = window.pane_of(row.id)
        if pane is not None and not pane.focus_card(after_next=True):
            zone = next(iter(pane.zones()), "")
            if not zone or not pane.focus_zone(zone):
                pane.focus_composer()
        left = len(window.session.fleet.triage(time.time())) - 1
        window.tell(f"{row.name}: {row.headline}" + (f"   ({left} more)" if left > 0 else ""))

    def back(self) -> None:
        """Return to where the walk began."""
        self._walk.end()
        self._return()

    def answered(self) -> None:
        """Note that the user answered on the way: when that was the last, the way back is taken at once."""
        self._has_answered = self._walk.is_walking

    def follow(self, change: Change) -> None:
        """Return by itself once the last entry was answered."""
        if not self._has_answered or change.what not in (What.CHANGED, What.REMOVED, What.RESET):
            return
        if not self._window.session.fleet.triage(time.time()):
            self._end("nobody needs you any more")

    def _end(self, words: str) -> None:
        self._walk.end()
        self._has_answered = False
        self._return()
        self._window.tell(words)

    def _return(self) -> None:
        came_from, self._came_from = self._came_from, None
        if self._agent_before is not None and self._window.stage.is_shown(self._agent_before):
            # It may be behind the tab *next* led to.
            self._window.stage.show_agent(self._agent_before)
        if came_from is not None and isValid(came_from) and came_from.isVisible():
            came_from.setFocus()
        elif came_from is not None:
            self._window.roster.view.setFocus()
