from __future__ import annotations

from typing import Any

import pytest

from agents.model import Blocked, Evidence, Rank, Turn
from agents.status.reduce import SETTLE_S, Verdict, reduce, why


def claim(rank: Rank, turn: Turn, since: float = 10.0, **more: Any) -> Evidence:
    return Evidence(rank, turn, since, 1_800_000_000.0 + since, **more)


def test_nothing_known_is_unknown_never_idle() -> None:
    assert reduce([], 50.0) == Verdict(Turn.UNKNOWN, source="none")


def test_the_strongest_speaks_and_weaker_ones_are_ignored_with_a_reason() -> None:
    verdict = reduce([claim(Rank.SCREEN, Turn.IDLE, 40.0), claim(Rank.PROTOCOL, Turn.WORKING, detail="editing")], 50.0)
    assert (verdict.turn, verdict.source, verdict.since, verdict.detail) == (Turn.WORKING, "protocol", 10.0, "editing")
    assert verdict.ignored == ("screen says idle: weaker than protocol",)
    assert verdict.chosen == claim(Rank.PROTOCOL, Turn.WORKING, detail="editing")


def test_after_expiry_the_next_rank_takes_over() -> None:
    evidence = [
        claim(Rank.HOOKS, Turn.WORKING, expires=20.0),
        claim(Rank.SCREEN, Turn.BLOCKED, blocked=Blocked.QUESTION),
    ]
    before = reduce(evidence, 19.9)
    assert (before.turn, before.recheck) == (Turn.WORKING, 20.0)
    after = reduce(evidence, 20.0)
    assert (after.turn, after.blocked, after.source) == (Turn.BLOCKED, Blocked.QUESTION, "screen")
    assert after.ignored == ("hooks says working: expired",)
    assert after.recheck is None


def test_everything_expired_is_unknown() -> None:
    verdict = reduce([claim(Rank.TITLE, Turn.IDLE, expires=11.0)], 12.0)
    assert verdict.turn is Turn.UNKNOWN
    assert verdict.ignored == ("title says idle: expired",)


def test_processes_never_decide() -> None:
    verdict = reduce([claim(Rank.PROCESS, Turn.WORKING)], 12.0)
    assert verdict.turn is Turn.UNKNOWN
    assert verdict.ignored == ("process says working: processes only corroborate",)
    # What expires weakest changes no turn: nobody need look again for it.
    looked = claim(Rank.PROCESS, Turn.WORKING, expires=17.0)
    against = reduce([claim(Rank.TITLE, Turn.IDLE), looked], 12.0)
    assert (against.turn, against.recheck) == (Turn.IDLE, None)
    assert against.ignored == ("process says working: processes only corroborate",)
    assert reduce([looked], 18.0).ignored == ("process says working: expired",)


def test_processes_that_agree_corroborate() -> None:
    verdict = reduce([claim(Rank.TITLE, Turn.WORKING, confidence=0.8), claim(Rank.PROCESS, Turn.WORKING)], 12.0)
    assert verdict.confidence == pytest.approx(0.9)
    assert verdict.ignored == ()


def test_of_one_source_the_latest_claim_counts() -> None:
    verdict = reduce([claim(Rank.TITLE, Turn.IDLE, 10.0), claim(Rank.TITLE, Turn.WORKING, 11.0)], 12.0)
    assert verdict.turn is Turn.WORKING
    assert verdict.ignored == ("title says idle: older than what the same source says now",)


def test_agreement_halves_the_doubt_and_is_not_ignored() -> None:
    evidence = [claim(Rank.TITLE, Turn.WORKING, confidence=0.6), claim(Rank.SCREEN, Turn.WORKING)]
    verdict = reduce(evidence, 12.0)
    assert verdict.confidence == pytest.approx(0.8)
    assert verdict.ignored == ()


@pytest.mark.parametrize("rank", [Rank.OSC7501, Rank.TITLE, Rank.SCREEN])
def test_a_block_is_demoted_by_later_tool_activity(rank: Rank) -> None:
    blocked = claim(rank, Turn.BLOCKED, 10.0, blocked=Blocked.PERMISSION)
    tool = claim(Rank.HOOKS if rank is Rank.OSC7501 else rank, Turn.WORKING, 11.0, tool_activity=True)
    verdict = reduce([blocked, tool], 12.0)
    assert (verdict.turn, verdict.blocked) == (Turn.WORKING, None)
    if rank is Rank.OSC7501:
        assert verdict.source == "hooks"
        assert verdict.ignored == ("osc7501 says blocked (permission): demoted, a tool ran later (hooks)",)


