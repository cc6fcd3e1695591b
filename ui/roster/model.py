"""The roster as a Qt model: lines by key, changed in place so that selection and fold state follow the agents.

Told what changed it only notes it; ``flush`` and ``sync`` are called by the view at its own pace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from agents.model import AgentId, Headline
from agents.status import incidents
from app.fleet import Fleet
from ui.roster.entries import NEEDS, Choices, Key, Kind, Section, sections
from ui.roster.look import Look, fold_look, look_of, needs_look, project_look
from ui.tip import tip_of

AnyIndex = QModelIndex | QPersistentModelIndex

KEY_ROLE = Qt.ItemDataRole.UserRole + 1
LOOK_ROLE = Qt.ItemDataRole.UserRole + 2

_ROOT = QModelIndex()

#: States in which one line may stand for several agents.
_SHARED = frozenset({Headline.LOG_IN, Headline.FAILED})


class RosterModel(QAbstractItemModel):
    """Owns which lines there are; reads rows from the fleet when asked. GUI thread."""

    def __init__(self, fleet: Fleet, parent: QObject | None = None, clock: Callable[[], float] = time.time) -> None:
        super().__init__(parent)
        self._fleet = fleet
        self._clock = clock
        self.choices = Choices()
        self.open_projects: Callable[[str], bool] = lambda _: True
        self.keys_of: Callable[[str], str] = lambda _: ""
        self.rings: Callable[[AgentId], bool] = lambda _: False
        self._top: list[Key] = []
        self._children: dict[Key, list[Key]] = {}
        self._parent_of: dict[Key, Key] = {}
        self._folded: dict[Key, tuple[AgentId, ...]] = {}
        self._numbers: dict[Key, int] = {}
        self._by_number: list[Key] = []
        self._wanted: tuple[Section, ...] = ()

    # -- what there is

    def key_at(self, index: AnyIndex) -> Key | None:
        """Return the key of a line."""
        return self._by_number[index.internalId()] if index.isValid() else None

    def index_of(self, key: Key) -> QModelIndex:
        """Return where a line is; invalid when it is not listed."""
        parent = self._parent_of.get(key)
        siblings = self._top if parent is None else self._children.get(parent, [])
        try:
            return self.createIndex(siblings.index(key), 0, self._number(key))
        except ValueError:
            return QModelIndex()

    def lines_of(self, agent: AgentId) -> tuple[Key, ...]:
        """Return the lines an agent is shown on: in its project, and among those who need the user."""
        keys = (Key(Kind.AGENT, agent), Key(Kind.POINTER, agent))
        return tuple(key for key in keys if key in self._parent_of)

    def headers(self) -> tuple[Key, ...]:
        """Return the top lines."""
        return tuple(self._top)

    def below(self, header: Key) -> tuple[Key, ...]:
        """Return the lines below a header."""
        return tuple(self._children.get(header, ()))

    def agents(self) -> tuple[AgentId, ...]:
        """Return all agents listed below projects, in order, folded ones too."""
        return tuple(
            agent
            for section in self._wanted
            if section.key.kind is Kind.PROJECT
            for agent in (*(key.id for key in section.children if key.kind is Kind.AGENT), *section.folded)
        )

    # -- Qt's questions

    def index(self, row: int, column: int, parent: AnyIndex = _ROOT) -> QModelIndex:
        """Qt: the index of a line."""
        siblings = self._children.get(self._by_number[parent.internalId()], []) if parent.isValid() else self._top
        if column != 0 or not 0 <= row < len(siblings):
            return QModelIndex()
        return self.createIndex(row, 0, self._number(siblings[row]))

    def parent(self, index: AnyIndex = _ROOT) -> QModelIndex:  # type: ignore[override]
        """Qt: the header of a line."""
        key = self.key_at(index)
        above = self._parent_of.get(key) if key else None
        return self.index_of(above) if above else QModelIndex()

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        """Qt: how many lines are below."""
        key = self.key_at(parent)
        return len(self._children.get(key, [])) if key else len(self._top)

    def columnCount(self, _: AnyIndex = _ROOT) -> int:
        """Qt: one column; the delegate lays it out."""
        return 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Qt: a line's key, its look, its words for people, for tooltips and for screen readers."""
        key = self.key_at(index)
        if key is None:
            return None
        if role == KEY_ROLE:
            return key
        if role == LOOK_ROLE:
            return self.look(key)
        if role == Qt.ItemDataRole.DisplayRole:
            return self.look(key).title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            rang = ", its bell rang" if key.agent and self.rings(key.agent) else ""
            return self.look(key).accessible + rang
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(key)
        return None

    def look(self, key: Key) -> Look:
        """Return how a line looks now."""
        if key.kind is Kind.NEEDS:
            return needs_look(len(self._children.get(NEEDS, [])), self.keys_of("triage.next"))
        if key.kind is Kind.FOLD:
            return fold_look(len(self._folded.get(Key(Kind.PROJECT, key.id), ())), self.keys_of("roster.hidden"))
        if key.kind is Kind.PROJECT:
            rows = tuple(r for r in self._fleet.rows() if r.project == key.id and not r.archived)
            folded = len(self._folded.get(key, ()))
            return project_look(key.id, rows, folded, is_open=self.open_projects(key.id))
        row = self._fleet.row(key.id)
        if row is None:
            return Look(icon="question", role="muted", title=key.id)
        if key.kind is not Kind.POINTER:
            return look_of(row, self._clock())
        befell = self._fleet.incidents(self._clock()) if self.stands_for_others(key) else ()
        return look_of(row, self._clock(), with_project=True, incident=incidents.of(row.id, befell))

    def stands_for_others(self, key: Key) -> bool:
        """Tell whether a line may be one entry for several agents: it changes with any of them."""
        row = self._fleet.row(key.id) if key.kind is Kind.POINTER else None
        return row is not None and row.state in _SHARED

    def _tooltip(self, key: Key) -> str:
        row = self._fleet.row(key.id) if key.agent else None
        if row is None:
            return tip_of(self.look(key).status)
        return tip_of(f"{row.name} — {row.headline}", row.activity, row.cwd, row.note)

    # -- changing

    def wanted(self) -> tuple[Section, ...]:
        """Return what should be listed now."""
        now = self._clock()
        return sections(self._fleet.rows(), self._fleet.triage(now), self.choices, now)

    def is_stale(self, wanted: tuple[Section, ...]) -> bool:
        """Tell whether lines would come, go or move."""
        return wanted != self._wanted

    def sync(self, wanted: tuple[Section, ...]) -> None:
        """List ``wanted``, by the fewest insertions, removals and moves."""
        self._wanted = wanted
        self._folded = {section.key: section.folded for section in wanted}
        keys = [section.key for section in wanted]
        for gone in [key for key in self._top if key not in set(keys)]:
            self._match(gone, ())
        self._match(None, keys)
        for section in wanted:
            self._match(section.key, section.children)

    def tell(self, key: Key) -> None:
        """Say that a line looks different."""
        index = self.index_of(key)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def _match(self, parent: Key | None, wanted: Sequence[Key]) -> None:
        current = self._top if parent is None else self._children.setdefault(parent, [])
        at = QModelIndex() if parent is None else self.index_of(parent)
        if not current and wanted:
            # The first fill, and a big one: one insertion instead of a thousand.
            self.beginInsertRows(at, 0, len(wanted) - 1)
            current.extend(wanted)
            if parent is not None:
                self._parent_of.update(dict.fromkeys(wanted, parent))
            self.endInsertRows()
            return
        keep = set(wanted)
        for row in range(len(current) - 1, -1, -1):
            if current[row] not in keep:
                self.beginRemoveRows(at, row, row)
                self._parent_of.pop(current.pop(row), None)
                self.endRemoveRows()
        for row, key in enumerate(wanted):
            if row < len(current) and current[row] == key:
                continue
            self._place(parent, at, current, row, key)

    def _place(self, parent: Key | None, at: QModelIndex, current: list[Key], row: int, key: Key) -> None:
        if key in current:
            source = current.index(key)
            self.beginMoveRows(at, source, source, at, row)
            current.insert(row, current.pop(source))
            self.endMoveRows()
            return
        self.beginInsertRows(at, row, row)
        current.insert(row, key)
        if parent is not None:
            self._parent_of[key] = parent
        self.endInsertRows()

    def _number(self, key: Key) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._by_number)
            self._by_number.append(key)
        return number
