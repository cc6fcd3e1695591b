"""Who was cut off, what can be done about it, and the sentence that says so."""

from __future__ import annotations

import itertools

import pytest

from agents.model import Lifecycle, Recovery
from agents.status.recovery import Cut, assess, is_worth_resuming, sentence
from tests.fakes.rows import row

LOST = Cut(Lifecycle.LOST, can_resume=True)


def cut(**changes: object) -> Cut:
    return Cut(**{**{name: getattr(LOST, name) for name in Cut.__struct_fields__}, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "expected", "note"),
    [
        (cut(), Recovery.RESUME, ""),
        (cut(in_turn=True), Recovery.RESUME, "its turn was cut off"),
        (cut(can_resume=False), Recovery.LOST, "run it again"),
        (cut(asked="run rm -r build"), Recovery.NEEDS_YOU, "“run rm -r build”"),
        (cut(directory="/gone"), Recovery.NEEDS_YOU, "/gone does not exist"),
        (cut(failure="Log in first"), Recovery.NEEDS_YOU, "Log in first"),
        (cut(is_end_wanted=True), None, ""),
        (cut(is_archived=True), None, ""),
        (cut(lifecycle=Lifecycle.EXITED), None, ""),
        (cut(lifecycle=Lifecycle.EXITED, exit_signal=9), Recovery.RESUME, ""),
        (cut(lifecycle=Lifecycle.EXITED, by_keeper=True), Recovery.RESUME, ""),
        (cut(lifecycle=Lifecycle.FAILED), None, ""),
        (cut(lifecycle=Lifecycle.FAILED, has_begun=False), Recovery.RESUME, ""),
    ],
)
def test_judgement(found: Cut, expected: Recovery | None, note: str) -> None:
    what, said = assess(found)
    assert what is expected
    assert note in said
    assert bool(said) == bool(note)


@pytest.mark.parametrize("lifecycle", [Lifecycle.QUEUED, Lifecycle.STARTING, Lifecycle.RUNNING, Lifecycle.STOPPING])
def test_who_lives_was_not_cut_off(lifecycle: Lifecycle) -> None:
    assert assess(cut(lifecycle=lifecycle, exit_signal=9, by_keeper=True)) == (None, "")


def rows(resume: int, needy: int, lost: int) -> list[object]:
    kinds = [Recovery.RESUME] * resume + [Recovery.NEEDS_YOU] * needy + [Recovery.LOST] * lost
    return [row(f"a{n}", recovery=what) for n, what in enumerate([*kinds, None])]


def test_the_sentence() -> None:
    assert sentence(rows(9, 2, 1)) == "12 agents: 9 can resume, 2 need you, 1 lost"  # type: ignore[arg-type]
    assert sentence(rows(1, 0, 0)) == "1 agent: 1 can resume"  # type: ignore[arg-type]
    assert sentence(rows(0, 1, 0)) == "1 agent: 1 needs you"  # type: ignore[arg-type]
    assert sentence(rows(0, 0, 0)) == ""  # type: ignore[arg-type]
    assert sentence([row("x", recovery=Recovery.LOST, archived=True)]) == ""


def test_resuming_is_offered_when_it_brings_somebody_back() -> None:
    for resume, needy, lost in itertools.product((0, 1), repeat=3):
        offered = is_worth_resuming(rows(resume, needy, lost))  # type: ignore[arg-type]
        assert offered == bool(resume or needy)
