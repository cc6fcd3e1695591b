"""Sessions that were held outside: listed by the real daemon, adopted once, never run twice."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Lifecycle, Stream
from agents.sessions import claude

TUI = Path(__file__).parents[2] / "fakes" / "tui.py"
SESSION = "11111111-1111-4111-8111-111111111111"

#: Claude Code's own store, with a program of ours that continues its sessions.
KIND = f"""
family = "terminal"
command = ["{sys.executable}", "{TUI}"]
pty = true
sessions = "claude"
[quirks]
session_args = ["--session-id", "{{session}}"]
resume_args = ["--resume", "{{session}}"]
hooks = "claude"
"""


@pytest.fixture
def deck(home: Any) -> Any:
    kinds = home.path / "config" / "agents"
    kinds.mkdir(parents=True)
    (kinds / "fake-tui.toml").write_text(KIND)
    home.env["CLAUDE_CONFIG_DIR"] = str(home.path / "claude")
    home.start()
    return home


@pytest.fixture
def saved(deck: Any) -> Path:
    folder = claude.folder(deck.env) / claude.munged(deck.project)
    folder.mkdir(parents=True)
    line = {"type": "user", "message": {"role": "user", "content": "fix the login"}, "cwd": str(deck.project)}
    path: Path = folder / f"{SESSION}.jsonl"
    path.write_text(json.dumps(line) + "\n")
    return path


def listed(deck: Any, **more: Any) -> wire.FoundSessions:
    found: wire.FoundSessions = deck.call("session.list", wire.ListSessions(str(deck.project), **more))
    return found


def adopt(deck: Any, session: str = SESSION, kind: str = "fake-tui", **more: Any) -> wire.Started:
    started: wire.Started = deck.call("session.adopt", wire.AdoptSession(kind, session, str(deck.project), **more))
    return started


def test_a_session_is_listed_and_adopted_once(deck: Any, saved: Path) -> None:
    (found,) = listed(deck).sessions
    assert (found.id, found.title, found.cwd, found.agent) == (SESSION, "fix the login", str(deck.project), None)
    assert {"claude", "claude-tui", "fake-tui"} <= set(found.kinds)
    started = adopt(deck, name="docs")
    assert started.pid
    deck.settle(lambda: f'"--resume": "{SESSION}"' in deck.raw(started.id, Stream.OUT).decode())
    assert deck.row(started.id).session_id == SESSION
    (found,) = listed(deck, kind="fake-tui").sessions
    assert (found.agent, found.agent_name, found.is_running) == (started.id, "docs", True)
    with pytest.raises(RpcError, match=f"is run by docs \\({started.id}\\) now") as caught:
        adopt(deck)
    assert caught.value.code == ErrorCode.NOT_POSSIBLE
    assert len(deck.call("agent.list").agents) == 1
    deck.kill()
    deck.start()
    row = deck.until(started.id, lambda row: not row.catching_up)
    assert (row.lifecycle, row.session_id) == (Lifecycle.RUNNING, SESSION)


@pytest.mark.parametrize(
    ("session", "kind", "words"),
    [
        (SESSION[:-1] + "2", "fake-tui", "`quarterdeck sessions` lists them"),
        ("--dangerous", "fake-tui", "is no session"),
        (SESSION, "shell", "cannot continue a session"),
        (SESSION, "nonsense", "there is no kind"),
    ],
)
def test_what_cannot_be_adopted_says_why(deck: Any, saved: Path, session: str, kind: str, words: str) -> None:
    with pytest.raises(RpcError, match=words):
        adopt(deck, session, kind)
    assert deck.call("agent.list").agents == ()


def test_what_cannot_be_listed_says_why(deck: Any) -> None:
    assert listed(deck) == wire.FoundSessions(())
    with pytest.raises(RpcError, match="where shell keeps its sessions is not known"):
        listed(deck, kind="shell")
    with pytest.raises(RpcError, match="must be an absolute path"):
        deck.call("session.list", wire.ListSessions("relative"))
