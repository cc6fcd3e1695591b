"""Builds the window and all it works with, and runs it until it is closed. The graph of objects is made here alone.

One asyncio loop inside Qt's; the daemon connection is the one task besides the window.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from qasync import QEventLoop

from agents.model import AgentId
from app import keymap, settings
from app.actions.agents import AgentActions
from app.client.stream import DaemonStream
from app.fleet import Change, Fleet
from app.layout import Layouts
from app.paths import Home
from app.prompting import Memory
from ui import theme as themes
from ui import windowstate
from ui.main_window import MainWindow
from ui.panes.accessible import install as install_accessible
from ui.panes.agent_pane import AgentPane
from ui.session import Session
from ui.theme import Theme

log = logging.getLogger(__name__)

_QT_LEVELS = {
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def make_application() -> QApplication:
    """Return the application object; there is one a process."""
    app = QApplication(["quarterdeck"])
    app.setApplicationName("quarterdeck")
    app.setApplicationDisplayName("Quarterdeck")
    QGuiApplication.setDesktopFileName("quarterdeck")
    return app


#: Settings that make another theme.
_LOOKS = ("ui.theme", "ui.font_px", "ui.mono_px", "ui.mono_family", "terminal.bold_is_bright")


class Shell:
    """Owns fleet, connection, settings and the window. GUI thread."""

    def __init__(self, app: QApplication, home: Home, env: Mapping[str, str]) -> None:
        self.app = app
        self.home = home
        self.fleet = Fleet()
        self.stream = DaemonStream(home, self.fleet, env)
        self.memory = Memory()
        self.settings, complaints = settings.load(home.config / "settings.toml")
        keys, key_complaints = keymap.load(themes.RESOURCES / "keymap.toml", home.config / "keymap.toml")
        self.theme = self._make_theme()
        themes.apply(app, self.theme)
        self.accessible = install_accessible()
        self.session = Session(
            fleet=self.fleet,
            caller=self.stream,
            spawner=self.stream,
            actions=AgentActions(self.stream, self.stream, self.fleet),
            settings=self.settings,
            layouts=Layouts(home.data / "layouts"),
            keymap=keys,
            make_pane=self._make_pane,
            is_mac=sys.platform == "darwin",
        )
        self.window = MainWindow(self.session, self.theme)
        self.settings.listen(self._on_setting)
        app.styleHints().colorSchemeChanged.connect(lambda _: self._retheme())
        for complaint in (*complaints, *key_complaints):
            self.fleet.note("warning", complaint, time.time())

    def _make_pane(self, agent: AgentId, theme: Theme, parent: QWidget) -> QWidget:
        pane = AgentPane(
            agent,
            self.stream,
            self.stream,
            self.fleet,
            theme,
            memory=self.memory,
            terminals=self.session.terminals,
            parent=parent,
        )
        pane.set_keymap(self.session.keymap, is_mac=self.session.is_mac)
        pane.composer.set_sends_on_enter(on=self.settings.is_on("composer.enter_sends"))
        return pane

    # -- looks

    def _make_theme(self) -> Theme:
        chosen = self.settings.text("ui.theme")
        return themes.load(
            themes.system_name(self.app) if chosen == "system" else chosen,
            ui_px=self.settings.number("ui.font_px"),
            mono_px=self.settings.number("ui.mono_px"),
            mono_family=self.settings.text("ui.mono_family"),
            bold_is_bright=self.settings.is_on("terminal.bold_is_bright"),
        )

    def _on_setting(self, key: str) -> None:
        if key in _LOOKS:
            self._retheme()
        elif key == "composer.enter_sends":
            self.window.stage.docks.remake_contents()
        self.window.apply_setting(key)

    def _retheme(self) -> None:
        self.theme = self._make_theme()
        themes.apply(self.app, self.theme)
        self.window.set_theme(self.theme)

    # -- running

    async def run(self, project: Path | None = None, also: Coroutine[Any, Any, None] | None = None) -> None:
        """Show the window and return when it is closed; ``also`` runs beside it (the demo's beginning)."""
        closed = asyncio.Event()
        self.window.closed.connect(closed.set)
        if project is not None:
            windowstate.begin_with(self.window, str(project))
        self.window.show()
        async with asyncio.TaskGroup() as tasks:
            connection = tasks.create_task(self.stream.run(), name="daemon connection")
            if also is not None:
                self.stream.spawn(also, "starting the demo fleet")
            await closed.wait()
            connection.cancel()

    async def connected(self) -> None:
        """Return once the daemon answers."""
        is_there = asyncio.Event()

        def listener(_: Change) -> None:
            if self.fleet.connected:
                is_there.set()

        stop = self.fleet.listen(listener)
        try:
            if not self.fleet.connected:
                await is_there.wait()
        finally:
            stop()

    def tell_failure(self, what: str, failure: BaseException) -> None:
        """Say that something of ours failed, here and in the log; nothing of it ends the window."""
        log.error("%s\n%s", what, "".join(traceback.format_exception(failure)))
        self.fleet.note("error", f"{what}: {type(failure).__name__}: {failure}", time.time())


def run_loop(shell: Shell, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``work`` in an asyncio loop inside Qt's, with the one firewall around slots and tasks."""
    before = sys.excepthook
    # The loop ends when we say so: a closing dialog, or a window on another monitor, must not end it.
    shell.app.setQuitOnLastWindowClosed(False)

    def on_exception(kind: type[BaseException], failure: BaseException, trace: TracebackType | None) -> None:
        # The firewall of the shell: PySide calls this for whatever a slot raises.
        if isinstance(failure, KeyboardInterrupt | SystemExit):
            shell.window.close()
            return
        shell.tell_failure("something in the window went wrong", failure.with_traceback(trace))

    def on_loop_exception(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failure = context.get("exception")
        if isinstance(failure, BaseException):
            shell.tell_failure(str(context.get("message", "a task failed")), failure)
        else:
            log.error("%s", context.get("message"))

    sys.excepthook = on_exception
    qInstallMessageHandler(_on_qt_message)
    try:
        with asyncio.Runner(loop_factory=lambda: QEventLoop(shell.app)) as runner:
            loop = runner.get_loop()
            loop.set_exception_handler(on_loop_exception)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, shell.window.close)
            runner.run(work())
    finally:
        qInstallMessageHandler(None)
        sys.excepthook = before


def _on_qt_message(kind: QtMsgType, _: object, message: str | None) -> None:
    # The offscreen platform says so for every window; it is what offscreen means, and nothing is lost by it.
    is_noise = (message or "").startswith("This plugin does not support")
    log.log(logging.DEBUG if is_noise else _QT_LEVELS.get(kind, logging.DEBUG), "Qt: %s", message)
