"""What a Codex thread tells beside its recordings: text, edits, commands, other tools, other threads, tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.contract import PlanChanged, RequestOpened, TextAppended, UsageChanged
from agents.model import Turn
from tests.unit.agents.adapters import codex_tape as codex
from tests.unit.agents.adapters.tape import prompt


def test_text_that_was_not_streamed_is_shown_once() -> None:
    drive = codex.running()
    drive.says(codex.delta("par", "m1"), codex.item("agentMessage", "m1", done=True, text="part"))
    drive.says(codex.item("agentMessage", "m2", done=True, text="whole"))
    drive.says(codex.item("reasoning", "r1", done=True, summary=["one", "two"], content=[]))
    drive.says(codex.delta("so", "r2", "item/reasoning/textDelta", contentIndex=0))
    drive.says(codex.delta("first, read", "p1", "item/plan/delta"), codex.item("plan", "p1", done=True, text="x"))
    assert [(f.role, f.text) for f in drive.facts if isinstance(f, TextAppended)] == [
        ("message", "par"),
        ("message", "whole"),
        ("thought", "one\n\ntwo"),
        ("thought", "so"),
        ("message", "first, read"),
    ]


def test_a_plan_is_told_whole() -> None:
    drive = codex.running()
    steps = [{"step": "Read it", "status": "completed"}, {"step": "Edit it", "status": "inProgress"}, {"step": " "}]
    (plan,) = drive.says(codex.notice("turn/plan/updated", plan=steps, explanation=None))
    assert isinstance(plan, PlanChanged)
    assert [(e.text, e.status) for e in plan.entries] == [("Read it", "completed"), ("Edit it", "in_progress")]


def test_an_edit_shows_both_sides_of_its_hunks() -> None:
    drive = codex.running()
    patch = "@@ -1,2 +1,2 @@\n same\n-old\n+new\n@@ -9,1 +9,2 @@\n-x\n\\ No newline at end of file\n+y\n+z\n"
    moved = {"path": "/repo/a", "kind": {"type": "update", "move_path": "/repo/b"}, "diff": "-1\n+2\n"}
    gone = {"path": "/repo/c", "kind": {"type": "delete"}, "diff": "bye\n"}
    drive.says(codex.edit("e1", {"path": "/repo/l.py", "kind": {"type": "update", "move_path": None}, "diff": patch}))
    drive.says(codex.edit("e2", moved, gone, done=True))
    first, second = codex.tools(drive)
    assert [(d.old, d.new) for d in first.diffs] == [("same\nold\n⋯\nx\n", "same\nnew\n⋯\ny\nz\n")]
    assert (first.title, second.title) == ("Edit l.py", "Move a and 1 more")
    assert [(d.path, d.old, d.new) for d in second.diffs] == [
        ("/repo/a → /repo/b", "1\n", "2\n"),
        ("/repo/c", "bye\n", ""),
    ]
    assert codex.turn_now(drive)[1] == "editing l.py"
    drive.says(codex.notice("item/fileChange/patchUpdated", itemId="e1", changes=[codex.added()]))
    assert codex.tools(drive)[-1].diffs[0].new == "one\n"


@pytest.mark.parametrize(
    ("actions", "kind_", "title"),
    [
        ([{"type": "read", "name": "a.py", "path": "src/a.py", "command": "cat a.py"}], "read", "Read a.py"),
        (
            [{"type": "search", "query": "def x", "path": None, "command": "rg x"}] * 2,
            "search",
            "Search def x and 1 more",
        ),
        ([{"type": "listFiles", "path": "src/ui", "command": "ls src/ui"}], "search", "List ui"),
        ([{"type": "read", "name": "a"}, {"type": "unknown", "command": "rm a"}], "execute", "Run rm a"),
        ([], "execute", "Run /bin/bash -lc 'x'"),
    ],
)
def test_a_command_is_called_by_what_it_does(actions: list[Any], kind_: str, title: str) -> None:
    drive = codex.running()
    drive.says(codex.command("c1", "x", commandActions=actions))
    assert (codex.tools(drive)[0].kind, codex.tools(drive)[0].title) == (kind_, title)
    assert codex.tools(drive)[0].command == "/bin/bash -lc 'x'", "what runs is shown whole"


def test_output_is_told_as_it_comes_and_a_flood_in_steps() -> None:
    drive = codex.running()
    drive.says(codex.command("c1", "make"))
    for number in range(20):
        drive.says(codex.delta(f"line {number}\n", "c1", "item/commandExecution/outputDelta"))
    assert codex.tools(drive)[-1].output.endswith("line 19\n")
    before = len(codex.tools(drive))
    for _ in range(400):
        drive.says(codex.delta("x" * 99 + "\n", "c1", "item/commandExecution/outputDelta"))
    assert len(codex.tools(drive)) - before < 200, "each telling carries the whole output"
    drive.says(codex.command("c1", "make", done=True, aggregatedOutput=None, status="failed", exitCode=2))
    last = codex.tools(drive)[-1]
    assert (last.status, len(last.output)) == ("failed", 400 * 100 + sum(len(f"line {n}\n") for n in range(20)))


@pytest.mark.parametrize(
    ("item", "kind_", "title"),
    [
        ({"type": "webSearch", "query": "qt docks", "action": None}, "search", "Search the web for qt docks"),
        (
            {"type": "webSearch", "query": "", "action": {"type": "openPage", "url": "http://a/b"}},
            "fetch",
            "Open http://a/b",
        ),
        ({"type": "dynamicToolCall", "tool": "paint", "arguments": {"a": 1}}, "other", "paint"),
        (
            {"type": "collabAgentToolCall", "tool": "spawnAgent", "prompt": "Look at it"},
            "think",
            "Delegate: Look at it",
        ),
        ({"type": "imageView", "path": "/repo/a.png"}, "read", "View a.png"),
        ({"type": "imageGeneration", "revisedPrompt": "a cat"}, "other", "Draw a cat"),
        ({"type": "sleep", "durationMs": 2000}, "other", "Wait 2 s"),
    ],
)
def test_every_kind_of_item_that_is_a_tool_call(item: dict[str, Any], kind_: str, title: str) -> None:
    drive = codex.running()
    drive.says(codex.notice("item/started", item={"id": "i1", **item}))
    drive.says(codex.notice("item/completed", item={"id": "i1", **item}))
    assert [(call.kind, call.title, call.status) for call in codex.tools(drive)] == [
        (kind_, title, "in_progress"),
        (kind_, title, "completed"),
    ]


def test_a_failed_mcp_call_says_why() -> None:
    drive = codex.running()
    fields = {"server": "db", "tool": "drop", "arguments": {"table": "users"}, "status": "failed"}
    drive.says(codex.item("mcpToolCall", "i1", done=True, error={"message": "no rights"}, result=None, **fields))
    (call,) = codex.tools(drive)
    assert (call.title, call.status, call.output) == ("db: drop", "failed", "no rights")


def test_compaction_and_oddities_are_told_once() -> None:
    drive = codex.running()
    drive.says(codex.item("contextCompaction", "i1"), codex.notice("thread/compacted", turnId="tu-1"))
    facts = drive.says(codex.item("contextCompaction", "i1", done=True))
    assert codex.notes(facts) == ["the conversation was compacted to make room in the context"]
    odd = [codex.item("hologram", "i2", done=True), codex.notice("hologram/shown"), codex.notice("thread/closed")]
    assert codex.notes(drive.says(*odd, *odd)) == [
        "an unknown item “hologram”",
        "an unknown notification “hologram/shown”",
        "its thread was closed",
    ]
    failed = codex.notice("mcpServer/startupStatus/updated", name="db", status="failed", error="no such file")
    assert codex.notes(drive.says(failed, failed)) == ["the MCP server db did not start: no such file"]
    rerouted = codex.notice("model/rerouted", fromModel="big", toModel="small", reason="x")
    assert codex.notes(drive.says(rerouted)) == ["the model was changed from big to small"]


# ---------------------------------------------------------------- other threads, tokens


def test_a_subagents_words_stay_out_and_what_it_asks_comes_through_with_its_diff() -> None:
    drive = codex.running()
    edit = codex.edit("x1", codex.added("/repo/sub.txt"))
    edit["params"]["threadId"] = "sub-1"
    said = codex.delta("sub")
    said["params"]["threadId"] = "sub-1"
    ask = codex.asks(4, "fileChange", "x1")
    ask["params"]["threadId"] = "sub-1"
    facts = drive.says(said, edit, ask)
    (asked,) = facts
    assert isinstance(asked, RequestOpened)
    assert asked.request.title == "Write sub.txt"
    assert [diff.new for diff in asked.request.diffs] == ["one\n"]
    assert codex.turn_now(drive)[0] is Turn.BLOCKED
    done = codex.turn_completed("tu-9")
    done["params"]["threadId"] = "sub-1"
    drive.says(done)
    assert drive.adapter.requests() == []
    assert codex.turn_now(drive)[0] is Turn.WORKING


def test_tokens_of_all_threads_are_summed_and_the_gauge_is_the_threads_own() -> None:
    drive = codex.running()
    drive.says(codex.tokens(10, 10))
    drive.says(codex.tokens(100, 100, thread="sub-1"))
    drive.says(codex.tokens(30, 20))
    usage = [fact.usage for fact in drive.facts if isinstance(fact, UsageChanged)][-1]
    assert (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens) == (30 + 100 - 2, 2, 4)
    assert (usage.context_used, usage.context_size, usage.cost) == (22, 1000, None)


def test_a_count_that_begins_anew_goes_on_where_it_was() -> None:
    drive = codex.running()
    drive.says(codex.tokens(50, 50), codex.tokens(20, 20))
    usage = [fact.usage for fact in drive.facts if isinstance(fact, UsageChanged)][-1]
    assert (usage.input_tokens, usage.cache_read_tokens) == (70 - 2, 2)


def test_a_flood_of_threads_does_not_grow_the_state_without_bound() -> None:
    drive = codex.running()
    drive.says(*[codex.tokens(1, 1, thread=f"sub-{number}") for number in range(300)])
    drive.says(*[codex.notice("warning", message=f"odd {number}") for number in range(300)])
    state = json.loads(drive.adapter.dump())
    assert len(state["tokens"]) <= 64
    assert len(state["noted"]) <= 110


def test_reviews_and_verdicts_of_the_program_itself_are_told() -> None:
    drive = codex.running()
    begun = codex.item("enteredReviewMode", "v1", done=True, review="the changes")
    over = codex.item("exitedReviewMode", "v2", done=True, review="nothing found")
    verdict = {"status": "denied", "rationale": "it deletes the backup"}
    judged = codex.notice("item/autoApprovalReview/completed", reviewId="r1", review=verdict)
    assert codex.notes(drive.says(begun, over, codex.notice("item/autoApprovalReview/started"), judged)) == [
        "the review begins: the changes",
        "the review is over: nothing found",
        "the automatic review says denied: it deletes the backup",
    ]


def test_pieces_of_what_is_not_there_change_nothing() -> None:
    drive = codex.running()
    output, patch = "item/commandExecution/outputDelta", "item/fileChange/patchUpdated"
    odd = [
        codex.delta("x", "nobody", output),
        codex.notice(patch, itemId="nobody", changes=[codex.added()]),
        codex.notice("item/agentMessage/delta", itemId="m1", delta=5),
        codex.notice("thread/tokenUsage/updated", tokenUsage=None),
        codex.notice("thread/settings/updated", threadSettings=[]),
    ]
    assert drive.says(*odd) == []
    assert codex.notes(drive.says(codex.notice("item/started", item="x"), codex.notice("error", error="x"))) == [
        "an item was not understood",
        "an error without a reason",
    ]


def test_typing_into_a_command_and_edits_of_nothing_have_titles() -> None:
    drive = codex.running()
    drive.says(codex.command("c1", "y", source="unifiedExecInteraction"), codex.edit("e1"))
    assert [call.title for call in codex.tools(drive)] == ["Type into a running command", "Edit files"]


def test_more_tool_calls_than_anyone_makes_do_not_grow_the_state() -> None:
    drive = codex.running()
    drive.says(*[codex.command(f"c{number}", "x") for number in range(600)])
    drive.says(*[codex.delta("x", f"m{number}") for number in range(600)])
    for number in range(100):
        edit = codex.edit(f"e{number}", codex.added())
        edit["params"]["threadId"] = "sub-1"
        drive.says(edit)
    state = json.loads(drive.adapter.dump())
    assert (len(state["tools"]), len(state["told"]), len(state["foreign"])) == (512, 512, 64)


def test_a_command_that_outlives_its_interrupt_is_named_and_ended_and_no_other() -> None:
    drive = codex.running()
    drive.says(codex.command("c0", "serve"), codex.turn_completed())
    prompt(drive, 2)
    drive.says(codex.answer("t2", {"turn": {"id": "tu-2"}}), codex.command("c1", "make"))
    drive.write(drive.adapter.interrupt("e1"))
    drive.says(codex.turn_completed("tu-2", "interrupted"))
    (ask,) = drive.settle()
    assert ask["method"] == "thread/backgroundTerminals/list"
    running = [{"itemId": "c0", "processId": "7"}, {"itemId": "c1", "processId": "8"}]
    drive.says(codex.answer(ask["id"], {"data": running, "nextCursor": None}))
    (end,) = drive.settle()
    assert (end["method"], end["params"]["processId"]) == ("thread/backgroundTerminals/terminate", "8")
    drive.says(codex.answer(end["id"], {"terminated": True}))
    drive.says(codex.command("c1", "make", done=True, status="failed", aggregatedOutput="half"))
    last = codex.tools(drive)[-1]
    assert (last.id, last.status, last.output) == ("c1", "cancelled", "half")
    assert drive.settle() == []
    assert drive.adapter.ready()


def test_a_command_that_cannot_be_ended_is_told_and_one_that_ends_late_is_no_news() -> None:
    drive = codex.running()
    drive.says(codex.command("c1", "make"))
    drive.write(drive.adapter.interrupt("e1"))
    drive.says(codex.turn_completed("tu-1", "interrupted"))
    (ask,) = drive.settle()
    facts = drive.says(codex.answer(ask["id"], error="unknown variant"))
    assert codex.notes(facts) == ["a command of the interrupted turn may still run: unknown variant"]
    assert drive.settle() == []
    prompt(drive, 2)
    drive.says(codex.answer("t2", {"turn": {"id": "tu-2"}}))
    assert drive.says(codex.command("c1", "make", done=True)) == []


def test_a_turn_that_ends_by_itself_ends_no_command() -> None:
    drive = codex.running()
    drive.says(codex.command("c1", "serve"), codex.turn_completed("tu-1", "interrupted"))
    assert drive.settle() == [], "the user did not stop it"
