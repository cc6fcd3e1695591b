"""The row's side of the conversation: turns, news, what it does now."""

from __future__ import annotations

import msgspec
import pytest

from agents.adapters.contract import (
    TYPED,
    CommandsChanged,
    Fact,
    ModesChanged,
    PlanChanged,
    ProcessStarted,
    PromptTaken,
    RequestClosed,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    TurnStarted,
    UsageChanged,
)
from agents.model import Blocked, Cause, Mode, PlanEntry, Request, SlashCommand, ToolCall, Usage
from agents.supervisor.conversation import MAX_ENDS, MAX_NEWS, MAX_OUTCOMES, Conversation


def talk(*facts: Fact) -> Conversation:
    conversation = Conversation()
    for seq, fact in enumerate(facts):
        conversation.apply(fact, seq, 1000.0 + seq)
    return conversation


def request(key: str) -> RequestOpened:
    return RequestOpened(Request(key, Blocked.PERMISSION, "Run x", 0.0))


def test_turns_count_and_ends_and_questions_are_news() -> None:
    conversation = talk(TurnStarted(1, "go"), request("k"), RequestClosed("k", "allowed"), TurnEnded(1, "end", ok=True))
    assert (conversation.started, conversation.ended) == (1, 1)
    assert [conversation.unread(seq) for seq in (-1, 0, 1, 2, 3)] == [2, 2, 1, 1, 0]
    conversation.forget_news(1)
    assert conversation.news == [3]
    assert conversation.outcomes["k"].outcome == "allowed"


def test_a_late_end_of_an_earlier_turn_does_not_turn_the_count_back() -> None:
    conversation = talk(TurnStarted(3, "c"), TurnEnded(3, "end", ok=True), TurnEnded(2, "end", ok=True))
    assert conversation.ended == 3


def test_what_it_does_is_its_newest_open_tool_call_else_its_plan() -> None:
    plan = PlanChanged((PlanEntry("first", "completed"), PlanEntry("second", "in_progress")))
    assert talk(plan).activity == "second"
    calls = [ToolCallChanged(ToolCall("1", "Read a")), ToolCallChanged(ToolCall("2", "Read b", status="in_progress"))]
    assert talk(plan, *calls).activity == "Read b"
    assert talk(plan, *calls, ToolCallChanged(ToolCall("2", "Read b", status="completed"))).activity == "Read a"
    assert talk(plan, *calls, TurnEnded(1, "end", ok=True)).tools == {}
    assert talk(ToolCallChanged(ToolCall("1", "old"), replayed=True)).activity == ""


def test_a_session_opens_fails_and_begins_anew_with_another_process() -> None:
    assert talk(SessionStarted("s1")).session_id == "s1"
    failed = talk(SessionFailed("initialize failed", "install it"))
    assert (failed.opened, failed.failure, failed.hint, failed.unread(-1)) == (
        True,
        "initialize failed",
        "install it",
        1,
    )
    again = talk(SessionStarted("s1"), ProcessStarted(2, 7))
    assert (again.opened, again.session_id) == (False, "s1")


def test_modes_commands_and_usage_are_the_latest() -> None:
    conversation = talk(
        ModesChanged((Mode("ask", "Ask"),), "ask"),
        CommandsChanged((SlashCommand("init"),)),
        UsageChanged(Usage(input_tokens=5)),
        UsageChanged(Usage(input_tokens=9)),
        TextAppended("message", "hello"),
    )
    assert (conversation.mode, conversation.usage.input_tokens, conversation.commands[0].name) == ("ask", 9, "init")


def test_memory_is_bounded() -> None:
    conversation = Conversation()
    for n in range(MAX_NEWS + 100):
        conversation.apply(TurnEnded(n, "end", ok=True), n, 0.0)
        conversation.apply(RequestClosed(f"k{n}", "allowed"), n, 0.0)
    assert len(conversation.news) == MAX_NEWS
    assert len(conversation.outcomes) == MAX_OUTCOMES
    assert f"k{MAX_NEWS + 99}" in conversation.outcomes


@pytest.mark.parametrize("empty", [True, False])
def test_an_end_without_output_is_kept_until_the_next_turn(empty: bool) -> None:
    assert talk(TurnEnded(1, "end", ok=True, empty=empty)).empty is empty
    assert not talk(TurnEnded(1, "end", ok=True, empty=True), TurnStarted(2, "x")).empty


def test_saved_and_loaded_it_is_the_same() -> None:
    conversation = talk(TurnStarted(1, "go"), request("k"), ToolCallChanged(ToolCall("1", "x")))
    saved = msgspec.msgpack.encode(conversation)
    assert msgspec.msgpack.decode(saved, type=Conversation) == conversation


@pytest.mark.parametrize(
    ("facts", "taken", "begun"),
    [
        ((), 0, 0),
        ((PromptTaken(2),), 2, 0),
        ((TextAppended("user", "go"),), 2, 0),  # an echo
        ((TextAppended("message", "hm"),), 2, 2),
        ((TextAppended("thought", "hm"),), 2, 2),
        ((TextAppended("message", "old", replayed=True),), 0, 0),
        ((ToolCallChanged(ToolCall("1", "Read a")),), 2, 2),
        ((ToolCallChanged(ToolCall("1", "Read a"), replayed=True),), 0, 0),
        ((PlanChanged((PlanEntry("first"),)),), 2, 2),
        ((PlanChanged((PlanEntry("first"),), replayed=True),), 0, 0),
        ((request("k"),), 2, 2),
        ((TurnEnded(2, "end_turn", ok=True),), 2, 2),
        ((TurnEnded(2, "error", ok=False),), 2, 2),  # it refused it: it has read it
        ((TurnEnded(2, "process_ended", ok=False),), 0, 0),  # nobody knows
        ((TurnEnded(2, "process_ended", ok=False), TextAppended("message", "late")), 0, 0),
    ],
)
def test_a_prompt_is_taken_by_what_the_program_shows_and_not_by_having_been_written(
    facts: tuple[Fact, ...], taken: int, begun: int
) -> None:
    conversation = talk(TurnStarted(2, "go"), *facts)
    assert (conversation.started, conversation.taken, conversation.begun) == (2, taken, begun)


def test_it_is_remembered_how_the_last_turns_ended() -> None:
    facts: list[Fact] = []
    for turn in range(1, MAX_ENDS + 3):
        facts += [TurnStarted(turn, "x"), TurnEnded(turn, "end_turn", ok=turn % 2 == 0, cause=Cause.NETWORK)]
    conversation = talk(*facts)
    assert list(conversation.ends) == list(range(3, MAX_ENDS + 3))
    assert (conversation.ends[3].ok, conversation.ends[4].ok) == (False, True)
    assert conversation.ends[3].cause is Cause.NETWORK
    assert conversation.running == 0


def test_a_typed_turn_is_news_and_leaves_the_numbers_of_messages_alone() -> None:
    first = (TurnStarted(1, "go"), PromptTaken(1, begun=True), TurnEnded(1, "end_turn", ok=True))
    running = talk(*first, TurnStarted(TYPED, ""))
    assert (running.is_typed, running.running, running.begun) == (True, 0, 1)
    over = talk(*first, TurnStarted(TYPED, ""), TurnEnded(TYPED, "error", ok=False))
    assert (over.is_typed, over.typed, over.started, over.ended) == (False, 1, 1, 1)
    assert over.ends[1].ok, "how a message's turn ended stays true"
    assert over.unread(-1) == 2
