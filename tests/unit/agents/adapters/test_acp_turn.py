"""Turns: prompts, updates of every kind, ends good and bad, usage, interruption."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import (
    CommandsChanged,
    ModesChanged,
    Noted,
    NotPossible,
    PlanChanged,
    ProcessEnded,
    PromptTaken,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    TurnStarted,
    UsageChanged,
)
from agents.model import Blocked, Cause, Diff, Mode, PlanEntry, SlashCommand, Stream, Turn, Usage
from tests.unit.agents.adapters.tape import (
    WALL,
    Drive,
    chunk,
    ended,
    kind,
    open_session,
    permission,
    prompt,
    spec,
    tool,
    tool_update,
    update,
)


@pytest.fixture
def d() -> Drive:
    drive = Drive(AcpAdapter(kind(), spec()))
    open_session(drive)
    return drive


def activity(d: Drive) -> tuple[Turn, str]:
    (evidence,) = d.adapter.evidence()
    return evidence.turn, evidence.detail


def call_of(facts: list[Any]) -> Any:
    return [fact.call for fact in facts if isinstance(fact, ToolCallChanged)][-1]


# ---------------------------------------------------------------- prompts


def test_a_prompt_is_a_request_whose_id_names_the_turn(d: Drive) -> None:
    data = d.adapter.prompt(3, "fix\nthe login ✓")
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    message = json.loads(data)
    assert (message["id"], message["method"]) == ("t3", "session/prompt")
    assert message["params"] == {"sessionId": "s1", "prompt": [{"type": "text", "text": "fix\nthe login ✓"}]}


def test_the_turn_starts_when_the_bytes_were_written_and_not_before(d: Drive) -> None:
    data = d.adapter.prompt(1, "hi")
    assert d.adapter.ready()
    assert d.write(data[:10]) == []
    assert d.adapter.ready()
    assert d.write(data[10:]) == [TurnStarted(1, "hi")]
    assert not d.adapter.ready()
    assert activity(d) == (Turn.WORKING, "")
    with pytest.raises(NotPossible, match="turn 1 is still running"):
        d.adapter.prompt(2, "more")


def test_the_end_of_the_turn(d: Drive) -> None:
    prompt(d)
    d.says(chunk("done."))
    assert d.says(ended(1)) == [TurnEnded(1, "end_turn", ok=True)]
    assert activity(d) == (Turn.DONE, "")
    assert d.adapter.ready()


@pytest.mark.parametrize(
    ("reason", "detail", "cause"),
    [
        ("refusal", "the model refused to continue", Cause.REFUSAL),
        ("max_tokens", "stopped at a limit of tokens: of its answer, or of its context", Cause.CONTEXT_FULL),
        ("max_turn_requests", "stopped at the limit of model requests in one turn", Cause.UNKNOWN),
        ("exploded", "ended with an unknown reason: exploded", Cause.UNKNOWN),
    ],
)
def test_ends_that_are_no_success(d: Drive, reason: str, detail: str, cause: Cause) -> None:
    prompt(d)
    assert d.says(ended(1, reason))[-1] == TurnEnded(1, reason, ok=False, detail=detail, cause=cause)
    assert activity(d) == (Turn.ERROR, detail)


def test_a_cancelled_turn_is_no_failure(d: Drive) -> None:
    prompt(d)
    assert d.says(ended(1, "cancelled")) == [PromptTaken(1), TurnEnded(1, "cancelled", ok=True)]
    assert activity(d) == (Turn.IDLE, "")


@pytest.mark.parametrize(
    ("message", "data", "words", "cause"),
    [
        ("Internal error", {"details": "model gpt-x not found"}, "model gpt-x not found", Cause.MODEL),
        ("Internal error", None, "Internal error", Cause.UNKNOWN),
        (
            "Rate limited", {"error": {"message": "try again at 14:05"}}, "Rate limited: try again at 14:05",
            Cause.RATE_LIMIT,
        ),
        ("Boom", "it broke", "Boom: it broke", Cause.UNKNOWN),
        ("Boom", ["", {"reason": "deep"}], "Boom: deep", Cause.UNKNOWN),
        ("Boom: it broke", {"message": "it broke"}, "Boom: it broke", Cause.UNKNOWN),
        ("", {}, "the agent gave no reason", Cause.UNKNOWN),
    ],
)  # fmt: skip
def test_a_failed_prompt_says_why_in_plain_words(d: Drive, message: str, data: Any, words: str, cause: Cause) -> None:
    prompt(d)
    error = {"code": -32603, "message": message, "data": data}
    end = TurnEnded(1, "error", ok=False, detail=words, cause=cause)
    assert d.says({"jsonrpc": "2.0", "id": "t1", "error": error}) == [PromptTaken(1), end]
    assert activity(d) == (Turn.ERROR, words)
    assert d.adapter.ready()


def test_a_login_lost_during_a_turn_blocks_and_the_next_prompt_may_try_again(d: Drive) -> None:
    prompt(d)
    (_, end) = d.says({"jsonrpc": "2.0", "id": "t1", "error": {"code": -32000, "message": "Token expired"}})
    assert isinstance(end, TurnEnded)
    assert (end.reason, end.ok) == ("auth_required", False)
    (evidence,) = d.adapter.evidence()
    assert (evidence.turn, evidence.blocked) == (Turn.BLOCKED, Blocked.AUTH)
    assert "Log in" in evidence.detail
    assert d.adapter.ready()


@pytest.mark.parametrize(
    ("text", "updates", "usage", "empty"),
    [
        ("x", [], None, True),
        ("x", [chunk("  \n")], None, True),
        ("x", [chunk("thought", "agent_thought_chunk")], None, True),
        ("x", [chunk("hi")], None, False),
        ("x", [chunk("API error 529")], {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}, True),
        ("/help", [chunk("commands: …")], {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}, False),
        ("x", [tool(kind="read", status="completed")], None, True),
        ("x", [tool(kind="edit", status="completed")], None, False),
        ("x", [tool(kind="execute", status="failed")], None, True),
    ],
)
def test_a_turn_with_nothing_to_show_is_worth_a_check(
    d: Drive, text: str, updates: list[Any], usage: Any, empty: bool
) -> None:
    prompt(d, text=text)
    d.says(*updates)
    (end,) = [fact for fact in d.says(ended(1, usage=usage)) if isinstance(fact, TurnEnded)]
    assert end.empty is empty


def test_late_and_repeated_answers_are_noted_and_change_nothing(d: Drive) -> None:
    prompt(d)
    d.says(ended(1))
    for message in (
        ended(1),
        ended(9),
        {"jsonrpc": "2.0", "id": 5, "result": {}},
        {"jsonrpc": "2.0", "id": None, "error": {}},
    ):
        (note,) = d.says(message)
        assert isinstance(note, Noted)
    assert activity(d)[0] is Turn.DONE


# ---------------------------------------------------------------- text


def test_text_comes_as_it_streams(d: Drive) -> None:
    prompt(d)
    facts = d.says(chunk("hm", "agent_thought_chunk"), chunk("Hel", messageId="m1"), chunk("lo", messageId="m1"))
    assert facts == [
        PromptTaken(1),
        TextAppended("thought", "hm"),
        TextAppended("message", "Hel", "m1"),
        TextAppended("message", "lo", "m1"),
    ]
    assert activity(d) == (Turn.WORKING, "writing")


def test_an_echo_of_the_prompt_is_not_said_twice(d: Drive) -> None:
    prompt(d, text="fix the login")
    assert d.says(chunk("fix the login", "user_message_chunk")) == []
    assert d.says(chunk("/plan", "user_message_chunk")) == [TextAppended("user", "/plan")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "resource_link", "name": "a.py", "uri": "file:///a.py"}, "[a.py](file:///a.py)"),
        ({"type": "image", "mimeType": "image/png", "data": "AAAA"}, "[image image/png]"),
        ({"type": "resource", "resource": {"uri": "file:///a", "text": "inside"}}, "inside"),
        ({"type": "resource", "resource": {"uri": "file:///a", "blob": "AAAA"}}, "[file:///a]"),
    ],
)
def test_content_that_is_no_text_is_named(d: Drive, content: dict[str, Any], text: str) -> None:
    (fact,) = d.says(update({"sessionUpdate": "agent_message_chunk", "content": content}))
    assert fact == TextAppended("message", text)


# ---------------------------------------------------------------- tools


def test_a_tool_call_and_its_updates_are_one_thing_told_whole(d: Drive) -> None:
    prompt(d)
    call = call_of(d.says(tool(kind="execute", rawInput={"command": ["npm", "test", "a b"]})))
    assert (call.status, call.command, call.started_at) == ("pending", "npm test 'a b'", WALL + d.tape.now - 1)
    assert activity(d) == (Turn.WORKING, "running npm test 'a b'")
    content = [{"type": "content", "content": {"type": "text", "text": "3 passed"}}]
    call = call_of(d.says(tool_update(status="completed", content=content)))
    assert (call.title, call.command, call.output, call.status) == (
        "Run tests", "npm test 'a b'", "3 passed", "completed",
    )  # fmt: skip
    assert call.ended_at == WALL + d.tape.now - 1
    assert activity(d) == (Turn.WORKING, "")
    assert d.says(tool_update(status="completed")) == []


def test_an_update_before_its_tool_call_is_not_lost(d: Drive) -> None:
    prompt(d)
    call = call_of(d.says(tool_update("c9", status="in_progress", kind="fetch")))
    assert (call.id, call.title, call.status) == ("c9", "fetch", "in_progress")
    call = call_of(d.says(tool("c9", title="Get docs")))
    assert (call.title, call.status) == ("Get docs", "in_progress")


def test_edits_are_diffs_with_their_paths(d: Drive) -> None:
    prompt(d)
    diff = {"type": "diff", "path": "/repo/README.md", "oldText": "a\n", "newText": "b\n"}
    new = {"type": "diff", "path": "/repo/x\u202e.py", "newText": "\u200bn"}
    call = call_of(d.says(tool(kind="edit", content=[diff, new], locations=[{"path": "/repo/README.md", "line": 4}])))
    assert call.diffs == (Diff("/repo/README.md", "a\n", "b\n"), Diff("/repo/x⟨U+202E⟩.py", None, "⟨U+200B⟩n"))
    assert call.locations == ("/repo/README.md:4",)
    assert activity(d)[1].startswith("editing README.md and 1 more")


def test_an_edit_stays_when_its_result_no_longer_shows_it(d: Drive) -> None:
    prompt(d)
    diff = {"type": "diff", "path": "/repo/hello.txt", "oldText": "", "newText": "hi"}
    d.says(tool(kind="edit", title="write", content=[diff]))
    said = [{"type": "content", "content": {"type": "text", "text": "Wrote file successfully."}}]
    call = call_of(d.says(tool_update(status="completed", title="hello.txt", content=said)))
    assert (call.title, call.output) == ("Edit hello.txt", "Wrote file successfully.")
    assert call.diffs == (Diff("/repo/hello.txt", "", "hi"),)


@pytest.mark.parametrize(
    ("raw", "output"),
    [
        ("text", "text"),
        ({"output": "out", "metadata": {}}, "out"),
        ({"stdout": "a", "stderr": "b"}, "a\nb"),
        ({"x": 1}, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_raw_output_stands_in_for_content(d: Drive, raw: Any, output: str) -> None:
    prompt(d)
    assert call_of(d.says(tool(status="completed", rawOutput=raw))).output == output


def test_a_terminal_and_strange_content_are_named(d: Drive) -> None:
    prompt(d)
    content = [{"type": "terminal", "terminalId": "t7"}, {"type": "hologram"}]
    assert call_of(d.says(tool(content=content))).output == "[terminal t7]"


def test_unknown_tool_kinds_and_states_are_the_defaults(d: Drive) -> None:
    prompt(d)
    call = call_of(d.says(tool(kind="teleport", status="vibing")))
    assert (call.kind, call.status) == ("other", "pending")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "read", "locations": [{"path": "/a/b.py"}]}, "reading b.py"),
        ({"kind": "search", "title": "TODO"}, "searching TODO"),
        ({"kind": "think", "title": "Weighing options"}, "Weighing options"),
        ({"kind": "execute", "title": "npm test"}, "running npm test"),
        ({"title": "Do a thing"}, "Do a thing"),
        ({"kind": "edit", "title": "write"}, "editing"),
        ({"kind": "edit", "title": "Write a file"}, "editing Write a file"),
    ],
)
def test_what_it_does_in_a_few_words(d: Drive, fields: dict[str, Any], words: str) -> None:
    prompt(d)
    d.says(tool(**fields))
    assert activity(d) == (Turn.WORKING, words)


def test_tool_calls_left_open_end_with_the_turn(d: Drive) -> None:
    prompt(d)
    d.says(chunk("x"), tool(status="in_progress"))
    facts = d.says(ended(1, "cancelled"))
    assert call_of(facts).status == "cancelled"
    assert isinstance(facts[-1], TurnEnded)


def test_late_updates_after_the_turn_are_taken(d: Drive) -> None:
    prompt(d)
    d.says(chunk("x"), tool(status="completed"), ended(1))
    assert call_of(d.says(tool_update(content=[]), tool_update(title="Ran tests"))).title == "Ran tests"
    assert activity(d)[0] is Turn.DONE


def test_a_flood_of_tool_calls_keeps_the_state_small(d: Drive) -> None:
    prompt(d)
    d.says(*(tool(f"c{n}", status="completed", rawOutput="x" * 1000) for n in range(300)))
    d.says(*(tool(f"o{n}") for n in range(1000)))
    assert len(d.adapter.dump()) < 400_000


# ---------------------------------------------------------------- plan, commands, settings, usage


def test_the_plan_is_told_whole(d: Drive) -> None:
    entries = [
        {"content": "look", "priority": "high", "status": "completed"},
        {"content": "fix\x1b[1m", "priority": "low", "status": "in_progress"},
        {"content": "broken"},
    ]
    (fact,) = d.says(update({"sessionUpdate": "plan", "entries": entries}))
    assert fact == PlanChanged((PlanEntry("look", "completed", "high"), PlanEntry("fix", "in_progress", "low")))
    plan = {"type": "markdown", "planId": "p", "content": "# Plan\n- [x] look\n- [ ] fix\n1. test"}
    (fact,) = d.says(update({"sessionUpdate": "plan_update", "plan": plan}))
    assert fact == PlanChanged((PlanEntry("look", "completed"), PlanEntry("fix"), PlanEntry("test")))
    (fact,) = d.says(update({"sessionUpdate": "plan_removed", "planId": "p"}))
    assert fact == PlanChanged(())


def test_commands_and_modes_are_told(d: Drive) -> None:
    commands = [{"name": "init", "description": "make a file"}]
    assert d.says(update({"sessionUpdate": "available_commands_update", "availableCommands": commands})) == [
        CommandsChanged((SlashCommand("init", "make a file"),))
    ]
    assert d.says(update({"sessionUpdate": "current_mode_update", "currentModeId": "plan"})) == [
        ModesChanged((), "plan")
    ]
    option = {
        "type": "select", "id": "mode", "name": "Mode", "category": "mode", "currentValue": "a",
        "options": [{"group": "g", "name": "G", "options": [{"value": "a", "name": "A"}]}],
    }  # fmt: skip
    assert d.says(update({"sessionUpdate": "config_option_update", "configOptions": [option]})) == [
        ModesChanged((Mode("a", "A"),), "a")
    ]


def test_usage_sums_over_turns_and_keeps_unknown_apart_from_zero(d: Drive) -> None:
    prompt(d)
    usage = {"totalTokens": 30, "inputTokens": 10, "outputTokens": 20, "cachedReadTokens": 5}
    facts = d.says(chunk("x"), ended(1, usage=usage))
    assert UsageChanged(Usage(10, 20, 5)) in facts
    prompt(d, 2)
    quota = {"quota": {"token_count": {"input_tokens": 1, "output_tokens": 2}}}
    assert UsageChanged(Usage(11, 22, 5)) in d.says(ended(2, _meta=quota))
    cost = {"amount": 0.5, "currency": "USD"}
    facts = d.says(update({"sessionUpdate": "usage_update", "used": 41, "size": 200, "cost": cost}))
    assert facts == [UsageChanged(Usage(11, 22, 5, None, 41, 200, 0.5))]
    assert d.says(update({"sessionUpdate": "usage_update", "used": 41, "size": 200, "cost": cost})) == []
    euro = {"amount": 9, "currency": "EUR"}
    assert d.says(update({"sessionUpdate": "usage_update", "used": 41, "size": 200, "cost": euro})) == []


def test_a_kind_that_counts_the_whole_session_is_not_summed() -> None:
    d = Drive(AcpAdapter(kind(quirks={"usage": "cumulative"}), spec()))
    open_session(d)
    for turn in (1, 2):
        prompt(d, turn)
        usage = {"totalTokens": 3 * turn, "inputTokens": turn, "outputTokens": 2 * turn}
        facts = d.says(chunk("x"), ended(turn, usage=usage))
    assert UsageChanged(Usage(2, 4)) in facts


@pytest.mark.parametrize("usage", [{"inputTokens": -1}, {"inputTokens": True}, {"inputTokens": "9"}, [], 7])
def test_usage_that_is_none_is_no_usage(d: Drive, usage: Any) -> None:
    prompt(d)
    assert not [fact for fact in d.says(chunk("x"), ended(1, usage=usage)) if isinstance(fact, UsageChanged)]


# ---------------------------------------------------------------- what is not understood


@pytest.mark.parametrize(
    "message",
    [
        update({"sessionUpdate": "hologram", "x": 1}),
        {"jsonrpc": "2.0", "method": "session/update", "params": [1]},
        {"jsonrpc": "2.0", "method": "session/update"},
        {"jsonrpc": "2.0", "method": "_vendor/thing", "params": {}},
        {"jsonrpc": "2.0", "method": "$/cancel_request", "params": {"requestId": {}}},
        {"hello": "world"},
        {"id": 1.5, "method": "x"},
    ],
)
def test_what_is_not_understood_is_a_note_with_the_raw_object(d: Drive, message: Any) -> None:
    prompt(d)
    (note,) = d.says(message)
    assert isinstance(note, Noted)
    assert note.level == "info"
    assert activity(d) == (Turn.WORKING, "")


def test_the_same_oddity_is_noted_once_and_stray_lines_a_few_times(d: Drive) -> None:
    odd = update({"sessionUpdate": "hologram"})
    assert len(d.says(odd, odd, odd)) == 1
    notes = d.feed(Stream.OUT, b"npm WARN deprecated\n" * 100)
    assert len(notes) == 20
    assert isinstance(notes[-1], Noted)
    assert "raw log" in notes[-1].text


def test_a_message_after_noise_on_its_line_is_read(d: Drive) -> None:
    data = b"\x1b[2K\x1b[1G" + json.dumps(chunk("hi")).encode() + b"\r\n"
    assert d.feed(Stream.OUT, data) == [TextAppended("message", "hi")]


# ---------------------------------------------------------------- interrupting and dying


def test_an_interrupt_cancels_and_answers_what_is_open(d: Drive) -> None:
    with pytest.raises(NotPossible, match="no turn is running"):
        d.adapter.interrupt("e1-1")
    prompt(d)
    d.says(tool(), permission(7))
    data = d.adapter.interrupt("e1-2")
    cancel, answer = [json.loads(line) for line in data.splitlines()]
    assert cancel == {"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": "s1"}}
    assert answer == {"jsonrpc": "2.0", "id": 7, "result": {"outcome": {"outcome": "cancelled"}}}
    (closed,) = d.write(data)
    assert closed.outcome == "cancelled"  # type: ignore[attr-defined]
    assert activity(d) == (Turn.WORKING, "stopping")
    assert d.says(ended(1, "cancelled"))[-1] == TurnEnded(1, "cancelled", ok=True)
    assert activity(d)[0] is Turn.IDLE


def test_a_cancelled_prompt_may_also_be_answered_with_an_error(d: Drive) -> None:
    prompt(d)
    d.write(d.adapter.interrupt("e"))
    (_, end) = d.says({"jsonrpc": "2.0", "id": "t1", "error": {"code": -32800, "message": "cancelled"}})
    assert end == TurnEnded(1, "cancelled", ok=True)


def test_a_process_that_dies_in_a_turn_fails_it_with_its_last_words(d: Drive) -> None:
    prompt(d)
    d.says(tool(), permission())
    d.feed(Stream.ERR, b"panic: out of memory\n")
    facts = d.ctl("exit", code=None, signal=9)
    assert [type(fact).__name__ for fact in facts] == [
        "RequestClosed", "ToolCallChanged", "TurnEnded", "ProcessEnded",
    ]  # fmt: skip
    detail = "the process ended by SIGKILL during the turn: panic: out of memory"
    assert facts[2] == TurnEnded(1, "process_ended", ok=False, detail=detail, cause=Cause.CRASH)
    assert activity(d) == (Turn.ERROR, detail)
    assert d.adapter.requests() == []


def test_a_process_that_ends_while_being_stopped_did_not_fail(d: Drive) -> None:
    prompt(d)
    d.write(d.adapter.interrupt("e"))
    facts = d.ctl("exit", code=143, signal=None)
    assert TurnEnded(1, "cancelled", ok=True) in facts
    assert ProcessEnded(143, None) in facts


def test_done_outlives_the_process_idle_does_not(d: Drive) -> None:
    d.ctl("exit", code=0, signal=None)
    assert d.adapter.evidence() == ()
    open_session(d, incarnation=2)
    prompt(d)
    d.says(chunk("x"), ended(1))
    d.ctl("eof", stream="out")
    d.ctl("exit", code=0, signal=None)
    assert activity(d)[0] is Turn.DONE


def test_once_the_channel_is_closed_the_protocol_says_nothing(d: Drive) -> None:
    prompt(d)
    d.ctl("eof", stream="out")
    assert d.adapter.evidence() == ()
    assert not d.adapter.ready()
    with pytest.raises(NotPossible, match="closed its output"):
        d.adapter.prompt(2, "x")


def test_a_cost_that_falls_was_begun_anew(d: Drive) -> None:
    facts: list[Any] = []
    for amount in (0.5, 0.75, 0.25):
        cost = {"amount": amount, "currency": "USD"}
        facts += d.says(update({"sessionUpdate": "usage_update", "used": 1, "size": 0, "cost": cost}))
    assert [fact.usage.cost for fact in facts] == [0.5, 0.75, 1.0]
    assert facts[-1].usage.context_size is None


def test_two_prompts_at_once_are_told_apart(d: Drive) -> None:
    first, second = d.adapter.prompt(1, "a"), d.adapter.prompt(2, "b")
    d.write(first)
    d.write(second)
    d.says(tool(status="in_progress"))
    assert d.says(ended(1)) == [TurnEnded(1, "end_turn", ok=True)]
    assert activity(d) == (Turn.WORKING, "Run tests")
    d.says(ended(2))
    assert activity(d)[0] is Turn.DONE


def test_foreign_requests_on_our_side_are_no_turns(d: Drive) -> None:
    message = {"jsonrpc": "2.0", "id": "mine", "method": "session/prompt", "params": {"prompt": 7}}
    assert d.write(json.dumps(message).encode() + b"\n") == []
    assert d.write(b'{"jsonrpc":"2.0","id":"x","method":"y","params":[]}\n') == []
    assert d.adapter.ready()
