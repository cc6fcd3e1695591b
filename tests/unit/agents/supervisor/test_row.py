"""The row: every axis from its own source, and the same after every replay."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.model import (
    Blocked,
    Capability,
    Cause,
    Delivery,
    Evidence,
    Headline,
    Health,
    Lifecycle,
    QueuedPrompt,
    Rank,
    Recovery,
    Request,
    RequestOption,
    Trouble,
    Turn,
    TurnDelivery,
)
from agents.spec import Kind, Spec
from agents.status.reduce import reduce
from agents.status.words import moment
from agents.supervisor import decisions
from agents.supervisor.conversation import Conversation
from agents.supervisor.decisions import Decisions
from agents.supervisor.row import Parts, build
from agents.supervisor.vitals import Vitals

SPEC = Spec("a1", "fix", "k", "acp", ("x",), "/w", "/p", created_at=1.0, slot=3, labels=("l",), team="t")
ASK = Request("key", Blocked.PERMISSION, "npm test", 5.0, options=(RequestOption("o", "allow_once", "Allow"),))


def parts(turn: Turn | None = None, blocked: Blocked | None = None, **fields: Any) -> Parts:
    evidence = [] if turn is None else [Evidence(Rank.PROTOCOL, turn, 10.0, 1010.0, blocked, "detail")]
    values: dict[str, Any] = {
        "spec": SPEC,
        "kind": Kind("k", "acp"),
        "decisions": Decisions(),
        "vitals": Vitals(Lifecycle.RUNNING, incarnation=1, pid=7, changed_at=1000.0),
        "conversation": Conversation(opened=True),
        "verdict": reduce(evidence, 20.0),
    }
    return Parts(**{**values, **fields})


def decided(*records: decisions.Record) -> Decisions:
    folded = Decisions()
    folded.fold(records)
    return folded


def test_without_evidence_the_turn_is_unknown_and_never_idle() -> None:
    row = build(parts())
    assert (row.turn, row.state, row.source, row.since) == (Turn.UNKNOWN, Headline.UNKNOWN, "none", 1000.0)


def test_an_open_request_is_what_it_asks_since_it_asked() -> None:
    row = build(parts(Turn.BLOCKED, Blocked.PERMISSION, requests=(ASK,)))
    assert (row.headline, row.blocked, row.rank, row.since) == ("allow npm test?", Blocked.PERMISSION, 2, 1010.0)


def test_a_login_that_is_missing_says_how_to_log_in() -> None:
    assert build(parts(Turn.BLOCKED, Blocked.AUTH)).reason == "detail"
    assert not build(parts(Turn.BLOCKED, Blocked.PERMISSION)).reason


def test_answered_it_works_again_before_the_agent_confirms() -> None:
    row = build(parts(Turn.BLOCKED, Blocked.PERMISSION, is_answered=True))
    assert (row.turn, row.blocked, row.state) == (Turn.WORKING, None, Headline.WORKING)


def test_a_process_that_is_gone_waits_for_nobody() -> None:
    gone = Vitals(Lifecycle.EXITED, pid=7, exit_code=3, changed_at=1500.0)
    row = build(parts(Turn.BLOCKED, Blocked.PERMISSION, vitals=gone))
    assert (row.turn, row.pid, row.headline, row.since) == (Turn.UNKNOWN, None, "exited 3", 1500.0)


def test_starting_lasts_until_the_protocol_is_there() -> None:
    assert build(parts(is_starting=True)).lifecycle is Lifecycle.STARTING
    assert build(parts(Turn.IDLE)).lifecycle is Lifecycle.RUNNING


def test_a_wanted_end_shows_until_it_came() -> None:
    wanted = decided(decisions.want(1.0, "stop"))
    assert build(parts(Turn.WORKING, decisions=wanted)).state is Headline.STOPPING


def test_a_failed_adapter_is_a_failed_agent_whose_process_goes_on() -> None:
    row = build(parts(Turn.WORKING, broken="it broke"))
    assert (row.lifecycle, row.pid) == (Lifecycle.FAILED, 7)
    assert row.reason == "it broke; its process 7 goes on"
    assert row.headline.startswith("failed: it broke")


def test_the_users_own_marks_overlay_the_spec() -> None:
    plain = build(parts())
    assert (plain.name, plain.slot, plain.labels, plain.team) == ("fix", 3, ("l",), "t")
    marked = decided(
        decisions.named(1.0, "new"),
        decisions.annotated(1.0, {"slot": 0, "labels": [], "team": "", "note": "n", "archived": True}),
    )
    row = build(parts(decisions=marked))
    assert (row.name, row.slot, row.labels, row.note, row.archived) == ("new", None, (), "n", True)


def test_what_is_unread_is_what_came_after_it_was_seen() -> None:
    talk = Conversation(opened=True, news=[3, 8], ended=1)
    assert build(parts(Turn.DONE, conversation=talk)).unread == 2
    seen = decided(decisions.seen(1.0, 8))
    row = build(parts(Turn.DONE, conversation=talk, decisions=seen))
    assert (row.unread, row.state) == (0, Headline.IDLE)


def test_a_snooze_holds_for_its_headline_only() -> None:
    snoozed = decided(decisions.snoozed(1.0, 99.0, "allow"))
    asking = parts(Turn.BLOCKED, Blocked.PERMISSION, requests=(ASK,), decisions=snoozed)
    assert build(asking).snoozed_until == 99.0
    assert build(parts(Turn.ERROR, decisions=snoozed)).snoozed_until is None


def test_what_an_ended_agent_can_do_is_what_needs_no_process() -> None:
    able = frozenset(Capability)
    assert len(build(parts(capabilities=able)).capabilities) == len(Capability)
    ended = build(parts(capabilities=able, vitals=Vitals(Lifecycle.EXITED, exit_code=0)))
    assert set(ended.capabilities) == {Capability.RESUME, Capability.TRANSCRIPT, Capability.TERMINAL}


@pytest.mark.parametrize(("health", "state"), [(Health.DISK_FULL, "parked"), (Health.STALLED, "silent")])
def test_health_shows_since_it_began(health: Health, state: str) -> None:
    row = build(parts(Turn.WORKING, health=health, health_since=1234.0))
    assert (row.state.value, row.since) == (state, 1234.0)


WAITS = Trouble(Cause.RATE_LIMIT, "429", 1000.0, 4600.0, retrying=True, attempt=3, attempts=10)


def test_who_tries_again_says_so_instead_of_what_it_did_before() -> None:
    talk = Conversation(started=1, tools={"1": "Read a"})
    row = build(parts(Turn.WORKING, conversation=talk, trouble=WAITS, health=Health.RATE_LIMITED))
    assert (row.state, row.activity, row.until) == (Headline.PARKED, "rate limited, attempt 3 of 10", 4600.0)
    assert (row.cause, row.trouble) == (Cause.RATE_LIMIT, WAITS)
    gave_up = msgspec.structs.replace(WAITS, retrying=False)
    assert build(parts(Turn.WORKING, conversation=talk, trouble=gave_up)).activity == "Read a"


@pytest.mark.parametrize(
    ("cause", "trouble", "headline"),
    [
        (Cause.BILLING, None, "failed: no credit"),
        (Cause.RATE_LIMIT, WAITS, f"failed: rate limited, resets {moment(4600.0, 1000.0)}"),
        (Cause.NETWORK, WAITS, "failed: no connection"),  # the trouble is about something else by now
        (Cause.UNKNOWN, None, "failed: detail"),
        (None, None, "failed: detail"),
    ],
)
def test_a_failed_turn_says_why_in_our_words(cause: Cause | None, trouble: Trouble | None, headline: str) -> None:
    talk = Conversation(started=1, ended=1, cause=cause)
    row = build(parts(Turn.ERROR, conversation=talk, trouble=trouble))
    assert (row.headline, row.reason) == (headline, "detail")


@pytest.mark.parametrize(
    ("delivered", "talk", "state"),
    [
        (0, Conversation(), None),
        (2, Conversation(started=1, taken=1, begun=1), (2, Delivery.DELIVERED)),
        (1, Conversation(started=2), (2, Delivery.DELIVERED)),
        (2, Conversation(started=2, taken=2, begun=1), (2, Delivery.SUBMITTED)),
        (2, Conversation(started=2, taken=2, begun=2), (2, Delivery.STARTED)),
    ],
)
def test_how_far_the_newest_message_got(delivered: int, talk: Conversation, state: tuple[int, Delivery] | None) -> None:
    made = Decisions()
    made.delivered = delivered
    row = build(parts(Turn.WORKING, conversation=talk, decisions=made))
    assert row.delivery == (None if state is None else TurnDelivery(*state))


def test_a_message_the_program_did_not_take_was_not_delivered_though_it_was_written() -> None:
    made = Decisions()
    made.delivered = 2
    made.queue[2] = QueuedPrompt(2, "hi", 0.0, "undelivered", "its input box stayed empty")
    row = build(parts(Turn.IDLE, decisions=made))
    assert row.delivery == TurnDelivery(2, Delivery.UNDELIVERED)


def test_a_terminal_beside_an_agent_asks_for_nobody_and_is_not_to_be_resumed() -> None:
    lost = Vitals(Lifecycle.LOST, incarnation=1, changed_at=1000.0)
    alone, beside = (msgspec.structs.replace(SPEC, terminal_of=of) for of in (None, "b1"))
    row = build(parts(spec=alone, vitals=lost))
    assert (row.rank, row.recovery) == (4, Recovery.RESUME)
    row = build(parts(spec=beside, vitals=lost))
    assert (row.rank, row.recovery, row.recovery_note, row.terminal_of) == (None, None, "", "b1")
