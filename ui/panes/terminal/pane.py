"""The terminal of one agent as people use it: the screen, what is typed into it, its size, and what is said about both.

Asks the daemon for the terminal when it is seen and lets go of it when it is hidden; draws nothing itself and does
nothing a program asks for without being told to.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from agents.jsonrpc import RpcError
from agents.model import AgentId, AgentRow, Lifecycle
from agents.vt.libvterm import Refused
from app.actions.terminals import TerminalActions, is_resumed
from app.client.api import Caller, ConnectionLost, Spawner
from app.fleet import Change, Fleet, What
from app.terminal.asking import open_terminal
from app.terminal.sending import Sending
from ui.panes.asking import words_of
from ui.panes.keyboard import holds
from ui.panes.terminal.asked import Asked
from ui.panes.terminal.bars import Corner, ExitBar, Unread
from ui.panes.terminal.fitting import Fitting
from ui.panes.terminal.guard import PasteGuard
from ui.panes.terminal.view import TerminalView
from ui.terminals import Terminals
from ui.theme import Theme

#: What runs an ended program again, as its terminal writes it.
_AGAIN = frozenset({b"\r", b"r", b"R"})

#: Too early to type: nobody listens yet.
_BEGINNING = frozenset({Lifecycle.QUEUED, Lifecycle.STARTING})

_ENDED = frozenset({Lifecycle.EXITED, Lifecycle.FAILED, Lifecycle.LOST})

#: Focus gained and lost, which no key types.
_REPORTS = frozenset({b"\x1b[I", b"\x1b[O"})

_CUT_OFF = "not connected: what you type goes nowhere"


class TerminalPane(QWidget):
    """Owns one view and what lies over it. GUI thread; ``agent`` is one that lives on a pty."""

    found = Signal()
    link_activated = Signal(str)
    titled = Signal(str)
    hinted = Signal(str)  # what a newcomer has to know now; not over the screen, where it would hide something

    def __init__(  # noqa: PLR0913  each is a collaborator the composition root hands over
        self,
        agent: AgentId,
        caller: Caller,
        spawner: Spawner,
        fleet: Fleet,
        theme: Theme,
        *,
        terminals: Terminals,
    ) -> None:
        super().__init__()
        self.agent_id = agent
        self._caller, self._spawner, self._fleet = caller, spawner, fleet
        self._terminals = terminals
        self._clock = terminals.clock
        self._deaf_until = float("-inf")
        self._had_keyboard = False
        self._row: AgentRow | None = None
        self._opening = 0
        self._title = self._leave_keys = self.hint = ""
        self._ahead = bytearray()
        self._sending = Sending(agent, caller, spawner, self._on_trouble)
        self._actions = TerminalActions(caller, spawner)
        self.view = Screen(spawner, theme)
        self.unread = Unread(theme)
        self.exit_bar = ExitBar(theme)
        self._stack = QStackedWidget()
        self.corner = Corner(self._stack, theme)
        self.guard = PasteGuard(self._stack, theme)
        self.asked = Asked(self.corner)
        self.fitting = Fitting(agent, caller, spawner, self.view, self.corner, self._takes_size, self._clock)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.unread)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        column.addWidget(self.exit_bar)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        view = self.view
        view.wanted.connect(self.open)
        view.typed.connect(self._on_typed)
        view.bell.connect(self._on_bell)
        view.found.connect(self.found)
        view.link_activated.connect(self.link_activated)
        view.drawn.connect(self._on_drawn)
        view.paste_wanted.connect(self.paste_text)
        self.unread.again.connect(self._try_again)
        self.exit_bar.again.connect(self.again)
        self.guard.pasted.connect(self._on_pasted)
        self.guard.closed.connect(self.view.setFocus)
        self._terminals.learned.connect(self._show_leaving)
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101  (a widget without an application cannot be)
        app.focusChanged.connect(self._on_focus_changed)

    # -- the terminal behind it

    def open(self) -> None:
        """Ask for the terminal and show it from where it is now."""
        self._opening += 1
        self._spawner.spawn(self._open(self._opening), "opening a terminal")

    async def _open(self, number: int) -> None:
        try:
            terminal = await open_terminal(self.agent_id, self._caller, self._clock)
        except (RpcError, ConnectionLost, OSError, Refused) as error:
            if isValid(self) and number == self._opening:
                why = str(error) if isinstance(error, OSError | Refused) else words_of(error)
                self.unread.say(f"The screen cannot be read: {why}")
                self._bring(self.unread)
            return
        if not isValid(self) or number != self._opening or not self.isVisible():
            terminal.close()
            return
        self._bring(self.view)
        self.fitting.begin(terminal.grid.rows, terminal.grid.cols)
        self.view.show_terminal(terminal)
        if terminal.needs_repaint:
            self.fitting.repaint()
        self._on_drawn()

    def _bring(self, front: QWidget) -> None:
        had_keyboard = holds(self._stack) and not holds(self.guard)
        self._stack.setCurrentWidget(front)
        self.setFocusProxy(front)
        if had_keyboard:
            front.setFocus()

    @property
    def _is_live(self) -> bool:
        return self._row is not None and self._row.lifecycle not in _ENDED

    @property
    def _is_running(self) -> bool:
        return self._is_live and self._row is not None and self._row.lifecycle not in _BEGINNING

    def show_row(self, row: AgentRow) -> None:
        """Follow the agent: its end, and its new beginning."""
        before, self._row = self._row, row
        self._show_end(row)
        self._show_connection()
        if not self._is_live:
            self._ahead.clear()
            self.fitting.forget()
        elif self._is_running:
            self.fitting.send()
            ahead, self._ahead = bytes(self._ahead), bytearray()
            self._sending.send(ahead)
        if before is not None and before.lifecycle is not row.lifecycle:
            is_new = before.lifecycle in _ENDED and self._is_live
            if (is_new and self.view.isVisible()) or self.unread.isVisible():
                self.open()

    def follow(self, change: Change) -> None:
        """Take what changed about this agent, or a new connection."""
        if change.what is What.LOG:
            self.view.grew(change.sizes[0], *change.cells)
            self.fitting.grew(*change.cells)
        elif change.what in (What.CONNECTION, What.RESET):
            self._show_connection()
            self.fitting.send()
            if self._fleet.connected and self.unread.isVisible():
                self.open()

    def _show_connection(self) -> None:
        if self._fleet.connected:
            self.corner.say("connection", "")
        elif self._is_live:
            self.corner.say("connection", _CUT_OFF, "warning")

    def _show_end(self, row: AgentRow) -> None:
        if row.lifecycle not in _ENDED:
            self.exit_bar.show_end("", "")
            return
        goes_on, button = ("resumes it", "Resume") if is_resumed(row) else ("runs it again", "Run again")
        self.exit_bar.show_end(f"{row.headline} — Enter {goes_on}", button)

    def _try_again(self) -> None:
        if self._is_live:
            self.open()
        else:
            self.again()

    def again(self) -> None:
        """Let an ended program go on."""
        if self._row is not None and not self._is_live:
            self._actions.again(self._row)

    # -- typing

    def _on_typed(self, data: bytes) -> None:
        if self._clock() < self._deaf_until and data not in _REPORTS:
            self.corner.say("trouble", "not typed: so soon behind your answer it might answer something else")
        elif not self._is_live:
            if data in _AGAIN:
                self.again()
        elif not self._is_running:
            self._ahead += data  # it has a terminal to type into in a moment
        elif self._fleet.connected:
            self.corner.say("trouble", "")
            self._sending.send(data)

    def _takes_size(self) -> bool:
        return self._is_running and self._fleet.connected

    def _on_trouble(self, words: str) -> None:
        if isValid(self):
            self.corner.say("trouble", words, "danger")

    def paste(self) -> None:
        """Paste from the clipboard."""
        self.paste_text(QGuiApplication.clipboard().text())

    def paste_text(self, text: str) -> None:
        """Paste a text; what could do harm is shown first."""
        terminal = self.view.terminal
        if terminal is not None and self._is_running and self._fleet.connected:
            self.guard.paste(text, terminal.grid.modes)
        else:
            self.corner.say("trouble", "not pasted: nothing runs here that could take it", "warning")

    def _on_pasted(self, data: bytes) -> None:
        self.view.to_end()
        self._on_typed(data)
        self.view.typed_now()

    # -- what the program says and asks for

    def _on_drawn(self) -> None:
        terminal = self.view.terminal
        if terminal is None:
            return
        self.fitting.show_size()
        self.asked.take(terminal.grid.take_notes())
        if terminal.grid.title != self._title:
            self._title = terminal.grid.title
            self.titled.emit(self._title)

    def _on_bell(self) -> None:
        if not self.has_keyboard and self._row is not None:
            self._terminals.ring(self._row.terminal_of or self.agent_id)

    # -- the keyboard

    @property
    def has_keyboard(self) -> bool:
        """Tell whether keys go to this pane, in the window that is active."""
        return holds(self) and self.isActiveWindow()

    def focus(self) -> bool:
        """Give the keyboard to the screen."""
        has_screen = self._stack.currentWidget() is self.view
        front = self.guard if self.guard.isVisible() else self.view if has_screen else self.unread
        front.setFocus()
        return True

    def name_keys(self, *, leave: str, allow: str) -> None:
        """Take the keys that are named: which one leaves, and which allows what a program asked for."""
        self._leave_keys, self.asked.key = leave, allow
        self.view.setAccessibleDescription(f"What the program shows. Keys go to the program; {leave} leaves.")
        self._show_leaving()

    def _show_leaving(self) -> None:
        if isValid(self):
            is_shown = bool(self._leave_keys) and self._terminals.teaches_leaving and holds(self)
            self.hint = f"{self._leave_keys} leaves" if is_shown else ""
            self.hinted.emit(self.hint)

    def _on_focus_changed(self, _: QWidget | None, __: QWidget | None) -> None:
        if not isValid(self):
            return
        self._show_leaving()
        had_keyboard, self._had_keyboard = self._had_keyboard, self.has_keyboard
        if self._had_keyboard and not had_keyboard:
            self._deaf_until = self._terminals.deaf_until
        if self.has_keyboard and self._row is not None:
            self._terminals.seen(self._row.terminal_of or self.agent_id)

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: try again what could not be read the last time."""
        super().showEvent(event)
        if self._stack.currentWidget() is self.unread:
            self.open()

    # -- commands

    def perform(self, command: str) -> bool:
        """Do a command of reading or of terminals; false when it means nothing here."""
        act = self.commands().get(command)
        if act is None:
            return False
        act()
        return True

    def commands(self) -> dict[str, Callable[[], object]]:
        """Return what each command of terminals does."""
        view = self.view
        page = max(1, view.fitting()[0] - 1)
        return {
            "terminal.copy": view.copy,
            "terminal.paste": self.paste,
            "terminal.select_all": view.select_all,
            "terminal.page_up": lambda: view.scroll_lines(-page),
            "terminal.page_down": lambda: view.scroll_lines(page),
            "terminal.last": view.to_end,
            "terminal.allow": self.asked.allow,
            "terminal.larger": lambda: view.zoom(1),
            "terminal.smaller": lambda: view.zoom(-1),
            "terminal.normal": lambda: view.zoom(0),
            "pane.find_next": view.find_next,
            "pane.find_previous": view.find_previous,
        }

    def set_theme(self, theme: Theme) -> None:
        """Take new colours."""
        for part in (self.view, self.unread, self.exit_bar, self.corner, self.guard):
            part.set_theme(theme)


class Screen(TerminalView):
    """The view, telling when something of the program may have changed besides its cells."""

    drawn = Signal()

    def before_drawing(self) -> None:
        """Tell that new output was taken in."""
        super().before_drawing()
        self.drawn.emit()
