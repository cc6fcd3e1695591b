"""The body of a pane that shows raw logs: standard output, and standard error beside it where there is one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from agents.model import Stream
from app.client.api import Spawner
from app.logsource import LogSource
from ui.panes.keyboard import holds
from ui.panes.log_view import LogView
from ui.theme import Theme


class LogPane(QWidget):
    """Owns one view per stream; the second is made when it is first looked at."""

    found = Signal()

    def __init__(
        self, open_source: Callable[[Stream], LogSource], spawner: Spawner, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._open = open_source
        self._spawner = spawner
        self._theme = theme
        self._views: dict[Stream, LogView] = {}
        self._sizes = {Stream.OUT: 0, Stream.ERR: 0}
        self._stack = QStackedWidget()
        self._bar = QWidget()
        self._buttons = {
            Stream.OUT: self._button(Stream.OUT, "Output"),
            Stream.ERR: self._button(Stream.ERR, "Errors"),
        }
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(6, 3, 6, 3)
        row.setSpacing(4)
        for button in self._buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        self._bar.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self._stack, 1)
        self.view = self._show(Stream.OUT)
        self.setFocusProxy(self.view)

    def _button(self, stream: Stream, words: str) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("role", "flat")
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self._show(stream))
        return button

    def _show(self, stream: Stream) -> LogView:
        view = self._views.get(stream)
        if view is None:
            view = self._views[stream] = LogView(self._open(stream), self._spawner, self._theme)
            view.setAccessibleName("raw log" if stream is Stream.OUT else "raw error log")
            view.found.connect(self.found)
            self._stack.addWidget(view)
        had_keyboard = holds(self._stack)
        self._stack.setCurrentWidget(view)
        for other, button in self._buttons.items():
            button.setChecked(other is stream)
        self.view = view
        self.setFocusProxy(view)
        if had_keyboard:
            view.setFocus(Qt.FocusReason.OtherFocusReason)
        return view

    def grew(self, out: int, err: int) -> None:
        """Take note of new sizes; the switch appears with the first byte of errors."""
        for stream, size in ((Stream.OUT, out), (Stream.ERR, err)):
            self._sizes[stream] = max(self._sizes[stream], size)
            view = self._views.get(stream)
            if view is not None:
                view.document.source.grew(size)
        if self._sizes[Stream.ERR] and self._bar.isHidden():
            self._bar.show()

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        for view in self._views.values():
            view.set_theme(theme)

    def close_sources(self) -> None:
        """Let go of all sources."""
        for view in self._views.values():
            view.close_source()
