"""The window: bars, roster, stage, tools and overlays in one place, and where commands meet the keyboard.

Holds no fleet facts and does nothing to agents; it says which agent a command is about and why one cannot act.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter, QVBoxLayout, QWidget

from agents.model import AgentId, AgentRow
from agents.status import recovery
from app.commands import BY_ID, Context, Zone
from app.fleet import Change, What
from ui import windowstate
from ui.attention import AttentionBar
from ui.chrome import Chrome
from ui.docks import DockHost
from ui.empty import EmptyStage
from ui.handlers.agent import AgentHandlers
from ui.handlers.base import Bindings
from ui.handlers.pane import PaneHandlers
from ui.handlers.roster import RosterHandlers
from ui.handlers.sessions import SessionHandlers
from ui.handlers.terminal import TerminalHandlers
from ui.handlers.triage import TriageHandlers
from ui.handlers.window import WindowHandlers
from ui.hints import HintLine, hints
from ui.keyhelp import KeyHelp
from ui.keys import KeyRouter
from ui.notices import Notices
from ui.palette import Entry, Palette
from ui.port import Pane
from ui.roster.entries import Kind
from ui.roster.panel import RosterPanel
from ui.session import Session
from ui.stage import Stage
from ui.theme import Theme
from ui.tools.area import ToolArea
from ui.zones import FocusRing, Place, Stop, overlay_of, place_of

_CONTEXT_MS = 60
_LEVELS = {"info": ("info", "muted"), "warning": ("exclamation", "warning"), "error": ("cross", "danger")}


class MainWindow(QMainWindow):
    """Owns all parts; implements what key router and handlers need of a window. GUI thread."""

    closed = Signal()
    theme_wanted = Signal()

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.session = session
        self.theme = theme
        self.setWindowTitle("Quarterdeck")
        self.setObjectName("quarterdeck")
        self._make_parts()
        self._lay_out()
        self.triage = TriageHandlers(self)
        self.agents = AgentHandlers(self, self._choose, self.triage.answered)
        self.terminals = TerminalHandlers(self, self.agents)
        self.commands = self._bind()
        self.router = KeyRouter(self, session.keymap, self)
        self.router.slots_in_terminals = session.settings.is_on("keys.slots_in_terminals")
        self.roster.view.last_key = lambda: self.router.last_key
        self._unread_notices = 0
        self._looked_at: AgentId | None = None  # whose pane has the keyboard
        self._context_timer = QTimer(self, singleShot=True, interval=_CONTEXT_MS)
        self._context_timer.timeout.connect(self.refresh_context)
        self._connect()
        self._stop_listening = session.fleet.listen(self._on_change)
        windowstate.restore(self, session.layouts.window())
        self.roster.view.setFocus()

    def _make_parts(self) -> None:
        session, theme = self.session, self.theme
        self.attention = AttentionBar(session.fleet, theme, session.keys_of, self)
        self.roster = RosterPanel(session.fleet, theme, self)
        self.roster.view.roster.keys_of = session.keys_of
        self.roster.view.show_bells(session.terminals.rings, session.terminals.rang)
        self.roster.set_compact(is_compact=session.settings.is_on("ui.compact_rows"))
        self.empty = EmptyStage(session.fleet, theme, session.keys_of)
        self.stage = Stage(session, theme, self.empty)
        self.stage.mode = session.settings.text("stage.layout")
        self.stage.opens_new = session.settings.is_on("stage.open_new")
        self.tools = ToolArea(session, theme, self)
        self.hints = HintLine(theme, self)
        self.hints.setVisible(session.settings.is_on("ui.hint_line"))

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        parts: tuple[tuple[QWidget, int, int], ...] = (
            (self.roster, 200, 0),
            (self.stage, 320, 1),
            (self.tools, 240, 0),
        )
        for part, least, stretch in parts:
            part.setMinimumWidth(least)
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.chrome = Chrome(self.theme, middle)
        for stacked in (self.attention, self.chrome.line(), self.splitter, self.chrome.line(), self.hints):
            column.addWidget(stacked, 1 if stacked is self.splitter else 0)
        self.setCentralWidget(middle)
        self.ring = FocusRing(middle, self.theme)
        self.palette_overlay = Palette(middle, self.theme)
        self.key_help = KeyHelp(middle, self.theme)
        self.notices = Notices(middle, self.theme)

    def _bind(self) -> Bindings:
        made: Bindings = {}
        own = (WindowHandlers(self), RosterHandlers(self), PaneHandlers(self), SessionHandlers(self))
        for handlers in (*own, self.agents, self.triage, self.terminals):
            made.update(handlers.bindings())
        return made

    def _connect(self) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101  (there is no window without one)
        app.focusChanged.connect(self._on_focus)
        self.roster.view.current_changed.connect(self._on_selected)
        self.roster.view.activated_key.connect(lambda _: self.run("agent.open"))
        self.roster.filter_changed.connect(lambda chosen: self.attention.set_group(chosen.group))
        self.attention.group_chosen.connect(self._on_group)
        self.attention.notices_wanted.connect(lambda: self.run("notices.open"))
        self.empty.new_wanted.connect(lambda: self.run("agent.new"))
        self.stage.hidden_changed.connect(lambda: self.roster.set_hidden(self.stage.hidden))
        self.stage.leaving.connect(self._on_leaving)
        self.stage.troubled.connect(lambda text: self.session.fleet.note("warning", text, time.time()))
        self.stage.pane_made.connect(lambda *_: self._context_timer.start())
        self.stage.docks.changed.connect(self._context_timer.start)
        self.tools.terminal.watched.connect(self.stage.watch_beside)
        self.palette_overlay.refused.connect(lambda text: self.tell(text, "warning"))
        self.notices.agent_chosen.connect(self._on_notice_agent)
        for overlay in (self.palette_overlay, self.key_help, self.notices):
            overlay.closed.connect(self._context_timer.start)

    # -- what commands are about

    def widget(self) -> QWidget:
        """Return the window as parent of dialogs."""
        return self

    def place(self) -> Place:
        """Return where the keyboard is."""
        return place_of(self._keyboard(), self._panes())

    def _keyboard(self) -> QWidget:
        """Return the widget of this window that has the keyboard, or will get it back."""
        # The stubs promise a widget; there is none before the first one gets the keyboard.
        focused = cast("QWidget | None", self.focusWidget())
        return self.roster.view if focused is None else focused

    def zone(self) -> Zone:
        """Return the zone that has the keyboard."""
        return self.place().zone

    def subject(self) -> AgentRow | None:
        """Return the agent commands act on: of the pane with the keyboard, else the selected one."""
        agent = self.place().agent
        return self.session.fleet.row(agent) if agent else self.roster.view.current_agent()

    def pane_of(self, agent: AgentId) -> Pane | None:
        """Return an agent's pane while it is there."""
        content: object = self.stage.pane(agent)
        return content if isinstance(content, Pane) else None

    def _panes(self) -> list[tuple[AgentId, QWidget]]:
        docks: DockHost = self.stage.docks
        return [(agent, content) for agent in docks.with_content() if (content := docks.content(agent)) is not None]

    def context(self) -> Context:
        """Return what decides which commands can act now."""
        fleet, stage = self.session.fleet, self.stage
        place, row = self.place(), self.subject()
        pane = self.pane_of(row.id) if row else None
        key = self.roster.view.current_key()
        return Context(
            zone=place.zone,
            agent=row,
            is_connected=fleet.connected,
            waiting=len(fleet.triage(time.time())),
            marked=len(self.roster.marked()),
            is_shown=row is not None and stage.is_shown(row.id),
            is_pinned=row is not None and stage.docks.is_pinned(row.id),
            has_pane=bool(stage.docks.with_content()),
            has_filter=bool(self.roster.filter),
            has_hidden=any(agent in stage.hidden for agent in self.roster.view.roster.agents()),
            has_find=pane is not None and pane.has_find(),
            has_back=self.triage.has_back,
            is_on_project=key is not None and key.kind in (Kind.PROJECT, Kind.FOLD),
            project=self.terminals.project_here(),
            undo=self.agents.undo.words,
            cut_off=recovery.sentence(fleet.rows()) if recovery.is_worth_resuming(fleet.rows()) else "",
            slots=frozenset(row.slot for row in fleet.rows() if row.slot),
        )

    def stops(self) -> list[Stop]:
        """Return the places F6 walks, from left to right."""
        made = [Stop(Zone.ROSTER, None, self.roster.view.setFocus)]
        for agent in self.stage.docks.in_front():
            pane = self.pane_of(agent)
            made.extend(Stop(Zone(zone), agent, _focusing(pane, zone)) for zone in (pane.zones() if pane else ()))
        if self.tools.isVisible():
            made.append(Stop(self.tools.zone, None, self.tools.focus))
        return made

    # -- KeyTarget

    def zone_at(self, widget: QWidget) -> Zone | None:
        """Return the zone ``widget`` is in; dialogs keep their keys."""
        return place_of(widget, self._panes()).zone if widget.window() is self else None

    def keeps(self, widget: QWidget, chord: str) -> bool:
        """Tell whether an overlay wants this chord for itself."""
        overlay = overlay_of(widget)
        return overlay is not None and chord in overlay.own_keys

    def run(self, command: str) -> None:
        """Run a command, or say why it cannot run now."""
        overlay = next((o for o in (self.palette_overlay, self.key_help, self.notices) if o.isVisible()), None)
        if overlay is not None:
            overlay.close_overlay()
        declared = BY_ID[command]
        reason = declared.enabled(self.context())
        if reason:
            self.tell(f"{declared.title}: {reason}", "warning")
            return
        self.hints.clear_toast()
        self.commands[command]()
        self._context_timer.start()

    # -- saying

    def tell(self, text: str, level: str = "info") -> None:
        """Say something in the line at the bottom."""
        icon, role = _LEVELS.get(level, _LEVELS["info"])
        self.hints.toast(text, icon, role)

    def refresh_context(self) -> None:
        """Show the keys that act now, the ring, and the tools of the subject."""
        place = self.place()
        # Cards and message fields draw a frame of their own.
        frames_itself = place.zone in (Zone.CARD, Zone.COMPOSER)
        self.ring.put_around(place.widget if self.isActiveWindow() and not frames_itself else None)
        self.hints.show_hints(place.zone, hints(self.session.keymap, self.context()), is_mac=self.session.is_mac)
        row = self.subject()
        self.tools.set_agent(row.id if row else None)

    def _choose(self, entries: list[Entry], placeholder: str) -> None:
        self.palette_overlay.open_with(entries, placeholder)

    def open_notices(self) -> None:
        """Show all messages; they are read then."""
        self._unread_notices = 0
        self.attention.set_unread_notices(0)
        self.notices.open_notices(self.session.fleet.notices)

    # -- what happens

    def _on_change(self, change: Change) -> None:
        if change.what is What.NOTICE and change.notice is not None:
            notice = change.notice
            self.tell(notice.text, notice.level)
            if notice.level != "info":
                self._unread_notices += 1
                self.attention.set_unread_notices(self._unread_notices)
        elif change.what in (What.CHANGED, What.RESET, What.REMOVED, What.ADDED, What.CONNECTION):
            self._refresh_soon()
            self._see(change.agent)
        self.triage.follow(change)

    def _refresh_soon(self) -> None:
        # Not started anew by every change: under a steady stream of them it would never fire.
        if not self._context_timer.isActive():
            self._context_timer.start()

    def _on_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        if now is None or now.window() is not self:
            self._refresh_soon()
            return
        self._looked_at = self.place().agent
        if self._looked_at:
            self.roster.view.select_agent(self._looked_at)
            self._see(self._looked_at)
        self.refresh_context()

    def _see(self, agent: AgentId | None) -> None:
        """Tell the daemon what the user looks at: an agent whose pane has the keyboard of the active window."""
        if agent and agent == self._looked_at and self.isActiveWindow():
            self.session.actions.seen(agent)

    def _on_leaving(self, agent: str) -> None:
        if self.place().agent == agent:
            self.roster.view.setFocus()

    def _on_selected(self, _: object) -> None:
        self._refresh_soon()

    def _on_group(self, group: object) -> None:
        self.run(f"filter.{group}")
        self.attention.set_group(self.roster.filter.group)

    def _on_notice_agent(self, agent: str) -> None:
        row = self.session.fleet.row(agent)
        owner = self.session.fleet.row(row.terminal_of) if row is not None and row.terminal_of else None
        if owner is not None:
            self.tools.show()
            self.tools.open_terminal(owner)
        elif row is not None:
            self.agents.open_row(row)

    # -- looks

    def set_theme(self, theme: Theme) -> None:
        """Take another theme everywhere; panes are made anew, and the keyboard stays where it was."""
        self.theme = theme
        place = self.place()
        for part in (self.attention, self.roster, self.empty, self.stage, self.tools, self.hints, self.chrome,
                     self.palette_overlay, self.key_help, self.notices):  # fmt: skip
            part.set_theme(theme)
        pane = self.pane_of(place.agent) if place.agent else None
        if pane is not None:
            pane.focus_zone(place.zone.value)
        self.ring.theme = theme
        self.ring.update()
        self.refresh_context()

    def apply_setting(self, key: str) -> None:
        """Follow a changed setting that is the window's own."""
        settings = self.session.settings
        follow: dict[str, Callable[[], None]] = {
            "ui.compact_rows": lambda: self.roster.set_compact(is_compact=settings.is_on(key)),
            "ui.hint_line": lambda: self.hints.setVisible(settings.is_on(key)),
            "stage.open_new": lambda: setattr(self.stage, "opens_new", settings.is_on(key)),
            "keys.slots_in_terminals": lambda: setattr(self.router, "slots_in_terminals", settings.is_on(key)),
        }
        if key in follow:
            follow[key]()

    # -- closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt: keep the layouts, let go of the fleet, and say that the window is closed."""
        if self.isVisible():
            try:
                self.session.layouts.keep(windowstate.layout_of(self))
            except OSError as error:
                self.session.fleet.note("error", f"the window's layout cannot be kept: {error}", time.time())
        self._dispose()
        super().closeEvent(event)
        self.closed.emit()

    def _dispose(self) -> None:
        self._stop_listening()
        self._stop_listening = lambda: None
        for part in (self.attention, self.roster.view, self.empty, self.stage, self.tools, self.terminals):
            part.dispose()

    def changeEvent(self, event: QEvent) -> None:
        """Qt: the ring shows only while the window has the keyboard."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and hasattr(self, "_context_timer"):
            self._context_timer.start()


def _focusing(pane: Pane | None, zone: str) -> Callable[[], object]:
    return lambda: pane.focus_zone(zone) if pane is not None else False
