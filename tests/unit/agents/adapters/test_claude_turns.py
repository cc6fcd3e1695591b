"""Messages of the user inside Claude Code: taken, put into a running turn, too late for it, dropped; and own turns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.adapters.contract import Fact, Noted, NotPossible, PromptTaken, TextAppended, TurnEnded, TurnStarted
from agents.model import Turn
from tests.unit.agents.adapters import claude_tape as claude
from tests.unit.agents.adapters.claude_tape import lifecycle, opened, turn_now
from tests.unit.agents.adapters.tape import Drive, prompt


def say(drive: Drive, data: bytes) -> str:
    """Write a message and return its uuid."""
    drive.write(data)
    return str(json.loads(data)["uuid"])


def begun(drive: Drive, turn: int = 1) -> str:
    """Begin a turn as the program does and return the uuid of its message."""
    uuid = say(drive, drive.adapter.prompt(turn, "fix it"))
    drive.says(lifecycle(uuid, "queued"), lifecycle(uuid, "started"), claude.INIT)
    return uuid


def steered(drive: Drive, text: str = "and be quick", token: str = "e1-1") -> str:
    return say(drive, drive.adapter.steer(text, token))


def ends(facts: list[Fact]) -> list[TurnEnded]:
    return [fact for fact in facts if isinstance(fact, TurnEnded)]


def covering(*uuids: str, **more: Any) -> dict[str, Any]:
    return claude.result(user_message_uuids=list(uuids), **more)


def test_the_program_says_itself_that_it_has_a_prompt() -> None:
    drive = opened()
    uuid = say(drive, drive.adapter.prompt(1, "fix it"))
    assert not any(isinstance(fact, PromptTaken) for fact in drive.facts)
    assert drive.says(lifecycle(uuid, "queued")) == [PromptTaken(1)]
    assert drive.says(lifecycle(uuid, "started"), lifecycle("another", "queued")) == []


def test_a_message_put_into_a_turn_is_the_users_and_one_result_is_for_both() -> None:
    drive = opened()
    first = begun(drive)
    second = steered(drive)
    assert drive.facts[-1] == TextAppended("user", "and be quick", second)
    drive.says(lifecycle(second, "queued"), lifecycle(second, "started"))
    facts = drive.says(covering(first, second, usage={"output_tokens": 5}))
    assert ends(facts) == [TurnEnded(1, "end_turn", ok=True, empty=True)]
    assert turn_now(drive)[0] is Turn.DONE


def test_a_message_that_comes_too_late_for_the_turn_lengthens_it() -> None:
    drive = opened()
    first = begun(drive)
    second = steered(drive)
    assert ends(drive.says(lifecycle(second, "queued"), covering(first))) == []
    assert turn_now(drive)[0] is Turn.WORKING
    assert not drive.adapter.ready()
    drive.says(lifecycle(second, "started"), claude.INIT, *claude.streamed("quick enough"))
    assert ends(drive.says(covering(second))) == [TurnEnded(1, "end_turn", ok=True)]
    assert [fact for fact in drive.facts if isinstance(fact, TurnStarted)] == [TurnStarted(1, "fix it")]


def test_two_messages_put_into_it_may_need_two_more_results() -> None:
    drive = opened()
    first, second, third = begun(drive), steered(drive, token="e1-1"), steered(drive, token="e1-2")
    assert len({first, second, third}) == 3
    assert ends(drive.says(covering(first))) == []
    assert ends(drive.says(covering(second))) == []
    assert ends(drive.says(covering(third))) == [TurnEnded(1, "end_turn", ok=True, empty=True)]


def test_a_failure_in_the_middle_is_told_and_what_was_put_in_goes_on() -> None:
    drive = opened()
    first, second = begun(drive), steered(drive)
    (note,) = drive.says(covering(first, is_error=True, api_error_status=500, result="API Error: 500"))
    assert isinstance(note, Noted)
    assert (note.level, note.text) == ("warning", "API Error: 500; what was said meanwhile goes on")
    assert ends(drive.says(covering(second)))[0].ok


def test_an_interrupt_takes_everything_with_it() -> None:
    drive = opened()
    first, second = begun(drive), steered(drive)
    sent = json.loads(drive.adapter.interrupt("e1-2"))
    assert sent["request"] == {"subtype": "interrupt", "cancel_queued": True}
    drive.write(drive.adapter.interrupt("e1-2"))
    drive.says(lifecycle(second, "cancelled"))
    aborted = {"subtype": "error_during_execution", "terminal_reason": "aborted_streaming", "is_error": True}
    assert ends(drive.says(covering(first, **aborted))) == [TurnEnded(1, "cancelled", ok=True)]
    assert drive.says(lifecycle(first, "cancelled")) == []
    assert drive.adapter.ready()


def test_a_message_the_program_drops_before_it_began_has_no_result_to_wait_for() -> None:
    drive = opened()
    uuid = say(drive, drive.adapter.prompt(1, "fix it"))
    drive.says(lifecycle(uuid, "queued"))
    assert ends(drive.says(lifecycle(uuid, "cancelled"))) == [TurnEnded(1, "cancelled", ok=True)]
    first, second = begun(drive, 2), steered(drive)
    drive.says(lifecycle(second, "queued"), covering(first))
    assert ends(drive.says(lifecycle(second, "cancelled"))) == [TurnEnded(2, "cancelled", ok=True)]


def test_only_a_running_turn_can_be_steered() -> None:
    drive = opened()
    with pytest.raises(NotPossible, match="no turn is running"):
        drive.adapter.steer("quick", "e1-1")
    late = steer_after_its_turn(drive)
    assert turn_now(drive) == (Turn.WORKING, "on its own"), "written before its turn was over, it is one of its own"
    assert ends(drive.says(covering(late))) == []
    assert turn_now(drive)[0] is Turn.DONE


def steer_after_its_turn(drive: Drive) -> str:
    first = begun(drive)
    data = drive.adapter.steer("quick", "e1-1")
    drive.says(covering(first))
    return say(drive, data)


def test_the_result_of_its_own_turn_ends_no_prompt_that_waits_in_it() -> None:
    drive = opened()
    uuid = say(drive, drive.adapter.prompt(1, "fix it"))
    drive.says(lifecycle(uuid, "queued"), claude.INIT)
    assert ends(drive.says(claude.result())) == [], "a subagent's news were worked on first"
    drive.says(lifecycle(uuid, "started"))
    assert len(ends(drive.says(covering(uuid)))) == 1


def test_a_version_that_says_nothing_of_messages_is_understood() -> None:
    drive = opened()
    prompt(drive)
    steered(drive)
    assert len(ends(drive.says(claude.result()))) == 1


def test_a_message_of_a_stranger_is_not_the_users() -> None:
    drive = opened()
    line = {"type": "user", "message": {"role": "user", "content": "x"}, "uuid": "5d0c9a51-297e-4000-a000-000000000001"}
    assert drive.write(json.dumps(line).encode() + b"\n") == []
