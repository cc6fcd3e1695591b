"""Two agents work, one asks; the daemon is killed with -9; one command answers and the file is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo import make_repository
from tests.fakes.deck import Deck


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Deck({"QUARTERDECK_DEMO_PACE": "0", "PYTHONDONTWRITEBYTECODE": "1"}) as own:
        yield own


@pytest.fixture
def project(deck: Deck) -> Path:
    make_repository("storefront", deck.root / "storefront")
    return deck.root / "storefront"


def test_a_killed_daemon_costs_nothing(deck: Deck, project: Path) -> None:
    where = ("-p", str(project), "--here")
    deck.cli("run", "demo-edit", *where, "-n", "fix-login", "--prompt", "Fix the login")
    deck.cli("run", "demo-permission", *where, "-n", "docs-pass", "--prompt", "Correct the docs")
    before = {name: deck.cli_json("wait", name, "--until", "blocked")["row"] for name in ("fix-login", "docs-pass")}
    deck.kill_daemon()
    deck.cli("allow", "docs-pass")
    deck.cli("wait", "docs-pass", "--until", "idle", "--turn", "1")
    assert "30 minutes" in (project / "docs/login.md").read_text()
    deck.kill_daemon()
    rows = {row["name"]: row for row in deck.cli_json("ls")}
    assert {name: row["pid"] for name, row in rows.items()} == {name: row["pid"] for name, row in before.items()}
    assert rows["fix-login"]["requests"] == before["fix-login"]["requests"]
    deck.cli("deny", "fix-login")
    deck.cli("wait", "fix-login", "--until", "idle", "--turn", "1")
    assert "untested" in "".join(block.text for block in deck.blocks("fix-login"))


def test_the_first_answer_wins_also_over_a_crash(deck: Deck, project: Path) -> None:
    deck.cli("run", "demo-permission", "-p", str(project), "--here", "-n", "docs-pass", "--prompt", "Correct the docs")
    request = deck.cli_json("wait", "docs-pass", "--until", "blocked")["row"]["requests"][0]["key"]
    deck.cli("allow", "docs-pass", request)
    deck.kill_daemon()
    assert deck.cli("deny", "docs-pass", request, code=1).startswith("already allowed by you at the command line at ")
    deck.cli("wait", "docs-pass", "--until", "idle", "--turn", "1")
    assert "30 minutes" in (project / "docs/login.md").read_text()
