"""The fold over ``events.jsonl``: queue, intents, answers and wishes, as a next daemon finds them."""

from __future__ import annotations

import msgspec

from agents.status.hooks import Call
from agents.supervisor import decisions
from agents.supervisor.decisions import Beginning, Decisions, Given, Intent, Record
from agents.supervisor.shapes import Shape


def fold(*records: Record) -> Decisions:
    folded = Decisions()
    assert folded.fold(records) == []
    return folded


def prompt_intent(turn: int, incarnation: int = 1) -> Intent:
    return Intent(f"{incarnation}:prompt:{turn}", "prompt", incarnation, {"turn": turn})


def answer_intent(key: str = "1:0:abc") -> Intent:
    args = {"key": key, "outcome": "allowed", "by": "shell", "reason": "", "decision": "allow"}
    return Intent(f"1:answer:{key}", "answer", 1, args)


def test_a_message_goes_from_queued_to_started() -> None:
    folded = fold(decisions.launch(0, 1, "n"), decisions.queued(1, 1, "hello"))
    assert [(p.turn, p.text, p.state) for p in folded.waiting] == [(1, "hello", "queued")]
    folded.apply(decisions.intent(2, prompt_intent(1)))
    assert folded.queue[1].state == "sent"
    folded.apply(decisions.settled(3, "1:prompt:1", "written"))
    assert (folded.queue[1].state, folded.delivered) == ("delivered", 1)
    assert folded.intents == {}
    folded.started(1)
    assert folded.waiting == ()
    assert folded.next_turn == 2


def test_turn_numbers_are_never_given_twice() -> None:
    folded = fold(decisions.queued(1, 1, "a"), decisions.queued(1, 2, "b"), decisions.edited(2, 2, None))
    assert folded.next_turn == 3
    assert list(folded.queue) == [1]
    assert folded.dropped == (2,)


def test_what_was_refused_is_not_delivered_and_waits_again() -> None:
    folded = fold(decisions.queued(1, 1, "a"), decisions.intent(2, prompt_intent(1)))
    folded.apply(decisions.settled(3, "1:prompt:1", "refused: full"))
    assert (folded.queue[1].state, folded.delivered) == ("queued", 0)


def test_only_the_newest_dropped_messages_are_remembered() -> None:
    folded = fold(*(decisions.edited(1, turn, None) for turn in range(1, decisions.MAX_DROPPED + 3)))
    assert folded.dropped[0] == 3
    assert len(folded.dropped) == decisions.MAX_DROPPED


def test_an_edit_replaces_the_text_and_makes_an_undelivered_message_wait_again() -> None:
    folded = fold(decisions.queued(1, 1, "a"), decisions.undelivered(2, 1, "closed"))
    assert (folded.queue[1].state, folded.queue[1].reason) == ("undelivered", "closed")
    folded.apply(decisions.edited(3, 1, "b"))
    assert (folded.queue[1].state, folded.queue[1].text, folded.queue[1].reason) == ("queued", "b", "")


def test_a_new_process_drops_what_was_meant_for_the_former_and_tries_its_messages_again() -> None:
    folded = fold(
        decisions.launch(0, 1, "n1"),
        decisions.want(1, "stop"),
        decisions.queued(1, 1, "a"),
        decisions.intent(2, prompt_intent(1)),
        decisions.baseline(2, [5]),
        decisions.lost(2, "gone"),
        decisions.launch(3, 2, "n2"),
    )
    assert (folded.intents, folded.queue[1].state) == ({}, "queued")
    assert (folded.incarnation, folded.nonce, folded.want, folded.lost, folded.baseline) == (2, "n2", "", "", None)


def test_an_answer_is_given_once_and_taken_back_when_it_was_not_written() -> None:
    folded = fold(decisions.intent(5, answer_intent()))
    assert folded.given == {"1:0:abc": Given("allowed", "shell", 5.0)}
    folded.apply(decisions.settled(6, "1:answer:1:0:abc", "written"))
    assert "1:0:abc" in folded.given
    other = fold(decisions.intent(5, answer_intent()), decisions.settled(6, "1:answer:1:0:abc", "refused: closed"))
    assert other.given == {}


def test_notes_names_slots_and_snoozes() -> None:
    folded = fold(
        decisions.named(1, "new"),
        decisions.annotated(1, {"note": "n", "labels": ["a"], "team": "t", "archived": True, "slot": 4}),
        decisions.snoozed(1, 99.0, "done"),
        decisions.seen(1, 7),
        decisions.seen(1, 3),
        decisions.session(1, "s-1"),
    )
    assert (folded.name, folded.note, folded.labels, folded.team) == ("new", "n", ("a",), "t")
    assert (folded.archived, folded.slot, folded.slot_set) == (True, 4, True)
    assert (folded.snoozed_until, folded.snoozed_state, folded.seen_seq, folded.session_id) == (99.0, "done", 7, "s-1")
    folded.apply(decisions.annotated(2, {"slot": 0, "team": ""}))
    folded.apply(decisions.snoozed(2, 0.0, ""))
    assert (folded.slot, folded.team, folded.snoozed_until) == (None, None, None)


