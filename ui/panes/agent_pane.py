"""The pane of one agent: header, transcript or log, permission card, composer; what the shell docks.

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
from app.advice import advice
from app.client.api import Caller, Spawner
from app.commands import Zone
from app.fleet import Change, Fleet, What
from app.keymap import Keymap, display
from app.prompting import Memory
from ui.panes.asking import Asking
from ui.panes.body import Body
from ui.panes.card import Card, Clock
from ui.panes.composer import Composer
from ui.panes.findbar import FindBar, count_words
from ui.panes.header import Header
from ui.panes.keyboard import holds
from ui.panes.links import Opener, follow, with_desktop
from ui.panes.stepbar import StepBar
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
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.agent_id = agent_id
        self._fleet = fleet
        self._theme = theme
        self._opener = opener
        self._kept = (memory or Memory()).of(agent_id)
        self._zone = ""
        asking = Asking(agent_id, caller, spawner, fleet, self)
        self.header = Header(theme)
        self.find_bar = FindBar(theme)
        self.body = Body(agent_id, caller, spawner, self._kept, theme)
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
        column.addWidget(self.body, 1)
        column.addWidget(self.step_bar)
        shelf = QVBoxLayout()
        shelf.setContentsMargins(8, 0, 8, 0)
        shelf.addWidget(self.card)
        column.addLayout(shelf)
        column.addWidget(self.composer)

    def _connect(self) -> None:
        self.header.log_toggled.connect(self._on_log_toggled)
        self.body.found.connect(self._on_found)
        self.body.link_activated.connect(self._on_link)
        self.find_bar.text_changed.connect(self._on_find_text)
        self.find_bar.next_wanted.connect(lambda: self.perform("pane.find_next"))
        self.find_bar.previous_wanted.connect(lambda: self.perform("pane.find_previous"))
        self.find_bar.dismissed.connect(self._close_find)
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
        self.header.show_log_switch(there=self.body.is_structured, on=self.body.shows_log)
        self.step_bar.show_advice(advice(row, self._fleet.kinds))
        self.composer.show_row(row, connected=self._fleet.connected)
        requests = row.requests if row is not None else ()
        had_keyboard = holds(self.card)
        self.card.show_request(
            requests[0] if requests else None, (row.worktree or row.cwd) if row is not None else "", len(requests)
        )
        if had_keyboard and self.card.isHidden():
            self.body.focus()

    def _on_log_toggled(self, on: bool) -> None:
        self._close_find()
        self.body.show_log(on=on)

    def _on_link(self, target: str) -> None:
        problem = follow(target, self._opener)
        if problem:
            self.composer.note(problem)

    # -- zones, as ui.port.Pane wants them

    def zone(self) -> str:
        """Return the zone that has the keyboard, or would get it."""
        if holds(self.card):
            return Zone.CARD
        return Zone.COMPOSER if holds(self.composer) else Zone.TRANSCRIPT

    def zones(self) -> tuple[str, ...]:
        """Return the zones there are now, in the order F6 walks them."""
        card = () if self.card.isHidden() or self.card.request is None else (Zone.CARD,)
        return (*card, Zone.TRANSCRIPT, Zone.COMPOSER)

    def focus_zone(self, zone: str) -> bool:
        """Give the keyboard to a zone; from a field inside the pane, step out of the field first."""
        match zone:
            case Zone.CARD:
                return self.focus_card(after_next=False)
            case Zone.COMPOSER:
                return self.focus_composer()
            case Zone.TRANSCRIPT:
                return self._left_a_field() or self.body.focus()
        return False

    def _left_a_field(self) -> bool:
        if holds(self.find_bar):
            self._close_find()
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
        """Give the keyboard to the message field, also when it only says why nothing can be sent."""
        self.composer.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _on_focus_changed(self, _: QWidget | None, now: QWidget | None) -> None:
        if not isValid(self):
            return
        self.card.update()
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
            return self.focus_composer()
        if command == "pane.find":
            self.find_bar.open()
            return True
        if holds(self.card) and command in ("pane.down", "pane.up"):
            self.card.body.scroll_by(_CARD_STEP if command == "pane.down" else -_CARD_STEP)
            return True
        return self.body.perform(command)

    def _on_card(self, command: str) -> bool:
        if command == "request.reply":
            return self.card.reply()
        return self.card.decide(command.removeprefix("request."))

    def has_find(self) -> bool:
        """Tell whether something was searched, so that *next* means something."""
        searched = self.body.searched
        return searched is not None and searched.search is not None

    # -- finding

    def _on_find_text(self, text: str) -> None:
        searched = self.body.searched
        if searched is not None:
            searched.look_for(text)

    def _on_found(self) -> None:
        searched = self.body.searched
        search = searched.search if searched is not None else None
        if searched is None or search is None:
            self.find_bar.show_count("")
            return
        words = count_words(
            place=search.place(searched.hit),
            hits=len(search.hits),
            progress=search.progress,
            done=search.done,
            capped=search.capped,
        )
        self.find_bar.show_count(words)

    def _close_find(self) -> None:
        """Put the bar away; hits stay for *next* until another text is searched."""
        had_keyboard = holds(self.find_bar)
        self.find_bar.hide()
        if had_keyboard:
            self.body.focus()

    # -- what became of what was asked, as ui.panes.asking.Told wants it

    def on_answered(self, words: str, *, failed: bool) -> None:
        """Say on the card that another answer was first, or that this one did not arrive."""
        if isValid(self):
            self.card.tell(words, failed=failed)

    def on_not_sent(self, text: str, why: str) -> None:
        """Put the message back into the field; into its memory when the pane is gone."""
        if isValid(self):
            self.composer.give_back(text, why)
        else:
            self._kept.draft = f"{text}\n{self._kept.draft}".rstrip("\n")

    def on_trouble(self, words: str) -> None:
        """Say above the field what did not work."""
        if isValid(self):
            self.composer.note(words)

    # -- looks and leaving

    def set_keymap(self, keymap: Keymap, *, is_mac: bool = False) -> None:
        """Show on the card's buttons which key does what."""
        keys = {command: keymap.keys_of(command, Zone.CARD) for command in _CARD_COMMANDS}
        self.card.set_keys({command: display(found[0], is_mac=is_mac) for command, found in keys.items() if found})

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        self.header.set_theme(theme)
        self.find_bar.set_theme(theme)
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
