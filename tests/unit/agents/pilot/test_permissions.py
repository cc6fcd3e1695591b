"""What may be done unasked, in every mode, inside and outside, after every answer."""

from __future__ import annotations

import itertools

import pytest

from agents.pilot.permissions import Access, Need, Remembered, SessionMode, Verdict, decide, options, remember

ASK, EDITS, PLAN = SessionMode.ASK, SessionMode.ACCEPT_EDITS, SessionMode.PLAN
INSIDE, OUTSIDE, GIT = {"inside": True}, {"inside": False}, {"inside": True, "protected": True}

#: (mode, access, where): verdict
TABLE = [
    (ASK, Access.READ, INSIDE, Verdict.ALLOW),
    (ASK, Access.READ, OUTSIDE, Verdict.ASK),
    (ASK, Access.EDIT, INSIDE, Verdict.ASK),
    (ASK, Access.EXECUTE, INSIDE, Verdict.ASK),
    (EDITS, Access.READ, OUTSIDE, Verdict.ASK),
    (EDITS, Access.EDIT, INSIDE, Verdict.ALLOW),
    (EDITS, Access.EDIT, OUTSIDE, Verdict.ASK),
    (EDITS, Access.EDIT, GIT, Verdict.ASK),
    (EDITS, Access.EXECUTE, INSIDE, Verdict.ASK),
    (PLAN, Access.READ, INSIDE, Verdict.ALLOW),
    (PLAN, Access.READ, OUTSIDE, Verdict.ASK),
    (PLAN, Access.EDIT, INSIDE, Verdict.REFUSE),
    (PLAN, Access.EXECUTE, INSIDE, Verdict.REFUSE),
]


@pytest.mark.parametrize(("mode", "access", "where", "verdict"), TABLE)
def test_the_table(mode: SessionMode, access: Access, where: dict[str, bool], verdict: Verdict) -> None:
    assert decide(mode, Need(access, scope=("x", "y"), **where), Remembered())[0] is verdict


@pytest.mark.parametrize("mode", list(SessionMode))
def test_what_touches_nothing_is_always_allowed(mode: SessionMode) -> None:
    assert decide(mode, Need(Access.NONE), Remembered(refused={("", "")}))[0] is Verdict.ALLOW


def test_always_holds_for_its_scope_and_no_further() -> None:
    remembered = Remembered()
    need = Need(Access.EXECUTE, scope=("shell", "make test"))
    assert remember(remembered, need, "allow-always")
    assert decide(ASK, need, remembered)[0] is Verdict.ALLOW
    assert decide(ASK, Need(Access.EXECUTE, scope=("shell", "make")), remembered)[0] is Verdict.ASK
    assert decide(PLAN, need, remembered)[0] is Verdict.REFUSE, "plan mode is read-only whatever was allowed"


def test_a_rejection_for_good_counts_also_where_nothing_is_asked() -> None:
    remembered = Remembered()
    need = Need(Access.EDIT, scope=("edit", "/p"))
    assert not remember(remembered, need, "reject-always")
    verdict, words = decide(EDITS, need, remembered)
    assert verdict is Verdict.REFUSE
    assert "refused this call" in words


def test_the_last_word_counts() -> None:
    remembered, need = Remembered(), Need(Access.EXECUTE, scope=("shell", "x"))
    for first, last in itertools.permutations(("allow-always", "reject-always")):
        remember(remembered, need, first)
        remember(remembered, need, last)
        expected = Verdict.ALLOW if last == "allow-always" else Verdict.REFUSE
        assert decide(ASK, need, remembered)[0] is expected


@pytest.mark.parametrize(("option", "may"), [("allow-once", True), ("reject-once", False), ("", False), ("x", False)])
def test_once_is_not_remembered_and_what_is_unknown_is_a_rejection(option: str, *, may: bool) -> None:
    remembered, need = Remembered(), Need(Access.EXECUTE, scope=("shell", "x"))
    assert remember(remembered, need, option) is may
    assert decide(ASK, need, remembered)[0] is Verdict.ASK


def test_the_options_name_what_always_stands_for() -> None:
    offered = options(Need(Access.EXECUTE, scope_name="this very command"))
    assert [option["kind"] for option in offered] == ["allow_once", "allow_always", "reject_once", "reject_always"]
    assert "this very command" in offered[1]["name"]
