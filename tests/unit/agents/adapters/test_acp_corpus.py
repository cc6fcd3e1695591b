"""Recorded sessions of a real ACP agent, replayed as dialogues.

What we say must be what the agent was told; what it answered becomes the facts a user sees. Recorded by
``tests/real/record.py``: a new pin changes the files, not the test.
"""

from __future__ import annotations

from collections import Counter

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import (
    Fact,
    ModesChanged,
    Noted,
    ProcessEnded,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    UsageChanged,
)
from agents.model import Blocked, Capability, Cause, Turn
from tests.unit.agents.adapters.dialogue import (
    KINDS,
    Dialogue,
    calls,
    of,
    outcomes,
    recordings,
    said,
    session_of,
    spec_of,
)

KIND = KINDS["opencode"]
LOADED = spec_of("opencode", session_id=session_of("opencode-loaded"))


def test_an_allowed_edit() -> None:
    dialogue = Dialogue()
    facts = dialogue.play("opencode-allow")
    (request,) = [fact.request for fact in of(facts, RequestOpened)]
    assert request.kind is Blocked.PERMISSION
    assert request.tool_kind == "edit"
    (diff,) = request.diffs
    assert (diff.path, diff.new) == ("/home/dev/repo/hello.txt", "hello from the model\n")
    assert [option.kind for option in request.options] == ["allow_once", "allow_always", "reject_once"]
    assert outcomes(facts) == ["allowed"]
    assert said(facts) == "I write the file.The file is written."
    assert [call.status for call in calls(facts).values()] == ["completed"]
    (ended,) = of(facts, TurnEnded)
    assert (ended.turn, ended.reason, ended.ok, ended.empty) == (1, "end_turn", True, False)
    usage = of(facts, UsageChanged)[-1].usage
    assert (usage.context_size, usage.cost) == (100_000, 0)
    assert usage.output_tokens is not None
    assert usage.output_tokens > 0
    assert dialogue.states == [
        (Turn.IDLE, None),
        (Turn.WORKING, None),
        (Turn.BLOCKED, Blocked.PERMISSION),
        (Turn.WORKING, None),
        (Turn.DONE, None),
    ]


def test_a_denied_edit_ends_the_turn() -> None:
    dialogue = Dialogue()
    facts = dialogue.play("opencode-deny")
    assert outcomes(facts) == ["denied"]
    (call,) = calls(facts).values()
    assert call.status == "failed"
    assert "rejected permission" in call.output
    (ended,) = of(facts, TurnEnded)
    assert (ended.reason, ended.ok) == ("end_turn", True)
    assert dialogue.drive.adapter.ready()


def test_an_interrupt_answers_the_open_permission_and_the_next_turn_works() -> None:
    dialogue = Dialogue()
    facts = dialogue.play("opencode-cancel")
    assert outcomes(facts) == ["cancelled", "allowed"]
    assert [(end.turn, end.reason) for end in of(facts, TurnEnded)] == [(1, "cancelled"), (2, "end_turn")]
    assert [call.status for call in calls(facts).values()] == ["failed", "completed"]
    assert Counter(state for state, _ in dialogue.states) == {
        Turn.IDLE: 2,
        Turn.WORKING: 4,
        Turn.BLOCKED: 2,
        Turn.DONE: 1,
    }


def test_an_allowance_for_good_asks_once() -> None:
    facts = Dialogue().play("opencode-always")
    assert outcomes(facts) == ["always"]
    (request,) = [fact.request for fact in of(facts, RequestOpened)]
    assert (request.tool_kind, request.command) == ("execute", "echo ran > ran.txt")
    assert [end.turn for end in of(facts, TurnEnded)] == [1, 2]


def test_modes_come_from_the_configuration_option_and_can_be_switched() -> None:
    dialogue = Dialogue()
    facts = dialogue.play("opencode-plan")
    changes = of(facts, ModesChanged)
    assert [mode.id for mode in changes[0].modes] == ["build", "plan"]
    assert [change.current for change in changes] == ["build", "plan"]
    assert Capability.MODES in dialogue.drive.adapter.capabilities()


def test_a_mode_that_was_asked_for_is_set_before_the_session_is_ready() -> None:
    dialogue = Dialogue(spec=spec_of("opencode", mode="plan"))
    facts = dialogue.play("opencode-plan")
    assert of(facts, ModesChanged)[-1].current == "plan"
    assert dialogue.drive.adapter.ready()


