"""Programs people live in, in the real window on a real daemon: every chord that is theirs reaches them.

Pictures of the window go to the folder named by QUARTERDECK_SHOTS, where somebody looks at them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

import resources
from agents.model import LIVE, Lifecycle
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

#: What somebody does in a program, up to its end.
Work = Callable[[User, TerminalPane], Awaitable[None]]

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
    user.window.resize(1280, 800)
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


async def in_vim_window(user: User, pane: TerminalPane) -> None:
    await shows(user, pane, "def greet(name):")
    await user.type("gg")
    await user.keys("Ctrl+w", "s", "Ctrl+w", "j")
    await user.type(":vsplit poem.txt")
    await user.keys("Enter")
    await shows(user, pane, "Grüße", "日本語")
    await user.keys("Ctrl+v", "Down", "Down", "Right", "Right", "Right")
    await shows(user, pane, "VISUAL BLOCK", "3,5-4")
    picture(user, "vim")
    await user.keys("Esc")
    await user.type(":wqa")
    await user.keys("Enter")


async def in_htop(user: User, pane: TerminalPane) -> None:
    await shows(user, pane, "Tasks:", "F10Quit")
    await user.keys("F9")
    await shows(user, pane, "Send signal:", "SIGTERM")
    picture(user, "htop")
    await user.keys("Esc", "F10")


async def in_mc(user: User, pane: TerminalPane) -> None:
    await shows(user, pane, "poem.txt", "10Quit")
    await user.keys("F9", "Down")
    await shows(user, pane, "Listing format")
    picture(user, "mc")
    await user.keys("F10")
    await shows(user, pane, "Hint:")
    await user.keys("F10")


async def in_tmux(user: User, pane: TerminalPane) -> None:
    await shows(user, pane, "[work]")
    await user.keys("Ctrl+b", "%")
    await user.until(lambda: re.search("│:$", pane.view.accessible_text(), re.MULTILINE), "a shell in the new pane")
    await user.type("seq 30")
    await user.keys("Enter")
    await shows(user, pane, "│30")
    await user.keys("Ctrl+b", "[")
    await shows(user, pane, "[0/")
    picture(user, "tmux")
    await user.keys("q")
    await user.until(lambda: "[0/" not in pane.view.accessible_text(), "copy mode is left")
    await user.keys("Ctrl+b", ":")
    await user.until(lambda: "[work]" not in pane.view.accessible_text(), "tmux asks for a command")
    await user.type("kill-server")
    await user.keys("Enter")


async def in_fzf(user: User, pane: TerminalPane) -> None:
    await shows(user, pane, "5/5")
    await user.type("ppl")
    await user.until(
        lambda: pane.view.accessible_text().split("\n")[:4:2] == ["> ppl", "> pineapple"],
        "what it draws relative to its prompt is where it belongs",
    )
    picture(user, "fzf")
    await user.keys("Esc")


async def in_less(user: User, pane: TerminalPane) -> None:
    await shows(user, pane, "entry 1:")
    await user.type("/entry 270")
    await user.keys("Enter")
    await shows(user, pane, "entry 270")
    picture(user, "less")
    await user.keys("q")


@pytest.mark.parametrize(
    ("name", "argv", "work"),
    [
        ("vim", ("vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "-c", "syntax on | set ruler", "it.py"), in_vim_window),
        ("htop", ("htop", "-d", "5"), in_htop),
        ("mc", ("mc", "-u", "--nosubshell"), in_mc),
        ("tmux", ("tmux", "-f", "tmux.conf", "-S", "socket", "new", "-s", "work"), in_tmux),
        ("fzf", ("sh", "-c", "fzf --layout=reverse < fruit"), in_fzf),
        ("less", ("less", "long.txt"), in_less),
    ],
)
def test_a_program_is_worked_in_and_left(
    qapp: QApplication, deck: Deck, project: Path, name: str, argv: tuple[str, ...], work: Work
) -> None:
    (project / "it.py").write_text('def greet(name):\n    """Say hello."""\n    return f"hello {name}"  # why\n' * 4)
    (project / "poem.txt").write_text("Grüße an alle\n日本語 and 👩‍🚀 emoji\nça va? naïve\n" * 5)
    (project / "tmux.conf").write_text(
        "set -g assume-paste-time 0\nset -g repeat-time 0\nset -g default-command 'PS1=: sh'\n"
    )
    (project / "fruit").write_text("apple\nbanana\ncherry\ngrape\npineapple\n")
    (project / "long.txt").write_text("".join(f"entry {n}: hay\n" for n in range(1, 501)))
    agent = deck.run("shell", project, name=name, argv=argv, pty=True)

    async def scenario(user: User) -> None:
        pane = await opened(user, name)
        await work(user, pane)
        await user.until(lambda: user.row(name).lifecycle not in LIVE, f"it ends:\n{pane.view.accessible_text()}")  # type: ignore[union-attr]
        assert pane.exit_bar.isVisible()

    play(qapp, deck, scenario)
    assert deck.row(agent).lifecycle is Lifecycle.EXITED
