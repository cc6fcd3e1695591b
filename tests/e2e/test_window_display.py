"""A real window on a real X display: keys from the X server find the card, `y` allows, the file is changed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.demo import make_repository
from tests.fakes.deck import Deck, wait_until

pytestmark = pytest.mark.display


def start(stack: ExitStack, argv: list[str], **more: object) -> subprocess.Popen[bytes]:  # noqa: TID251
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, **more)  # type: ignore[call-overload]  # noqa: TID251

    def end() -> None:
        process.terminate()
        process.wait(timeout=90)

    stack.callback(end)
    return process  # type: ignore[no-any-return]


@pytest.fixture
def display() -> Iterator[str]:
    """Yield the name of a screen with a window manager."""
    with ExitStack() as stack:
        told, tell = os.pipe()
        argv = ["Xvfb", "-displayfd", str(tell), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
        start(stack, argv, pass_fds=(tell,), stderr=subprocess.DEVNULL)
        os.close(tell)
        with os.fdopen(told) as answer:
            name = f":{answer.readline().strip()}"
        start(stack, ["openbox"], env={**os.environ, "DISPLAY": name}, stderr=subprocess.DEVNULL)
        yield name


@pytest.fixture
def deck(display: str) -> Iterator[Deck]:
    more = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "QUARTERDECK_DEMO_PACE": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    with Deck(more) as own:
        own.env.pop("WAYLAND_DISPLAY", None)
        yield own


def xdotool(deck: Deck, *argv: str) -> str:
    done = subprocess.run(["xdotool", *argv], env=deck.env, capture_output=True, text=True, check=False, timeout=90)
    return done.stdout.strip()


def test_keys_from_the_x_server_answer_a_request(deck: Deck) -> None:
    project = Path(deck.root / "storefront")
    make_repository("storefront", project)
    agent = deck.run("demo-permission", project, name="docs-pass", prompt="Correct the docs")
    deck.wait(agent, "blocked")
    with ExitStack() as stack:
        window = start(stack, [sys.executable, "-P", "-m", "app", str(project)], env=deck.env, cwd=deck.root)
        wait_until(lambda: bool(xdotool(deck, "search", "--onlyvisible", "--name", "Quarterdeck")), "a window opens")
        found = xdotool(deck, "search", "--onlyvisible", "--name", "Quarterdeck").split()[0]
        xdotool(deck, "windowactivate", "--sync", found)

        def answered() -> bool:
            # The card listens only a moment after it was reached, and says nothing to us: ask again.
            xdotool(deck, "key", "--clearmodifiers", "F8", "sleep", "0.3", "key", "y")
            return not deck.row(agent).requests

        wait_until(answered, "y answers")
        deck.wait(agent, "idle")
        assert "30 minutes" in (project / "docs/login.md").read_text()
        xdotool(deck, "key", "--clearmodifiers", "ctrl+q")
        assert window.wait(timeout=90) == 0
