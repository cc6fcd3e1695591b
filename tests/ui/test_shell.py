"""The shell: settings and themes take hold, complaints are messages, and no slot's failure ends the window."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.paths import home_from
from ui import theme as themes
from ui.shell import Shell, run_loop


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qd-", dir="/tmp") as made:
        yield Path(made)


@pytest.fixture
def shell(qapp: QApplication, folder: Path) -> Iterator[Shell]:
    env = {"QUARTERDECK_HOME": str(folder / "home"), "QUARTERDECK_LEASES": str(folder / "leases")}
    home = home_from(env)
    home.prepare()
    (home.config / "settings.toml").write_text('[ui]\ntheme = "light"\nfont_px = 99\n')
    (home.config / "keymap.toml").write_text('[roster]\n"j" = "agent.fly"\n')
    made = Shell(qapp, home, env)
    yield made
    made.window.close()
    made.window.deleteLater()
    themes.apply(qapp, themes.load("dark"))


def test_settings_hold_and_complaints_are_messages(shell: Shell) -> None:
    assert shell.theme.name == "light"
    texts = [notice.text for notice in shell.fleet.notices]
    assert any("settings.toml:3: ui.font_px must be at most 24" in text for text in texts)
    assert any("keymap.toml:2: unknown command “agent.fly”" in text for text in texts)


def test_the_theme_changes_at_once_and_is_kept(shell: Shell, qapp: QApplication) -> None:
    shell.window.show()
    shell.window.run("theme.switch")
    assert shell.window.theme.name == "dark"
    assert qapp.palette().window().color() == shell.window.theme.panel
    assert 'theme = "dark"' in shell.settings.path.read_text()
    shell.settings.set("ui.font_px", 16)
    assert shell.window.theme.font_ui.pixelSize() == 16


@pytest.mark.logs("something in the window went wrong")
def test_a_failing_slot_becomes_a_message_and_the_window_goes_on(shell: Shell) -> None:
    def fail() -> None:
        raise ValueError("a bug of ours")

    async def work() -> None:
        shell.window.show()
        told = asyncio.Event()
        shell.fleet.listen(lambda _: told.set())
        QTimer.singleShot(0, fail)
        await told.wait()
        assert shell.window.isVisible()

    before = sys.excepthook
    run_loop(shell, work)
    assert sys.excepthook is before
    assert any(n.level == "error" and "ValueError: a bug of ours" in n.text for n in shell.fleet.notices)


@pytest.mark.logs("a task failed")
def test_what_the_loop_is_told_becomes_a_message(shell: Shell) -> None:
    async def work() -> None:
        context = {"message": "a task failed", "exception": KeyError("lost")}
        asyncio.get_running_loop().call_exception_handler(context)

    run_loop(shell, work)
    assert "KeyError: 'lost'" in shell.fleet.notices[-1].text
