"""Commands of the roster: moving, folding, filters."""

from __future__ import annotations

from functools import partial

from app.filters import Group
from ui.handlers.base import Bindings, Window


class RosterHandlers:
    """Acts on the roster panel."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._panel = window.roster
        self._view = window.roster.view

    def bindings(self) -> Bindings:
        """Return what runs for each command id."""
        view, panel = self._view, self._panel
        return {
            "roster.down": lambda: view.step(1),
            "roster.up": lambda: view.step(-1),
            "roster.first": lambda: view.step(-(10**6)),
            "roster.last": lambda: view.step(10**6),
            "roster.collapse": lambda: view.fold(is_open=False),
            "roster.expand": lambda: view.fold(is_open=True),
            "roster.hidden": panel.toggle_lists_hidden,
            "roster.filter": panel.open_field,
            "roster.compact": self._compact,
            "filter.clear": panel.clear_filter,
            **{f"filter.{group}": partial(panel.set_group, group) for group in Group},
        }

    def _compact(self) -> None:
        settings = self._window.session.settings
        settings.set("ui.compact_rows", not settings.is_on("ui.compact_rows"))