@pytest.mark.parametrize(
    "other",
    [
        claim(Rank.HOOKS, Turn.WORKING, 9.0, tool_activity=True),  # earlier than the block
        claim(Rank.HOOKS, Turn.WORKING, 11.0),  # no tool
        claim(Rank.HOOKS, Turn.IDLE, 11.0, tool_activity=True),  # not working
        claim(Rank.SCREEN, Turn.WORKING, 11.0, tool_activity=True),  # a guess
    ],
)
def test_a_block_is_not_demoted_by_less(other: Evidence) -> None:
    verdict = reduce([claim(Rank.OSC7501, Turn.BLOCKED, 10.0, blocked=Blocked.AUTH), other], 12.0)
    assert (verdict.turn, verdict.blocked) == (Turn.BLOCKED, Blocked.AUTH)


def test_nothing_that_can_be_forged_closes_a_block_of_the_protocol() -> None:
    forged = [claim(rank, Turn.WORKING, 99.0, tool_activity=True) for rank in Rank if rank is not Rank.PROTOCOL]
    verdict = reduce([claim(Rank.PROTOCOL, Turn.BLOCKED, 10.0, blocked=Blocked.PERMISSION), *forged], 100.0)
    assert (verdict.turn, verdict.source) == (Turn.BLOCKED, "protocol")


@pytest.mark.parametrize("turn", [Turn.IDLE, Turn.DONE])
@pytest.mark.parametrize("rank", [Rank.HOOKS, Rank.TITLE, Rank.SCREEN])
def test_a_weak_end_of_turn_settles_first(rank: Rank, turn: Turn) -> None:
    evidence = [claim(rank, turn, 10.0)]
    held = reduce(evidence, 10.0 + SETTLE_S - 0.01, Turn.WORKING)
    assert (held.turn, held.settling, held.recheck) == (Turn.WORKING, True, 10.0 + SETTLE_S)
    assert "held back" in held.ignored[-1]
    assert reduce(evidence, 10.0 + SETTLE_S, Turn.WORKING).turn is turn
    # What was blocked goes on first: the answer was given, so "blocked" would be false meanwhile.
    assert reduce(evidence, 10.1, Turn.BLOCKED).turn is Turn.WORKING


def test_the_settle_window_ends_no_later_than_the_claim() -> None:
    held = reduce([claim(Rank.HOOKS, Turn.DONE, 10.0, expires=10.5)], 10.1, Turn.WORKING)
    assert held.recheck == 10.5


@pytest.mark.parametrize("rank", [Rank.PROTOCOL, Rank.OSC7501])
def test_an_explicit_end_of_turn_is_believed_at_once(rank: Rank) -> None:
    assert reduce([claim(rank, Turn.DONE)], 10.0, Turn.WORKING).turn is Turn.DONE


def test_a_first_idle_and_an_error_have_nothing_to_settle() -> None:
    assert reduce([claim(Rank.TITLE, Turn.IDLE)], 10.0).turn is Turn.IDLE
    assert reduce([claim(Rank.TITLE, Turn.ERROR)], 10.0, Turn.WORKING).turn is Turn.ERROR


def test_a_block_reason_without_a_block_means_nothing() -> None:
    assert reduce([claim(Rank.PROTOCOL, Turn.IDLE, blocked=Blocked.AUTH)], 11.0).blocked is None


def test_details_are_safe_to_show() -> None:
    assert reduce([claim(Rank.OSC7501, Turn.WORKING, detail="a\u202eb\x1b[1m\nc")], 11.0).detail == "ab c"


@pytest.mark.parametrize("turn", [t for t in Turn if t is not Turn.WORKING])
@pytest.mark.parametrize("rank", [rank for rank in Rank if rank is not Rank.PROTOCOL])
def test_what_is_forged_under_a_native_session_is_ignored_and_told(rank: Rank, turn: Turn) -> None:
    forged = claim(rank, turn, 99.0, blocked=Blocked.AUTH, detail="log in here", tool_activity=True, confidence=1.0)
    verdict = reduce([claim(Rank.PROTOCOL, Turn.WORKING, 10.0, confidence=0.5), forged], 100.0, Turn.WORKING)
    assert (verdict.turn, verdict.blocked, verdict.source, verdict.detail) == (Turn.WORKING, None, "protocol", "")
    assert verdict.confidence == 0.5
    (told,) = verdict.ignored
    assert told.startswith({Rank.OSC7501: "osc7501 says "}.get(rank, rank.name.lower()))
    assert turn.value in told


