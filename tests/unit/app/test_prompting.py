"""Writing to an agent: why not, how far it got, what was written before."""

from __future__ import annotations

from typing import Any

import pytest

from agents.model import Capability, Lifecycle, QueuedPrompt, Turn, TurnDelivery
from agents.model import Delivery as How
from app.prompting import (
    HISTORY_LIMIT,
    History,
    Kept,
    Memory,
    delivery,
    obstacle,
    on_the_way,
    steering_obstacle,
    takes_prompts,
)
from tests.fakes.rows import row


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"lifecycle": Lifecycle.STARTING}, ""),
        ({"lifecycle": Lifecycle.QUEUED}, ""),
        ({"capabilities": (Capability.INPUT,)}, ""),
        ({"capabilities": ()}, "fox takes no messages."),
        ({"lifecycle": Lifecycle.STOPPING}, "fox is stopping."),
        ({"lifecycle": Lifecycle.LOST}, "fox has ended. Resume it to go on."),
        ({"lifecycle": Lifecycle.EXITED, "capabilities": (Capability.PROMPT,)}, "fox has ended. It cannot be resumed."),
        (
            {"lifecycle": Lifecycle.EXITED, "capabilities": (Capability.TERMINAL,)},
            "fox has ended. Run it again to go on.",
        ),
    ],
)
def test_obstacles(changes: dict[str, Any], words: str) -> None:
    assert obstacle(row("fox", **changes), connected=True) == words


def test_obstacles_of_the_connection_come_first() -> None:
    assert "Not connected" in obstacle(row("fox", lifecycle=Lifecycle.EXITED), connected=False)
    assert obstacle(None, connected=True) == "This agent is gone."


def test_messages_or_input() -> None:
    assert takes_prompts(row("fox"))
    assert not takes_prompts(row("fox", capabilities=(Capability.INPUT, Capability.TERMINAL)))
    assert takes_prompts(row("fox", capabilities=()))


@pytest.mark.parametrize(
    ("state", "reason", "words", "waits", "failed"),
    [
        ("queued", "", "waits for its turn", True, False),
        ("sent", "", "sent", False, False),
        ("delivered", "", "delivered", False, False),
        ("undelivered", "it exited", "not delivered: it exited", False, True),
        ("something new", "", "something new", False, False),
    ],
)
def test_delivery(state: str, reason: str, words: str, waits: bool, failed: bool) -> None:
    found = delivery(QueuedPrompt(1, "x", 0.0, state, reason))
    assert (found.words, found.waits, found.failed) == (words, waits, failed)


def test_history_remembers_each_once_and_only_so_many() -> None:
    kept = Kept()
    for n in range(HISTORY_LIMIT + 5):
        kept.wrote(str(n))
    kept.wrote("7")
    assert len(kept.written) == HISTORY_LIMIT
    assert kept.written[-1] == "7"
    assert kept.written.count("7") == 1


def test_walking_back_and_forth() -> None:
    kept = Kept(written=["a", "b"])
    history = History(kept)
    assert history.forth() is None
    assert [history.back("draft"), history.back(""), history.back("")] == ["b", "a", None]
    assert [history.forth(), history.forth(), history.forth()] == ["b", "draft", None]
    history.back("other")
    history.reset()
    assert history.forth() is None


def test_memory_is_per_agent() -> None:
    memory = Memory()
    memory.of("a").draft = "x"
    assert memory.of("a").draft == "x"
    assert memory.of("b").draft == ""
    assert memory.of("b").written is not memory.of("a").written
    memory.forget("a")
    memory.forget("never")
    assert memory.of("a").draft == ""


@pytest.mark.parametrize(
    ("delivered", "turn", "words"),
    [
        (None, Turn.WORKING, ""),
        (TurnDelivery(3, How.DELIVERED), Turn.WORKING, "turn 3 delivered, not taken yet"),
        (TurnDelivery(3, How.DELIVERED), Turn.IDLE, ""),
        (TurnDelivery(3, How.SUBMITTED), Turn.WORKING, ""),
    ],
)
def test_what_was_not_taken_yet_is_said(delivered: TurnDelivery | None, turn: Turn, words: str) -> None:
    assert on_the_way(row("fox", turn, delivery=delivered)) == words


def test_nobody_is_steered_when_it_is_gone() -> None:
    assert steering_obstacle(None) == "This agent is gone."
