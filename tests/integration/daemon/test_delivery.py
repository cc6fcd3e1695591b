"""How far a message got: facts that stay true, over dead daemons and long after the turn is over."""

from __future__ import annotations

from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import ErrorCode, RpcError
from agents.model import AgentRow, Delivery, Stream, Turn, TurnDelivery

FACTS = ("delivered", "submitted", "started")


def at(row: AgentRow) -> TurnDelivery | None:
    return row.delivery


def test_what_was_written_is_delivered_and_what_the_program_answers_is_submitted(running: Any) -> None:
    agent = running.play([running.gate(), {"do": "say", "text": "hello"}, running.gate("second")]).id
    running.wait(agent, "delivered", turn=1)
    row = running.row(agent)
    assert (at(row), row.queue, row.turn) == (TurnDelivery(1, Delivery.DELIVERED), (), Turn.WORKING)
    with pytest.raises(RpcError) as late:
        running.call("agent.wait", wire.Wait(agent, "submitted", 1, 0.1))
    assert late.value.code is ErrorCode.TIMEOUT
    running.open_gate()
    assert running.wait(agent, "submitted", turn=1).reached == "submitted"
    assert running.wait(agent, "started").turn == 1  # without a turn: of the newest message
    assert at(running.row(agent)) == TurnDelivery(1, Delivery.STARTED)
    running.open_gate("second")
    assert running.wait(agent, "done", turn=1).end.ok


def test_a_wait_asked_late_is_answered_like_one_asked_early(running: Any) -> None:
    agent = running.play([{"do": "error", "code": -32000, "message": "the model is gone"}]).id
    assert running.wait(agent, "done", turn=1).reached == "failed"
    for text in ("two", "three"):
        turn = running.call("agent.send", wire.Send(agent, text)).turn
        assert running.wait(agent, "done", turn=turn).reached == "done"
    running.kill()
    running.start()
    for fact in FACTS:
        assert running.wait(agent, fact, turn=1).reached == fact
        assert running.wait(agent, fact).turn == 3
    failed = running.wait(agent, "done", turn=1)
    assert (failed.reached, failed.end.ok, "the model is gone" in failed.end.detail) == ("failed", False, True)
    assert running.wait(agent, "done", turn=2).reached == "done"
    assert running.wait(agent, "blocked", turn=2).reached == "over"
    running.call("agent.stop", wire.AgentRef(agent))
    assert [running.wait(agent, "done", turn=turn).reached for turn in (1, 2, 3)] == ["failed", "done", "done"]
    assert running.wait(agent, "submitted", turn=2).reached == "submitted"
    assert running.wait(agent, "idle", turn=2).reached == "exited"


def test_a_message_behind_a_running_turn_says_so_and_waits(running: Any) -> None:
    agent = running.play([running.gate()]).id
    running.wait(agent, "delivered", turn=1)
    second = running.call("agent.send", wire.Send(agent, "second"))
    third = running.call("agent.send", wire.Send(agent, "third"))
    assert (second.queued, second.behind) == (True, "turn 1 (working)")
    assert (third.queued, third.behind) == (True, "turn 1 (working)")
    running.call("agent.edit_queued", wire.EditQueued(agent, 2, None))
    assert running.wait(agent, "done", turn=2).reached == "dropped"
    running.open_gate()
    assert running.wait(agent, "submitted", turn=3).reached == "submitted"
    assert running.wait(agent, "submitted", turn=2).reached == "dropped"


def test_what_was_not_delivered_stays_so_and_says_why(running: Any) -> None:
    agent = running.play([running.gate(), {"do": "exit", "code": 3}]).id
    running.wait(agent, "delivered", turn=1)
    running.call("agent.send", wire.Send(agent, "never"))
    running.open_gate()
    assert running.wait(agent, "exited").reached == "exited"
    running.until(agent, lambda row: [prompt.state for prompt in row.queue] == ["undelivered"])
    for until in ("submitted", "idle", "done"):
        lost = running.wait(agent, until, turn=2)
        assert lost.reached == "undelivered"
        assert lost.row.queue[0].reason == "it ended before this could be delivered"


def test_a_program_without_turns_has_its_message_and_nobody_waits_for_more(running: Any) -> None:
    agent = running.run("shell", "sh", "-c", "while read line; do echo got $line; done").id
    with pytest.raises(RpcError) as nothing:
        running.call("agent.wait", wire.Wait(agent, "submitted"))
    assert "no message was sent" in nothing.value.message
    running.call("agent.send", wire.Send(agent, "one"))
    assert running.wait(agent, "submitted", turn=1).reached == "delivered"
    running.kill()
    running.start()
    assert running.wait(agent, "started", turn=1).reached == "delivered"
    assert running.row(agent).queue == ()
    running.call("agent.send", wire.Send(agent, "two"))
    assert running.wait(agent, "delivered", turn=2).reached == "delivered"
    assert at(running.row(agent)) == TurnDelivery(2, Delivery.DELIVERED)
    running.settle(lambda: b"got two" in running.raw(agent, Stream.OUT))


def test_a_wait_may_end_at_any_of_several_states_and_passes_over_what_was_seen(running: Any) -> None:
    ask = {"do": "run", "command": "true", "ask": True}
    agent = running.play([ask, ask]).id
    first = running.wait(agent, "done", turn=1, also=("blocked",))
    assert first.reached == "blocked"
    (key,) = [request.key for request in first.row.requests]
    running.call("agent.answer", wire.AnswerRequest(agent, "allow", key))
    second = running.wait(agent, "done", turn=1, also=("blocked",), seen=(key,))
    assert second.reached == "blocked"
    assert key not in [request.key for request in second.row.requests]
    running.call("agent.answer", wire.AnswerRequest(agent, "allow"))
    assert running.wait(agent, "done", turn=1, also=("blocked",), seen=(key,)).reached == "done"
    with pytest.raises(RpcError) as wrong:
        running.call("agent.wait", wire.Wait(agent, "done", also=("nonsense",)))
    assert "cannot wait until “nonsense”" in wrong.value.message
