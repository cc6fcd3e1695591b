"""Keeps the size of a program's terminal and that of its view together, and says when they are not.

Which of several views sets the size is the rule of ``app.terminal.sizing`` and of the views; nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

from agents.jsonrpc import RpcError
from agents.model import AgentId
from agents.wire import Resize
from app.client.api import Caller, ConnectionLost, Spawner
from app.terminal.sizing import Size, Sizing
from ui.panes.asking import words_of
from ui.panes.terminal.bars import Corner
from ui.panes.terminal.view import TerminalView


class Fitting(QObject):
    """Owned by a terminal pane. ``takes_size`` tells whether the program can be told of a size now."""

    def __init__(  # noqa: PLR0913, PLR0917  each is a collaborator the pane hands over
        self,
        agent: AgentId,
        caller: Caller,
        spawner: Spawner,
        view: TerminalView,
        corner: Corner,
        takes_size: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(view)
        self._agent = agent
        self._caller, self._spawner = caller, spawner
        self._view, self._corner = view, corner
        self._takes_size, self._clock = takes_size, clock
        self._sizing = Sizing()
        self._is_held = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.send)
        view.sized.connect(self._on_sized)

    # -- this view's size

    def hold(self, *, on: bool) -> None:
        """Keep the size as it is while something is shown beside the screen that is soon gone again."""
        if on is self._is_held:
            return
        self._is_held = on
        if not on:
            self._view.tell_size()
            self.show_size()

    def _on_sized(self, rows: int, cols: int) -> None:
        if not self._is_held:
            self._sizing.want(rows, cols)
            self.send()

    def send(self) -> None:
        """Tell the size wanted last, now or as soon as it may be told."""
        if not self._takes_size():
            return
        now = self._clock()
        size = self._sizing.due(now)
        if size is not None:
            self._resize(size)
        elif (wait := self._sizing.wait_s(now)) is not None:
            self._timer.start(max(1, round(wait * 1000)))

    def forget(self) -> None:
        """Tell it again: another process begins at a size of its own."""
        self._sizing.forget_sent()

    def repaint(self) -> None:
        """Have the program draw its whole screen: nothing of it is known, and only a new size makes it."""
        terminal = self._view.terminal
        if terminal is None or not self._takes_size():
            return
        size = Size(terminal.grid.rows, terminal.grid.cols)
        narrower = msgspec.structs.replace(size, cols=max(1, size.cols - 1))
        self._sizing.is_foreign(narrower.rows, narrower.cols)  # news of it is not another view's doing
        self._resize(narrower)
        self._resize((self._sizing.wanted if self._view.owns_size else None) or size)

    def _resize(self, size: Size) -> None:
        async def work() -> None:
            try:
                await self._caller.call("agent.resize", Resize(self._agent, size.rows, size.cols))
            except (RpcError, ConnectionLost) as error:
                self._sizing.forget_sent()
                if isValid(self) and self._takes_size():
                    self._corner.say("resize", f"its size is not {size}: {words_of(error)}", "warning")
                return
            if isValid(self):
                self._corner.say("resize", "")

        self._spawner.spawn(work(), "telling the size of a terminal")

    # -- the terminal's size

    def begin(self, rows: int, cols: int) -> None:
        """Take note of the size a terminal has before this view asks for its own."""
        self._sizing.is_foreign(rows, cols)

    def grew(self, rows: int, cols: int) -> None:
        """Take note of the size a terminal has now, zeros where that is unknown."""
        if rows and self._sizing.is_foreign(rows, cols):
            self._view.owns_size = False  # also with the keyboard here: somebody sat down elsewhere
        if not self._view.owns_size:
            self._sizing.forget_sent()  # ours is sent again when it is wanted again

    def show_size(self) -> None:
        """Say that the screen has another view's size, where it has."""
        terminal = self._view.terminal
        if terminal is None:
            return
        size = Size(terminal.grid.rows, terminal.grid.cols)
        is_other = (size.rows, size.cols) != self._view.fitting()
        is_foreign = is_other and not self._view.owns_size and not self._is_held
        self._corner.say("size", f"{size}, set by another view" if is_foreign else "")
