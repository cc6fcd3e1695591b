"""Ids, names and slots: never taken twice, readable, derived from what was asked."""

from __future__ import annotations

import random

import pytest

from agents.supervisor import names


def test_ids_are_short_letters_first_and_never_repeated() -> None:
    choice = random.Random(7).choice
    taken: set[str] = set()
    for _ in range(2000):
        agent = names.new_id(taken, choice)
        assert len(agent) == names.ID_LENGTH
        assert agent[0].isalpha()
        taken.add(agent)
    assert len(taken) == 2000


def test_a_taken_id_is_drawn_again() -> None:
    letters = iter("a" * 7 + "b" * 7)
    assert names.new_id({"aaaaaaa"}, lambda _: next(letters)) == "bbbbbbb"


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Fix the login bug in auth.py", "fix-login-bug-auth"),
        ("please", ""),
        ("", ""),
        ("…", ""),
        ("Überprüfe die Tests", "überprüfe-die-tests"),
        ("a" * 100, "a" * 24),
        ("one two three four five", "one-two-three-four"),
    ],
)
def test_slugs(prompt: str, expected: str) -> None:
    assert names.slug(prompt) == expected


def test_names_are_derived_from_the_prompt_else_the_kind_and_unique() -> None:
    assert names.derive("shell", None, ()) == "shell-1"
    assert names.derive("shell", None, ("shell-1", "shell-2")) == "shell-3"
    assert names.derive("shell", "fix login", ()) == "fix-login"
    assert names.derive("shell", "fix login", ("fix-login", "fix-login-2")) == "fix-login-3"


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb", "a/b", " a"])
def test_unfit_names_are_refused_with_a_reason(name: str) -> None:
    assert names.check(name)


def test_fit_names_pass() -> None:
    assert names.check("Prüfer 7") is None


def test_slots_fill_from_below_and_run_out() -> None:
    assert names.free_slot([]) == 1
    assert names.free_slot([1, None, 3]) == 2
    assert names.free_slot(range(1, 10)) is None
