"""What an agent could go on as: pure."""

from __future__ import annotations

import pytest

from agents.model import Turn
from agents.spec import KindInfo
from app.actions.sessions import is_mid_turn, store_of, targets
from tests.fakes.rows import row


def info(name: str, sessions: str = "", *, available: bool = True, hidden: bool = False) -> KindInfo:
    return KindInfo(name, "terminal", name, "", available, name, sessions=sessions, hidden=hidden)


KINDS = (info("zed", "claude", available=False), info("claude", "claude"), info("tui", "claude"), info("codex"))


def test_targets_share_the_sessions_and_are_other_kinds() -> None:
    assert [kind.name for kind in targets(row("a", kind="claude"), KINDS)] == ["tui", "zed"]
    assert targets(row("a", kind="codex"), KINDS) == ()
    assert targets(row("a", kind="tui"), (*KINDS, info("x", "claude", hidden=True)))[0].name == "claude"


def test_a_kind_whose_file_is_gone_keeps_its_sessions_by_itself() -> None:
    assert store_of("gone", KINDS) == "gone"
    assert targets(row("a", kind="gone"), KINDS) == ()
    assert store_of("codex", KINDS) == "codex"


@pytest.mark.parametrize(("turn", "is_busy"), [(Turn.WORKING, True), (Turn.BLOCKED, True), (Turn.IDLE, False)])
def test_a_turn_that_runs_is_waited_for(turn: Turn, is_busy: bool) -> None:
    assert is_mid_turn(row("a", turn=turn)) is is_busy
