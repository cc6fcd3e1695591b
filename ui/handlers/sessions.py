"""Commands about vendors' sessions: switching an agent's kind, adopting a session one already has."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from shiboken6 import isValid

from agents.model import AgentRow
from agents.wire import AdoptSession, FoundSessions, Started
from app.actions.sessions import SessionActions, is_mid_turn, targets
from ui.dialogs.adopt_session import AdoptSessionDialog
from ui.dialogs.switch_kind import SwitchKindDialog
from ui.handlers.base import Bindings, Window


class SessionHandlers:
    """Opens the two dialogs and carries out what they collect."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._session = window.session
        self._actions = SessionActions(window.session.caller, window.session.spawner)

    def bindings(self) -> Bindings:
        """Return what runs for each command id."""
        return {"agent.switch": self._switch, "session.adopt": self._adopt}

    def _switch(self) -> None:
        row = self._window.subject()
        if row is None:
            return
        kinds = self._session.fleet.kinds
        others = targets(row, kinds)
        if not others:
            self._window.tell(f"no other kind shares the sessions of {row.kind}", "warning")
            return
        present = next((kind for kind in kinds if kind.name == row.kind), None)
        switch = partial(self._switch_to, row)
        SwitchKindDialog(self._window.widget(), self._window.theme, row, present, others, switch).open()

    def _switch_to(self, row: AgentRow, kind: str) -> None:
        def done(started: Started) -> None:
            if is_mid_turn(row):
                self._window.tell(f"{started.name} goes on as {kind} once its turn is over")
            else:
                self._window.tell(f"{started.name} goes on as {kind}")

        self._actions.switch(row, kind, done)

    def _adopt(self) -> None:
        project = self._project()
        kinds = self._session.fleet.kinds
        dialog = AdoptSessionDialog(
            self._window.widget(), self._window.theme, project, kinds, time.time, self._adopt_session
        )

        def fill(found: FoundSessions) -> None:
            if isValid(dialog):  # it may have been closed before the answer came
                dialog.show_found(found)

        dialog.open()
        self._actions.find(project, fill)

    def _project(self) -> str:
        """Return the project of the subject, else of any agent, else where the shell was started."""
        row = self._window.subject()
        rows = self._session.fleet.rows()
        if row is not None:
            return row.project
        return rows[0].project if rows else str(Path.cwd())

    def _adopt_session(self, params: AdoptSession) -> None:
        def started(result: Started) -> None:
            self._window.tell(f"{result.name} continues the session")
            self._window.stage.show_when_there(result.id)

        self._actions.adopt(params, started)
