"""The window, two agents in a real repository, one asks; the daemon dies with -9 and is back; `y` changes the file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from agents.model import Lifecycle, Turn
from app.commands import Zone
from app.demo import make_repository
from tests.fakes.deck import Deck
from tests.fakes.window import User, play
from ui import windowstate


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck({"QUARTERDECK_DEMO_PACE": "0", "PYTHONDONTWRITEBYTECODE": "1"}) as own:
        own.home.prepare()
        yield own


@pytest.fixture
def project(deck: Deck) -> Path:
    make_repository("storefront", deck.root / "storefront")
    return deck.root / "storefront"


async def allow(user: User, name: str) -> None:
    """Go to the card and press y once it listens."""
    await user.keys("F8")
    pane = user.pane(name)
    assert pane is not None
    assert user.window.zone() is Zone.CARD
    await user.until(lambda: pane.card._guard.takes(time.monotonic()), "the card listens")
    await user.keys("y")


def test_the_daemon_is_killed_while_an_agent_asks_and_y_still_answers(
    qapp: QApplication, deck: Deck, project: Path
) -> None:
    deck.run("demo-edit", project, name="fix-login", prompt="Fix the login")
    deck.run("demo-permission", project, name="docs-pass", prompt="Correct the docs")
    page = project / "docs/login.md"
    before = page.read_text()

    async def scenario(user: User) -> None:
        await user.until(lambda: (r := user.row("docs-pass")) and r.requests, "docs-pass asks")
        pids = {row.name: row.pid for row in user.shell.fleet.rows()}
        await asyncio.to_thread(deck.kill_daemon)
        await user.until(lambda: not user.shell.fleet.connected, "the window notices")
        assert user.window.attention.banner.isVisible()
        assert set(user.headlines()) == {"fix-login", "docs-pass"}, "rows stay"
        await user.until(lambda: user.shell.fleet.connected, "the daemon is back")
        await user.until(lambda: (r := user.row("docs-pass")) and r.requests, "the request is still there")
        assert not user.window.attention.banner.isVisible()
        assert {row.name: row.pid for row in user.shell.fleet.rows()} == pids
        assert page.read_text() == before
        while (first := user.shell.fleet.triage(time.time())[0]).name != "docs-pass":
            await user.keys("F8")
            user.shell.session.actions.snooze((first,), 600)
            await user.until(lambda gone=first: user.shell.fleet.row(gone.id).snoozed_until, "snoozed")
        await allow(user, "docs-pass")
        await user.until(lambda: (r := user.row("docs-pass")) and r.turn in (Turn.IDLE, Turn.DONE), "docs-pass is done")

    play(qapp, deck, scenario)
    assert "30 minutes" in page.read_text()


def test_hiding_never_touches_the_process_and_is_remembered(qapp: QApplication, deck: Deck, project: Path) -> None:
    agent = deck.run("demo-permission", project, name="docs-pass", prompt="Correct the docs")

    async def hide(user: User) -> None:
        await user.until(lambda: (r := user.row("docs-pass")) and r.requests, "docs-pass asks")
        await user.until(lambda: user.pane("docs-pass"), "its pane is there")
        user.window.roster.view.setFocus()
        assert user.window.roster.view.select_agent(agent)
        await user.keys("v")
        assert user.pane("docs-pass") is None
        await user.keys("F8")
        assert user.window.zone() is Zone.CARD, "a hidden agent that needs you is reached"
        user.window.roster.view.setFocus()
        await user.keys("v")

    async def look_again(user: User) -> None:
        await user.until(lambda: user.row("docs-pass"), "the fleet is there")
        assert user.pane("docs-pass") is None
        assert user.window.stage.hidden == {agent}

    play(qapp, deck, hide)
    row = deck.row(agent)
    assert row.lifecycle is Lifecycle.RUNNING
    assert row.requests
    play(qapp, deck, look_again)


def test_an_agent_is_started_from_the_window_and_its_end_is_told(qapp: QApplication, deck: Deck, project: Path) -> None:
    (deck.home.config / "settings.toml").write_text("[ui]\nfont_px = 99\n")

    async def scenario(user: User) -> None:
        assert any("settings.toml:2" in notice.text for notice in user.shell.fleet.notices)
        windowstate.begin_with(user.window, str(project))
        await user.keys("Ctrl+N")
        await user.until(QApplication.activeModalWidget, "the dialog is open")
        dialog = QApplication.activeModalWidget()
        kinds = dialog.kinds  # type: ignore[attr-defined]
        names = [kinds.item(n).text() for n in range(kinds.count())]
        kinds.setCurrentRow(names.index("Shell"))
        dialog.command.setFocus()  # type: ignore[attr-defined]
        await user.type("sh -c 'echo hello; exit 7'")
        await user.keys("Ctrl+Enter")
        await user.until(lambda: "shell-1" in user.headlines(), "a row appears")
        await user.until(lambda: user.headlines()["shell-1"] == "exited 7", "its end is told")
        await user.until(lambda: user.pane("shell-1"), "its pane is shown")

    play(qapp, deck, scenario)
    (row,) = [row for row in deck.cli_json("ls") if row["kind"] == "shell"]
    assert row["exit_code"] == 7
    assert "hello" in deck.cli("log", row["id"], "--raw")
