"""Recorded sessions of the real Codex, replayed: what it said becomes the facts a user sees.

Recorded by ``tests/real/record_codex.py``: a new pin changes the files, not the test.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, TypeVar

import pytest

from agents.adapters.codex.adapter import CodexAdapter
from agents.adapters.contract import (
    Answer,
    CommandsChanged,
    Fact,
    ModelsChanged,
    ModesChanged,
    Noted,
    PromptTaken,
    RequestClosed,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    TurnStarted,
    UsageChanged,
)
from agents.model import Blocked, Cause, Stream, Turn
from agents.spec import Spec
from tests.unit.agents.adapters.tape import Drive, kind, spec

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "codex"
NAMES = sorted(path.stem for path in CORPUS.glob("*.jsonl"))
KIND = kind(name="codex", family="codex", command=("codex", "app-server"), mode="ask")

F = TypeVar("F", bound=Fact)


def lines_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in (CORPUS / f"{name}.jsonl").read_text().splitlines()]


def spec_of(name: str) -> Spec:
    """Return what the recorded agent was asked for."""
    asked = next((line for line in lines_of(name) if line["dir"] == "spec"), {})
    fields = {key: value for key, value in asked.items() if key != "dir"}
    return spec(kind="codex", family="codex", cwd="/home/dev/repo", **fields)


class Replay:
    """One recording fed to a fresh adapter; ``ours`` is what it would write itself, ``recorded`` what was taken."""

    def __init__(self, name: str) -> None:
        self.drive = Drive(CodexAdapter(KIND, spec_of(name)))
        self.ours: list[Any] = []
        self.recorded: list[Any] = []
        for line in lines_of(name):
            self._line(line)

    def _line(self, line: dict[str, Any]) -> None:
        match line["dir"]:
            case "spec":
                return
            case "start":
                self.drive.start(line["incarnation"])
            case "end":
                self.drive.ctl("exit", code=line["code"], signal=line["signal"])
            case "in":
                data = line["line"].encode() + b"\n"
                self.recorded.append(json.loads(data))
                self.ours.append(json.loads(self._written(line.get("do"), data)))
                self.drive.write(data)
            case stream:
                self.drive.feed(Stream(stream), line["line"].encode() + b"\n")

    def _written(self, do: list[Any] | None, data: bytes) -> bytes:
        adapter = self.drive.adapter
        if do is None:
            return next((want.data for want in adapter.wants() if want.data == data), b'"nothing that is wanted"')
        if do[0] == "answer":
            return adapter.answer(adapter.requests()[0].key, Answer(do[1], **do[2]))
        made: bytes = getattr(adapter, do[0])(*do[1:])
        return made

    def all(self, fact: type[F]) -> list[F]:
        return [one for one in self.drive.facts if isinstance(one, fact)]

    def one(self, fact: type[F]) -> F:
        (found,) = self.all(fact)
        return found

    def text(self, role: str = "message") -> str:
        return "".join(one.text for one in self.all(TextAppended) if one.role == role)

    def ends(self) -> list[tuple[int, str, bool]]:
        return [(one.turn, one.reason, one.ok) for one in self.all(TurnEnded)]


@pytest.mark.parametrize("name", NAMES)
def test_everything_it_says_is_understood_and_what_we_say_is_what_it_took(name: str) -> None:
    replay = Replay(name)
    assert [note.text for note in replay.all(Noted) if note.level == "info" or "not offered" in note.text] == []
    assert replay.ours == replay.recorded
    assert len(replay.all(TurnStarted)) == len(replay.all(TurnEnded)) == len(replay.all(PromptTaken))


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_after_any_message_changes_nothing(name: str) -> None:
    replay = Replay(name)
    adapter = CodexAdapter(KIND, spec_of(name))
    facts: list[Fact] = []
    for mark, data in replay.drive.tape.marks:
        facts += adapter.feed(mark, data)
        saved = adapter.dump()
        adapter = CodexAdapter.load(KIND, spec_of(name), saved)
        assert adapter.dump() == saved
    assert facts == replay.drive.facts
    assert adapter.dump() == replay.drive.adapter.dump()


def test_allow() -> None:
    replay = Replay("allow")
    assert replay.one(SessionStarted).resumed is False
    assert replay.one(ModesChanged).current == "ask"
    models = replay.all(ModelsChanged)[-1]
    assert (models.current, [model.id for model in models.models]) == ("scripted", ["gpt-6.1-sol", "gpt-6-astra"])
    request = replay.one(RequestOpened).request
    assert (request.title, request.kind, request.tool_kind) == ("Write hello.txt", Blocked.PERMISSION, "edit")
    assert request.paths == ("/home/dev/repo/hello.txt",)
    assert [(d.path, d.old, d.new) for d in request.diffs] == [
        ("/home/dev/repo/hello.txt", None, "hello from the model\n")
    ]
    assert [o.id for o in request.options] == ["accept", "acceptForSession", "decline", "cancel"]
    assert replay.one(RequestClosed).outcome == "allowed"
    assert [one.call.status for one in replay.all(ToolCallChanged)] == ["in_progress", "completed"]
    assert replay.text() == "I write the file.The file is written.", "streamed text is not told twice"
    assert replay.one(TurnEnded) == TurnEnded(1, "end_turn", ok=True)
    usage = replay.all(UsageChanged)[-1].usage
    assert (usage.output_tokens, usage.cost, usage.context_size) == (25, None, 258_400)
    assert usage.context_used is not None
    assert usage.input_tokens is not None
    assert usage.context_used < usage.input_tokens, "the gauge is of the last request, the sum of both"


def test_a_rule_for_good_is_not_asked_about_again() -> None:
    replay = Replay("rule")
    request = replay.one(RequestOpened).request
    assert (request.title, request.command) == ("Run echo ran > ran.txt", "/bin/bash -lc 'echo ran > ran.txt'")
    assert [o.kind for o in request.options] == ["allow_once", "allow_always", "reject_once", "reject_once"]
    assert request.options[1].name == "Always: commands that begin with /bin/bash -lc echo ran > ran.txt"
    assert replay.one(RequestClosed).outcome == "always"
    assert replay.ends() == [(1, "end_turn", True), (2, "end_turn", True)]


def test_a_denial_goes_on_or_ends_the_turn() -> None:
    replay = Replay("deny")
    assert [one.outcome for one in replay.all(RequestClosed)] == ["denied", "denied"]
    assert replay.ends() == [(1, "end_turn", True), (2, "cancelled", True)]
    assert Counter(one.call.status for one in replay.all(ToolCallChanged)) == {"in_progress": 2, "cancelled": 2}


def test_plan_mode_asks_and_modes_and_models_are_read_back() -> None:
    replay = Replay("plan")
    assert [one.current for one in replay.all(ModesChanged)] == ["ask", "plan", "auto"]
    request = replay.one(RequestOpened).request
    assert (request.kind, request.title) == (Blocked.QUESTION, "Which database?")
    assert [q.choices for q in request.questions] == [("sqlite", "postgres")]
    assert replay.one(RequestClosed).outcome == "answered"
    assert replay.all(ModelsChanged)[-1].current == "gpt-6-astra"


def test_an_interrupt_takes_the_permission_back_and_the_next_turn_works() -> None:
    replay = Replay("interrupt")
    assert [one.outcome for one in replay.all(RequestClosed)] == ["withdrawn", "allowed"]
    assert replay.ends() == [(1, "cancelled", True), (2, "cancelled", True), (3, "end_turn", True)]
    stops = [m["params"]["turnId"] for m in replay.ours if m.get("method") == "turn/interrupt"]
    assert [bool(stop) for stop in stops] == [True, False], "the second came before the turn had told its id"


def test_room_is_made_in_the_context_by_a_command_of_its_own() -> None:
    replay = Replay("compact")
    assert [command.name for command in replay.one(CommandsChanged).commands] == ["compact"]
    assert [one.text for one in replay.all(TurnStarted)] == ["Say something", "/compact"]
    assert "thread/compact/start" in [m.get("method") for m in replay.ours]
    assert [(one.reason, one.empty) for one in replay.all(TurnEnded)] == [("end_turn", False)] * 2


def test_a_command_that_outlives_the_interrupt_is_ended() -> None:
    replay = Replay("interrupt-command")
    assert replay.ends() == [(1, "cancelled", True)]
    methods = [m.get("method") for m in replay.ours]
    assert methods[-2:] == ["thread/backgroundTerminals/list", "thread/backgroundTerminals/terminate"]
    assert {one.call.status for one in replay.all(ToolCallChanged)} == {"in_progress", "cancelled"}


def test_an_interrupt_in_mid_stream() -> None:
    replay = Replay("interrupt-stream")
    assert replay.text().startswith("one ")
    assert replay.ends() == [(1, "cancelled", True)]


def test_a_message_that_steers_is_shown_where_it_was_taken() -> None:
    replay = Replay("steer")
    assert replay.text("user") == "and be quick"
    facts = [type(f) for f in replay.drive.facts if isinstance(f, RequestClosed | TextAppended | RequestOpened)]
    assert facts[:4] == [RequestOpened, RequestClosed, TextAppended, RequestOpened]
    assert replay.ends() == [(1, "end_turn", True)]


def test_a_killed_process_is_followed_by_one_with_the_same_thread() -> None:
    replay = Replay("killed")
    first, second = replay.all(SessionStarted)
    assert (first.session_id, second.resumed) == (second.session_id, True)
    assert [one.outcome for one in replay.all(RequestClosed)] == ["withdrawn", "allowed"]
    assert replay.ends() == [(1, "process_ended", False), (2, "end_turn", True)]
    assert replay.all(TurnEnded)[0].detail == "the process ended by SIGKILL during the turn"


def test_a_thread_in_which_nothing_was_said_is_begun_anew() -> None:
    first, second = Replay("untold").all(SessionStarted)
    assert first.session_id != second.session_id
    assert not second.resumed


@pytest.mark.parametrize(("name", "resumed"), [("forked", False), ("adopted", True)])
def test_what_was_said_before_is_shown_and_not_counted(name: str, resumed: bool) -> None:
    replay = Replay(name)
    told = [(one.role, one.text) for one in replay.all(TextAppended) if one.replayed]
    assert told == [("user", "Say something"), ("message", "You said: Say something")]
    assert replay.one(SessionStarted).resumed is resumed
    own = replay.all(UsageChanged)[-1].usage
    alone = Replay("text").all(UsageChanged)[-1].usage
    assert own.output_tokens == alone.output_tokens
    assert own.input_tokens is not None
    assert alone.input_tokens is not None
    assert own.input_tokens < 1.5 * alone.input_tokens


def test_a_thread_that_is_not_there_says_so() -> None:
    replay = Replay("missing")
    failed = replay.one(SessionFailed)
    assert "no rollout found" in failed.text
    assert failed.hint.startswith("Run a new agent")


def test_a_command_that_outlives_its_turn_is_told_of_when_it_ends() -> None:
    replay = Replay("background")
    ended = replay.drive.facts.index(replay.one(TurnEnded))
    late = [one.call for one in replay.drive.facts[ended:] if isinstance(one, ToolCallChanged)]
    assert [call.status for call in late] == ["in_progress", "completed"]
    assert late[-1].output == "begun\nover\n"


def test_an_mcp_server_gets_consent_and_a_form() -> None:
    replay = Replay("mcp")
    consent, form = (one.request for one in replay.all(RequestOpened))
    assert (consent.kind, consent.title) == (
        Blocked.PERMISSION,
        'Allow the forms MCP server to run tool "pick"?',
    )
    assert [o.id for o in consent.options] == ["accept", "session", "always", "decline", "cancel"]
    assert (form.kind, [(q.text, q.choices) for q in form.questions]) == (
        Blocked.QUESTION,
        [("Which table?", ("users", "orders"))],
    )
    assert [one.outcome for one in replay.all(RequestClosed)] == ["allowed", "answered"]
    assert '"table": "users"' in replay.all(ToolCallChanged)[-1].call.output


def test_more_rights_are_granted_as_they_were_asked_for() -> None:
    replay = Replay("rights")
    request = replay.one(RequestOpened).request
    assert request.title == "More rights: the network"
    assert request.detail.startswith("to fetch a package")
    (given,) = [m["result"] for m in replay.ours if "result" in m]
    assert given == {"permissions": {"network": {"enabled": True}}, "scope": "turn"}


def test_a_script_of_tool_calls_is_shown_call_by_call() -> None:
    replay = Replay("script")
    assert [one.request.title for one in replay.all(RequestOpened)] == ["Write hello.txt", "Run echo ran > ran.txt"]
    done = [one.call.title for one in replay.all(ToolCallChanged) if one.call.status == "completed"]
    assert done == ["Write hello.txt", "Run echo ran > ran.txt"]


@pytest.mark.parametrize(
    ("name", "cause", "words"),
    [
        ("retry-401", Cause.AUTH, "Incorrect API key provided"),
        ("refused-404", Cause.MODEL, "The model does not exist"),
        ("refused-429", Cause.RATE_LIMIT, "429 Too Many Requests"),
        ("quota", Cause.QUOTA, "Quota exceeded"),
        ("context", Cause.CONTEXT_FULL, "ran out of room"),
        ("cut", Cause.NETWORK, "stream disconnected"),
        ("failing-500", Cause.SERVER_ERROR, "high demand"),
    ],
)
def test_a_turn_that_fails_says_why(name: str, cause: Cause, words: str) -> None:
    replay = Replay(name)
    ended = replay.one(TurnEnded)
    assert (ended.ok, ended.cause) == (False, cause)
    assert words in ended.detail
    # Once its process is gone nobody waits for a login.
    left = [] if cause is Cause.AUTH else [Turn.ERROR]
    assert [one.turn for one in replay.drive.adapter.evidence()] == left


def test_retries_are_told_with_their_count() -> None:
    told = [note.text for note in Replay("retry-401").all(Noted) if "tries again" in note.text]
    assert len(told) == 5
    assert told[1].startswith("the key or login was refused (401), tries again: attempt 2 of 5 (unexpected status 401")


def test_a_retry_that_works_leaves_no_trace_in_the_state() -> None:
    replay = Replay("waiting-429")
    assert len([note for note in replay.all(Noted) if "rate limited (429)" in note.text]) == 1
    assert replay.one(TurnEnded).ok
    assert [(one.turn, one.detail) for one in replay.drive.adapter.evidence()] == [(Turn.DONE, "")]
    assert replay.drive.adapter.trouble() is None


def test_waiting_for_the_network_is_told_and_can_be_interrupted() -> None:
    replay = Replay("network")
    (told,) = [note.text for note in replay.all(Noted) if "tries again" in note.text]
    assert told.startswith("the provider cannot be reached, tries again (Connection failed")
    assert replay.ends() == [(1, "cancelled", True)]
