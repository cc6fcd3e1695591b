"""The body of a pane: the transcript of an agent that has one, its raw log, or the one beside the other by a switch.

Makes each when it is first shown, feeds both from the fleet's changes, and passes on the commands of reading.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget
from shiboken6 import isValid

from agents.jsonrpc import RpcError
from agents.model import AgentId, AgentRow, Capability, Stream
from agents.wire import AgentRef, Shown
from app.client.api import Caller, ConnectionLost, Spawner
from app.fleet import Change, What
from app.logsource import LocalLog, LogSource, RemoteLog
from app.prompting import Kept
from ui.panes.asking import words_of
from ui.panes.keyboard import holds
from ui.panes.log_pane import LogPane
from ui.panes.log_view import LogView
from ui.panes.transcript.view import TranscriptView
from ui.theme import Theme


class Body(QStackedWidget):
    """Owned by an agent pane; lives in the GUI thread."""

    found = Signal()
    link_activated = Signal(str)

    def __init__(self, agent: AgentId, caller: Caller, spawner: Spawner, kept: Kept, theme: Theme) -> None:
        super().__init__()
        self._agent = agent
        self._caller = caller
        self._spawner = spawner
        self._kept = kept
        self._theme = theme
        self._directory: Path | None = None
        self._log_wanted = False
        self._row: AgentRow | None = None
        self.transcript: TranscriptView | None = None
        self.log: LogPane | None = None
        self._blank = QLabel("Reading …")
        self._blank.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._blank.setProperty("role", "muted")
        self._blank.setWordWrap(True)
        self._blank.setTextFormat(Qt.TextFormat.PlainText)
        self.addWidget(self._blank)

    # -- what is shown

    @property
    def is_structured(self) -> bool:
        """Tell whether there is a transcript beside the raw log."""
        return self._row is not None and Capability.TRANSCRIPT in self._row.capabilities

    @property
    def shows_log(self) -> bool:
        """Tell whether the raw log is in front, or on its way there."""
        return not self.is_structured or bool(self._kept.shows_log)

    def show_row(self, row: AgentRow | None) -> None:
        """Follow the agent: what it can do decides what is shown."""
        if row is None:
            return
        self._row = row
        if self.log is not None:
            self.log.grew(row.out_size, row.err_size)
        if self.shows_log:
            self._show_log()
        else:
            self._show_transcript()

    def show_log(self, *, on: bool) -> None:
        """Switch between transcript and raw log."""
        self._kept.shows_log = on
        self.show_row(self._row)

    def follow(self, change: Change) -> None:
        """Take what changed about this agent, or a new connection."""
        match change.what:
            case What.BLOCKS if self.transcript is not None:
                self.transcript.transcript.apply(change.blocks)
            case What.LOG if self.log is not None:
                self.log.grew(*change.sizes)
            case What.RESET if self.transcript is not None:
                self.transcript.open()  # what was missed while away is known only to the daemon

    def _show_transcript(self) -> None:
        if self.transcript is None:
            view = self.transcript = TranscriptView(self._agent, self._caller, self._spawner, self._theme)
            view.link_activated.connect(self.link_activated)
            view.found.connect(self.found)
            self.addWidget(view)
            if self._kept.reading is not None:
                kept = self._kept.reading
                view.opened.connect(lambda: view.restore_reading(kept), Qt.ConnectionType.SingleShotConnection)
            view.open()
        self._bring(self.transcript)

    def _show_log(self) -> None:
        if self.log is not None:
            self._bring(self.log)
        elif not self._log_wanted:
            self._log_wanted = True
            self._spawner.spawn(self._open_log(), "opening the raw log")

    async def _open_log(self) -> None:
        try:
            shown: Shown = await self._caller.call("agent.show", AgentRef(self._agent))
        except (RpcError, ConnectionLost) as error:
            if isValid(self):
                self._log_wanted = False
                self._blank.setText(f"The raw log cannot be read: {words_of(error)}")
                self._bring(self._blank)
            return
        if not isValid(self):
            return
        self._directory = Path(shown.directory)
        self.log = LogPane(self._source, self._spawner, self._theme)
        self.log.found.connect(self.found)
        self.addWidget(self.log)
        self._log_wanted = False
        self.log.grew(shown.row.out_size, shown.row.err_size)
        self.show_row(self._row)

    def _source(self, stream: Stream) -> LogSource:
        if self._directory is not None and self._directory.is_dir():
            return LocalLog(self._directory, stream)
        return RemoteLog(self._agent, stream, self._caller)

    def _bring(self, widget: QWidget) -> None:
        had_keyboard = holds(self)
        self.setCurrentWidget(widget)
        if had_keyboard:
            widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus(self) -> bool:
        """Give the keyboard to what is in front; false when nothing is there to read yet."""
        front = self.currentWidget() or self._blank
        front.setFocus(Qt.FocusReason.OtherFocusReason)
        return front is not self._blank

    # -- commands

    def perform(self, command: str) -> bool:
        """Do a command of reading; false when what is in front does not know it."""
        act = self._commands().get(command)
        if act is None:
            return False
        act()
        return True

    def _commands(self) -> dict[str, Callable[[], object]]:
        front = self.searched
        if isinstance(front, TranscriptView):
            return {
                "pane.down": lambda: front.step(1),
                "pane.up": lambda: front.step(-1),
                "pane.collapse": front.fold,
                "pane.expand": front.unfold,
                "pane.first": front.to_begin,
                "pane.last": front.to_end,
                "pane.find_next": front.find_next,
                "pane.find_previous": front.find_previous,
            }
        if isinstance(front, LogView):
            return {
                "pane.down": lambda: front.scroll_lines(1),
                "pane.up": lambda: front.scroll_lines(-1),
                "pane.collapse": lambda: front.set_wrap(on=False),
                "pane.expand": lambda: front.set_wrap(on=True),
                "pane.first": front.to_begin,
                "pane.last": front.to_end,
                "pane.find_next": front.find_next,
                "pane.find_previous": front.find_previous,
            }
        return {}

    @property
    def searched(self) -> TranscriptView | LogView | None:
        """Return the view in front, the one a search is about."""
        front = self.currentWidget()
        if self.log is not None and front is self.log:
            return self.log.view
        return self.transcript if front is self.transcript else None

    # -- looks and leaving

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        for part in (self.transcript, self.log):
            if part is not None:
                part.set_theme(theme)

    def remember(self) -> None:
        """Keep where the reader is, for the next pane of this agent."""
        if self.transcript is not None and self.transcript.transcript.total:
            self._kept.reading = self.transcript.reading_place()
