"""The stage's docks: the only module that knows QtAds. One manager a window; a dock for every agent, content on demand.

A hidden agent keeps its empty, closed dock and with it its place; its content is made when it is first seen and
destroyed when it is hidden.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import PySide6QtAds as QtAds
from PySide6.QtCore import QByteArray, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QVBoxLayout, QWidget

from agents.model import AgentId
from agents.status.untrusted import one_line
from ui.dockstate import decoded, is_state
from ui.dockstyle import dock_sheet
from ui.holder import Holder
from ui.theme import Theme
from ui.tip import tip_of

#: Version of the dock manager's state that we write; another one is refused by it.
STATE_VERSION = 1


class DockHost(QWidget):
    """Owns the dock manager and which docks have content. GUI thread."""

    content_made = Signal(str)  # agent id
    content_gone = Signal(str)
    toggled = Signal(str, bool)  # an agent's dock was opened or closed, by a command or with the mouse
    changed = Signal()  # what is open, or where

    def __init__(
        self, make: Callable[[AgentId, QWidget], QWidget], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        _configure()
        self._make = make
        self._docks: dict[AgentId, QtAds.CDockWidget] = {}
        self._projects: dict[AgentId, str] = {}
        self._is_changing = False
        self._manager = QtAds.CDockManager(self)
        self._manager.setObjectName("docks")
        self._manager.dockAreaCreated.connect(lambda _: self._on_moved())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._manager)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self._manager.setStyleSheet(dock_sheet(theme))

    # -- docks

    def add(self, agent: AgentId, project: str, title: str) -> None:
        """Make the empty, closed dock of an agent, in its project's area."""
        dock = QtAds.CDockWidget(self._manager, title)
        dock.setObjectName(f"agent:{agent}")
        feature = QtAds.CDockWidget.DockWidgetFeature
        dock.setFeature(feature.DockWidgetFloatable, False)
        dock.setMinimumSizeHintMode(QtAds.CDockWidget.eMinimumSizeHintMode.MinimumSizeHintFromDockWidget)
        # A dock without any widget cannot be opened: this stays, contents come and go in it.
        dock.setWidget(Holder(lambda: self._on_shown(agent)), QtAds.CDockWidget.eInsertMode.ForceNoScrollArea)
        self._docks[agent], self._projects[agent] = dock, project
        with self._changing():
            self._place(agent, self._area_of(project, besides=agent))
            dock.toggleView(False)
        dock.viewToggled.connect(lambda is_open, which=agent: self._on_toggled(which, is_open=is_open))

    def remove(self, agent: AgentId) -> None:
        """Forget an agent that is gone."""
        dock = self._docks.pop(agent, None)
        if dock is None:
            return
        self._projects.pop(agent)
        self._drop_content(agent, dock)
        with self._changing():
            self._manager.removeDockWidget(dock)
            dock.deleteLater()
        self.changed.emit()

    def known(self) -> tuple[AgentId, ...]:
        """Return all agents with a dock."""
        return tuple(self._docks)

    def open_ones(self) -> tuple[AgentId, ...]:
        """Return the agents whose dock is open, behind other tabs or not."""
        return tuple(agent for agent, dock in self._docks.items() if not dock.isClosed())

    def is_open(self, agent: AgentId) -> bool:
        """Tell whether an agent's dock is open."""
        dock = self._docks.get(agent)
        return dock is not None and not dock.isClosed()

    def content(self, agent: AgentId) -> QWidget | None:
        """Return an agent's content while it has one."""
        dock = self._docks.get(agent)
        return self._holder(dock).content if dock is not None else None

    @staticmethod
    def _holder(dock: QtAds.CDockWidget) -> Holder:
        holder = dock.widget()
        assert isinstance(holder, Holder)  # noqa: S101  (every dock is made with one)
        return holder

    def with_content(self) -> tuple[AgentId, ...]:
        """Return the agents whose content exists."""
        return tuple(agent for agent in self._docks if self.content(agent) is not None)

    def in_front(self) -> tuple[AgentId, ...]:
        """Return the agents a user can see now, from left to right and top to bottom."""
        found = [(dock.mapTo(self._manager, dock.rect().topLeft()), agent) for agent, dock in self._docks.items()
                 if not dock.isClosed() and dock.isVisible()]  # fmt: skip
        return tuple(agent for _, agent in sorted(found, key=lambda pair: (pair[0].y(), pair[0].x())))

    def set_title(self, agent: AgentId, title: str, icon: QIcon, tip: str) -> None:
        """Say what an agent's tab says."""
        dock = self._docks[agent]
        dock.setWindowTitle(one_line(title, 80))
        dock.tabWidget().setIconSize(icon.availableSizes()[0])
        dock.setIcon(icon)
        dock.setTabToolTip(tip_of(tip))

    # -- open and closed

    def open(self, agent: AgentId, *, to_front: bool = True) -> None:
        """Open an agent's dock where it was, in front of the tabs beside it unless told otherwise."""
        dock = self._docks[agent]
        area = dock.dockAreaWidget()
        before = area.currentDockWidget() if area is not None else None
        with self._changing():
            was_closed = dock.isClosed()
            if was_closed:
                dock.toggleView(True)
            if to_front or before is None or before.isClosed():
                dock.setAsCurrentTab()
            else:
                before.setAsCurrentTab()
        self._fill()
        if was_closed:
            self.toggled.emit(agent, True)
        self.changed.emit()

    def close_dock(self, agent: AgentId) -> None:
        """Close an agent's dock; its place stays, its content is destroyed."""
        dock = self._docks[agent]
        if not dock.isClosed():
            dock.toggleView(False)

    def is_pinned(self, agent: AgentId) -> bool:
        """Tell whether an agent is pinned to the side."""
        dock = self._docks.get(agent)
        return dock is not None and dock.isAutoHide()

    def set_pinned(self, agent: AgentId, *, is_pinned: bool) -> None:
        """Pin an agent's dock to the side of the stage, or take it back."""
        dock = self._docks[agent]
        if dock.isAutoHide() != is_pinned:
            dock.setAutoHide(is_pinned, QtAds.SideBarRight)
            self.changed.emit()

    # -- arrangements

    def arrange(self, mode: str, agents: Sequence[AgentId]) -> None:
        """Lay out open docks: ``solo`` (tabs, one area a project), ``columns`` or ``grid``; closed ones follow."""
        front = self.in_front()
        with self._changing():
            if mode == "solo":
                self._tabs(agents)
            else:
                self._tiles(agents, len(agents) if mode == "columns" else math.ceil(math.sqrt(len(agents))))
            self._close_again(agents)
        for agent in agents if mode != "solo" else front:
            if self.is_open(agent):
                self._docks[agent].setAsCurrentTab()
        self._equalise()
        self._fill()
        self.changed.emit()

    def _tabs(self, agents: Sequence[AgentId]) -> None:
        areas: dict[str, QtAds.CDockAreaWidget] = {}
        for agent in (*agents, *(a for a in self._docks if a not in set(agents))):
            project = self._projects[agent]
            areas[project] = self._place(agent, areas.get(project))

    def _tiles(self, agents: Sequence[AgentId], columns: int) -> None:
        first_of_column: list[QtAds.CDockAreaWidget] = []
        below: list[QtAds.CDockAreaWidget] = []
        for number, agent in enumerate(agents):
            dock, column = self._docks[agent], number % columns
            if number == 0:
                area = self._manager.addDockWidget(QtAds.CenterDockWidgetArea, dock)
            elif number < columns:
                area = self._manager.addDockWidget(QtAds.RightDockWidgetArea, dock, first_of_column[-1])
            else:
                area = self._manager.addDockWidget(QtAds.BottomDockWidgetArea, dock, below[column])
            if number < columns:
                first_of_column.append(area)
                below.append(area)
            below[column] = area
        rest = [agent for agent in self._docks if agent not in set(agents)]
        for agent in rest:
            self._place(agent, first_of_column[0] if first_of_column else None)

    def _close_again(self, opened: Sequence[AgentId]) -> None:
        # Placing a dock opens it.
        for agent, dock in self._docks.items():
            if agent not in opened and not dock.isClosed():
                dock.toggleView(False)

    def _equalise(self) -> None:
        """Give the areas of every splitter the same size."""
        for dock in self._docks.values():
            area = dock.dockAreaWidget()
            if area is not None and not dock.isClosed():
                sizes = self._manager.splitterSizes(area)
                if len(sizes) > 1:
                    self._manager.setSplitterSizes(area, [1000 // len(sizes)] * len(sizes))

    def _area_of(self, project: str, besides: AgentId) -> QtAds.CDockAreaWidget | None:
        for agent, its in self._projects.items():
            area = self._docks[agent].dockAreaWidget() if its == project and agent != besides else None
            if area is not None and not self._docks[agent].isAutoHide():
                return area
        return None

    def _place(self, agent: AgentId, area: QtAds.CDockAreaWidget | None) -> QtAds.CDockAreaWidget:
        dock = self._docks[agent]
        if area is None:
            where = QtAds.RightDockWidgetArea if self._manager.dockAreaCount() else QtAds.CenterDockWidgetArea
            return self._manager.addDockWidget(where, dock)
        if dock.dockAreaWidget() is area:
            return area
        return self._manager.addDockWidgetTabToArea(dock, area)

    # -- state

    def save(self) -> str:
        """Return where every dock is, as text."""
        return base64.b64encode(self._manager.saveState(STATE_VERSION).data()).decode("ascii")

    def restore(self, state: str) -> bool:
        """Put docks where ``save`` saw them; false when the state is none (docks stay as they are)."""
        raw = decoded(state)
        if not is_state(raw):
            return False
        with self._changing():
            is_done = bool(self._manager.restoreState(QByteArray(raw), STATE_VERSION))
            self._place_the_lost()
        self._fill()
        self.changed.emit()
        return is_done

    def _place_the_lost(self) -> None:
        """Give docks the state did not know a place again; opening one without would open a window of its own."""
        for agent, dock in self._docks.items():
            if dock.dockAreaWidget() is None:
                self._place(agent, self._area_of(self._projects[agent], besides=agent))
                dock.toggleView(False)

    # -- content

    def _fill(self) -> None:
        """Make content for what is in front, destroy it where the dock is closed."""
        for agent, dock in self._docks.items():
            if dock.isClosed():
                self._drop_content(agent, dock)
            elif dock.isVisible():
                self._ensure_content(agent)

    def _ensure_content(self, agent: AgentId) -> None:
        holder = self._holder(self._docks[agent])
        if holder.content is None:
            holder.put(self._make(agent, holder))
            self.content_made.emit(agent)

    def _drop_content(self, agent: AgentId, dock: QtAds.CDockWidget) -> None:
        if self._holder(dock).drop():
            self.content_gone.emit(agent)

    def remake_contents(self) -> None:
        """Make all contents anew (another theme)."""
        for agent in self.with_content():
            self._drop_content(agent, self._docks[agent])
        self._fill()

    def _on_shown(self, agent: AgentId) -> None:
        if not self._is_changing and agent in self._docks:
            self._ensure_content(agent)

    def _on_toggled(self, agent: AgentId, *, is_open: bool) -> None:
        if self._is_changing or agent not in self._docks:
            return
        if not is_open:
            self._drop_content(agent, self._docks[agent])
        self.toggled.emit(agent, is_open)
        self.changed.emit()

    def _on_moved(self) -> None:
        if not self._is_changing:
            self.changed.emit()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        before, self._is_changing = self._is_changing, True
        try:
            yield
        finally:
            self._is_changing = before


def _configure() -> None:
    """Set what QtAds keeps for the whole process; it must be set before the first manager is made."""
    manager = QtAds.CDockManager
    flag, hide = manager.eConfigFlag, manager.eAutoHideFlag
    for on in (flag.EqualSplitOnInsertion, flag.OpaqueSplitterResize, flag.AlwaysShowTabs, flag.FocusHighlighting,
               flag.DockAreaHideDisabledButtons, flag.MiddleMouseButtonClosesTab):  # fmt: skip
        manager.setConfigFlag(on, True)
    for off in (flag.XmlCompressionEnabled, flag.DockAreaHasUndockButton, flag.DockAreaHasTabsMenuButton,
                flag.DockAreaHasCloseButton, flag.ActiveTabHasCloseButton, flag.DoubleClickUndocksWidget):  # fmt: skip
        manager.setConfigFlag(off, False)
    manager.setAutoHideConfigFlag(hide.AutoHideFeatureEnabled, True)
    for off_hide in (hide.DockAreaHasAutoHideButton, hide.AutoHideShowOnMouseOver):
        manager.setAutoHideConfigFlag(off_hide, False)
