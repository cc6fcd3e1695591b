"""What Claude Code's protocol demands beyond what one recording shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import pytest

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.adapters.contract import (
    Answer,
    Noted,
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


def test_a_handshake_that_takes_long_is_told_once() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude")))
    drive.start()
    drive.settle()
    due = drive.adapter.next_deadline()
    assert due is not None
    assert list(drive.adapter.tick(due - 1)) == []
    (note,) = drive.adapter.tick(due)
    assert isinstance(note, Noted)
    assert "30 s" in note.text
    assert drive.adapter.next_deadline() is None


def test_a_handshake_that_is_refused_ends_it() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude")))
    drive.start()
    drive.settle()
    (failed,) = drive.says(claude.response("init.1", error="too old"))
    assert failed == SessionFailed("the program refused the handshake: too old")
    with pytest.raises(NotPossible, match="could not be opened"):
        drive.adapter.prompt(1, "x")


def test_a_program_that_could_not_be_started_says_so() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude")))
    drive.start()
    (failed,) = drive.ctl("failed", error="No such file or directory", program="claude")
    assert isinstance(failed, SessionFailed)
    assert "claude could not be started" in failed.text


def test_lines_outside_the_protocol_are_told_up_to_a_point() -> None:
    drive = opened()
    drive.feed(Stream.OUT, b"odd\n" * 30)
    told = [fact.text for fact in drive.facts if isinstance(fact, Noted)]
    assert len(told) == 20
    assert told[-1].endswith("more of them are only in the raw log")


def test_a_flood_of_requests_is_refused_and_the_first_stay() -> None:
    drive = opened()
    prompt(drive)
    drive.says(*(claude.asks(f"r{n}", "Bash", f"t{n}", command="x") for n in range(40)))
    assert len(drive.adapter.requests()) == 32
    refused = [message["response"] for message in drive.settle()]
    assert [reply["request_id"] for reply in refused] == [f"r{n}" for n in range(32, 40)]
    assert {reply["subtype"] for reply in refused} == {"error"}


def test_requests_that_make_no_sense_are_notes() -> None:
    drive = opened()
    prompt(drive)
    drive.says(claude.asks("r1", "Bash", "t1", command="x"))
    for odd in (claude.asks("r1", "Bash", "t1", command="x"), {"type": "control_request", "request_id": 7}):
        (note,) = drive.says(odd)
        assert isinstance(note, Noted)
    assert len(drive.adapter.requests()) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Answer("shrug"), "answered with allow, always or deny"),
        (Answer("answer"), "answered with allow, always or deny"),
        (Answer("allow", option="always"), "no option “always” to allow with"),
    ],
)
def test_what_is_no_answer_to_a_permission_is_not_sent(given: Answer, words: str) -> None:
    drive = opened()
    prompt(drive)
    drive.says(claude.asks("r1", "Bash", "t1", command="x"))
    (request,) = drive.adapter.requests()
    with pytest.raises(NotPossible, match=words):
        drive.adapter.answer(request.key, given)


def test_a_question_is_not_allowed_but_answered() -> None:
    drive = opened()
    prompt(drive)
    drive.says(claude.asks("r1", "AskUserQuestion", "t1", suggestions=[], questions=QUESTIONS))
    (request,) = drive.adapter.requests()
    with pytest.raises(NotPossible, match="a question is answered or denied, not “allow”"):
        drive.adapter.answer(request.key, Answer("allow"))
    with pytest.raises(NotPossible, match="not open any more"):
        drive.adapter.answer("another", Answer("deny"))


def test_who_cannot_hear_is_not_spoken_to() -> None:
    drive = Drive(ClaudeAdapter(KIND, spec(family="claude")))
    acts: list[Callable[[], bytes]] = [
        lambda: drive.adapter.prompt(1, "x"),
        lambda: drive.adapter.steer("x", "e1-1"),
        lambda: drive.adapter.interrupt("e1-1"),
        lambda: drive.adapter.set_mode("plan", "e1-1"),
        lambda: drive.adapter.set_model("opus", "e1-1"),
    ]
    assert_refused(acts, "not running: resume it first")
    drive.start()
    assert_refused(acts, "its session is not open yet")
    drive = opened()
    drive.ctl("eof", stream="out")
    assert_refused(acts, "hears nothing any more: stop and resume it")
    assert list(drive.adapter.evidence()) == []


def assert_refused(acts: Sequence[Callable[[], bytes]], words: str) -> None:
    for act in acts:
        with pytest.raises(NotPossible, match=words):
            act()


def test_suggestions_are_worded_for_people() -> None:
    drive = opened()
    prompt(drive)
    suggestions = [
        {"type": "addRules", "rules": [{"toolName": "Bash", "ruleContent": "npm *"}], "destination": "projectSettings"},
        {"type": "addDirectories", "directories": ["/srv"], "destination": "session"},
        {"type": "hologram"},
    ]
    drive.says(claude.asks("r1", "Bash", "t1", suggestions=suggestions, command="npm test"))
    (request,) = drive.adapter.requests()
    assert [option.name for option in request.options if option.kind == "allow_always"] == [
        "Always: Bash(npm *) in this project (shared settings); access to /srv in this session; hologram from now on"
    ]
