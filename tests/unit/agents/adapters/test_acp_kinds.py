"""Recorded sessions of Gemini CLI and of Claude over ACP, replayed with their kinds as users have them."""

from __future__ import annotations

import re

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import (
    Fact,
    ModelsChanged,
    ModesChanged,
    Noted,
    PromptTaken,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    TurnEnded,
    UsageChanged,
)
from agents.model import Blocked, Capability, Cause, Turn
from tests.unit.agents.adapters.dialogue import (
    CORPUS,
    Dialogue,
    calls,
    of,
    outcomes,
    recordings,
    said,
    session_of,
    spec_of,
)

KINDS = ("gemini", "claude-agent-acp")
RECORDINGS = [(kind, name) for kind in KINDS for name in recordings(kind)]

both = pytest.mark.parametrize("kind", KINDS)
every_recording = pytest.mark.parametrize(("kind", "name"), RECORDINGS, ids=[name for _, name in RECORDINGS])


def replayed(kind: str, name: str) -> tuple[Dialogue, list[Fact]]:
    """Return the recording played by an adapter that knows the session it continues."""
    dialogue = Dialogue(kind)
    if name.endswith(("-loaded", "-resumed")):
        spec = spec_of(kind, session_id=session_of(name))
        dialogue = Dialogue(kind, spec=spec, can_resume=name.endswith("-resumed"))
    if name.endswith("-forked"):
        dialogue = Dialogue(kind, spec=spec_of(kind, fork_of=session_of(name)))
    return dialogue, dialogue.play(name)


@both
def test_an_allowed_edit(kind: str) -> None:
    dialogue, facts = replayed(kind, f"{kind}-allow")
    (request,) = [fact.request for fact in of(facts, RequestOpened)]
    assert (request.kind, request.tool_kind) == (Blocked.PERMISSION, "edit")
    assert [diff.new for diff in request.diffs] == ["hello from the model\n"]
    assert {"allow_once", "allow_always", "reject_once"} == {option.kind for option in request.options}
    assert outcomes(facts) == ["allowed"]
    assert said(facts) == "I write the file.The file is written."
    assert [call.status for call in calls(facts).values()] == ["completed"]
    assert of(facts, PromptTaken) == [PromptTaken(1)]
    (ended,) = of(facts, TurnEnded)
    assert (ended.reason, ended.ok, ended.empty) == ("end_turn", True, False)
    assert [turn for turn, _ in dialogue.states] == [Turn.IDLE, Turn.WORKING, Turn.BLOCKED, Turn.WORKING, Turn.DONE]


def test_usage_of_gemini_is_in_the_meta_of_its_answer() -> None:
    usage = of(replayed("gemini", "gemini-allow")[1], UsageChanged)[-1].usage
    assert usage.input_tokens
    assert usage.output_tokens
    assert (usage.context_size, usage.cost) == (None, None)


def test_usage_of_claude_is_counted_once_though_it_is_told_twice() -> None:
    usage = of(replayed("claude-agent-acp", "claude-agent-acp-allow")[1], UsageChanged)[-1].usage
    recorded = (CORPUS / "claude-agent-acp-allow.jsonl").read_text()
    told = [int(number) for number in re.findall(r'\\"(?:input|output)Tokens\\":(\d+)', recorded)]
    assert [usage.input_tokens, usage.output_tokens] == told[:2], "the answer's own, not the sum with its _meta"
    assert usage.context_size == 1_000_000
    assert usage.cost


@both
def test_a_denied_edit_is_not_made(kind: str) -> None:
    _, facts = replayed(kind, f"{kind}-deny")
    assert outcomes(facts) == ["denied"]
    assert "completed" not in [call.status for call in calls(facts).values()]
    assert len(of(facts, TurnEnded)) == 1


@both
def test_an_interrupt_answers_the_open_permission_and_the_next_turn_works(kind: str) -> None:
    _, facts = replayed(kind, f"{kind}-cancel")
    assert outcomes(facts) == ["cancelled", "allowed"]
    assert [(end.turn, end.reason) for end in of(facts, TurnEnded)] == [(1, "cancelled"), (2, "end_turn")]


