"""The stage: which agents' panes are open, for all projects or one, and what is there when none is.

Decides and remembers; where docks are is QtAds' business (``ui.docks``), what is in them the panes'.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from agents.model import AgentId, AgentRow, Headline
from agents.status.headline import GLYPHS
from agents.wire import Watch
from app.fleet import Change, What
from app.layout import ProjectLayout
from ui.docks import DockHost
from ui.dockstate import agents_in
from ui.kinds import kind_icon
from ui.session import Session
from ui.theme import Theme

#: Name under which the arrangement of all projects is kept.
ALL = "*"

#: Panes opened without being asked for; the user may open more.
OPEN_LIMIT = 16

MODES = ("solo", "columns", "grid")

_KEEP_MS = 1000


class Stage(QWidget):
    """Owns docks, the hidden set and the arrangement of the project on show. GUI thread."""

    hidden_changed = Signal()
    project_changed = Signal(str)
    pane_made = Signal(str, QWidget)
    leaving = Signal(str)  # an agent's pane is about to go: the keyboard must not be lost with it
    troubled = Signal(str)  # a layout could not be used or kept

    def __init__(self, session: Session, theme: Theme, empty: QWidget) -> None:
        super().__init__()
        self._fleet = session.fleet
        self._caller, self._spawner = session.caller, session.spawner
        self._layouts = session.layouts
        self._make_pane = session.make_pane
        self._theme = theme
        self.project = ALL
        self.mode = MODES[0]
        self.opens_new = True
        self.hidden: frozenset[AgentId] = frozenset()
        self._met: set[AgentId] = set()  # agents whose beginning is no news
        self._is_ready = False
        self._awaited: AgentId | None = None
        self._is_switching = False
        self._titles: dict[AgentId, tuple[str, ...]] = {}
        self._terminals = session.terminals
        self._beside: tuple[AgentId, ...] = ()
        self.docks = DockHost(lambda agent, parent: self._make_pane(agent, self._theme, parent), theme, self)
        self.docks.toggled.connect(self._on_toggled)
        self.docks.changed.connect(self._on_changed)
        self.docks.content_made.connect(self._on_content_made)
        self.docks.content_gone.connect(self._on_content_gone)
        self._empty = empty
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.docks)
        self._keep_timer = QTimer(self, singleShot=True, interval=_KEEP_MS)
        self._keep_timer.timeout.connect(self.keep)
        self._stop_listening = session.fleet.listen(self._on_fleet)
        self._terminals.rang.connect(self._retitle)

    def dispose(self) -> None:
        """Keep the arrangement and stop listening; call before the window goes."""
        self._stop_listening()
        self._keep_timer.stop()
        self.keep()

    def set_theme(self, theme: Theme) -> None:
        """Take another theme; panes are made anew with it."""
        self._theme = theme
        self.docks.set_theme(theme)
        self._titles.clear()
        for agent in self.docks.known():
            self._retitle(agent)
        self.docks.remake_contents()

    # -- open and hidden

    def pane(self, agent: AgentId) -> QWidget | None:
        """Return an agent's pane while it exists."""
        return self.docks.content(agent)

    def is_shown(self, agent: AgentId) -> bool:
        """Tell whether an agent's dock is open."""
        return self.docks.is_open(agent)

    def show_agent(self, agent: AgentId) -> QWidget | None:
        """Open an agent's pane in front and return it; the terminal beside an agent has none here."""
        row = self._fleet.row(agent)
        if row is None or row.terminal_of is not None:
            return None
        self._add(row)
        self.docks.open(agent)
        return self.docks.content(agent)

    def show_when_there(self, agent: AgentId) -> None:
        """Open an agent's pane in front now, or once the fleet knows it."""
        if self._fleet.row(agent) is None:
            self._awaited = agent
        else:
            self.show_agent(agent)

    def hide_agent(self, agent: AgentId) -> None:
        """Close an agent's pane and fold its row away; the process goes on."""
        self.leaving.emit(agent)
        if self.docks.is_open(agent):
            self.docks.close_dock(agent)
        self._set_hidden(self.hidden | {agent})

    def set_hidden(self, agents: Iterable[AgentId]) -> None:
        """Hide exactly these (from the kept window layout)."""
        self._set_hidden(frozenset(agents))

    def _set_hidden(self, hidden: frozenset[AgentId]) -> None:
        if hidden != self.hidden:
            self.hidden = hidden
            self.hidden_changed.emit()

    # -- arrangement

    def next_layout(self, marked: Iterable[AgentId] = ()) -> str:
        """Go on from solo to columns to grid, with ``marked`` agents only if there are any; return the new one."""
        self.mode = MODES[(MODES.index(self.mode) + 1) % len(MODES)]
        wanted = tuple(marked)
        for agent in wanted:
            self.show_agent(agent)
        self.docks.arrange(self.mode, self._tiled(wanted or self.docks.open_ones()))
        self._on_changed()
        return self.mode

    def _tiled(self, agents: tuple[AgentId, ...]) -> tuple[AgentId, ...]:
        if self.mode == "solo":
            return self.docks.open_ones()
        return tuple(agent for agent in agents if not self.docks.is_pinned(agent))

    def toggle_pin(self, agent: AgentId) -> None:
        """Pin an agent's pane to the side, or take it back."""
        self.docks.set_pinned(agent, is_pinned=not self.docks.is_pinned(agent))

    def open_project(self, project: str) -> None:
        """Show the arrangement of one project, or of all (``ALL``)."""
        if project == self.project:
            return
        self.keep()
        self.project = project
        self._restore()
        self.project_changed.emit(project)

    def _in_scope(self, row: AgentRow) -> bool:
        return not row.archived and self.project in (ALL, row.project)

    def _restore(self) -> None:
        self._is_switching = True
        try:
            kept = self._restored()
            wanted = self._wanted(kept)
            for agent in self.docks.open_ones():
                if agent not in wanted:
                    self.docks.close_dock(agent)
            for agent in wanted:
                if not self.docks.is_open(agent):
                    self._open(agent)
            if kept is None:
                self.docks.arrange(self.mode, self.docks.open_ones())
        finally:
            self._is_switching = False
        self._tell_troubles()
        self._on_changed()

    def _restored(self) -> ProjectLayout | None:
        """Put docks where the kept layout has them and return it; ``None`` when there is none that can be used."""
        kept = self._layouts.project(self.project)
        if kept is None or not kept.docks:
            return None
        for agent in agents_in(kept.docks):
            row = self._fleet.row(agent)
            if row is not None:
                self._add(row)
        if self.docks.restore(kept.docks):
            return kept
        self._layouts.set_aside(self.project, "the dock manager cannot read its state")
        return None

    def _wanted(self, kept: ProjectLayout | None) -> tuple[AgentId, ...]:
        """Return whose panes are to be open: those that were, then others in scope while there are few."""
        was_open = kept.shown if kept else ()
        rows = [row for row in self._fleet.rows() if row.id not in self.hidden]
        wanted = {row.id for row in rows if row.id in was_open}
        others = [row for row in rows if row.id not in wanted and self._in_scope(row)]
        # Who needs the user first, then who works: with more agents than panes the rest is a key away.
        others.sort(key=lambda row: (row.rank is None, row.state is not Headline.WORKING, row.created_at))
        wanted.update(row.id for row in others[: max(0, OPEN_LIMIT - len(wanted))])
        return tuple(row.id for row in rows if row.id in wanted)

    def keep(self) -> None:
        """Write the arrangement of the project on show."""
        if not self._is_ready:
            return
        layout = ProjectLayout(
            project=self.project,
            docks=self.docks.save(),
            shown=self.docks.open_ones(),
            pinned=tuple(agent for agent in self.docks.known() if self.docks.is_pinned(agent)),
        )
        try:
            self._layouts.keep(layout)
        except OSError as error:
            self.troubled.emit(f"the layout cannot be kept: {error}")

    def _tell_troubles(self) -> None:
        for problem in self._layouts.take_problems():
            self.troubled.emit(problem)

    # -- the fleet

    def _on_fleet(self, change: Change) -> None:
        if change.what is What.RESET:
            self._on_reset()
        elif change.what is What.ADDED and change.agent:
            self._on_added(change.agent)
        elif change.what is What.CHANGED and change.agent in self._titles:
            self._retitle(change.agent)
        elif change.what is What.REMOVED and change.agent:
            self._forget(change.agent)

    def _on_reset(self) -> None:
        there = {row.id for row in self._fleet.rows()}
        for gone in set(self.docks.known()) - there:
            self._forget(gone)
        fresh = there - self._met
        self._met = there
        if not self._is_ready:
            self._is_ready = True
            self._restore()
        else:
            for row in self._fleet.rows():
                if row.id in fresh:
                    self._open_fresh(row)
        for agent in self.docks.known():
            self._retitle(agent)

    def _on_added(self, agent: AgentId) -> None:
        row = self._fleet.row(agent)
        if row is None or row.terminal_of is not None or agent in self._met:
            return
        self._met.add(agent)
        self._open_fresh(row)
        if agent == self._awaited:
            self._awaited = None
            self.show_agent(agent)

    def _open_fresh(self, row: AgentRow) -> None:
        has_room = len(self.docks.open_ones()) < OPEN_LIMIT
        if self.opens_new and has_room and self._in_scope(row) and row.id not in self.hidden:
            self._open(row.id)
            if self.mode != "solo":
                self.docks.arrange(self.mode, self._tiled(self.docks.open_ones()))

    def _open(self, agent: AgentId) -> None:
        row = self._fleet.row(agent)
        if row is not None:
            self._add(row)
            self.docks.open(agent, to_front=False)

    def _add(self, row: AgentRow) -> None:
        """Make the dock of an agent unless it has one: only those ever opened do."""
        if row.id not in self.docks.known():
            self.docks.add(row.id, row.project, row.name)
            self._retitle(row.id)

    def _forget(self, agent: AgentId) -> None:
        self._met.discard(agent)
        self.docks.remove(agent)
        self._titles.pop(agent, None)

    def _retitle(self, agent: AgentId) -> None:
        row = self._fleet.row(agent)
        if row is None or agent not in self.docks.known():
            return
        glyph = GLYPHS[row.state]
        # A bell nobody saw takes the place of the kind: the state is never hidden.
        rings = self._terminals.rings(agent)
        second = ("bell", "attention") if rings else (kind_icon(row.kind, row.family), "muted")
        title = (row.name, glyph.name, glyph.role, *second)
        if self._titles.get(agent) != title:
            self._titles[agent] = title
            tip = f"{row.name} · {row.kind} · {Path(row.project).name}" + (" · its bell rang" if rings else "")
            icon = self._theme.icon_pair((glyph.name, glyph.role), second)
            self.docks.set_title(agent, row.name, icon, tip)

    # -- docks

    def _on_toggled(self, agent: AgentId, is_open: bool) -> None:
        if self._is_switching:
            return
        self._set_hidden(self.hidden - {agent} if is_open else self.hidden | {agent})

    def _on_changed(self) -> None:
        has_any = bool(self.docks.open_ones())
        self._stack.setCurrentWidget(self.docks if has_any else self._empty)
        if self._is_ready and not self._is_switching:
            self._keep_timer.start()

    def _on_content_made(self, agent: AgentId) -> None:
        self._watch()
        content = self.docks.content(agent)
        if content is not None:
            self.pane_made.emit(agent, content)

    def _on_content_gone(self, _: AgentId) -> None:
        self._watch()

    def watch_beside(self, agents: tuple[AgentId, ...]) -> None:
        """Hear of these as well: they are shown beside the stage."""
        if agents != self._beside:
            self._beside = agents
            self._watch()

    def _watch(self) -> None:
        self._spawner.spawn(self._watch_now(), "watching panes")

    def _watch_now(self) -> Coroutine[Any, Any, None]:
        async def work() -> None:
            # Asked when it runs: of several changes in a row, each sends the newest set.
            if self._fleet.connected:
                await self._caller.call("pane.watch", Watch((*self.docks.with_content(), *self._beside)))

        return work()
