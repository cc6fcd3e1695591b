"""Evidence in words: what it claims, by which rule, how long it counts, and nothing that can harm a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status.explaining import SOURCES, claim, facts, with_file

NOW = 1_800_000_000.0


def evidence(turn: Turn = Turn.WORKING, **more: Any) -> Evidence:
    return Evidence(Rank.SCREEN, turn, 10.0, NOW - 65, **more)


def test_every_rank_has_a_name() -> None:
    assert list(SOURCES) == list(Rank)


def test_a_block_says_for_what_and_nothing_else_does() -> None:
    assert claim(evidence(Turn.BLOCKED, blocked=Blocked.AUTH)) == "blocked (auth)"
    assert claim(evidence(Turn.BLOCKED)) == "blocked"
    assert claim(evidence(blocked=Blocked.AUTH)) == "working"


def test_all_that_is_known_of_a_claim() -> None:
    told = dict(facts(evidence(detail="npm test", rule="codex.toml: approval", confidence=0.7, expires=85.0), NOW))
    assert (told["says"], told["rule"], told["sure"]) == ("npm test", "codex.toml: approval", "70%")
    assert told["since"].endswith(", 1 m ago")
    assert told["expires"].endswith(", in 10 s")


@pytest.mark.parametrize(("expires", "ends"), [(None, ""), (20.0, ", over")])
def test_expiry_is_told_only_where_there_is_one(expires: float | None, ends: str) -> None:
    told = dict(facts(evidence(expires=expires), NOW))
    assert bool(told["expires"]) is (expires is not None)
    assert told["expires"].endswith(ends)


def test_a_rule_is_named_with_its_file() -> None:
    assert with_file(evidence(rule="asking"), "claude").rule == "asking (claude.toml)"
    assert with_file(evidence(rule="asking"), "").rule == "asking"
    assert with_file(evidence(), "claude") == evidence()


def test_texts_are_one_safe_line() -> None:
    told = dict(facts(evidence(detail="a\nb\x1b[31m\u202e", rule="r\x07"), NOW))
    assert (told["says"], told["rule"]) == ("a b", "r")
