"""What Claude Code's protocol demands beyond what one recording shows."""

from __future__ import annotations

import json
import re

import pytest

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.adapters.contract import (
    Answer,
    NotPossible,
    PlanChanged,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    TurnStarted,
)
from agents.model import Stream, Turn
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.claude_tape import KIND, opened, turn_now
from tests.unit.agents.adapters.tape import Drive, prompt, spec

QUESTIONS = [
    {"question": "Which?", "options": [{"label": "a"}, {"label": "b"}], "multiSelect": True},
    {"question": "Why?"},
]


def test_the_session_is_open_once_the_mode_is_read_back() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude")))
    drive.start()
    assert [m["request"]["subtype"] for m in drive.settle()] == ["initialize"]
    drive.says(claude.response("init.1", {}))
    assert not drive.adapter.ready()
    assert [m["request"] for m in drive.settle()] == [{"subtype": "set_permission_mode", "mode": "default"}]
    facts = drive.says(claude.response("configure.1", {"mode": "default"}))
    assert [type(fact) for fact in facts][-1] is SessionStarted
    assert drive.adapter.ready()


def test_the_session_id_is_known_before_a_launch_and_is_each_agents_own() -> None:
    one, same = ClaudeAdapter(KIND, spec(id="a1")), ClaudeAdapter(KIND, spec(id="a1"))
    other = ClaudeAdapter(KIND, spec(id="a2"))
    assert one.arguments() == same.arguments()
    assert one.arguments()[0] == "--session-id"
    assert one.session_id != other.session_id


def test_a_session_is_continued_once_the_program_has_it() -> None:
    drive = opened()
    assert drive.adapter.arguments()[0] == "--session-id"
    prompt(drive)
    drive.says(claude.INIT)
    assert drive.adapter.arguments()[0] == "--resume"
    drive.ctl("exit", code=None, signal=9)
    assert drive.adapter.arguments()[0] == "--resume"
    assert ClaudeAdapter(KIND, spec(session_id="s-1")).arguments() == ("--resume", "s-1")
    assert ClaudeAdapter(KIND, spec(model="haiku")).arguments()[2:] == ("--model", "haiku")


def test_no_two_processes_use_the_same_id_for_a_message() -> None:
    drive = opened()
    first = json.loads(drive.adapter.prompt(1, "x"))["uuid"]
    drive.start(2)
    drive.settle()
    drive.says(claude.response("init.2", {}))
    drive.settle()
    drive.says(claude.response("configure.2", {"mode": "default"}))
    assert json.loads(drive.adapter.prompt(1, "x"))["uuid"] != first
    assert prompt(drive, 7, "x") == [TurnStarted(7, "x")]


def test_every_request_that_is_not_offered_is_refused() -> None:
    drive = opened()
    drive.says(claude.control("h1", subtype="hook_callback"), claude.control("h2", subtype="hook_callback"))
    assert [m["response"]["subtype"] for m in drive.settle()] == ["error", "error"]
    assert list(drive.adapter.wants()) == []


def test_a_plan_counts_once_it_was_taken() -> None:
    drive = opened()
    prompt(drive)
    todos = [{"content": "Read it", "status": "completed"}, {"content": "Edit it", "status": "odd"}]
    drive.says(claude.tool("t1", "TodoWrite", todos=todos), claude.tool_result("t1", "no such tool", is_error=True))
    assert not any(isinstance(fact, PlanChanged) for fact in drive.facts)
    drive.says(claude.tool("t2", "TodoWrite", todos=todos), claude.tool_result("t2", "ok"))
    (plan,) = [fact for fact in drive.facts if isinstance(fact, PlanChanged)]
    assert [(e.text, e.status) for e in plan.entries] == [("Read it", "completed"), ("Edit it", "pending")]
    assert not any(isinstance(fact, ToolCallChanged) for fact in drive.facts)


def test_thoughts_are_told_apart_and_a_subagents_words_are_not_the_agents() -> None:
    drive = opened()
    prompt(drive)
    drive.says(*claude.streamed("let me see", kind="thinking"))
    assert turn_now(drive) == (Turn.WORKING, "thinking")
    piece = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "sub"}}
    drive.says({**claude.event(piece), "parent_tool_use_id": "t9"})
    assert {(f.role, f.text) for f in drive.facts if isinstance(f, TextAppended)} == {
        ("thought", "let m"),
        ("thought", "e see"),
    }


