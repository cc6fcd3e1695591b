"""A real shell in the window: typed into, resized, ended and run again, beside its agent and found by the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from agents.model import LIVE
from agents.vt import libvterm
from app.commands import Zone
from tests.fakes.deck import Deck
from tests.fakes.window import User, play
from ui.panes.terminal.pane import TerminalPane

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck({"SHELL": "/bin/bash", "PS1": "$ ", "ENV": "", "HISTFILE": ""}) as own:
        own.home.prepare()
        yield own


@pytest.fixture
def project(deck: Deck) -> Path:
    return deck.repository()


def screen(pane: TerminalPane | None) -> str:
    return pane.view.accessible_text() if pane is not None else ""


async def shows(user: User, pane: TerminalPane, text: str) -> None:
    await user.until(lambda: text in screen(pane), f"{text!r} on the screen, which shows {screen(pane)!r}")


def main_pane(user: User, name: str) -> TerminalPane | None:
    pane = user.pane(name)
    return pane.body.terminal if pane is not None else None


def test_a_shell_of_its_own_is_typed_into_ends_and_runs_again(qapp: QApplication, deck: Deck, project: Path) -> None:
    deck.run("shell", project, name="sh", argv=("/bin/bash", "--norc", "-i"), pty=True)

    async def scenario(user: User) -> None:
        await user.until(lambda: main_pane(user, "sh"), "its pane is there")
        user.window.roster.view.setFocus()
        assert user.window.roster.view.select_agent(user.row("sh").id)
        await user.keys("Enter")
        assert user.window.zone() is Zone.TERMINAL
        pane = main_pane(user, "sh")
        assert pane is not None
        await user.until(lambda: pane.view.terminal is not None, "its screen is there")
        await user.type("echo $((6*7))")
        await user.keys("Enter")
        await shows(user, pane, "\n42")
        rows, cols = pane.view.fitting()
        await user.type("stty size")
        await user.keys("Enter")
        await shows(user, pane, f"\n{rows} {cols}")
        await user.type("exit 3")
        await user.keys("Enter")
        await user.until(pane.exit_bar.isVisible, "the end is shown")
        assert pane.exit_bar.words.text() == "exited 3 — Enter runs it again"
        assert "42" in screen(pane)
        await user.keys("Enter")
        await user.until(lambda: user.row("sh").lifecycle in LIVE, "it runs again")
        await user.until(lambda: pane.exit_bar.isHidden() and pane.view.terminal is not None, "its screen is there")
        await user.type("echo $((7*7))")
        await user.keys("Enter")
        await shows(user, pane, "\n49")

    play(qapp, deck, scenario)


def test_the_daemon_is_killed_under_a_shell_and_what_is_typed_after_it_arrives_once(
    qapp: QApplication, deck: Deck, project: Path
) -> None:
    deck.run("shell", project, name="sh", argv=("/bin/bash", "--norc", "-i"), pty=True)

    async def scenario(user: User) -> None:
        await user.until(lambda: main_pane(user, "sh"), "its pane is there")
        user.window.agents.open_row(user.row("sh"))
        pane = main_pane(user, "sh")
        assert pane is not None
        await user.until(lambda: pane.view.terminal is not None, "its screen is there")
        await user.type("echo before")
        await user.keys("Enter")
        await shows(user, pane, "\nbefore")
        await asyncio.to_thread(deck.kill_daemon)
        await user.until(lambda: not user.shell.fleet.connected, "the window notices")
        assert "goes nowhere" in pane.corner.said("connection")
        await user.type("lost")
        await user.until(lambda: user.shell.fleet.connected, "the daemon is back")
        await user.until(lambda: not user.row("sh").catching_up, "it knows the shell again")
        assert pane.corner.said("connection") == ""
        await user.type("echo after")
        await user.keys("Enter")
        await shows(user, pane, "\nafter")
        assert "lost" not in screen(pane)
        assert screen(pane).count("echo after") == 1

    play(qapp, deck, scenario)


def test_what_a_program_asks_on_its_screen_is_allowed_on_the_card_beside_it(
    qapp: QApplication, deck: Deck, project: Path
) -> None:
    deck.run("demo-screen", project, name="asker", prompt="Change it", env={"QUARTERDECK_DEMO_PACE": "0"})

    async def scenario(user: User) -> None:
        await user.until(lambda: (r := user.row("asker")) and r.requests, "it asks")
        user.window.agents.open_row(user.row("asker"))
        pane, terminal = user.pane("asker"), main_pane(user, "asker")
        assert pane is not None
        assert terminal is not None
        await shows(user, terminal, "Run this command?")
        await user.keys("F8")
        assert user.window.zone() is Zone.CARD
        await user.until(lambda: pane.card._guard.takes(time.monotonic()), "the card listens")
        await user.keys("y", "y")
        await user.until(lambda: not user.row("asker").requests, "it is allowed")
        await shows(user, terminal, "Ran 14 tests")
        assert user.window.zone() is Zone.TERMINAL
        await user.until(lambda: time.monotonic() > terminal._deaf_until, "the terminal listens again")
        await user.type("x")
        await shows(user, terminal, "❯ x")  # and then no y before it
        assert user.row("asker").requests == ()

    play(qapp, deck, scenario)


def test_the_shell_beside_an_agent_goes_on_unseen_and_the_next_window_finds_it(
    qapp: QApplication, deck: Deck, project: Path
) -> None:
    agent = deck.run("shell", project, name="worker", argv=("/bin/cat",), pty=True)

    async def first(user: User) -> None:
        await user.until(lambda: user.row("worker"), "the agent is there")
        user.window.roster.view.setFocus()
        assert user.window.roster.view.select_agent(agent)
        await user.keys("t")
        await user.until(lambda: user.window.zone() is Zone.TERMINAL, "the keyboard is in the shell")
        pane = user.window.tools.terminal.pane
        assert pane is not None
        await user.until(lambda: pane.view.terminal is not None, "its screen is there")
        await user.type("kept=$((8*8)); pwd")
        await user.keys("Enter")
        await shows(user, pane, f"\n{project}")
        await user.keys("Ctrl+Shift+T")
        assert user.window.zone() is Zone.ROSTER
        assert list(user.headlines()) == ["worker"]

    async def second(user: User) -> None:
        await user.until(lambda: user.row("worker"), "the agent is there")
        user.window.roster.view.setFocus()
        assert user.window.roster.view.select_agent(agent)
        await user.keys("t")
        await user.until(lambda: user.window.zone() is Zone.TERMINAL, "the keyboard is in the shell")
        pane = user.window.tools.terminal.pane
        assert pane is not None
        await shows(user, pane, str(project))
        await user.type("echo $kept")
        await user.keys("Enter")
        await shows(user, pane, "\n64")

    play(qapp, deck, first)
    play(qapp, deck, second)
