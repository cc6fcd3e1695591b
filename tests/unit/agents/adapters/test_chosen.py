"""Sessions of our choosing on a command line: which words, in which state, and what odd data does."""

from __future__ import annotations

from typing import Any

import pytest

from agents.adapters import chosen
from agents.adapters.claude.adapter import ClaudeAdapter
from agents.adapters.kinds import RESOURCES, load_kinds
from tests.unit.agents.adapters.tape import kind, spec

KINDS = load_kinds([RESOURCES / "agents"]).kinds
TUI = KINDS["claude-tui"]


def test_a_session_s_id_follows_from_what_is_on_the_disk() -> None:
    own = spec(id="a1")
    assert chosen.session_id(own) == chosen.session_id(spec(id="a1"))
    assert chosen.session_id(own) != chosen.session_id(spec(id="a2"))
    assert chosen.session_id(spec(session_id="s1")) == "s1"


def test_it_is_the_same_whichever_kind_begins_it() -> None:
    own = spec(kind="claude", family="claude")
    assert chosen.session_id(own) in ClaudeAdapter(KINDS["claude"], own).arguments()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ("--session-id", "ID", "--permission-mode", "default")),
        ({"session_id": "s1", "mode": "plan"}, ("--resume", "s1", "--permission-mode", "plan")),
        ({"model": "opus"}, ("--session-id", "ID", "--model", "opus", "--permission-mode", "default")),
        (
            {"fork_of": "s0"},
            ("--resume", "s0", "--fork-session", "--session-id", "ID", "--permission-mode", "default"),
        ),
        ({"fork_of": "s0", "session_id": "s1"}, ("--resume", "s1", "--permission-mode", "default")),
    ],
)
def test_the_words_of_claude_s_own_terminal(fields: dict[str, Any], words: tuple[str, ...]) -> None:
    own = spec(**fields)
    assert chosen.arguments(TUI, own) == tuple(chosen.session_id(own) if word == "ID" else word for word in words)


def test_codex_takes_no_id_and_continues_one() -> None:
    codex = KINDS["codex-tui"]
    assert not chosen.chooses(codex)
    assert chosen.continues(codex)
    assert chosen.arguments(codex, spec()) == ()
    assert chosen.arguments(codex, spec(session_id="t1", model="m")) == ("resume", "t1", "--model", "m")


@pytest.mark.parametrize("words", [None, "text", 3, [1, 2], {"a": "b"}])
def test_words_that_are_none_are_left_out(words: Any) -> None:
    odd = kind(family="terminal", quirks={"session_args": words, "resume_args": words})
    assert not chosen.continues(odd)
    assert chosen.arguments(odd, spec()) == ()
    assert chosen.arguments(odd, spec(session_id="s1")) == ()


def test_a_value_is_never_read_as_a_placeholder() -> None:
    own = kind(family="terminal", quirks={"resume_args": ["{session}", "{other}"]})
    assert chosen.arguments(own, spec(session_id="{model}")) == ("{model}", "{other}")