def test_a_result_for_other_messages_ends_nothing() -> None:
    drive = opened()
    prompt(drive)
    assert not any(isinstance(f, TurnEnded) for f in drive.says(claude.result(user_message_uuids=["another"])))
    assert not drive.adapter.ready()
    assert any(isinstance(f, TurnEnded) for f in drive.says(claude.result()))


def test_a_turn_the_program_began_on_its_own_is_working_and_ends() -> None:
    drive = opened()
    drive.says(claude.INIT)
    assert turn_now(drive)[0] is Turn.WORKING
    assert not drive.adapter.ready()
    with pytest.raises(NotPossible, match="still running"):
        drive.adapter.prompt(1, "x")
    facts = drive.says(claude.result())
    assert not any(isinstance(f, TurnEnded) for f in facts)
    assert turn_now(drive)[0] is Turn.DONE


def test_dollars_go_on_over_a_resume_and_over_a_new_count() -> None:
    drive = opened()
    costs = []
    for turn, total in enumerate((0.5, 0.75, 0.25), start=1):
        prompt(drive, turn)
        drive.says(claude.result(total_cost_usd=total, usage={"output_tokens": 3}))
        costs.append(json.loads(drive.adapter.dump())["spent"]["usage"]["cost"])
    assert costs == [0.5, 0.75, 1.0]
    assert json.loads(drive.adapter.dump())["spent"]["usage"]["output_tokens"] == 9


def test_a_form_of_questions_is_answered_whole() -> None:
    drive = opened()
    prompt(drive)
    drive.says(claude.asks("r1", "AskUserQuestion", "t1", suggestions=[], questions=QUESTIONS))
    (request,) = drive.adapter.requests()
    assert [(q.text, q.choices, q.multiple) for q in request.questions] == [
        ("Which?", ("a", "b"), True),
        ("Why?", (), False),
    ]
    for answers, words in (({"Which?": "a"}, "“Why?” needs"), ({"Which?": "a", "Why?": "b", "Who?": "c"}, "“Who?”")):
        with pytest.raises(NotPossible, match=re.escape(words)):
            drive.adapter.answer(request.key, Answer("answer", answers=answers))
    sent = json.loads(drive.adapter.answer(request.key, Answer("answer", answers={"Which?": "a, b", "Why?": "so"})))
    assert sent["response"]["response"]["updatedInput"]["answers"] == {"Which?": "a, b", "Why?": "so"}


def test_always_is_offered_only_where_the_program_suggests_something() -> None:
    drive = opened()
    prompt(drive)
    drive.says(claude.asks("r1", "Bash", "t1", suggestions=[], command="rm \u202ex"))
    (request,) = drive.adapter.requests()
    assert [option.kind for option in request.options] == ["allow_once", "reject_once"]
    assert request.command == "rm ⟨U+202E⟩x", "what is approved is shown whole"
    with pytest.raises(NotPossible, match="no way to always"):
        drive.adapter.answer(request.key, Answer("always"))
    sent = json.loads(drive.adapter.answer(request.key, Answer("allow")))
    assert sent["response"]["response"]["updatedInput"] == {"command": "rm \u202ex"}, "and is what runs"


def test_an_unknown_tool_shows_its_whole_input() -> None:
    drive = opened()
    (fact,) = drive.says(claude.asks("r1", "mcp__db__drop", "t1", table="users"))
    assert isinstance(fact, RequestOpened)
    assert fact.request.title == "mcp__db__drop"
    assert '"users"' in fact.request.detail


def test_a_program_that_ends_in_the_handshake_is_explained() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude")))
    drive.start()
    drive.settle()
    drive.feed(Stream.ERR, b"unknown option --verbos\n")
    facts = drive.ctl("exit", code=1, signal=None)
    assert [f.hint for f in facts if isinstance(f, SessionFailed)] == ["unknown option --verbos"]


def test_modes_it_does_not_have_are_named() -> None:
    with pytest.raises(NotPossible, match="default, acceptEdits, plan, auto, dontAsk"):
        opened().adapter.set_mode("yolo", "e1")
