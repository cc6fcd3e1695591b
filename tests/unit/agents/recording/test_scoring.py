from __future__ import annotations

import pytest

from agents.recording.labels import Labels, Span
from agents.recording.scoring import Class, Flaw, Said, Score, score

#: A turn with one permission: idle, working from 10 s, asking from 20 s to 30 s, working, done from 40 s.
TURN = (
    Span(0.0, 10.0, "idle"),
    Span(10.0, 20.0, "working"),
    Span(20.0, 30.0, "blocked", "permission"),
    Span(30.0, 40.0, "working"),
    Span(40.0, 60.0, "done", alt=("idle",)),
)
PERFECT = ((0.0, "rest"), (10.0, "working"), (20.0, "needs_you"), (30.0, "working"), (40.0, "rest"))


def labels(*spans: Span, duration: float = 60.0) -> Labels:
    return Labels("test", "terminal", "1", None, duration, spans)


def scored(
    *points: tuple[float, str], spans: tuple[Span, ...] = TURN, reason: str = "permission", pty: bool = True
) -> tuple[Score, tuple[Flaw, ...]]:
    said = [Said(t, Class(what), reason if what == "needs_you" else None) for t, what in points]
    return score(said, labels(*spans, duration=max(60.0, spans[-1].end)), pty=pty)


def shifted(by: float) -> list[tuple[float, str]]:
    return [(t + by if t else t, what) for t, what in PERFECT]


def test_what_is_said_at_once_is_wholly_right() -> None:
    found, flaws = scored(*PERFECT)
    assert flaws == ()
    assert (found.seconds, found.right, found.unknown) == (60.0, 60.0, 0.0)
    assert found.found == {Class.REST: 2, Class.WORKING: 2, Class.NEEDS_YOU: 1}
    assert found.correct == {Class.REST: 2, Class.WORKING: 2, Class.NEEDS_YOU: 1}
    assert (found.missed, found.wrong, found.false_alarms) == ({}, {}, 0)
    assert [found.recall(one) for one in (Class.NEEDS_YOU, Class.REST)] == [1.0, 1.0]
    assert found.precision(Class.NEEDS_YOU) == 1.0
    assert found.delays == {Class.WORKING: [0.0, 0.0], Class.NEEDS_YOU: [0.0], Class.REST: [0.0]}


def test_what_is_said_in_time_is_right_and_its_delay_is_told() -> None:
    found, flaws = scored(*shifted(0.4))
    assert flaws == ()
    assert found.recall(Class.NEEDS_YOU) == found.precision(Class.REST) == 1.0
    assert found.delay(0.99, Class.WORKING, Class.NEEDS_YOU) == pytest.approx(0.4)
    assert found.right == pytest.approx(60 - 4 * 0.4)


def test_what_is_said_late_is_missed_and_the_class_before_it_is_wrong() -> None:
    found, flaws = scored((0, "rest"), (10, "working"), (21.5, "needs_you"), (30, "working"), (40, "rest"))
    assert found.missed == {Class.NEEDS_YOU: 1}
    assert found.recall(Class.NEEDS_YOU) == 0.0
    assert found.wrong == {Class.WORKING: 1}  # it went on for longer than is allowed
    assert found.delays[Class.NEEDS_YOU] == [1.5]
    assert found.false_alarms == 0
    assert {flaw.problem for flaw in flaws} == {
        "said to be working from 20.500 to 21.500 s",
        "said, but not true any more from 20.500 s on",
    }


def test_the_end_of_a_turn_may_settle() -> None:
    found, _ = scored(*PERFECT[:-1], (41.1, "rest"))
    assert found.missed == {}
    found, _ = scored(*PERFECT[:-1], (41.3, "rest"))
    assert found.missed == {Class.REST: 1}


def test_a_flicker_of_unknown_misses_the_episode() -> None:
    found, flaws = scored(
        (0, "rest"),
        (10, "working"),
        (20, "needs_you"),
        (24, "unknown"),
        (24.1, "needs_you"),
        (30, "working"),
        (40, "rest"),
    )
    assert found.recall(Class.NEEDS_YOU) == 0.0
    assert found.precision(Class.NEEDS_YOU) == 1.0
    assert found.unknown == pytest.approx(0.1)
    assert [flaw.problem for flaw in flaws] == ["said to be unknown from 24.000 to 24.100 s"]


