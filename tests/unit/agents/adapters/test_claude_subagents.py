"""Subagents of Claude Code: their tool calls under their name, their work in the background, their cost once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.contract import Fact, NotPossible, RequestOpened, TextAppended, ToolCallChanged, UsageChanged
from agents.model import ToolCall, Turn
from agents.status.reduce import reduce
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.claude_tape import opened, turn_now
from tests.unit.agents.adapters.tape import Drive, prompt

WHO = {"parent_tool_use_id": "t1", "agent_id": "a1", "subagent_type": "Explore", "task_description": "Look around"}


def delegated() -> Drive:
    drive = opened()
    prompt(drive)
    drive.says(claude.tool("t1", "Task", description="Look around", prompt="look", subagent_type="Explore"))
    return drive


NEWS = {"type": "system", "subtype": "task_notification", "tool_use_id": "t1", "status": "completed"}


def calls(facts: list[Fact]) -> list[ToolCall]:
    return [fact.call for fact in facts if isinstance(fact, ToolCallChanged)]


def tasks(*descriptions: str, kind: str = "local_agent") -> dict[str, Any]:
    listed = [{"task_id": text, "task_type": kind, "description": text} for text in descriptions]
    return {"type": "system", "subtype": "background_tasks_changed", "tasks": listed}


def launched() -> Drive:
    """Return an agent with a subagent that works in the background."""
    drive = delegated()
    result = {"isAsync": True, "status": "async_launched"}
    drive.says(tasks("Look around"), claude.tool_result("t1", "Async agent launched", tool_use_result=result))
    return drive


def test_a_subagents_tool_calls_are_shown_under_its_name() -> None:
    drive = delegated()
    (call,) = calls(drive.says({**claude.tool("t2", "Read", file_path="a.py"), **WHO}))
    assert call.title == "Look around › Read a.py"
    (call,) = calls(drive.says({**claude.tool("t3", "Bash", command="ls"), "parent_tool_use_id": "t1"}))
    assert call.title == "Look around › Run ls", "an older version tells the call alone"
    (call,) = calls(drive.says({**claude.tool("t4", "Bash", command="ls"), "parent_tool_use_id": "gone"}))
    assert call.title == "subagent › Run ls"


def test_what_a_subagent_says_is_not_the_agents_word() -> None:
    drive = delegated()
    said = [{**message, "parent_tool_use_id": "t1"} for message in claude.streamed("found it")]
    assert not any(isinstance(fact, TextAppended | UsageChanged) for fact in drive.says(*said))


def test_a_subagents_permission_names_it() -> None:
    drive = delegated()
    drive.says({**claude.tool("t2", "Bash", command="rm x"), **WHO})
    (fact,) = drive.says(claude.asks("r1", "Bash", "t2", command="rm x"))
    assert isinstance(fact, RequestOpened)
    assert fact.request.title == "Look around › Run rm x"
    (fact,) = drive.says(claude.asks("r2", "Bash", "t9", command="ls"))
    assert isinstance(fact, RequestOpened)
    assert fact.request.title == "Run ls"


def test_while_one_works_in_the_background_nothing_is_finished() -> None:
    drive = launched()
    drive.says(claude.result())
    assert turn_now(drive) == (Turn.WORKING, "Look around in the background")
    assert drive.adapter.ready(), "but it can be talked to"
    (call,) = calls(drive.says({**claude.tool("t2", "Read", file_path="a.py"), **WHO}))
    (call,) = calls(drive.says({**claude.tool_result("t2", "text"), **WHO}))
    assert call.status == "completed"
    note = {"type": "system", "subtype": "task_notification", "tool_use_id": "t1", "status": "completed"}
    (call,) = calls(drive.says({**note, "summary": "nothing there"}))
    assert (call.id, call.status, call.output) == ("t1", "completed", "nothing there")
    drive.says(tasks())
    assert [claim.turn for claim in drive.adapter.evidence()] == [Turn.WORKING, Turn.DONE]


def test_its_news_are_taken_up_at_once_or_not_at_all() -> None:
    drive = launched()
    drive.says(claude.result(), NEWS, tasks())
    soon, rest = drive.adapter.evidence()
    assert (soon.turn, soon.detail, rest.turn) == (Turn.WORKING, "news from the background", Turn.DONE)
    assert soon.expires is not None
    assert reduce([soon, rest], soon.expires - 0.1).turn is Turn.WORKING
    assert reduce([soon, rest], soon.expires).turn is Turn.DONE, "they were taken up in the turn before"
    drive.says(claude.INIT)
    assert turn_now(drive) == (Turn.WORKING, "on its own")
    drive.says(claude.result())
    assert turn_now(drive)[0] is Turn.DONE


def test_news_in_the_middle_of_a_turn_may_bring_another() -> None:
    drive = launched()
    drive.says(NEWS, tasks(), claude.result())
    assert [claim.turn for claim in drive.adapter.evidence()] == [Turn.WORKING, Turn.DONE]
    prompt(drive, 2)
    drive.says(claude.result())
    assert turn_now(drive)[0] is Turn.DONE


def test_the_end_of_a_command_the_turn_waits_for_is_no_news() -> None:
    drive = opened()
    prompt(drive)
    drive.says(claude.tool("t1", "Bash", command="sleep 6"), NEWS, claude.tool_result("t1", ""), claude.result())
    assert [claim.turn for claim in drive.adapter.evidence()] == [Turn.DONE]


@pytest.mark.parametrize("sign", ["skip_transcript", "ambient"])
def test_housekeeping_is_no_news(sign: str) -> None:
    drive = launched()
    drive.says(claude.result(), {**NEWS, "tool_use_id": "x", sign: True}, tasks())
    assert turn_now(drive)[0] is Turn.DONE


@pytest.mark.parametrize(
    ("status", "shown"), [("failed", "failed"), ("stopped", "cancelled"), ("odd", "failed"), (None, "failed")]
)
def test_how_one_ended_is_how_its_call_ended(status: Any, shown: str) -> None:
    drive = launched()
    note = {"type": "system", "subtype": "task_notification", "tool_use_id": "t1", "status": status}
    assert [call.status for call in calls(drive.says(note))] == [shown]
    assert drive.says(note) == []


def test_shells_and_watchers_in_the_background_are_no_work() -> None:
    drive = opened()
    prompt(drive)
    drive.says(tasks("npm run dev", kind="local_bash"), claude.result())
    assert turn_now(drive)[0] is Turn.DONE
    drive.says({**tasks("watch"), "tasks": [{"task_type": "local_agent", "ambient": True, "description": "watch"}]})
    assert turn_now(drive)[0] is Turn.DONE
    drive.says({**tasks(), "tasks": "odd"})
    assert turn_now(drive)[0] is Turn.DONE


def test_a_call_left_open_ends_with_the_last_subagent() -> None:
    drive = launched()
    drive.says({**claude.tool("t2", "Bash", command="make"), **WHO})
    assert calls(drive.says(claude.result())) == []
    assert {(call.id, call.status) for call in calls(drive.says(tasks()))} == {("t1", "cancelled"), ("t2", "cancelled")}


def test_the_next_prompt_leaves_its_calls_alone() -> None:
    drive = launched()
    drive.says({**claude.tool("t2", "Bash", command="make"), **WHO}, claude.result())
    prompt(drive, 2)
    (call,) = calls(drive.says({**claude.tool_result("t2", "made"), **WHO}))
    assert (call.id, call.status) == ("t2", "completed")


def test_an_interrupt_reaches_subagents_also_when_no_turn_runs() -> None:
    drive = launched()
    drive.says(claude.result())
    assert json.loads(drive.adapter.interrupt("e1-1"))["request"]["subtype"] == "interrupt"
    drive.says(tasks())
    with pytest.raises(NotPossible, match="no turn is running"):
        drive.adapter.interrupt("e1-2")


def test_with_the_process_everything_ends() -> None:
    drive = launched()
    drive.says({**claude.tool("t2", "Bash", command="make"), **WHO}, claude.result())
    ended = calls(drive.ctl("exit", code=None, signal=9))
    assert {(call.id, call.status) for call in ended} == {("t1", "cancelled"), ("t2", "cancelled")}
    assert turn_now(drive)[0] is Turn.DONE, "its turn had ended well"


def test_their_tokens_and_dollars_are_counted_once() -> None:
    drive = launched()
    first = {"opus": {"inputTokens": 8, "outputTokens": 3, "cacheReadInputTokens": 1, "costUSD": 0.5}}
    rest = {
        "opus": {"inputTokens": 2, "costUSD": 0.25, "contextWindow": 1_000_000},
        "haiku": {"inputTokens": 90, "cacheCreationInputTokens": 4, "costUSD": 0.125, "contextWindow": 200_000},
        "odd": 7,
    }
    drive.says(claude.result(total_cost_usd=0.5, usage={"input_tokens": 5}, model_usage_since_last_result=first))
    drive.says(claude.INIT, claude.result(total_cost_usd=0.875, modelUsage=rest, model_usage_since_last_result=rest))
    usage = [fact.usage for fact in drive.facts if isinstance(fact, UsageChanged)][-1]
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens) == (
        100,
        3,
        1,
        4,
    )
    assert usage.cost == 0.875
    assert usage.context_size == 1_000_000
