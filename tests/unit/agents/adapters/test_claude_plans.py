"""The plan of Claude Code: written whole, or step by step by tools that tell one step each."""

from __future__ import annotations

from typing import Any

import pytest

from agents.adapters.contract import Fact, PlanChanged, ToolCallChanged
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.claude_tape import handshake, opened, turn_now
from tests.unit.agents.adapters.tape import Drive, prompt


def called(drive: Drive, call: str, name: str, result: Any, *, failed: bool = False, **given: Any) -> list[Fact]:
    return drive.says(
        claude.tool(call, name, **given),
        claude.tool_result(call, "told", is_error=failed, tool_use_result=result),
    )


def steps(facts: list[Fact]) -> list[tuple[str, str]]:
    (plan,) = [fact for fact in facts if isinstance(fact, PlanChanged)]
    return [(entry.text, entry.status) for entry in plan.entries]


def made(drive: Drive, number: str, subject: str) -> list[Fact]:
    return called(drive, f"c{number}", "TaskCreate", {"task": {"id": number, "subject": subject}}, subject=subject)


def planned() -> Drive:
    drive = opened()
    prompt(drive)
    made(drive, "1", "Read it")
    made(drive, "2", "Edit it")
    return drive


def changed(drive: Drive, task: str, to: str, **given: Any) -> list[Fact]:
    result = {"success": True, "taskId": task, "statusChange": {"from": "pending", "to": to}}
    return called(drive, f"u{task}{to}", "TaskUpdate", result, taskId=task, status=to, **given)


def test_a_plan_grows_and_moves_step_by_step() -> None:
    drive = planned()
    assert steps(changed(drive, "1", "in_progress")) == [("Read it", "in_progress"), ("Edit it", "pending")]
    assert steps(changed(drive, "1", "completed", subject="Read all")) == [
        ("Read all", "completed"),
        ("Edit it", "pending"),
    ]
    assert steps(changed(drive, "2", "deleted")) == [("Read all", "completed")]
    assert not any(isinstance(fact, ToolCallChanged) for fact in drive.facts), "the plan is not a tool call"


def test_the_list_puts_right_what_was_missed() -> None:
    drive = planned()
    listed = {"tasks": [{"id": "7", "subject": "Else", "status": "in_progress"}, "odd"]}
    assert steps(called(drive, "l1", "TaskList", listed)) == [("Else", "in_progress")]
    assert called(drive, "l2", "TaskList", listed) == [], "the same plan is no news"


@pytest.mark.parametrize(
    ("name", "result", "failed"),
    [
        ("TaskUpdate", {"success": True, "taskId": "9", "statusChange": {"to": "completed"}}, False),
        ("TaskUpdate", {"success": False, "taskId": "1", "statusChange": {"to": "completed"}}, False),
        ("TaskUpdate", {"success": True, "taskId": "1", "statusChange": {"to": "completed"}}, True),
        ("TaskCreate", {"task": {"id": "1", "subject": "Again"}}, False),
        ("TaskCreate", {"task": {"id": "3"}}, False),
        ("TaskCreate", "Task #3 created", False),
        ("TaskGet", {"task": None}, False),
    ],
)
def test_what_changes_nothing_changes_nothing(name: str, result: Any, *, failed: bool) -> None:
    drive = planned()
    assert not any(isinstance(f, PlanChanged) for f in called(drive, "x", name, result, failed=failed))


def test_a_subagents_plan_is_its_own() -> None:
    drive = planned()
    result = {"task": {"id": "3", "subject": "Of the subagent"}}
    facts = drive.says(
        {**claude.tool("s1", "TaskCreate", subject="Of the subagent"), "parent_tool_use_id": "t1"},
        {**claude.tool_result("s1", "told", tool_use_result=result), "parent_tool_use_id": "t1"},
    )
    assert facts == []


def test_the_plan_outlives_the_process_and_not_the_conversation() -> None:
    drive = planned()
    drive.ctl("exit", code=0, signal=None)
    handshake(drive, 2)
    assert steps(changed(drive, "2", "completed")) == [("Read it", "pending"), ("Edit it", "completed")]
    assert steps(drive.says({"type": "conversation_reset"})) == []


def test_a_plan_has_an_end() -> None:
    drive = opened()
    prompt(drive)
    for number in range(250):
        made(drive, str(number), "More")
    assert len(steps(drive.facts[-1:])) == 200


def test_while_it_plans_it_says_so() -> None:
    drive = opened()
    prompt(drive)
    drive.says(
        claude.event({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "TaskCreate"}})
    )
    assert turn_now(drive)[1] == "planning"