def test_nothing_known_misses_everything() -> None:
    found, _ = scored()
    assert found.recall(Class.NEEDS_YOU) == found.recall(Class.REST) == 0.0
    assert found.precision(Class.NEEDS_YOU) is None
    assert found.unknown == 60.0
    assert found.delays[Class.NEEDS_YOU] == [10.0]  # a change that is missed counts with its whole episode


def test_a_false_needs_you_is_counted_however_short() -> None:
    found, flaws = scored((0, "rest"), (10, "working"), (12, "needs_you"), (12.02, "working"), *PERFECT[2:])
    assert found.false_alarms == 1
    assert found.precision(Class.NEEDS_YOU) == 0.5
    assert found.recall(Class.NEEDS_YOU) == 1.0
    assert Flaw(12.0, 12.02, Class.NEEDS_YOU, "said, but never true") in flaws


def test_a_needs_you_that_comes_again_after_the_answer_is_false() -> None:
    found, _ = scored(*PERFECT[:3], (30.0, "working"), (30.1, "needs_you"), (30.2, "working"), (40, "rest"))
    assert found.false_alarms == 1


def test_a_needs_you_that_outlives_its_answer_is_false() -> None:
    assert scored(*PERFECT[:3], (30.45, "working"), (40, "rest"))[0].false_alarms == 0
    assert scored(*PERFECT[:3], (30.6, "working"), (40, "rest"))[0].false_alarms == 1


def test_a_needs_you_where_nothing_is_labelled_is_false_but_rest_there_is_not_judged() -> None:
    spans = (Span(0.0, 10.0, "idle"), Span(20.0, 60.0, "idle"))
    assert scored((0, "rest"), (12, "needs_you"), (14, "rest"), spans=spans)[0].false_alarms == 1
    found, flaws = scored((0, "rest"), (10, "working"), (20, "rest"), spans=spans)
    assert (found.seconds, found.right, flaws) == (50.0, 50.0, ())


def test_the_start_of_a_terminal_is_not_scored_but_that_of_a_protocol_is() -> None:
    spans = (Span(0.0, 5.0, "starting"), Span(5.0, 60.0, "idle"))
    points = ((0.0, "working"), (5.0, "rest"))
    found, flaws = scored(*points, spans=spans)
    assert (found.seconds, flaws) == (55.0, ())
    assert found.delays == {Class.REST: [0.0]}
    found, flaws = scored(*points, spans=spans, pty=False)
    assert found.missed == {Class.STARTING: 1}
    assert scored((0.0, "starting"), (5.0, "rest"), spans=spans, pty=False)[1] == ()


def test_an_alternative_is_as_right() -> None:
    spans = (Span(0.0, 10.0, "working", alt=("blocked",)), Span(10.0, 60.0, "idle"))
    found, flaws = scored((0, "working"), (3, "needs_you"), (6, "working"), (10, "rest"), spans=spans)
    assert flaws == ()
    assert (found.false_alarms, found.recall(Class.WORKING)) == (0, 1.0)
    assert scored((0, "working"), (3, "rest"), (6, "working"), (10, "rest"), spans=spans)[0].missed == {
        Class.WORKING: 1
    }


def test_done_idle_and_a_failed_turn_are_one_class() -> None:
    spans = (Span(0.0, 10.0, "idle"), Span(10.0, 20.0, "done"), Span(20.0, 60.0, "error"))
    found, flaws = scored((0.0, "rest"), spans=spans)
    assert (found.found, flaws, found.delays) == ({Class.REST: 1}, (), {})


def test_an_episode_as_short_as_what_is_allowed_is_neither_found_nor_missed() -> None:
    spans = (Span(0.0, 10.0, "working"), Span(10.0, 10.6, "blocked", "permission"), Span(10.6, 60.0, "working"))
    found, flaws = scored((0, "working"), spans=spans)
    assert (found.found, found.missed, found.delays, flaws) == ({Class.WORKING: 2}, {}, {Class.WORKING: [0.0]}, ())
    found, _ = scored((0, "working"), (10.3, "needs_you"), (10.6, "working"), spans=spans)
    assert found.correct[Class.NEEDS_YOU] == 1
    assert found.delays[Class.NEEDS_YOU] == [pytest.approx(0.3)]