@pytest.mark.parametrize(
    ("name", "reason", "cause", "words"),
    [
        ("gemini-unauthorized", "auth_required", Cause.AUTH, "Incorrect API key provided."),
        ("gemini-limited", "error", Cause.RATE_LIMIT, "Rate limit reached."),
        ("gemini-cut", "error", Cause.NETWORK, "terminated"),
        ("claude-agent-acp-overloaded", "error", Cause.OVERLOADED, "529 Overloaded"),
        ("claude-agent-acp-no-model", "error", Cause.MODEL, "may not exist"),
    ],
)
def test_a_failed_turn_has_its_cause(name: str, reason: str, cause: Cause, words: str) -> None:
    dialogue, facts = replayed(name.rpartition("-")[0].removesuffix("-no"), name)
    (ended,) = of(facts, TurnEnded)
    assert (ended.reason, ended.ok, ended.cause) == (reason, False, cause)
    assert words in ended.detail
    trouble = dialogue.drive.adapter.trouble()
    assert trouble is not None
    assert (trouble.cause, trouble.retrying) == (cause, False)


def test_a_limit_says_when_it_passes() -> None:
    dialogue, _ = replayed("gemini", "gemini-limited")
    trouble = dialogue.drive.adapter.trouble()
    assert trouble is not None
    assert trouble.until == trouble.since + 3600


def test_a_retry_is_told_and_forgotten_once_it_worked() -> None:
    dialogue, facts = replayed("claude-agent-acp", "claude-agent-acp-waited")
    assert "Retrying Claude, attempt 1 of 10." in [note.text for note in of(facts, Noted)]
    assert said(facts) == "Worked after the wait."
    assert dialogue.drive.adapter.trouble() is None
    assert of(facts, TurnEnded)[0].ok


@both
def test_mode_and_model_are_switched(kind: str) -> None:
    dialogue, facts = replayed(kind, f"{kind}-settings")
    assert of(facts, ModesChanged)[-1].current == "plan"
    assert of(facts, ModelsChanged)[-1].current == {"gemini": "gemini-3.8-flash", "claude-agent-acp": "haiku"}[kind]
    assert {Capability.MODES, Capability.MODELS} <= dialogue.drive.adapter.capabilities()


def test_loading_repeats_the_history_as_replayed_also_after_its_answer() -> None:
    for kind in KINDS:
        _, facts = replayed(kind, f"{kind}-loaded")
        history = [fact for fact in of(facts, TextAppended) if fact.replayed]
        assert "Write hello.txt" in [fact.text for fact in history if fact.role == "user"]
        assert [started.resumed for started in of(facts, SessionStarted)] == [True]
        assert said([fact for fact in facts if fact not in history]) == "I write the file.The file is written."
        assert outcomes(facts) == ["allowed"]


def test_killed_at_a_permission_it_resumes_its_session() -> None:
    dialogue = Dialogue("claude-agent-acp")
    dialogue.play("claude-agent-acp-killed")
    facts = dialogue.drive.ctl("exit", code=None, signal=9)
    assert outcomes(facts) == ["withdrawn"]
    assert of(facts, TurnEnded)[0].cause is Cause.CRASH
    facts = dialogue.play("claude-agent-acp-resumed", incarnation=2)
    assert [started.resumed for started in of(facts, SessionStarted)] == [True]
    assert outcomes(facts) == ["allowed"]


def test_a_fork_begins_as_a_copy_under_an_id_of_its_own() -> None:
    dialogue, facts = replayed("claude-agent-acp", "claude-agent-acp-forked")
    (started,) = of(facts, SessionStarted)
    assert started.session_id != dialogue.spec.fork_of
    assert Capability.FORK in dialogue.drive.adapter.capabilities()
    assert said(facts) == "You said: Once more"


@every_recording
def test_nothing_of_it_is_outside_the_protocol(kind: str, name: str) -> None:
    _, facts = replayed(kind, name)
    odd = [note.text for note in of(facts, Noted) if note.level == "info" and "_auth/status_update" not in note.text]
    assert odd == []
    assert not of(facts, SessionFailed)


@every_recording
def test_a_checkpoint_at_any_mark_changes_nothing(kind: str, name: str) -> None:
    dialogue, _ = replayed(kind, name)
    marks = dialogue.drive.tape.marks
    adapter = AcpAdapter(dialogue.kind, dialogue.spec)
    whole: list[Fact] = []
    for cut in range(len(marks) + 1):
        other = AcpAdapter.load(dialogue.kind, dialogue.spec, adapter.dump())
        facts = [*whole, *(fact for mark, data in marks[cut:] for fact in other.feed(mark, data))]
        assert facts == dialogue.drive.facts
        assert other.dump() == dialogue.drive.adapter.dump()
        if cut < len(marks):
            whole += adapter.feed(*marks[cut])
