"""Recorded sessions of a real ACP agent, replayed as dialogues.

What we say must be what the agent was told; what it answered becomes the facts a user sees. Recorded by
``tests/real/record.py``: a new pin changes the files, not the test.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, TypeVar

import pytest

from agents.adapters.acp.adapter import AcpAdapter
from agents.adapters.contract import (
    Answer,
    Fact,
    ModesChanged,
    Noted,
    ProcessEnded,
    RequestClosed,
    RequestOpened,
    SessionFailed,
    SessionStarted,
    TextAppended,
    ToolCallChanged,
    TurnEnded,
    UsageChanged,
)
from agents.model import Blocked, Capability, Cause, Spec, ToolCall, Turn
from tests.unit.agents.adapters.tape import Drive, kind, spec

CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "acp"
KIND = kind(name="opencode", command=("opencode", "acp"))
SPEC = spec(kind="opencode", cwd="/home/dev/repo")

#: Decisions by the kind of the option that was chosen in the recording.
DECISIONS = {"allow_once": "allow", "allow_always": "always", "reject_once": "deny"}


def session_of(name: str) -> str:
    """Return the session a recording works in."""
    found = re.search(r"ses_\w+", (CORPUS / f"{name}.jsonl").read_text())
    assert found is not None
    return found[0]


LOADED = spec(kind="opencode", cwd="/home/dev/repo", session_id=session_of("opencode-loaded"))


class Dialogue:
    """Replays recordings through one adapter: our lines are the adapter's own, compared with what was recorded."""

    def __init__(self, *, spec: Spec = SPEC, can_resume: bool = True) -> None:
        self.spec = spec
        self.drive = Drive(AcpAdapter(KIND, spec))
        self._can_resume = can_resume  # else the agent is played as one that offers session/load only
        self.states: list[tuple[Turn, Blocked | None]] = []
        self._ids: dict[Any, Any] = {}  # recorded id of a request of ours -> the adapter's
        self._sent: list[dict[str, Any]] = []  # what the adapter wrote and the recording has not shown yet
        self._turn = 0

    def play(self, name: str, incarnation: int = 1) -> list[Fact]:
        """Replay a recording as one process of the agent; return its facts."""
        before = len(self.drive.facts)
        self.drive.start(incarnation)
        self._ids, self._sent = {}, []
        for line in (CORPUS / f"{name}.jsonl").read_text().splitlines():
            entry = json.loads(line)
            message = json.loads(entry["line"])
            self._we_say(message) if entry["dir"] == "in" else self._it_says(message)
            self._remember()
        return self.drive.facts[before:]

    def _it_says(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            message["id"] = self._ids[message["id"]]
        if "agentCapabilities" in message.get("result", {}) and not self._can_resume:
            del message["result"]["agentCapabilities"]["sessionCapabilities"]["resume"]
        self.drive.says(message)

    def _we_say(self, recorded: dict[str, Any]) -> None:
        if not self._sent:
            self._sent = self._spoken(recorded)
        assert self._sent, f"the adapter does not say {recorded}"
        ours = self._sent.pop(0)
        if "method" in recorded:
            assert ours["method"] == recorded["method"]
            if recorded["method"] == "initialize":
                assert ours["params"]["clientCapabilities"] == recorded["params"]["clientCapabilities"]
            else:
                assert ours["params"] == recorded["params"]
            self._ids[recorded.get("id")] = ours.get("id")
        else:
            assert ours["id"] == recorded["id"]
            assert ours.get("result") == recorded.get("result")
            assert ours.get("error", {}).get("code") == recorded.get("error", {}).get("code")

    def _spoken(self, recorded: dict[str, Any]) -> list[dict[str, Any]]:
        """Let the adapter say what was said here, by the call a user's action makes."""
        adapter = self.drive.adapter
        method = recorded.get("method")
        if method == "session/prompt":
            self._turn += 1
            return self._written(adapter.prompt(self._turn, recorded["params"]["prompt"][0]["text"]))
        if method == "session/cancel":
            return self._written(adapter.interrupt("e1"))
        if method == "session/set_config_option" and adapter.ready():
            return self._written(adapter.set_mode(recorded["params"]["value"], "e1"))
        if "result" in recorded:
            return self._written(self._decision(recorded["result"]["outcome"]))
        return self.drive.settle()

    def _decision(self, outcome: dict[str, Any]) -> bytes:
        (request,) = self.drive.adapter.requests()
        option = next(option for option in request.options if option.id == outcome["optionId"])
        return self.drive.adapter.answer(request.key, Answer(DECISIONS[option.kind]))

    def _written(self, data: bytes) -> list[dict[str, Any]]:
        self.drive.write(data)
        return [json.loads(line) for line in data.splitlines()]

    def _remember(self) -> None:
        for evidence in self.drive.adapter.evidence():
            if not self.states or self.states[-1] != (evidence.turn, evidence.blocked):
                self.states.append((evidence.turn, evidence.blocked))


F = TypeVar("F", bound=Fact)


def of(facts: list[Fact], what: type[F]) -> list[F]:
    return [fact for fact in facts if isinstance(fact, what)]


def said(facts: list[Fact]) -> str:
    return "".join(fact.text for fact in of(facts, TextAppended) if fact.role == "message")


def calls(facts: list[Fact]) -> dict[str, ToolCall]:
    return {fact.call.id: fact.call for fact in of(facts, ToolCallChanged)}


def outcomes(facts: list[Fact]) -> list[str]:
    return [fact.outcome for fact in of(facts, RequestClosed)]


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
    dialogue = Dialogue(spec=spec(kind="opencode", cwd="/home/dev/repo", mode="plan"))
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


RECORDINGS = sorted(path.stem for path in CORPUS.glob("opencode-*.jsonl"))


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
        dialogue = Dialogue(spec=spec(kind="opencode", cwd="/home/dev/repo", session_id=session_of(name)))
    else:
        dialogue = Dialogue()
    dialogue.play(name)
    return dialogue
