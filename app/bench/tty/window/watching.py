"""Watches one terminal view: when it painted, how long that took, and when a fact was first on the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from agents.vt.grid import Grid
from app.bench.tty.window.orders import STEP_S
from ui.panes.terminal.view import TerminalView

_T = TypeVar("_T")

#: How often the stall meter looks, ms.
_PULSE_MS = 5


class Failed(Exception):
    """Something did not happen in the window; the text says what."""


class Watched(QObject):
    """Owns no view; sees every paint of one. ``paints`` are begin and end of each, in seconds of the clock."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__()
        self.view = view
        self.paints: list[tuple[float, float]] = []
        self._fact: Callable[[], bool] | None = None
        self._met: asyncio.Future[float] | None = None
        view.viewport().installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        """Qt: paint for the view, to know when it ended."""
        if not isinstance(event, QPaintEvent):
            return False
        begun = time.perf_counter()
        self.view.viewportEvent(event)
        ended = time.perf_counter()
        self.paints.append((begun, ended))
        if self._met is not None and self._fact is not None and not self._met.done() and self._fact():
            self._met.set_result(ended)
        return True

    @property
    def grid(self) -> Grid:
        """The screen that is painted."""
        terminal = self.view.terminal
        if terminal is None:
            raise Failed("the view lost its terminal")
        return terminal.grid

    def line(self) -> str:
        """Return the row the cursor is in."""
        return self.grid.row(self.grid.cursor.row).text

    async def painted(self, fact: Callable[[], bool], what: str, act: Callable[[], object] | None = None) -> float:
        """Return when a paint ended after which ``fact`` held; ``act`` is done first, by Qt's loop. Raises Failed."""
        self._fact, self._met = fact, asyncio.get_running_loop().create_future()
        if act is not None:
            await by_qt(act)
        try:
            async with asyncio.timeout(STEP_S):
                return await self._met
        except TimeoutError:
            raise Failed(f"after {STEP_S:g} s still not painted: {what}; the line is {self.line()!r}") from None


async def by_qt(work: Callable[[], _T]) -> _T:
    """Have Qt's loop do ``work`` and return what it returns: keys turn Qt's loop themselves, which no task may."""
    done: asyncio.Future[_T] = asyncio.get_running_loop().create_future()

    def do() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  handed on to who waits
            done.set_exception(error)

    QTimer.singleShot(0, do)
    return await done


def press(window: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press and let go a key as the system's window would deliver it: shortcuts and filters see it first."""
    QTest.keyClick(window.windowHandle(), key, modifier)


def type_text(window: QWidget, text: str) -> None:
    """Type characters."""
    for character in text:
        QTest.keyClick(window.windowHandle(), ord(character))


class Stalls(QTimer):
    """Measures how late a 5 ms timer of Qt's loop comes.

    ``gaps`` are ms between two of its ticks, ``busy`` how many of these the loop's thread had the processor: the rest
    of a long one it waited for others to give it back.
    """

    def __init__(self) -> None:
        super().__init__(interval=_PULSE_MS, timerType=Qt.TimerType.PreciseTimer)
        self.gaps: list[float] = []
        self.busy: list[float] = []
        self._last = self._used = 0.0
        self.timeout.connect(self._on_tick)

    def begin(self) -> None:
        """Begin to measure."""
        self._last, self._used = time.perf_counter(), time.thread_time()
        self.start()

    def end(self) -> list[float]:
        """Return the gaps beyond the timer's own, in ms."""
        self.stop()
        return [gap - _PULSE_MS for gap in self.gaps]

    def _on_tick(self) -> None:
        now, used = time.perf_counter(), time.thread_time()
        self.gaps.append((now - self._last) * 1000)
        self.busy.append((used - self._used) * 1000)
        self._last, self._used = now, used
