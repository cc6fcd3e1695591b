"""An agent that runs ``quarterdeck allow`` on itself is refused, from any process of its tree."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.model import Turn
from tests.fakes.deck import Deck, wait_until


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck({"QUARTERDECK_DEMO_PACE": "0"}) as own:
        yield own


@pytest.mark.parametrize(
    "way",
    [
        "{allow}",
        "setsid {allow}",
        "env -u QUARTERDECK_AGENT {allow}",
        # Its parent is gone and it left the session and the group: the keeper adopts it.
        "(env -u QUARTERDECK_AGENT setsid {allow} & ); sleep 0",
    ],
)
def test_it_cannot_allow_itself(deck: Deck, way: str) -> None:
    repo = deck.repository()
    gate, told = deck.root / "gate", deck.root / "told"
    allow = f"{sys.executable} -m app allow self"
    attempt = f"until [ -e {gate} ]; do sleep 0.01; done; {way.replace('{allow}', f'sh -c {_quoted(allow, told)}')}"
    scene = {
        "turns": [
            [
                {"do": "background", "command": attempt},
                {"do": "edit", "path": "secret.txt", "new": "changed\n", "ask": True},
            ]
        ]
    }
    (deck.root / "scene.json").write_text(json.dumps(scene))
    agent = deck.run("demo-script", repo, name="self", prompt="Go", argv=(str(deck.root / "scene.json"),))
    deck.wait(agent, "blocked")
    gate.touch()
    wait_until(told.exists, "it tried")
    words = told.read_text()
    assert "rc=1" in words, words
    assert "agent" in words, words
    assert deck.row(agent).turn is Turn.BLOCKED
    assert not (repo / "secret.txt").exists()
    # The user may, of course.
    deck.cli("allow", "self")
    deck.wait(agent, "idle", turn=1)
    assert (repo / "secret.txt").exists()


def _quoted(command: str, told: Path) -> str:
    # Written under another name first: what is there is whole.
    return f"'{command} > {told}.part 2>&1; echo rc=$? >> {told}.part; mv {told}.part {told}'"