def test_a_refused_key_is_an_error_of_the_turn_in_its_own_words() -> None:
    dialogue = Dialogue()
    (ended,) = of(dialogue.play("opencode-unauthorized"), TurnEnded)
    assert (ended.reason, ended.ok, ended.cause) == ("auth_required", False, Cause.AUTH)
    assert "Incorrect API key provided." in ended.detail
    assert dialogue.states[-1] == (Turn.BLOCKED, Blocked.AUTH)


def test_killed_at_a_permission_it_resumes_its_session() -> None:
    dialogue = Dialogue()
    dialogue.play("opencode-killed")
    assert len(dialogue.drive.adapter.requests()) == 1
    facts = dialogue.drive.ctl("exit", code=None, signal=9)
    assert outcomes(facts) == ["withdrawn"]
    assert of(facts, ProcessEnded)[0].signal == 9
    assert of(facts, TurnEnded)[0].reason == "process_ended"
    facts = dialogue.play("opencode-resumed", incarnation=2)
    assert [started.resumed for started in of(facts, SessionStarted)] == [True]
    assert outcomes(facts) == ["allowed"]
    assert said(facts) == "I write the file.The file is written."


def test_loading_repeats_the_history_as_replayed() -> None:
    dialogue = Dialogue(spec=LOADED, can_resume=False)
    facts = dialogue.play("opencode-loaded")
    history = [fact for fact in facts if getattr(fact, "replayed", False)]
    assert [fact.text for fact in of(history, TextAppended)] == ["Write hello.txt", "I write the file."]
    assert [call.status for call in calls(history).values()] == ["in_progress"]
    assert said([fact for fact in facts if fact not in history]) == "I write the file.The file is written."
    assert of(facts, TurnEnded)[-1].reason == "end_turn"


RECORDINGS = recordings("opencode")


def test_plain_text_is_one_message_of_one_turn() -> None:
    facts = Dialogue().play("opencode-text")
    assert said(facts) == "You said: Say something"
    assert len({fact.message_id for fact in of(facts, TextAppended)}) == 1
    assert not of(facts, ToolCallChanged)
    assert [(end.turn, end.empty) for end in of(facts, TurnEnded)] == [(1, False)]


def test_what_is_not_offered_is_refused_every_time_and_told_once() -> None:
    dialogue = Dialogue()
    dialogue.play("opencode-allow")
    asked = {"jsonrpc": "2.0", "id": 77, "method": "fs/write_text_file", "params": {"path": "/x", "content": "y"}}
    assert dialogue.drive.says(asked) == []
    (refusal,) = dialogue.drive.settle()
    assert (refusal["id"], refusal["error"]["code"]) == (77, -32601)


@pytest.mark.parametrize("name", RECORDINGS)
def test_nothing_of_it_is_outside_the_protocol(name: str) -> None:
    notes = of(replayed(name).drive.facts, Noted)
    # It asks us to write the file it has written itself, though we offer no files; see resources/agents/opencode.toml.
    known = "the agent asked for fs/write_text_file, which is not offered"
    assert [note.text for note in notes] in ([], [known])
    assert not of(replayed(name).drive.facts, SessionFailed)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_checkpoint_at_any_mark_changes_nothing(name: str) -> None:
    dialogue = replayed(name)
    marks = dialogue.drive.tape.marks
    adapter = AcpAdapter(KIND, dialogue.spec)
    whole: list[Fact] = []
    for cut in range(len(marks) + 1):
        other = AcpAdapter.load(KIND, dialogue.spec, adapter.dump())
        facts = [*whole, *(fact for mark, data in marks[cut:] for fact in other.feed(mark, data))]
        assert facts == dialogue.drive.facts
        assert other.dump() == dialogue.drive.adapter.dump()
        if cut < len(marks):
            whole += adapter.feed(*marks[cut])


def replayed(name: str) -> Dialogue:
    """Return the recording played by an adapter that knows the session it continues."""
    if name == "opencode-loaded":
        dialogue = Dialogue(spec=LOADED, can_resume=False)
    elif name == "opencode-resumed":
        dialogue = Dialogue(spec=spec_of("opencode", session_id=session_of(name)))
    else:
        dialogue = Dialogue()
    dialogue.play(name)
    return dialogue
