"""Commands about the subject: opening, hiding, answering, stopping. What agents are asked is in ``app.actions``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtGui import QGuiApplication

from agents.model import LIVE, AgentRow, Mode, Model
from agents.status.untrusted import one_line
from agents.wire import Run, Started
from app.actions.confirm import Confirm
from app.actions.terminals import TerminalActions, is_resumed
from app.actions.undo import Undo
from app.advice import login_of
from app.commands import BY_ID, SLOTS, Zone
from app.layout import NewAgentChoices
from ui.dialogs.edit_agent import EditAgentDialog, Edited
from ui.dialogs.new_agent import NewAgentDialog
from ui.handlers.base import Bindings, Window
from ui.palette import Entry
from ui.roster.entries import Kind
from ui.roster.look import place
from ui.stage import ALL

_DECISIONS = {"request.allow": "allow", "request.always": "always", "request.deny": "deny"}


class AgentHandlers:
    """Owns what is confirmed by a second press and what can be undone."""

    def __init__(
        self, window: Window, choose: Callable[[list[Entry], str], None], answered: Callable[[], None]
    ) -> None:
        self._window = window
        self._session = window.session
        self._actions = window.session.actions
        self._choose = choose
        self._answered = answered
        self._terminals = TerminalActions(window.session.caller, window.session.spawner)
        self._confirm = Confirm()
        self.undo = Undo()
        self.new_agent = NewAgentChoices()
        self.known_projects: tuple[str, ...] = ()

    def bindings(self) -> Bindings:
        """Return what runs for each command id."""
        actions = self._actions
        return {
            "agent.new": lambda: self.open_new(self.new_agent),
            "agent.duplicate": self._on_row(self._duplicate),
            "agent.open": self._open,
            "agent.peek": self._on_row(lambda row: self._window.stage.show_agent(row.id)),
            "agent.toggle": self._toggle,
            "agent.pin": self._on_row(lambda row: self._window.stage.toggle_pin(row.id)),
            "agent.mark": self._on_row(self._mark),
            "agent.snooze": self._snooze,
            "agent.interrupt": self._on_row(actions.interrupt),
            "agent.stop": self._confirmed("agent.stop", actions.stop),
            "agent.kill": self._confirmed("agent.kill", actions.kill),
            "agent.remove": self._confirmed("agent.remove", actions.remove),
            "agent.resume": self._on_row(self._resume),
            "fleet.resume_all": actions.resume_all,
            "agent.archive": self._on_row(actions.archive),
            "agent.rename": self._on_row(lambda row: self._edit(row, at_note=False)),
            "agent.note": self._on_row(lambda row: self._edit(row, at_note=True)),
            "agent.mode": self._on_row(self._choose_mode),
            "agent.model": self._on_row(self._choose_model),
            "agent.fork": self._on_row(self._fork),
            "agent.steer": self._on_row(self._steer),
            "agent.copy_login": self._on_row(self._copy_login),
            "stage.layout": self._layout,
            "edit.undo": self._undo,
            "request.reply": self._on_row(self._reply),
            **{command: self._on_row(partial(self._answer, command)) for command in _DECISIONS},
            **{f"slot.toggle_{number}": partial(self._toggle_slot, number) for number in SLOTS},
        }

    def _on_row(self, act: Callable[[AgentRow], object]) -> Callable[[], None]:
        def run() -> None:
            row = self._window.subject()
            if row is not None:
                act(row)

        return run

    # -- panes

    def _open(self) -> None:
        key = self._window.roster.view.current_key()
        if self._window.zone() is Zone.ROSTER and key is not None and key.kind is Kind.PROJECT:
            stage = self._window.stage
            stage.open_project(ALL if stage.project == key.id else key.id)
            return
        if self._window.zone() is Zone.ROSTER and key is not None and key.kind is Kind.FOLD:
            self._window.roster.toggle_lists_hidden()
            return
        row = self._window.subject()
        if row is not None:
            self.open_row(row)

    def open_row(self, row: AgentRow) -> None:
        """Show an agent's pane and put the keyboard into it: its message field or terminal, else where one reads."""
        self._window.stage.show_agent(row.id)
        pane = self._window.pane_of(row.id)
        if pane is not None and not pane.focus_composer():
            for zone in pane.zones():
                if pane.focus_zone(zone):
                    break

    def _toggle(self) -> None:
        row = self._window.subject()
        marked = self._window.roster.marked()
        targets = marked or ((row.id,) if row else ())
        stage = self._window.stage
        if not targets:
            return
        if any(not stage.is_shown(agent) for agent in targets):
            for agent in targets:
                stage.show_agent(agent)
            return
        self._hide(targets)

    def _hide(self, agents: tuple[str, ...]) -> None:
        stage, fleet = self._window.stage, self._session.fleet
        for agent in agents:
            stage.hide_agent(agent)
        names = ", ".join(row.name for agent in agents if (row := fleet.row(agent)))

        def back() -> None:
            for agent in agents:
                stage.show_agent(agent)

        self.undo.push(f"hiding {names}", back)
        keys = self._session.keys_of("edit.undo")
        self._window.tell(f"{names} hidden; the process goes on" + (f" ({keys} undoes)" if keys else ""))

    def _toggle_slot(self, number: int) -> None:
        rows = [row for row in self._session.fleet.rows() if row.slot == number]
        if not rows:
            return
        stage = self._window.stage
        if stage.is_shown(rows[0].id):
            self._hide((rows[0].id,))
        else:
            stage.show_agent(rows[0].id)

    def _mark(self, row: AgentRow) -> None:
        self._window.roster.toggle_mark(row.id)
        self._window.roster.view.step(1)

    def _layout(self) -> None:
        mode = self._window.stage.next_layout(self._window.roster.marked())
        self._window.tell(f"layout: {mode}")

    # -- answering

    def _answer(self, command: str, row: AgentRow) -> None:
        """On the card answer; from anywhere else first show the card, so that nothing is allowed unseen."""
        pane = self._window.pane_of(row.id)
        if self._window.zone() is Zone.CARD and pane is not None:
            if pane.perform(command):
                self._answered()
            return
        self._window.stage.show_agent(row.id)
        pane = self._window.pane_of(row.id)
        if pane is None or not pane.focus_card(after_next=False):
            self._window.tell(f"{row.name} shows no request now", "warning")
            return
        keys = self._session.keys_of(command)
        self._window.tell(f"{row.name} asks this; {keys} again: {BY_ID[command].title.lower()}")

    def _reply(self, row: AgentRow) -> None:
        self._window.stage.show_agent(row.id)
        pane = self._window.pane_of(row.id)
        if pane is None:
            return
        if self._window.zone() is Zone.CARD and pane.perform("request.reply"):
            return
        if not pane.perform("pane.compose"):
            self._window.tell(f"{row.name} takes no messages", "warning")

    # -- the process

    def _resume(self, row: AgentRow) -> None:
        if is_resumed(row):
            self._actions.resume(row)
        else:
            self._terminals.again(row)

    def _confirmed(self, command: str, act: Callable[[AgentRow], None]) -> Callable[[], None]:
        def run(row: AgentRow) -> None:
            beside = self._session.fleet.terminal_beside(row.id)
            has_shell = beside is not None and beside.lifecycle in LIVE
            keys = self._session.keys_of(command)
            press = self._confirm.press(command, row, keys, time.monotonic(), has_shell=has_shell)
            if press.is_final:
                act(row)
            else:
                self._window.tell(press.warning, "warning")

        return self._on_row(run)

    def _snooze(self) -> None:
        row = self._window.subject()
        fleet = self._session.fleet
        ids = self._window.roster.marked() or ((row.id,) if row else ())
        rows = [found for agent in ids if (found := fleet.row(agent)) and found.rank is not None]
        minutes = self._session.settings.number("triage.snooze_minutes")
        self._actions.snooze(rows, minutes * 60)
        names = ", ".join(found.name for found in rows)
        self.undo.push(f"snoozing {names}", lambda: self._actions.snooze(rows, 0))
        self._window.tell(f"{names} snoozed for {minutes} min or until its state changes")

    def _undo(self) -> None:
        words = self.undo.pop()
        if words:
            self._window.tell(f"undone: {words}")

    # -- writing down

    def _edit(self, row: AgentRow, *, at_note: bool) -> None:
        def submit(edited: Edited) -> None:
            self._actions.rename(row, edited.name)
            if edited.annotation is not None:
                self._actions.annotate(row, edited.annotation)

        EditAgentDialog(self._window.widget(), row, submit, at_note=at_note).open()

    def _choose_mode(self, row: AgentRow) -> None:
        set_mode = partial(self._actions.set_mode, row)
        self._choose(_choices(row.modes, row.mode, "mode", set_mode), f"Mode of {row.name}")

    def _choose_model(self, row: AgentRow) -> None:
        set_model = partial(self._actions.set_model, row)
        self._choose(_choices(row.models, row.model, "model", set_model), f"Model of {row.name}")

    def _steer(self, row: AgentRow) -> None:
        pane = self._window.pane_of(row.id)
        if pane is not None:
            pane.perform("agent.steer")

    def _copy_login(self, row: AgentRow) -> None:
        command = login_of(row, self._session.fleet.kinds)
        if not command:
            self._window.tell(f"{row.kind} names no login command: log in with its own program", "warning")
            return
        QGuiApplication.clipboard().setText(command)
        self._window.tell(f"copied: {command}")

    # -- new ones

    def _duplicate(self, row: AgentRow) -> None:
        self.open_new(NewAgentChoices(row.kind, row.project, row.mode or ""))

    def open_new(self, choices: NewAgentChoices) -> None:
        """Open the dialog, offering ``choices``."""
        fleet = self._session.fleet
        row = self._window.subject()
        mine = dict.fromkeys([*self.known_projects, *(r.project for r in fleet.rows())])
        if not choices.project and row:
            choices = NewAgentChoices(choices.kind, row.project, choices.mode)
        dialog = NewAgentDialog(self._window.widget(), self._window.theme, fleet.kinds, tuple(mine), self._start)
        dialog.choose(choices)
        dialog.open()

    def _fork(self, row: AgentRow) -> None:
        def started(result: Started) -> None:
            self._window.tell(f"{result.name} began with a copy of {row.name}; both work in {place(row.cwd)}")
            self._window.stage.show_when_there(result.id)

        self._actions.fork(row, started)

    def _start(self, run: Run, choices: NewAgentChoices) -> None:
        self.new_agent = choices
        self.known_projects = tuple(dict.fromkeys([run.project, *self.known_projects]))[:20]

        def started(result: Started) -> None:
            self._window.tell(f"{result.name} started")
            self._window.stage.show_when_there(result.id)

        self._actions.start(run, started)


def _choices(
    known: Sequence[Mode | Model], present: str | None, what: str, choose: Callable[[str], None]
) -> list[Entry]:
    """Return what an agent announced as entries to choose from; the present one says so."""
    return [
        Entry(
            title=one_line(one.name or one.id, 80),
            detail=one_line(one.description, 200),
            act=partial(choose, one.id),
            icon="check" if one.id == present else "",
            disabled=f"this is the {what} now" if one.id == present else "",
            also=one.id,
        )
        for one in known
    ]
