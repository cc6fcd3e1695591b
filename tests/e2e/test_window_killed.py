"""The window is killed with -9 at any time: agents neither stop nor lose what they ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.wire import NoParams
from app.demo import make_repository
from tests.fakes.deck import Deck, wait_until


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck({"QUARTERDECK_DEMO_PACE": "0", "QT_QPA_PLATFORM": "offscreen"}) as own:
        yield own


def open_window(deck: Deck, *argv: str) -> subprocess.Popen[bytes]:  # noqa: TID251
    return subprocess.Popen(  # noqa: TID251  (a process that is not ours to reap is what is tested)
        [sys.executable, "-P", "-m", "app", *argv], env=deck.env, cwd=deck.root, stderr=subprocess.PIPE
    )


def clients(deck: Deck) -> int:
    return int(deck.call("daemon.status", NoParams()).clients)


def test_killing_the_window_changes_nothing(deck: Deck) -> None:
    project = deck.root / "storefront"
    make_repository("storefront", project)
    agent = deck.run("demo-permission", project, name="docs-pass", prompt="Correct the docs")
    before = deck.wait(agent, "blocked")
    for _ in range(2):
        window = open_window(deck, str(project))
        try:
            wait_until(lambda: clients(deck) >= 2, "the window is connected")
        finally:
            os.kill(window.pid, signal.SIGKILL)
            window.communicate()
        wait_until(lambda: clients(deck) == 1, "the daemon noticed")
        row = deck.row(agent)
        assert (row.pid, row.requests, row.turn) == (before.pid, before.requests, before.turn)


def test_sigterm_closes_the_window_and_keeps_its_layout(deck: Deck) -> None:
    project = deck.repository()
    deck.home.prepare()
    window = open_window(deck, str(project))
    try:
        wait_until(lambda: deck.home.places.daemon_socket.exists() and clients(deck) >= 2, "the window is connected")
        window.terminate()
        _, said = window.communicate(timeout=90)
    except BaseException:
        window.kill()
        window.communicate()
        raise
    assert window.returncode == 0
    assert said == b""
    assert (deck.home.data / "layouts" / "window.json").exists()


def test_a_path_that_does_not_exist_opens_nothing(deck: Deck) -> None:
    window = open_window(deck, str(Path("/nowhere/at/all")))
    _, said = window.communicate(timeout=90)
    assert window.returncode != 0
    assert b"does not exist" in said
