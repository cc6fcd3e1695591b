"""Programs people live in, in the real window on a real daemon: every chord that is theirs reaches them.

Pictures of the window go to the folder named by QUARTERDECK_SHOTS, where somebody looks at them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

import resources
from agents.vt import libvterm
from app.commands import Zone
from app.keymap import load
from tests.fakes.chords import split
from tests.fakes.deck import Deck
from tests.fakes.window import User, play
from tests.programs.chord_names import in_vim, typed_chords
from tests.programs.test_chords import HEAR
from ui.panes.terminal.pane import TerminalPane

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core"),
]

_EVERYWHERE = {"F6", "Shift+F6", "F8", "Shift+F8", "F11"}
#: What a view keeps besides, none of which a program could tell from another key (paste: as in every terminal).
_VIEWS = {"Shift+Insert"}


def is_ours(chord: str) -> bool:
    """Tell whether a chord is the shell's in a terminal: what works everywhere, and Ctrl+Shift with a letter."""
    held, last = split(chord)
    return chord in _EVERYWHERE | _VIEWS or (held == ["Ctrl", "Shift"] and len(last) == 1 and last.isalpha())


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck({"SHELL": "/bin/bash", "PS1": "$ ", "ENV": "", "HISTFILE": "", "LC_ALL": "C.UTF-8"}) as own:
        own.env["HOME"] = str(own.root)
        own.home.prepare()
        yield own


@pytest.fixture
def project(deck: Deck) -> Path:
    return deck.repository()


async def opened(user: User, name: str) -> TerminalPane:
    """Give the keyboard to an agent's terminal, by key."""
    await user.until(lambda: user.row(name), f"{name} is there")
    user.window.roster.view.setFocus()
    row = user.row(name)
    assert row is not None
    assert user.window.roster.view.select_agent(row.id)
    await user.keys("Enter")
    await user.until(lambda: user.window.zone() is Zone.TERMINAL, "the keyboard is in the terminal")
    pane = user.pane(name)
    assert pane is not None
    assert pane.body.terminal is not None
    screen = pane.body.terminal
    await user.until(lambda: screen.view.terminal is not None, "its screen is there")
    return screen


async def shows(user: User, pane: TerminalPane, *texts: str) -> None:
    def is_shown() -> bool:
        screen = pane.view.accessible_text()
        return all(text in screen for text in texts)

    await user.until(is_shown, f"{texts} on the screen, which shows {pane.view.accessible_text()!r}")


def picture(user: User, name: str) -> None:
    """Keep what the window shows, where a folder for it is named."""
    folder = os.environ.get("QUARTERDECK_SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        assert user.window.grab().save(str(Path(folder) / f"{name}.png"))


def test_only_what_leaves_a_terminal_is_bound_there() -> None:
    keys, problems = load(Path(resources.__file__).parent / "keymap.toml", Path("/nonexistent"))
    assert problems == ()
    bound = {chord for chords, _ in keys.bound(Zone.TERMINAL) for chord in chords.split(" ")}
    assert {chord for chord in bound if not is_ours(chord)} == set()
    assert bound >= _EVERYWHERE


def test_every_chord_that_is_vims_reaches_it(qapp: QApplication, deck: Deck, project: Path) -> None:
    (project / "hear.vim").write_text(HEAR)
    argv = ("vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "-S", "hear.vim", "-c", "call Hear()")
    deck.run("shell", project, name="vim", argv=argv, pty=True)
    chords = [chord for chord in typed_chords() if not is_ours(chord)]
    got: dict[str, str] = {}

    async def scenario(user: User) -> None:
        pane = await opened(user, "vim")

        def heard() -> str | None:
            found = re.search(r"^\[(.*)\]$", pane.view.accessible_text(), re.MULTILINE)
            return found and found[1]

        await user.until(lambda: heard() == "", "vim listens")
        for chord in chords:
            expected = in_vim(chord)
            await user.keys(chord)
            await user.until(lambda: len(heard() or "") >= len(expected), f"{chord} as {expected}, not {heard()!r}")  # noqa: B023
            got[chord] = heard() or ""
            await user.keys("¶")
            await user.until(lambda: heard() == "", "vim listens")
        assert user.window.zone() is Zone.TERMINAL

    play(qapp, deck, scenario)
    assert {chord: name for chord, name in got.items() if name != in_vim(chord)} == {}
    assert len(got) > 200
