"""Write-ahead intents: on record before they are written, written once, and after a crash only what still holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.adapters.contract import Adapter, Answer, NotPossible, Want
from agents.model import Capability, Request, RequestKey
from agents.runtime.redact import Redactor
from agents.supervisor import decisions
from agents.supervisor.conversation import Conversation, Outcome
from agents.supervisor.decisions import Decisions
from agents.supervisor.intents import Intents
from agents.supervisor.outflow import Outflow
from agents.supervisor.recorder import Outbox, Recorder


class FakeAdapter(Adapter):
    """Says what the test wants it to say."""

    def __init__(self) -> None:
        self.due: list[Want] = []
        self.is_ready = True
        self.open: set[str] = set()
        self.refusal = ""
        self.can: frozenset[Capability] = frozenset()

    def wants(self) -> Sequence[Want]:
        return self.due

    def ready(self) -> bool:
        return self.is_ready

    def requests(self) -> Sequence[Request]:
        return ()

    def capabilities(self) -> frozenset[Capability]:
        return self.can

    def prompt(self, turn: int, text: str) -> bytes:
        if self.refusal:
            raise NotPossible(self.refusal)
        return f"prompt {turn} {text}".encode()

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        if key not in self.open:
            raise NotPossible("this request is not open any more")
        return f"{answer.decision} {key}".encode()

    def interrupt(self, token: str) -> bytes:
        if self.refusal:
            raise NotPossible(self.refusal)
        return f"cancel {token}".encode()

    def set_mode(self, mode: str, token: str) -> bytes:
        return f"mode {mode}".encode()


class Writer:
    def __init__(self) -> None:
        self.written: list[tuple[str, bytes]] = []

    def write(self, ident: str, data: bytes) -> None:
        self.written.append((ident, data))

    def resize(self, rows: int, cols: int) -> None:
        raise AssertionError


class Steps:
    def __init__(self) -> None:
        self.log: list[str] = []

    def reached(self, step: str, agent: str, what: str) -> None:
        self.log.append(f"{step} {what}")


class Desk:
    """One unit's way out, over real files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folded = Decisions()
        self.steps = Steps()
        self.writer = Writer()
        self.notices: list[str] = []
        self.adapter = FakeAdapter()
        self.talk = Conversation()
        self.recorder = Recorder(
            folder / "events.jsonl", Outbox(folder / "outbox.jsonl"), Redactor(), self.folded, lambda _: None
        )
        self.recorder.load()
        self.intents = Intents("a1", self.recorder, self.folded, self.steps, lambda: 1.0)
        self.intents.writer = self.writer
        self.outflow = Outflow(
            self.intents, self.folded, self.recorder, lambda: 1.0, lambda level, text: self.notices.append(text)
        )

    def pump(self, *, may_prompt: bool = True) -> list[tuple[str, bytes]]:
        before = len(self.writer.written)
        self.outflow.pump(self.adapter, self.talk, may_prompt=may_prompt)
        return self.writer.written[before:]

    def crash(self) -> Desk:
        """Return the next daemon on the same files."""
        after = Desk(self.folder)
        after.adapter, after.talk = self.adapter, self.talk
        return after

    def issue(self, kind: str, what: str, **args: Any) -> None:
        self.intents.issue(kind, what, args, b"first")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.recorder.record(decisions.launch(0.0, 1, "n"))
    return desk


def test_an_intent_is_on_record_before_it_is_written(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"))
    assert desk.pump() == [("1:prompt:1", b"prompt 1 hi")]
    assert desk.steps.log == ["decided prompt", "recorded prompt", "written prompt"]
    assert desk.crash().intents.known("1:prompt:1")


def test_a_want_is_written_once_while_it_is_due(desk: Desk) -> None:
    desk.adapter.due = [Want("init", b"hello")]
    assert desk.pump() == [("1:want:init", b"hello")]
    assert desk.pump() == []


def test_messages_go_one_by_one_when_the_agent_is_ready(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "a"))
    desk.recorder.record(decisions.queued(1.0, 2, "b"))
    desk.adapter.is_ready = False
    assert desk.pump() == []
    desk.adapter.is_ready = True
    assert desk.pump(may_prompt=False) == []
    assert [i for i, _ in desk.pump()] == ["1:prompt:1"]
    assert desk.pump() == []  # the first has not become a turn
    desk.outflow.started(1)
    assert [i for i, _ in desk.pump()] == ["1:prompt:2"]


def test_a_program_without_turns_has_got_its_message_when_it_is_written(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "ls"))
    desk.pump()
    intent = desk.intents.settle("1:prompt:1", "written")
    assert intent is not None
    desk.outflow.written(intent, desk.adapter)
    assert desk.folded.waiting == ()


