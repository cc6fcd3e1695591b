"""Searching in whatever view of a pane is in front: between its find bar and that view. Searches nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any, Protocol

from PySide6.QtCore import QObject

from ui.panes.findbar import FindBar, count_words
from ui.panes.keyboard import holds


class Search(Protocol):
    """How far a view's search is; progress is a share."""

    @property
    def hits(self) -> Sized:
        """Return what was found."""

    @property
    def progress(self) -> float:
        """Return how much was looked through."""

    @property
    def done(self) -> bool:
        """Tell whether all was."""

    @property
    def capped(self) -> bool:
        """Tell whether there is more than is kept."""

    def place(self, hit: Any) -> int | None:
        """Return where a hit stands among all."""


class Searched(Protocol):
    """A view that can be searched."""

    @property
    def search(self) -> Search | None:
        """Return the search there is."""

    @property
    def hit(self) -> Any:
        """Return the hit the reader is at."""

    def look_for(self, text: str) -> None:
        """Search for a text; an empty one ends the search."""

    def find_next(self) -> None:
        """Go to the next hit."""

    def find_previous(self) -> None:
        """Go to the hit before."""


class Finding(QObject):
    """Owned by a pane. ``searched`` returns the view a search is about now, ``leave`` gives it the keyboard."""

    def __init__(self, bar: FindBar, searched: Callable[[], Searched | None], leave: Callable[[], object]) -> None:
        super().__init__(bar)
        self._bar = bar
        self._searched = searched
        self._leave = leave
        bar.text_changed.connect(self._on_text)
        bar.next_wanted.connect(self._on_next)
        bar.previous_wanted.connect(self._on_previous)
        bar.dismissed.connect(self.close)

    @property
    def has_search(self) -> bool:
        """Tell whether something was searched, so that *next* means something."""
        searched = self._searched()
        return searched is not None and searched.search is not None

    def _on_text(self, text: str) -> None:
        searched = self._searched()
        if searched is not None:
            searched.look_for(text)

    def _on_next(self) -> None:
        searched = self._searched()
        if searched is not None:
            searched.find_next()

    def _on_previous(self) -> None:
        searched = self._searched()
        if searched is not None:
            searched.find_previous()

    def show_count(self) -> None:
        """Say where the reader is among the hits."""
        searched = self._searched()
        search = searched.search if searched is not None else None
        if searched is None or search is None:
            self._bar.show_count("")
            return
        words = count_words(
            place=search.place(searched.hit),
            hits=len(search.hits),
            progress=search.progress,
            done=search.done,
            capped=search.capped,
        )
        self._bar.show_count(words)

    def close(self) -> None:
        """Put the bar away; hits stay for *next* until another text is searched."""
        had_keyboard = holds(self._bar)
        self._bar.hide()
        if had_keyboard:
            self._leave()
