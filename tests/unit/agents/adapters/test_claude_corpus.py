"""Recorded sessions of the real Claude Code, replayed: what it said becomes the facts a user sees.

Recorded by ``tests/real/record_claude.py``: a new pin changes the files, not the test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import pytest

from agents.adapters.claude.adapter import ClaudeAdapter
from agents.adapters.contract import (
    Answer,
    CommandsChanged,
    Fact,
    ModelsChanged,
    ModesChanged,
    Noted,
    PlanChanged,
    PromptTaken,
    RequestClosed,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    UsageChanged,
)
from agents.model import Blocked, Cause, Stream, Turn
from tests.unit.agents.adapters.tape import Drive, kind, spec

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "claude"
KIND = kind(name="claude", family="claude", command=("claude",))

#: The session of all recordings; ours follows from the spec.
SESSION = "5d0c9a51-0000-4000-8000-000000000001"
SPEC = spec(kind="claude", family="claude", cwd="/home/dev/repo")

F = TypeVar("F", bound=Fact)


class Replay:
    """One recording fed to a fresh adapter; ``answers`` holds what ours would say where the user decided."""

    def __init__(self, name: str) -> None:
        self.drive = Drive(ClaudeAdapter(KIND, SPEC))
        self.drive.start()
        self.answers: list[Any] = []
        self.given: list[Any] = []
        recorded = (CORPUS / f"{name}.jsonl").read_text().replace(SESSION, ClaudeAdapter(KIND, SPEC).session_id)
        for raw in recorded.splitlines():
            self._line(json.loads(raw))

    def _line(self, record: dict[str, Any]) -> None:
        match record["dir"]:
            case "in":
                message = json.loads(record["line"])
                if message["type"] == "control_response":
                    self._answer(message["response"]["response"])
                # The handshake was recorded under an id of the recorder's own.
                self.drive.write(record["line"].encode() + b"\n")
            case "end":
                self.drive.ctl("exit", code=record["code"], signal=None)
            case stream:
                self.drive.feed(Stream(stream), record["line"].encode() + b"\n")

    def _answer(self, body: dict[str, Any]) -> None:
        (request,) = self.drive.adapter.requests()
        answer = _given(body)
        ours = json.loads(self.drive.adapter.answer(request.key, answer))
        self.answers.append(ours["response"]["response"])
        self.given.append(body)

    def all(self, fact: type[F]) -> list[F]:
        return [one for one in self.drive.facts if isinstance(one, fact)]

    def one(self, fact: type[F]) -> F:
        (found,) = self.all(fact)
        return found

    def text(self) -> str:
        return "".join(one.text for one in self.all(TextAppended))


def _given(body: dict[str, Any]) -> Answer:
    """Return what the user decided when this was recorded."""
    if "action" in body:
        return Answer("answer", answers=body["content"])
    told = body.get("updatedInput", {}).get("answers", {})
    decision = "deny" if body["behavior"] == "deny" else "always" if "updatedPermissions" in body else "allow"
    return Answer("answer" if told else decision, reason=body.get("message", ""), answers=told)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_everything_it_says_is_understood(path: Path) -> None:
    replay = Replay(path.stem)
    assert [note.text for note in replay.all(Noted) if note.level == "info" and "tries again" not in note.text] == []
    assert replay.answers == replay.given, "our answers are those that the program took"


def test_allow() -> None:
    replay = Replay("allow")
    assert replay.one(SessionStarted).resumed is False
    assert replay.one(CommandsChanged).commands[0].name == "deep-research"
    request = replay.one(RequestOpened).request
    assert (request.title, request.kind, request.tool_kind) == ("Write hello.txt", Blocked.PERMISSION, "edit")
    assert request.paths == ("/home/dev/repo/hello.txt",)
    assert [(d.path, d.old, d.new) for d in request.diffs] == [
        ("/home/dev/repo/hello.txt", None, "hello from the model\n")
    ]
    assert [o.name for o in request.options] == ["Allow", "Always: mode acceptEdits in this session", "Deny"]
    assert replay.one(RequestClosed).outcome == "allowed"
    assert [one.call.status for one in replay.all(ToolCallChanged)] == ["in_progress", "completed"]
    assert replay.text() == "I write the file.The file is written.", "streamed text is not told twice"
    assert replay.one(TurnEnded) == TurnEnded(1, "end_turn", ok=True)
    usage = replay.all(UsageChanged)[-1].usage
    assert usage.cost is not None
    assert usage.cost > 0
    assert usage.output_tokens == 25
    assert usage.context_size == 1_000_000


def test_always_carries_what_was_suggested() -> None:
    replay = Replay("always")
    option = next(o for o in replay.one(RequestOpened).request.options if o.kind == "allow_always")
    assert option.name.startswith("Always: Bash(echo ran *) in this project (your own settings)")
    assert replay.given[0]["updatedPermissions"][0]["type"] == "addRules"
    assert replay.one(RequestClosed).outcome == "always"


def test_deny_with_a_reason() -> None:
    replay = Replay("deny")
    assert replay.one(RequestClosed).outcome == "denied"
    failed = replay.all(ToolCallChanged)[-1].call
    assert (failed.status, failed.output) == ("failed", "not in this branch")
    assert replay.one(TurnEnded).ok


def test_a_question() -> None:
    replay = Replay("question")
    request = replay.one(RequestOpened).request
    assert (request.kind, request.title) == (Blocked.QUESTION, "Which database?")
    assert [q.choices for q in request.questions] == [("sqlite", "postgres")]
    assert replay.one(RequestClosed).outcome == "answered"
    assert replay.all(ToolCallChanged) == [], "the question is the card, not a tool call"


def test_an_interrupt_takes_the_permission_back_and_the_next_turn_works() -> None:
    replay = Replay("interrupt-tool")
    assert [one.outcome for one in replay.all(RequestClosed)] == ["withdrawn", "allowed"]
    assert [(one.turn, one.reason, one.ok) for one in replay.all(TurnEnded)] == [
        (1, "cancelled", True),
        (2, "end_turn", True),
    ]


def test_an_interrupt_in_mid_stream() -> None:
    replay = Replay("interrupt-stream")
    assert replay.text().startswith("one ")
    assert [(one.reason, one.detail) for one in replay.all(TurnEnded)] == [("cancelled", "")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refused-402", "Credit balance is too low"),
        ("refused-404", "issue with the selected model"),
        ("overloaded-529", "Repeated 529 Overloaded errors"),
    ],
)
def test_a_failure_that_calls_itself_a_success_fails(name: str, words: str) -> None:
    replay = Replay(name)
    ended = replay.one(TurnEnded)
    assert not ended.ok
    assert words in ended.detail
    assert replay.text() == "", "the error is told once, as an error"
    assert [one.turn for one in replay.drive.adapter.evidence()] == [Turn.ERROR]


def test_retries_are_told() -> None:
    replay = Replay("retry-401")
    told = [note for note in replay.all(Noted) if "tries again" in note.text]
    assert [note.text.partition(", tries")[0] for note in told] == ["the key or login was refused (401)"] * 2
    assert "attempt 2 of 10" in told[1].text
    assert [note.level for note in told] == ["warning", "info"], "one line is enough in the conversation"
    assert replay.one(TurnEnded).reason == "cancelled"


def test_a_retry_that_works_leaves_no_trace_in_the_state() -> None:
    replay = Replay("waiting-429")
    assert len([note for note in replay.all(Noted) if "rate limited (429)" in note.text]) == 1
    assert replay.one(TurnEnded).ok
    assert [(one.turn, one.detail) for one in replay.drive.adapter.evidence()] == [(Turn.DONE, "")]


def test_modes_are_read_back() -> None:
    replay = Replay("modes")
    assert replay.all(ModesChanged)[0].current == "acceptEdits"
    (refused,) = [note.text for note in replay.all(Noted) if "mode was not changed" in note.text]
    assert "must be one of" in refused


def test_an_edit_shows_what_changes() -> None:
    replay = Replay("todo")
    edit = replay.all(ToolCallChanged)[-1].call
    assert (edit.title, edit.status) == ("Edit README.md", "completed")
    assert [(d.path, d.old, d.new) for d in edit.diffs] == [("/home/dev/repo/README.md", "old", "new")]


def test_a_session_that_is_not_there_begins_anew_and_one_that_is_continues() -> None:
    lost, taken = Replay("unknown"), Replay("taken")
    assert "No conversation found" in lost.one(SessionFailed).hint
    assert "is already in use" in taken.one(SessionFailed).hint
    assert lost.drive.adapter.arguments()[0] == "--session-id"
    assert taken.drive.adapter.arguments()[0] == "--resume"


# ---------------------------------------------------------------- messages put into a turn


def test_a_message_between_two_tool_calls_is_part_of_the_turn() -> None:
    replay = Replay("mid-turn")
    assert replay.one(PromptTaken).turn == 1
    assert replay.one(TurnEnded) == TurnEnded(1, "end_turn", ok=True)
    assert [one.text for one in replay.all(TextAppended) if one.role == "user"] == ["And be quick"]


def test_a_message_too_late_lengthens_the_turn() -> None:
    replay = Replay("mid-turn-late")
    assert replay.one(TurnEnded) == TurnEnded(1, "end_turn", ok=True)
    assert replay.text().count("one two") == 2
    assert [one.role for one in replay.all(TextAppended)].count("user") == 1


def test_an_interrupt_ends_both() -> None:
    replay = Replay("mid-turn-stopped")
    assert replay.one(TurnEnded) == TurnEnded(1, "cancelled", ok=True)
    assert replay.drive.adapter.ready() is False, "its process has ended since"


# ---------------------------------------------------------------- what it does on its own


def test_its_own_commands() -> None:
    replay = Replay("commands")
    assert [(one.turn, one.empty) for one in replay.all(TurnEnded)] == [(n, False) for n in (1, 2, 3, 4)]
    notices = [note.text for note in replay.all(Noted) if note.level == "notice"]
    assert [text.partition(" was ")[2].partition(":")[0][:20] for text in notices] == [
        "compacted as asked f",
        "cleared",
    ]
    first, second = replay.all(SessionStarted)
    assert second.session_id != first.session_id
    assert replay.drive.adapter.arguments() == ("--resume", second.session_id)


def test_a_subagent_in_the_background_and_the_turn_it_brings() -> None:
    replay = Replay("subagent")
    assert replay.one(TurnEnded) == TurnEnded(1, "end_turn", ok=True)
    calls = {one.call.id: one.call for one in replay.all(ToolCallChanged)}
    (made, *_) = calls.values()
    assert (made.title, made.status) == ("Delegate Look around", "completed")
    assert "Nothing there." in made.output
    assert "Async agent launched" not in made.output
    assert [one.turn for one in replay.drive.adapter.evidence()] == [Turn.DONE]
    assert replay.text().count("Nothing there.") == 2, "of the main conversation only"


def test_a_plan_made_step_by_step() -> None:
    replay = Replay("tasks")
    told = [[(entry.text, entry.status) for entry in plan.entries] for plan in replay.all(PlanChanged)]
    assert told[0] == [("Read it", "pending")]
    assert told[-1] == [("Read it", "completed"), ("Edit it", "pending")]
    assert len(told) == 4
    assert replay.all(ToolCallChanged) == []


def test_the_form_of_a_server() -> None:
    replay = Replay("form")
    tool, form = (one.request for one in replay.all(RequestOpened))
    assert (tool.kind, tool.title) == (Blocked.PERMISSION, "mcp__deploys__deploy")
    assert (form.kind, form.title, form.questions[0].choices) == (
        Blocked.QUESTION,
        "Where to?",
        ("staging", "production"),
    )
    assert [one.outcome for one in replay.all(RequestClosed)] == ["allowed", "answered"]


def test_a_plan_that_is_used_up() -> None:
    replay = Replay("used-up")
    ended = replay.one(TurnEnded)
    assert (ended.ok, ended.cause) == (False, Cause.QUOTA)
    assert "You've hit your" in ended.detail
    (note,) = [note.text for note in replay.all(Noted) if note.level == "warning"]
    assert note.startswith("the five-hour limit is used up")


def test_a_fork_spends_its_own() -> None:
    origin, fork = Replay("text").all(UsageChanged)[-1].usage, Replay("forked").all(UsageChanged)[-1].usage
    assert origin.cost is not None
    assert fork.cost is not None
    assert fork.cost < 1.5 * origin.cost, "the program's own total has both"


def test_the_model_is_read_back() -> None:
    told = Replay("modes").all(ModelsChanged)
    assert [one.current for one in told] == [None, "claude-opus-4-5"]
    assert told[0].models[0].id == "default"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("refused-402", Cause.BILLING),
        ("refused-403", Cause.AUTH),
        ("refused-404", Cause.MODEL),
        ("overloaded-529", Cause.OVERLOADED),
    ],
)
def test_a_failure_has_its_word(name: str, cause: Cause) -> None:
    replay = Replay(name)
    assert replay.one(TurnEnded).cause is cause
