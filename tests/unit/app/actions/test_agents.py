"""What commands ask of the daemon: the right method with the right params, and only when there is something to ask."""

from __future__ import annotations

import time

import pytest

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Lifecycle
from agents.wire import Answered, AnswerRequest, Fork, Run, SetMode, SetModel, Started
from app.actions.agents import AgentActions
from app.fleet import Fleet
from tests.fakes.caller import RecordingCaller
from tests.fakes.rows import fleet_of, request, row


@pytest.fixture
def caller() -> RecordingCaller:
    return RecordingCaller()


@pytest.fixture
def fleet() -> Fleet:
    return fleet_of((row("fix", requests=(request(key="1:1:aa"),), unread=1),))


@pytest.fixture
def actions(caller: RecordingCaller, fleet: Fleet) -> AgentActions:
    return AgentActions(caller, caller, fleet)


ROW = row("fix", requests=(request(key="1:1:aa"),))


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("interrupt", "agent.interrupt"),
        ("stop", "agent.stop"),
        ("kill", "agent.kill"),
        ("resume", "agent.resume"),
        ("remove", "agent.remove"),
    ],
)
def test_simple_actions_name_the_agent(actions: AgentActions, caller: RecordingCaller, name: str, method: str) -> None:
    getattr(actions, name)(ROW)
    assert [(m, p.id) for m, p in caller.calls] == [(method, "id-fix")]  # type: ignore[attr-defined]


def test_an_answer_carries_the_request_that_was_seen(actions: AgentActions, caller: RecordingCaller) -> None:
    actions.answer(ROW, "deny", reason="no")
    assert caller.of("agent.answer") == [AnswerRequest("id-fix", "deny", "1:1:aa", reason="no", by="shell")]


def test_an_earlier_answer_is_told(actions: AgentActions, caller: RecordingCaller, fleet: Fleet) -> None:
    caller.answers["agent.answer"] = lambda p: Answered(p.id, p.request, "denied", "", time.time(), already=True)
    actions.answer(ROW, "allow")
    assert "fix: already denied by somebody else at" in fleet.notices[-1].text


def test_a_first_answer_says_nothing(actions: AgentActions, caller: RecordingCaller, fleet: Fleet) -> None:
    caller.answers["agent.answer"] = lambda p: Answered(p.id, p.request, "allowed", "shell", time.time())
    actions.answer(ROW, "allow")
    assert fleet.notices == []


def test_seen_is_asked_only_for_what_is_unread_and_connected(caller: RecordingCaller) -> None:
    fleet = fleet_of((row("new", unread=1), row("old")))
    actions = AgentActions(caller, caller, fleet)
    for name in ("new", "old", "gone"):
        actions.seen(f"id-{name}")
    assert [p.id for p in caller.of("agent.seen")] == ["id-new"]
    fleet.set_connection(connected=False, detail="gone")
    actions.seen("id-new")
    assert len(caller.of("agent.seen")) == 1


def test_rename_asks_only_for_another_name(actions: AgentActions, caller: RecordingCaller) -> None:
    for name in ("fix", "", "mend"):
        actions.rename(ROW, name)
    assert [p.name for p in caller.of("agent.rename")] == ["mend"]


def test_archive_toggles(actions: AgentActions, caller: RecordingCaller) -> None:
    actions.archive(row("a", lifecycle=Lifecycle.EXITED))
    actions.archive(row("a", lifecycle=Lifecycle.EXITED, archived=True))
    assert [p.archived for p in caller.of("agent.annotate")] == [True, False]


def test_snooze_modes_and_messages(actions: AgentActions, caller: RecordingCaller) -> None:
    actions.snooze((ROW, row("b")), 60)
    actions.set_mode(ROW, "plan")
    actions.send(ROW, "hello")
    assert [(p.id, p.seconds) for p in caller.of("agent.snooze")] == [("id-fix", 60), ("id-b", 60)]
    assert caller.of("agent.set_mode") == [SetMode("id-fix", "plan")]
    assert [(p.id, p.text) for p in caller.of("agent.send")] == [("id-fix", "hello")]


def test_what_started_is_handed_on(actions: AgentActions, caller: RecordingCaller) -> None:
    caller.answers["agent.run"] = lambda run: Started("id-new", "new", 1)
    started: list[Started] = []
    actions.start(Run("demo", "/srv/api"), started.append)
    assert started == [Started("id-new", "new", 1)]


def test_failures_reach_the_spawner_named(actions: AgentActions, caller: RecordingCaller) -> None:
    def refuse(_: object) -> None:
        raise RpcError(ErrorCode.NOT_POSSIBLE, "it has ended")

    caller.answers["agent.stop"] = refuse
    actions.stop(ROW)
    assert [(what, str(failure)) for what, failure in caller.failures] == [("stopping fix", "it has ended")]


def test_a_model_is_switched_and_a_fork_is_told_once_it_is_there(
    actions: AgentActions, caller: RecordingCaller
) -> None:
    caller.answers["agent.fork"] = lambda _: Started("id-other", "other", 7)
    told: list[Started] = []
    actions.set_model(ROW, "big")
    actions.fork(ROW, told.append)
    assert caller.of("agent.set_model") == [SetModel("id-fix", "big")]
    assert caller.of("agent.fork") == [Fork("id-fix")]
    assert told == [Started("id-other", "other", 7)]