def test_an_agent_with_turns_has_got_it_when_the_turn_starts(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"))
    desk.pump()
    desk.adapter.is_ready = False  # the turn runs
    intent = desk.intents.settle("1:prompt:1", "written")
    assert intent is not None
    desk.outflow.written(intent, desk.adapter)
    assert [p.state for p in desk.folded.waiting] == ["delivered"]
    desk.outflow.started(1)
    assert desk.folded.waiting == ()


def test_a_message_the_adapter_refuses_is_undelivered_with_the_reason(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"))
    desk.adapter.refusal = "the session is broken"
    assert desk.pump() == []
    assert [(p.state, p.reason) for p in desk.folded.waiting] == [("undelivered", "the session is broken")]


def test_after_a_crash_before_the_write_it_is_written_under_the_same_id(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"))
    desk.pump()
    after = desk.crash()
    assert after.pump() == [("1:prompt:1", b"prompt 1 hi")]
    assert after.pump() == []


def test_after_a_crash_what_the_agent_already_has_is_not_written_again(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"))
    desk.pump()
    desk.talk.started = 1
    desk.adapter.is_ready = False
    after = desk.crash()
    assert after.pump() == []
    assert after.intents.pending() == ()
    assert after.notices == []


def test_after_a_crash_an_answer_to_an_open_request_is_sent_and_one_to_a_closed_request_reported(desk: Desk) -> None:
    args = {"title": "run x", "decision": "allow", "outcome": "allowed", "by": "me"}
    desk.issue("answer", "k1", key="k1", **args)
    desk.issue("answer", "k2", key="k2", **args)
    desk.issue("answer", "k3", key="k3", **args)
    desk.adapter.open = {"k1"}
    desk.talk.outcomes["k3"] = Outcome("allowed", 1.0)
    after = desk.crash()
    assert after.pump() == [("1:answer:k1", b"allow k1")]
    assert len(after.notices) == 1
    assert "allow" in after.notices[0]
    assert "not open any more" in after.notices[0]
    assert set(after.folded.given) == {"k1", "k3"}


def test_after_a_crash_an_interrupt_of_a_turn_that_is_over_is_dropped_silently(desk: Desk) -> None:
    desk.issue("interrupt", "tok", turn=1, token="tok")
    desk.talk.started = desk.talk.ended = 1
    after = desk.crash()
    assert after.pump() == []
    assert after.notices == []


def test_what_was_typed_is_never_typed_again_and_never_on_record(desk: Desk) -> None:
    desk.intents.issue("input", "tok", {"bytes": 8}, b"hunter22")
    assert "hunter22" not in (desk.folder / "events.jsonl").read_text("utf-8")
    after = desk.crash()
    assert after.pump() == []
    assert "8 bytes" in after.notices[0]


def test_what_was_for_the_former_process_is_not_sent_to_the_next(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"))
    desk.pump()
    desk.recorder.record(decisions.launch(2.0, 2, "m"))
    desk.outflow.forget()
    assert desk.pump() == [("2:prompt:1", b"prompt 1 hi")]


def test_a_keeper_without_room_gets_it_again(desk: Desk) -> None:
    desk.issue("mode", "tok", mode="plan", token="tok")
    desk.intents.resend("1:mode:tok")
    assert desk.writer.written == [("1:mode:tok", b"first")] * 2
    desk.intents.resend("1:mode:unknown")
    assert len(desk.writer.written) == 2


def test_a_refused_message_is_undelivered_and_everything_else_a_notice(desk: Desk) -> None:
    desk.recorder.record(decisions.queued(1.0, 1, "hi"))
    desk.pump()
    desk.issue("mode", "tok", mode="plan", token="tok")
    for intent_id in ("1:prompt:1", "1:mode:tok"):
        intent = desk.intents.settle(intent_id, "refused: closed")
        assert intent is not None
        desk.outflow.refused(intent, "its input is closed")
    assert [(p.state, p.reason) for p in desk.folded.waiting] == [("undelivered", "its input is closed")]
    assert desk.notices == ["the switch to mode plan was not delivered: its input is closed"]


def test_what_became_a_turn_before_the_checkpoint_waits_no_longer(desk: Desk) -> None:
    for turn in (1, 2, 3):
        desk.recorder.record(decisions.queued(1.0, turn, f"m{turn}"))
    desk.recorder.record(decisions.undelivered(1.0, 1, "closed"))
    desk.pump()
    desk.intents.settle("1:prompt:2", "written")
    after = desk.crash()
    after.talk.started = 2
    after.outflow.tidy(after.talk, after.adapter)
    assert [(p.turn, p.state) for p in after.folded.waiting] == [(1, "undelivered"), (3, "queued")]


def test_what_a_program_without_turns_got_from_a_former_daemon_waits_no_longer(desk: Desk) -> None:
    for turn in (1, 2):
        desk.recorder.record(decisions.queued(1.0, turn, f"m{turn}"))
    desk.pump()
    desk.intents.settle("1:prompt:1", "written")
    after = desk.crash()
    after.outflow.tidy(after.talk, after.adapter)
    assert [p.turn for p in after.folded.waiting] == [1, 2]
    after.adapter.can = frozenset({Capability.INPUT})
    after.outflow.tidy(after.talk, after.adapter)
    assert [(p.turn, p.state) for p in after.folded.waiting] == [(2, "queued")]
    assert after.folded.delivered == 1
    assert [i for i, _ in after.pump()] == ["1:prompt:2"]


def test_at_the_end_only_what_was_not_delivered_is_called_so(desk: Desk) -> None:
    for turn in (1, 2):
        desk.recorder.record(decisions.queued(1.0, turn, f"m{turn}"))
    desk.pump()
    desk.intents.settle("1:prompt:1", "written")
    desk.outflow.lose_all("it ended")
    assert [(p.turn, p.state, p.reason) for p in desk.folded.waiting] == [(2, "undelivered", "it ended")]