def test_a_second_question_is_not_answered_by_the_tool_of_the_first() -> None:
    tool = claim(Rank.HOOKS, Turn.WORKING, 11.0, tool_activity=True)
    again = claim(Rank.OSC7501, Turn.BLOCKED, 12.0, blocked=Blocked.PERMISSION)
    assert reduce([again, tool], 13.0).turn is Turn.BLOCKED


def test_what_was_demoted_stays_so_when_the_tool_activity_has_expired() -> None:
    blocked = claim(Rank.OSC7501, Turn.BLOCKED, 10.0, blocked=Blocked.PERMISSION)
    tool = claim(Rank.HOOKS, Turn.WORKING, 11.0, tool_activity=True, expires=131.0)
    demoted = reduce([blocked, tool], 130.9)
    assert (demoted.turn, demoted.recheck) == (Turn.WORKING, 131.0)
    over = reduce([blocked, tool, claim(Rank.PROCESS, Turn.WORKING)], 131.0)
    assert over.turn is Turn.UNKNOWN
    assert over.ignored == (
        "hooks says working: expired",
        "osc7501 says blocked (permission): demoted, a tool ran later (hooks)",
        "process says working: processes only corroborate",
    )
    screen = claim(Rank.SCREEN, Turn.IDLE, 12.0)
    assert reduce([blocked, tool, screen], 131.0).turn is Turn.IDLE


def test_each_rank_falls_to_the_next_one_that_still_speaks() -> None:
    ladder = [
        claim(Rank.OSC7501, Turn.WORKING, expires=60.0),
        claim(Rank.HOOKS, Turn.BLOCKED, blocked=Blocked.PERMISSION, expires=50.0),
        claim(Rank.TITLE, Turn.IDLE, expires=70.0),
        claim(Rank.SCREEN, Turn.ERROR, expires=80.0),
    ]
    said = {now: reduce(ladder, now) for now in (59.0, 60.0, 70.0, 80.0)}
    assert [(v.source, v.turn) for v in said.values()] == [
        ("osc7501", Turn.WORKING),
        ("title", Turn.IDLE),
        ("screen", Turn.ERROR),
        ("none", Turn.UNKNOWN),
    ]
    # The next look is when the first of all that still count is over: a weaker one may have been the reason told.
    assert [v.recheck for v in said.values()] == [60.0, 70.0, 80.0, None]


def test_an_own_end_of_turn_is_believed_at_once_even_where_a_title_still_spins() -> None:
    done = claim(Rank.OSC7501, Turn.DONE, 10.0)
    spinner = claim(Rank.TITLE, Turn.WORKING, 9.0)
    verdict = reduce([spinner, done], 10.0, Turn.WORKING)
    assert (verdict.turn, verdict.settling, verdict.source) == (Turn.DONE, False, "osc7501")
    assert verdict.ignored == ("title says working: weaker than osc7501",)


def said(evidence: list[Evidence], now: float = 12.0, before: Turn = Turn.UNKNOWN) -> str:
    return why(reduce(evidence, now, before), evidence)


def test_why_the_chosen_one_was_chosen_is_told_in_words() -> None:
    assert said([]) == "no evidence counts now, so the turn is unknown"
    title = claim(Rank.TITLE, Turn.WORKING)
    assert said([title]) == "the strongest source that speaks and has not expired"
    assert said([title, claim(Rank.PROCESS, Turn.WORKING)]).endswith(", corroborated by process")
    assert "held back for 0.7 s" in said([claim(Rank.TITLE, Turn.IDLE, 11.9)], before=Turn.WORKING)
    blocked = claim(Rank.OSC7501, Turn.BLOCKED, 10.0, blocked=Blocked.PERMISSION)
    tool = claim(Rank.HOOKS, Turn.WORKING, 11.0, tool_activity=True)
    assert "given elsewhere" in said([blocked, tool])
