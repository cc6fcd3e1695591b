"""The left side of the window: the roster and its filter line."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from agents.model import AgentId
from app.commands import Zone
from app.filters import LOOKS, Filter, Group
from app.fleet import Fleet
from ui.roster.view import RosterView
from ui.theme import Theme


class RosterPanel(QWidget):
    """Owns the view and what it is filtered by."""

    filter_changed = Signal(object)  # Filter

    def __init__(self, fleet: Fleet, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = RosterView(fleet, theme, self)
        self.view.setProperty("zone", Zone.ROSTER.value)
        self.field = QLineEdit(self, placeholderText="Filter by name, branch, activity…", clearButtonEnabled=True)
        self.field.setAccessibleName("Filter agents by text")
        self.field.textChanged.connect(self._on_text)
        self.field.returnPressed.connect(self.view.setFocus)
        self.banner = QWidget(self)
        self._banner_words = QLabel(self.banner)
        self._banner_clear = QToolButton(self.banner)
        self._banner_clear.setToolTip("Clear filters")
        self._banner_clear.clicked.connect(self.clear_filter)
        self._marked: set[AgentId] = set()
        self.view.rows.is_marked = self._marked.__contains__
        self.view.rows.is_hidden = lambda agent: agent in self.view.roster.choices.hidden
        self._lay_out()
        self.set_theme(theme)
        self._show_filter()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        inset = QVBoxLayout()
        inset.setContentsMargins(8, 6, 8, 6)
        inset.addWidget(self.field)
        self._field_box = QWidget(self)
        self._field_box.setLayout(inset)
        line = QHBoxLayout(self.banner)
        line.setContentsMargins(10, 3, 6, 3)
        line.addWidget(self._banner_words, 1)
        line.addWidget(self._banner_clear)
        column.addWidget(self._field_box)
        column.addWidget(self.banner)
        column.addWidget(self.view, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take colours and fonts from ``theme``."""
        self.view.rows.set_theme(theme)
        self._banner_words.setProperty("role", "muted")
        self._banner_clear.setIcon(theme.icon("close", "muted", 12))
        self.view.doItemsLayout()

    # -- filter

    @property
    def filter(self) -> Filter:
        """Return what the roster is filtered by."""
        return self.view.roster.choices.filter

    def set_group(self, group: Group | None) -> None:
        """Show one group; the one shown already, or ``None``, shows all."""
        self._set_filter(msgspec.structs.replace(self.filter, group=None if group is self.filter.group else group))

    def open_field(self) -> None:
        """Put the keyboard into the filter line."""
        self._field_box.show()
        self.field.setFocus()
        self.field.selectAll()

    def leave_field(self) -> None:
        """Return to the rows; an empty filter line goes away."""
        self.view.setFocus()
        self._show_filter()

    def clear_filter(self) -> None:
        """Show all agents."""
        self.field.clear()
        self._set_filter(Filter())

    def _on_text(self, text: str) -> None:
        self._set_filter(msgspec.structs.replace(self.filter, text=text))

    def _set_filter(self, chosen: Filter) -> None:
        self._replace(filter=chosen)
        self._show_filter()
        self.filter_changed.emit(chosen)

    def _show_filter(self) -> None:
        group = self.filter.group
        self._field_box.setVisible(bool(self.filter.text) or self.field.hasFocus())
        self.banner.setVisible(group is not None)
        if group is not None:
            self._banner_words.setText(f"Only {LOOKS[group].many}")

    # -- hidden and marked

    @property
    def hidden(self) -> frozenset[AgentId]:
        """Return the hidden agents."""
        return self.view.roster.choices.hidden

    def set_hidden(self, hidden: frozenset[AgentId]) -> None:
        """Fold these agents away."""
        self._replace(hidden=hidden)

    def toggle_lists_hidden(self) -> None:
        """List hidden agents, or fold them again."""
        self._replace(lists_hidden=not self.view.roster.choices.lists_hidden)

    def set_projects(self, projects: tuple[str, ...]) -> None:
        """Put projects into this order."""
        self._replace(projects=projects)

    def marked(self) -> tuple[AgentId, ...]:
        """Return the marked agents in roster order."""
        return tuple(agent for agent in self.view.roster.agents() if agent in self._marked)

    def toggle_mark(self, agent: AgentId) -> None:
        """Mark an agent, or take the mark away."""
        self._marked.symmetric_difference_update({agent})
        self.view.viewport().update()

    def clear_marks(self) -> None:
        """Take all marks away."""
        self._marked.clear()
        self.view.viewport().update()

    def set_compact(self, *, is_compact: bool) -> None:
        """Use one line a row, or two."""
        self.view.rows.is_compact = is_compact
        self.view.doItemsLayout()

    def _replace(self, **changes: object) -> None:
        self.view.set_choices(msgspec.structs.replace(self.view.roster.choices, **changes))
