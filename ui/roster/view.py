"""The roster on screen: selection by agent, updates gathered, rows that hold still while you type.

One timer gathers changes and one follows the clock, however many agents there are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QFocusEvent, QHideEvent, QMouseEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from agents.model import AgentId, AgentRow
from app.fleet import Change, Fleet, What
from ui.roster.delegate import RosterDelegate
from ui.roster.entries import NEEDS, Choices, Key, Kind
from ui.roster.look import when_words, words_last
from ui.roster.model import RosterModel
from ui.theme import Theme

#: Milliseconds over which changes are gathered.
FLUSH_MS = 100

#: Seconds after a key in which no line comes, goes or moves.
STILL_S = 1.0

#: Seconds after which the clock is looked at at the latest: the machine may have slept.
LONGEST_S = 60

#: Milliseconds: a clock set for no later than this need not be set anew (Qt's timers are 5 % coarse).
SOON_MS = 1100


class RosterView(QTreeView):
    """Owns model, delegate and pace; the fleet is read, never changed."""

    current_changed = Signal(object)  # Key | None
    activated_key = Signal(object)  # Key: a double click

    def __init__(self, fleet: Fleet, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("roster")
        self.setAccessibleName("Agents by project")
        self.roster = RosterModel(fleet, self)
        self.roster.open_projects = self.is_open
        self.rows = RosterDelegate(theme, self)
        self.rows.has_keyboard = self.hasFocus
        self.last_key: Callable[[], float] = lambda: float("-inf")
        self._fleet = fleet
        self._dirty: set[AgentId] = set()
        self._collapsed: set[str] = set()
        self._selected: Key | None = None
        self._is_syncing = False
        self._set_up()
        self._flush_timer = QTimer(self, singleShot=True, interval=FLUSH_MS)
        self._flush_timer.timeout.connect(self.flush)
        self._clock_timer = QTimer(self, singleShot=True)
        self._clock_timer.timeout.connect(self._on_time)
        self._stop_listening = fleet.listen(self._on_change)
        self.sync()

    def _set_up(self) -> None:
        self.setModel(self.roster)
        self.setItemDelegate(self.rows)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setAnimated(False)
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        # Every pixel is painted here: else all that lies behind would be painted first, each time.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def dispose(self) -> None:
        """Stop listening to the fleet; call before the window goes."""
        self._stop_listening()

    # -- what is selected

    def current_key(self) -> Key | None:
        """Return the selected line."""
        return self._selected

    def current_agent(self) -> AgentRow | None:
        """Return the selected agent."""
        agent = self._selected.agent if self._selected else None
        return self._fleet.row(agent) if agent else None

    def select_agent(self, agent: AgentId) -> bool:
        """Select an agent's line in its project (or among those who need the user); tell whether it is listed."""
        if self._selected and self._selected.agent == agent:
            return True
        for key in self.roster.lines_of(agent):
            self._open_above(key)
            self.select(key)
            return True
        return False

    def select(self, key: Key) -> None:
        """Select a line and scroll to it."""
        index = self.roster.index_of(key)
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)

    def step(self, steps: int) -> None:
        """Select the line ``steps`` below (negative: above)."""
        lines = self.lines()
        if not lines:
            return
        at = lines.index(self._selected) if self._selected in lines else -1 if steps > 0 else len(lines)
        self.select(lines[max(0, min(len(lines) - 1, at + steps))])

    def lines(self) -> tuple[Key, ...]:
        """Return the lines that can be reached by moving, in order."""
        found: list[Key] = []
        for header in self.roster.headers():
            found.append(header)
            if header == NEEDS or self.is_open(header.id):
                found.extend(self.roster.below(header))
        return tuple(found)

    # -- folding

    def is_open(self, project: str) -> bool:
        """Tell whether a project shows its agents."""
        return project not in self._collapsed

    def folded_projects(self) -> tuple[str, ...]:
        """Return the folded projects."""
        return tuple(sorted(self._collapsed))

    def set_folded_projects(self, projects: tuple[str, ...]) -> None:
        """Fold these projects and open all others."""
        self._collapsed = set(projects)
        self._apply_folds()

    def fold(self, *, is_open: bool) -> None:
        """Fold or unfold the selected project; from an agent, *fold* goes to its header first."""
        key = self._selected
        if key is None:
            return
        if key.kind is Kind.PROJECT:
            if is_open and self.is_open(key.id):
                self.step(1)
            self._set_open(key.id, is_open=is_open)
            return
        above = self.roster.key_at(self.roster.index_of(key).parent())
        if not is_open and above:
            self.select(above)

    def _set_open(self, project: str, *, is_open: bool) -> None:
        (self._collapsed.discard if is_open else self._collapsed.add)(project)
        self._apply_folds()

    def _apply_folds(self) -> None:
        for header in self.roster.headers():
            self.setExpanded(self.roster.index_of(header), header == NEEDS or self.is_open(header.id))
            self.roster.tell(header)

    def _open_above(self, key: Key) -> None:
        above = self.roster.key_at(self.roster.index_of(key).parent())
        if above and above.kind is Kind.PROJECT and not self.is_open(above.id):
            self._set_open(above.id, is_open=True)

    def show_bells(self, rings: Callable[[AgentId], bool], rang: SignalInstance) -> None:
        """Mark the lines of agents whose bell ``rings``; ``rang`` tells when that changed."""
        self.rows.rings = self.roster.rings = rings
        rang.connect(self._on_bell)

    def _on_bell(self, agent: AgentId) -> None:
        for key in self.roster.lines_of(agent):
            self.roster.tell(key)

    # -- pace

    def set_choices(self, choices: Choices) -> None:
        """Show what the user chose, at once."""
        self.roster.choices = choices
        self.sync()

    def sync(self) -> None:
        """Bring lines in and out now; the selection stays with its agent."""
        self._is_syncing = True
        try:
            self.roster.sync(self.roster.wanted())
            self._apply_folds()
        finally:
            self._is_syncing = False
        self._restore_selection()
        self.rows.times.clear()
        self.viewport().update()

    def flush(self) -> None:
        """Repaint the visible among what changed; let lines come and go unless a key was just pressed."""
        dirty, self._dirty = self._dirty, set()
        for key in self._visible() if dirty else ():
            if key.id in dirty or key.kind in (Kind.PROJECT, Kind.NEEDS) or self.roster.stands_for_others(key):
                self.roster.tell(key)
        if not self.roster.is_stale(self.roster.wanted()):
            return
        if time.monotonic() - self.last_key() < STILL_S:
            self._flush_timer.start()
        else:
            self.sync()

    def _on_change(self, change: Change) -> None:
        if change.what is What.RESET:
            self.sync()
        elif change.what in (What.ADDED, What.CHANGED, What.REMOVED) and change.agent:
            self._dirty.add(change.agent)
            if not self._flush_timer.isActive():
                self._flush_timer.start()

    def _on_time(self) -> None:
        """Repaint the visible times that read differently now, and wake entries whose snooze is over."""
        now = time.time()
        for key, row in self._visible_agents():
            words = when_words(row, now)
            if self.rows.times.get(key) != words:
                self._repaint_time(key, words)
        if self.roster.is_stale(self.roster.wanted()) and not self._flush_timer.isActive():
            self._flush_timer.start()
        self._follow_clock()

    def _repaint_time(self, key: Key, words: str) -> None:
        """Repaint the time alone where it takes the same room: in its first minute a row changes every second."""
        row = self.visualRect(self.roster.index_of(key))
        box = self.rows.time_box(row, words)
        if box == self.rows.time_box(row, self.rows.times.get(key, "")):
            self.viewport().update(box)
        else:
            self.roster.tell(key)

    def _follow_clock(self) -> None:
        """Come back in the second in which the next time on screen reads differently, or a snooze ends."""
        now = time.time()
        lasts = [words_last(row, now) for _, row in self._visible_agents()]
        ends = [row.snoozed_until for row in self._fleet.rows() if row.snoozed_until is not None]
        lasts += [end - now for end in ends if end > now]
        soonest = min(lasts, default=math.inf)
        if self.isVisible() and soonest < math.inf:
            # Whole seconds: all that change within one are repainted together.
            self._clock_timer.start(min(math.ceil(soonest), LONGEST_S) * 1000)
        else:
            self._clock_timer.stop()

    def _visible_agents(self) -> list[tuple[Key, AgentRow]]:
        """Return the agents' lines on screen."""
        found = ((key, self._fleet.row(key.id)) for key in self._visible() if key.agent)
        return [(key, row) for key, row in found if row is not None]

    def _visible(self) -> tuple[Key, ...]:
        """Return the lines on screen."""
        found = []
        bottom = self.viewport().height()
        index = self.indexAt(self.viewport().rect().topLeft())
        while index.isValid() and self.visualRect(index).top() < bottom:
            key = self.roster.key_at(index)
            if key:
                found.append(key)
            index = self.indexBelow(index)
        return tuple(found)

    # -- Qt

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Qt: the selection moved."""
        super().currentChanged(current, previous)
        if self._is_syncing:
            return
        self._selected = self.roster.key_at(current)
        self.current_changed.emit(self._selected)

    def _restore_selection(self) -> None:
        key = self._selected
        if key is not None and not self.roster.index_of(key).isValid():
            # An answered agent leaves the queue: the selection goes on with it in its project.
            others = self.roster.lines_of(key.id) if key.agent else ()
            key = others[0] if others else self._neighbour()
        if key is None:
            lines = self.lines()
            key = next((line for line in lines if line.agent), lines[0] if lines else None)
        if key is None:
            self._selected = None
            self.current_changed.emit(None)
        elif key != self._selected or self.currentIndex() != self.roster.index_of(key):
            self.select(key)

    def _neighbour(self) -> Key | None:
        return self.roster.key_at(self.currentIndex())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt: a click on a header folds it."""
        super().mousePressEvent(event)
        key = self.roster.key_at(self.indexAt(event.position().toPoint()))
        if key and key.kind is Kind.PROJECT and event.position().x() < 32:
            self._set_open(key.id, is_open=not self.is_open(key.id))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt: a double click opens."""
        key = self.roster.key_at(self.indexAt(event.position().toPoint()))
        if key:
            self.activated_key.emit(key)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Qt: the selected line looks different with the keyboard."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Qt: see focusInEvent."""
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt: paint the rows, and from now on follow the times that are on screen."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self.rows.background)
        painter.end()
        self.rows.exposed = event.region()
        super().paintEvent(event)
        if not self._clock_timer.isActive() or self._clock_timer.remainingTime() > SOON_MS:
            self._follow_clock()  # other rows may be in sight than when it was set

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: follow the clock only while somebody can see it."""
        super().showEvent(event)
        self._follow_clock()

    def hideEvent(self, event: QHideEvent) -> None:
        """Qt: see showEvent."""
        super().hideEvent(event)
        self._clock_timer.stop()
