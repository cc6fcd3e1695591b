"""The pane of one agent: header, transcript, terminal or log, permission card, composer; what the shell docks.

Knows the agent by id only and asks what it can do, never who it is. Takes no letter itself: the shell's keymap calls
``perform``. Everything shown comes from the fleet; everything done goes through the caller.
"""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from shiboken6 import isValid

from agents.model import AgentId, AgentRow
from app.advice import Advice, advice
from app.client.api import Caller, Spawner
from app.commands import Zone
from app.fleet import Change, Fleet, What
from app.keymap import Keymap, display
from app.prompting import Memory, on_the_way
from ui.panes.asking import Asking
from ui.panes.body import Body
from ui.panes.card import Card, Clock
from ui.panes.composer import Composer
from ui.panes.findbar import FindBar
from ui.panes.finding import Finding
from ui.panes.header import Header
from ui.panes.keyboard import holds
from ui.panes.links import Opener, follow, with_desktop
from ui.panes.stepbar import StepBar
from ui.terminals import Terminals
from ui.theme import Theme

_CARD_COMMANDS = ("request.allow", "request.always", "request.deny", "request.reply")

#: Pixels the card's body scrolls per step.
_CARD_STEP = 60


class AgentPane(QWidget):
    """One agent on the stage (``ui.port.Pane``). GUI thread; ``memory`` outlives it, so that hiding forgets nothing."""

    focus_zone_changed = Signal(str)
    closed = Signal()

    def __init__(  # noqa: PLR0913  each is a collaborator the composition root hands over
        self,
        agent_id: AgentId,
        caller: Caller,
        spawner: Spawner,
        fleet: Fleet,
        theme: Theme,
        *,
        memory: Memory | None = None,
        clock: Clock = time.monotonic,
        opener: Opener = with_desktop,
        terminals: Terminals | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.agent_id = agent_id
        self._fleet = fleet
        self._theme = theme
        self._opener = opener
        self._kept = (memory or Memory()).of(agent_id)
        self._terminals = terminals or Terminals()
        self._zone = ""
        self._is_writing = False
        self._leave_keys = self._allow_keys = ""
        asking = Asking(agent_id, caller, spawner, fleet, self)
        self.header = Header(theme)
        self.find_bar = FindBar(theme)
        self.body = Body(agent_id, caller, spawner, fleet, theme, kept=self._kept, terminals=self._terminals)
        self._finding = Finding(self.find_bar, lambda: self.body.searched, self.body.focus)
        self.core_bar = StepBar(theme)
        self.step_bar = StepBar(theme)
        self.card = Card(asking, theme, clock)
        self.composer = Composer(asking, self._kept, theme)
        self._lay_out()
        self._connect()
        self._follow_row()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.find_bar)
        column.addWidget(self.core_bar)
        column.addWidget(self.body, 1)
        column.addWidget(self.step_bar)
        shelf = QVBoxLayout()
        shelf.setContentsMargins(8, 0, 8, 0)
        shelf.addWidget(self.card)
        column.addLayout(shelf)
        column.addWidget(self.composer)

    def _connect(self) -> None:
        self.header.log_toggled.connect(self._on_log_toggled)
        self.body.found.connect(self._finding.show_count)
        self.body.link_activated.connect(self._on_link)
        self.body.titled.connect(self.header.show_title)
        self.body.hinted.connect(self.header.show_hint)
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101  (a widget without an application cannot be)
        app.focusChanged.connect(self._on_focus_changed)
        # The pane may go at any moment (hiding destroys it): nothing of it may be told anything afterwards.
        stop = self._fleet.listen(self._on_fleet)
        self.destroyed.connect(lambda *_: stop())

    # -- what it follows

    @property
    def row(self) -> AgentRow | None:
        """Return the agent's row, ``None`` once it is gone."""
        return self._fleet.row(self.agent_id)

    def _on_fleet(self, change: Change) -> None:
        if change.what in (What.CONNECTION, What.RESET):
            self._follow_row()
            self.body.follow(change)
        elif change.agent != self.agent_id:
            return
        elif change.what in (What.ADDED, What.CHANGED, What.REMOVED):
            self._follow_row()
            if change.what is What.REMOVED:
                self.closed.emit()
        else:
            self.body.follow(change)

    def _follow_row(self) -> None:
        row = self.row
        self.header.show_row(row)
        self.body.show_row(row)
        self.header.show_log_switch(there=self.body.has_switch, on=self.body.shows_log)
        self.core_bar.show_advice(_without_core(self.body.lacks))
        self.step_bar.show_advice(advice(row, self._fleet.kinds))
        self.composer.show_row(row, connected=self._fleet.connected)
        self._settle_composer()
        requests = row.requests if row is not None else ()
        had_keyboard = holds(self.card)
        if requests and self.body.terminal is not None:
            # Before the card takes its room: a new size would have the program draw anew what is asked about.
            self.body.terminal.fitting.hold(on=True)
        self.card.show_request(
            requests[0] if requests else None, (row.worktree or row.cwd) if row is not None else "", len(requests)
        )
        if not requests and self.body.terminal is not None:
            self.body.terminal.fitting.hold(on=False)
        if had_keyboard and self.card.isHidden():
            self.body.focus()

    def _settle_composer(self) -> None:
        """Show the message field beside a terminal only when it is wanted: the keyboard belongs to the program."""
        row, terminal = self.row, self.body.terminal
        waits = row is not None and bool(row.queue)
        is_wanted = self._is_writing or waits or bool(self._kept.draft.strip()) or not self.body.shows_screen
        if self.composer.isHidden() is is_wanted:
            self.composer.setVisible(is_wanted)
        if terminal is not None and row is not None:
            terminal.corner.say("delivery", on_the_way(row) if self.composer.isHidden() else "")

    def _on_log_toggled(self, on: bool) -> None:
        self._finding.close()
        self.body.show_log(on=on)
        self._name_keys()
        self._settle_composer()

    def _on_link(self, target: str) -> None:
        problem = follow(target, self._opener)
        if problem:
            self._tell(problem)

    def _tell(self, words: str) -> None:
        """Say what did not work where it is seen."""
        if self.composer.isHidden() and self.body.terminal is not None:
            self.body.terminal.corner.say("trouble", words, "danger")
        else:
            self.composer.note(words)

    # -- zones, as ui.port.Pane wants them

    def zone(self) -> str:
        """Return the zone that has the keyboard, or would get it."""
        if holds(self.card):
            return Zone.CARD
        if holds(self.composer):
            return Zone.COMPOSER
        return Zone.TERMINAL if self.body.shows_screen else Zone.TRANSCRIPT

    def zones(self) -> tuple[str, ...]:
        """Return the zones there are now, in the order F6 walks them."""
        card = () if self.card.isHidden() or self.card.request is None else (Zone.CARD,)
        body = Zone.TERMINAL if self.body.shows_screen else Zone.TRANSCRIPT
        return (*card, body) if self.composer.isHidden() else (*card, body, Zone.COMPOSER)

    def focus_zone(self, zone: str) -> bool:
        """Give the keyboard to a zone; from a field inside the pane, step out of the field first."""
        match zone:
            case Zone.CARD:
                return self.focus_card(after_next=False)
            case Zone.COMPOSER:
                return self._write()
            case Zone.TRANSCRIPT | Zone.TERMINAL:
                return self._left_a_field() or self.body.focus()
        return False

    def _left_a_field(self) -> bool:
        if holds(self.card):
            self._terminals.answered()
        if holds(self.find_bar):
            self._finding.close()
            return True
        if holds(self.composer):
            return self.composer.leave()
        return self.card.leave_field()

    def focus_card(self, after_next: bool) -> bool:
        """Give the keyboard to the permission card; false when there is none."""
        if self.card.request is None or self.card.isHidden():
            return False
        self.card.focus(after_next=after_next)
        return True

    def focus_composer(self) -> bool:
        """Give the keyboard to the terminal, else to the message field, also when that only says why nothing goes."""
        return self.body.focus() if self.body.shows_screen else self._write()

    def _write(self) -> bool:
        self._is_writing = True
        self._settle_composer()
        self.composer.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        if not isValid(self):
            return
        self.card.update()
        if self._is_writing and not holds(self.composer):
            self._is_writing = False
            self._settle_composer()
        zone = self.zone() if now is not None and holds(self) else ""
        if zone != self._zone:
            self._zone = zone
            self.focus_zone_changed.emit(zone)

    # -- commands, as ui.port.Pane wants them

    def perform(self, command: str) -> bool:
        """Do ``pane.…`` or, on the card under its guard, ``request.…``; false when it cannot."""
        if command in _CARD_COMMANDS:
            return self._on_card(command)
        if command == "agent.steer":
            return self.composer.steer()
        if command == "pane.compose":
            return self._write()
        if command == "pane.find":
            self.find_bar.open()
            return True
        if command == "pane.log":
            return self._switch_log()
        if holds(self.card) and command in ("pane.down", "pane.up"):
            self.card.body.scroll_by(_CARD_STEP if command == "pane.down" else -_CARD_STEP)
            return True
        return self.body.perform(command)

    def _switch_log(self) -> bool:
        if not self.body.has_switch:
            return False
        self._on_log_toggled(not self.body.shows_log)
        self.header.show_log_switch(there=True, on=self.body.shows_log)
        return True

    def _on_card(self, command: str) -> bool:
        if command == "request.reply":
            return self.card.reply()
        if not self.card.decide(command.removeprefix("request.")):
            return False
        self._terminals.answered()
        return True

    def has_find(self) -> bool:
        """Tell whether something was searched, so that *next* means something."""
        return self._finding.has_search

    # -- what became of what was asked, as ui.panes.asking.Told wants it

    def on_answered(self, words: str, *, failed: bool) -> None:
        """Say on the card that another answer was first, or that this one did not arrive."""
        if isValid(self):
            self.card.tell(words, failed=failed)

    def on_not_sent(self, text: str, why: str) -> None:
        """Put the message back into the field; into its memory when the pane is gone."""
        if isValid(self):
            self.composer.give_back(text, why)
            self._settle_composer()
        else:
            self._kept.draft = f"{text}\n{self._kept.draft}".rstrip("\n")

    def on_trouble(self, words: str) -> None:
        """Say what did not work."""
        if isValid(self):
            self._tell(words)

    # -- looks and leaving

    def set_keymap(self, keymap: Keymap, *, is_mac: bool = False) -> None:
        """Show on the card's buttons which key does what."""
        keys = {command: keymap.keys_of(command, Zone.CARD) for command in _CARD_COMMANDS}
        self.card.set_keys({command: display(found[0], is_mac=is_mac) for command, found in keys.items() if found})
        leave, allow = (keymap.keys_of(name, Zone.TERMINAL) for name in ("zone.next", "terminal.allow"))
        self._leave_keys = display(leave[0], is_mac=is_mac) if leave else ""
        self._allow_keys = display(allow[0], is_mac=is_mac) if allow else ""
        self._name_keys()

    def _name_keys(self) -> None:
        if self.body.terminal is not None:
            self.body.terminal.name_keys(leave=self._leave_keys, allow=self._allow_keys)

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self.header.set_theme(theme)
        self.find_bar.set_theme(theme)
        self.core_bar.set_theme(theme)
        self.body.set_theme(theme)
        self.step_bar.set_theme(theme)
        self.card.set_theme(theme)
        self.composer.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the body of the pane its share."""
        super().resizeEvent(event)
        self.card.body.set_most(event.size().height() * 2 // 5)

    def hideEvent(self, event: QHideEvent) -> None:
        """Remember where the reader was: hiding may be the last thing that happens to this pane."""
        super().hideEvent(event)
        self.body.remember()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with what is known now."""
        super().showEvent(event)
        self._follow_row()
        self._name_keys()


def _without_core(lacks: str) -> Advice | None:
    """Return what to install for the screen of a terminal; until then its raw log is shown."""
    return Advice(f"This is the raw log. Its screen cannot be shown: {lacks}.", role="warning") if lacks else None