def test_another_reason_is_told() -> None:
    found, flaws = scored(*PERFECT, reason="question")
    assert (found.recall(Class.NEEDS_YOU), found.other_reason) == (1.0, 1)
    assert [flaw.problem for flaw in flaws] == ["found, but for another reason than it has"]


def test_a_driver_may_see_a_change_a_little_later_than_we_do() -> None:
    assert scored(*shifted(-0.2))[1] == ()
    assert scored(*shifted(-0.3))[1] != ()


def test_what_is_said_before_the_first_label_is_not_held_against_rest() -> None:
    found, flaws = scored((0.0, "rest"), spans=(Span(5.0, 60.0, "idle"),))
    assert (found.correct, flaws) == ({Class.REST: 1}, ())


def test_scores_add_up() -> None:
    total = Score()
    for points in (PERFECT, [], shifted(0.4)):
        total.add(scored(*points)[0])
    assert total.recordings == 3
    assert total.recall(Class.NEEDS_YOU) == pytest.approx(2 / 3)
    assert total.seconds == 180.0
    assert sorted(total.delays[Class.NEEDS_YOU]) == [0.0, pytest.approx(0.4), 10.0]
    assert total.delay(0.5, Class.NEEDS_YOU) == pytest.approx(0.4)
    assert total.delay(0.99, Class.NEEDS_YOU) == 10.0


def test_a_change_is_due_once_what_was_true_before_is_right_no_more() -> None:
    """Between Enter and the request to the model nobody can know that the program took it."""
    spans = (
        Span(0.0, 10.0, "idle"),
        Span(10.0, 16.0, "working", alt=("idle",), note="Enter"),
        Span(16.0, 30.0, "working", note="it asks the model"),
        Span(30.0, 40.0, "done", alt=("idle", "working"), note="the model has answered"),
        Span(40.0, 60.0, "done", alt=("idle",)),
    )
    found, flaws = scored((0, "rest"), (12, "working"), (33, "rest"), spans=spans)
    assert flaws == ()
    assert found.delays == {Class.WORKING: [0.0], Class.REST: [0.0]}
    assert found.open == 6.0 + 10.0  # idle beside done is the same class
    found, flaws = scored((0, "rest"), (16.4, "working"), (41, "rest"), spans=spans)
    assert flaws == ()
    assert found.delays == {Class.WORKING: [pytest.approx(0.4)], Class.REST: [1.0]}
    found, flaws = scored((0, "rest"), (17, "working"), (42, "rest"), spans=spans)
    assert found.missed == {Class.WORKING: 1, Class.REST: 1}
    assert found.delays == {Class.WORKING: [1.0], Class.REST: [2.0]}


def test_a_change_that_may_be_told_later_and_never_need_be_has_no_delay() -> None:
    spans = (Span(0.0, 10.0, "working"), Span(10.0, 20.0, "done", alt=("working",)), Span(20.0, 60.0, "working"))
    found, flaws = scored((0, "working"), spans=spans)
    assert (flaws, found.delays) == ((), {Class.WORKING: [0.0]})


def test_what_is_right_for_a_moment_only_need_not_be_said() -> None:
    """A dialog may be seen from the call of the tool on, which comes a moment after the answer of the model."""
    spans = (
        Span(0.0, 10.0, "blocked", "permission"),
        Span(10.0, 14.0, "working", alt=("blocked",), note="answered"),
        Span(14.0, 14.001, "working", note="it asks the model"),
        Span(14.001, 20.0, "working", alt=("blocked",), note="the model has called the tool"),
        Span(20.0, 60.0, "blocked", "permission"),
    )
    assert scored((0, "needs_you"), spans=spans)[1] == ()
    assert scored((0, "needs_you"), (10, "working"), (20, "needs_you"), spans=spans)[1] == ()