def test_records_of_a_newer_daemon_are_skipped_and_broken_ones_told() -> None:
    folded = Decisions()
    problems = folded.fold([{"t": "from the future", "x": 1}, {"t": "queued", "turn": 1}, decisions.queued(1, 1, "ok")])
    assert len(problems) == 1
    assert "record 2 (queued)" in problems[0]
    assert folded.queue[1].text == "ok"


def test_the_newest_beginning_holds_and_an_older_version_s_has_no_counts() -> None:
    made = Decisions()
    assert made.fold([{"t": "dropped", "at": 1.0, "bytes": 9, "why": "ended", "seq": 5}]) == []
    assert made.beginning == Beginning(5, None, 0)
    made.apply(decisions.dropped(2.0, 0, "its adapter failed", Beginning(9, 4, 2)))
    made.apply(decisions.dropped(3.0, 64, "too long"))
    assert made.beginning == Beginning(9, 4, 2)


def test_a_message_that_became_a_turn_is_not_put_back_by_a_launch() -> None:
    made = Decisions()
    for turn in (1, 2):
        made.apply(decisions.queued(1.0, turn, f"say {turn}"))
        made.apply(decisions.intent(1.0, Intent(f"1:prompt:{turn}", "prompt", 1, {"turn": turn})))
    made.apply(decisions.began(2.0, 1))
    made.apply(decisions.launch(3.0, 2, "nonce"))
    assert [(p.turn, p.state) for p in made.waiting] == [(2, "queued")]


LAUNCH = decisions.launch(1, 2, "n")
STOP = Call("Stop", 10.0, 20.0, 2, session="11111111-aaaa", transcript="/x.jsonl")


def test_a_hook_changes_what_is_believed_and_nothing_that_is_ordered() -> None:
    before = vars(fold(LAUNCH, decisions.queued(1, 1, "a")))
    after = vars(fold(LAUNCH, decisions.queued(1, 1, "a"), decisions.hooked(2, STOP)))
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"hook", "session_id", "session_file"}
    assert after["hook"] == STOP


def test_a_hook_of_another_process_is_no_evidence_about_this_one() -> None:
    late = decisions.hooked(2, msgspec.structs.replace(STOP, incarnation=1))
    assert fold(LAUNCH, late).hook is None
    assert fold(LAUNCH, decisions.hooked(2, STOP), decisions.launch(3, 3, "m")).hook is None


def test_a_session_has_begun_once_something_was_submitted_to_it() -> None:
    submitted = decisions.hooked(3, msgspec.structs.replace(STOP, event="UserPromptSubmit"))
    assert not fold(LAUNCH, decisions.hooked(2, STOP)).is_session_begun
    begun = fold(LAUNCH, decisions.hooked(2, STOP), submitted)
    assert begun.is_session_begun
    other = decisions.hooked(4, msgspec.structs.replace(STOP, session="22222222-bbbb", transcript=""))
    begun.apply(other)
    assert (begun.session_id, begun.is_session_begun, begun.session_file) == ("22222222-bbbb", False, "")


def test_a_hook_as_an_older_version_recorded_it_means_nothing() -> None:
    old = {"t": "hooked", "at": 2, "event": "Stop", "payload": "{}"}
    assert vars(fold(LAUNCH, old)) == vars(fold(LAUNCH))


SHAPE = Shape("tui", "terminal", ("x",), pty=True, session="33333333-cccc")


def test_a_switch_is_wanted_until_it_is_launched() -> None:
    wanted = fold(LAUNCH, decisions.switch(2, SHAPE), decisions.want(3, "stop", decisions.SWITCH))
    assert (wanted.switch, wanted.want) == (SHAPE, "stop")
    wanted.apply(decisions.launch(4, 3, "m", "", SHAPE))
    assert (wanted.switch, wanted.want, wanted.launched) == (None, "", {3: SHAPE})
    assert wanted.session_id == SHAPE.session


def test_a_switch_is_taken_back_and_gives_way_to_the_wish_to_end() -> None:
    assert fold(decisions.switch(2, SHAPE), decisions.switch(3, None)).switch is None
    assert fold(decisions.switch(2, SHAPE), decisions.want(3, "stop")).switch is None


def test_what_was_typed_is_known_by_its_time_only() -> None:
    typed = decisions.intent(7.5, Intent("i1", "input", 1, {"bytes": 1}))
    assert fold(typed).typed_at == 7.5
