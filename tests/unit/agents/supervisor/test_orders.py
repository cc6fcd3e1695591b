"""Orders that need no running agent: what becomes of a message that is changed, dropped or sent again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from agents.jsonrpc import RpcError
from agents.supervisor import decisions, orders
from agents.supervisor.conversation import Conversation
from agents.supervisor.decisions import Decisions


def unit(*records: decisions.Record, started: int = 0) -> Any:
    """Return as much of a unit as these orders touch."""
    made, told = Decisions(), []
    made.fold(records)

    def record(record: decisions.Record, **_: Any) -> None:
        told.append(record)
        made.apply(record)

    return SimpleNamespace(
        name="fox",
        made=made,
        told=told,
        recorder=SimpleNamespace(record=record),
        outflow=SimpleNamespace(started=made.started),
        replica=SimpleNamespace(conversation=Conversation(started=started)),
        services=SimpleNamespace(clock=SimpleNamespace(wall=lambda: 5.0)),
        changed=lambda: None,
        wake=lambda: None,
    )


LOST = (decisions.queued(1, 1, "a"), decisions.undelivered(2, 1, "closed"), decisions.queued(3, 2, "b"))


def test_a_lost_message_is_sent_again_under_its_turn_while_none_came_after_it() -> None:
    fox = unit(*LOST)
    assert orders.edit_queued(fox, 1, "a") == 1
    assert [(p.turn, p.text, p.state) for p in fox.made.waiting] == [(1, "a", "queued"), (2, "b", "queued")]


def test_a_lost_message_gets_a_new_turn_once_a_later_one_began() -> None:
    fox = unit(*LOST, started=2)
    assert orders.edit_queued(fox, 1, "a, again") == 3
    assert [(p.turn, p.text) for p in fox.made.waiting] == [(2, "b"), (3, "a, again")]
    assert fox.made.dropped == (1,)


def test_a_dropped_message_is_gone() -> None:
    fox = unit(*LOST)
    assert orders.edit_queued(fox, 2, None) == 2
    assert [p.turn for p in fox.made.waiting] == [1]
    with pytest.raises(RpcError, match="no message waits as turn 2"):
        orders.edit_queued(fox, 2, "b")
