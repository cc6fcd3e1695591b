"""The body of a pane: transcript or terminal of an agent that has one, and its raw log by a switch or alone.

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
from app.fleet import Change, Fleet, What
from app.logsource import LocalLog, LogSource, RemoteLog
from app.prompting import Kept
from ui.panes.asking import words_of
from ui.panes.keyboard import holds
from ui.panes.log_pane import LogPane
from ui.panes.log_view import LogView
from ui.panes.terminal.pane import TerminalPane
from ui.panes.terminal.view import TerminalView
from ui.panes.transcript.view import TranscriptView
from ui.terminals import Terminals
from ui.theme import Theme

Searched = TranscriptView | LogView | TerminalView


class Body(QStackedWidget):
    """Owned by an agent pane; lives in the GUI thread."""

    found = Signal()
    link_activated = Signal(str)
    titled = Signal(str)  # the program in the terminal calls itself something
    hinted = Signal(str)  # what a newcomer to terminals has to know now

    def __init__(  # noqa: PLR0913  each is a collaborator the composition root hands over
        self,
        agent: AgentId,
        caller: Caller,
        spawner: Spawner,
        fleet: Fleet,
        theme: Theme,
        *,
        kept: Kept,
        terminals: Terminals,
    ) -> None:
        super().__init__()
        self._agent = agent
        self._caller = caller
        self._spawner = spawner
        self._fleet = fleet
        self._kept = kept
        self._theme = theme
        self._terminals = terminals
        self._directory: Path | None = None
        self._log_wanted = False
        self._row: AgentRow | None = None
        self.transcript: TranscriptView | None = None
        self.terminal: TerminalPane | None = None
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
    def has_screen(self) -> bool:
        """Tell whether there is a real terminal beside the raw log: its program has one, and we have a core."""
        return self._row is not None and Capability.TERMINAL in self._row.capabilities and not self.lacks

    @property
    def lacks(self) -> str:
        """Return what is missing for the screen of a terminal, and the package to install; nothing mostly."""
        is_terminal = self._row is not None and Capability.TERMINAL in self._row.capabilities
        return self._terminals.missing() if is_terminal else ""

    @property
    def has_switch(self) -> bool:
        """Tell whether there is something besides the raw log."""
        return self.is_structured or self.has_screen

    @property
    def shows_log(self) -> bool:
        """Tell whether the raw log is in front, or on its way there."""
        return not self.has_switch or bool(self._kept.shows_log)

    @property
    def shows_screen(self) -> bool:
        """Tell whether the terminal is in front: keys are its program's."""
        return self.terminal is not None and self.currentWidget() is self.terminal

    def show_row(self, row: AgentRow | None) -> None:
        """Follow the agent: what it can do decides what is shown."""
        if row is None:
            return
        self._row = row
        if self.log is not None:
            self.log.grew(row.out_size, row.err_size)
        if self.terminal is not None:
            self.terminal.show_row(row)
        if self.shows_log:
            self._show_log()
        elif self.has_screen:
            self._show_screen(row)
        else:
            self._show_transcript()

    def show_log(self, *, on: bool) -> None:
        """Switch between transcript and raw log."""
        self._kept.shows_log = on
        self.show_row(self._row)

    def follow(self, change: Change) -> None:
        """Take what changed about this agent, or a new connection."""
        if self.terminal is not None:
            self.terminal.follow(change)
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

    def _show_screen(self, row: AgentRow) -> None:
        if self.terminal is None:
            made = TerminalPane(
                self._agent, self._caller, self._spawner, self._fleet, self._theme, terminals=self._terminals
            )
            made.found.connect(self.found)
            made.link_activated.connect(self.link_activated)
            made.titled.connect(self.titled)
            made.hinted.connect(self.hinted)
            made.show_row(row)
            self.terminal = made
            self.addWidget(made)
        self._bring(self.terminal)

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
        if self.terminal is not None and self.shows_screen:
            return self.terminal.focus()
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
        if isinstance(front, TerminalView):
            return self.terminal.commands() if self.terminal is not None else {}
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
    def searched(self) -> Searched | None:
        """Return the view in front, the one a search is about."""
        front = self.currentWidget()
        if self.terminal is not None and front is self.terminal:
            return self.terminal.view
        if self.log is not None and front is self.log:
            return self.log.view
        return self.transcript if front is self.transcript else None

    # -- looks and leaving

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        self._theme = theme
        for part in (self.transcript, self.terminal, self.log):
            if part is not None:
                part.set_theme(theme)

    def remember(self) -> None:
        """Keep where the reader is, for the next pane of this agent."""
        if self.transcript is not None and self.transcript.transcript.total:
            self._kept.reading = self.transcript.reading_place()
