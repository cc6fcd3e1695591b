"""What every program in a terminal is put through by a daemon: one act per promise, the same for all of them.

Says nothing about how a program is started; knows of it only which source is to speak for each state.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from agents import wire
from agents.model import AgentId, Blocked, Rank, Stream, Turn
from agents.vt.screen import Screen, ScreenState
from tests.fakes.deck import Deck, wait_until
from tests.fakes.model_api import ModelApi
from tests.fakes.replies import Text, Tool

Start = Callable[..., AgentId]

#: The size an agent has that nobody looks at.
ROWS, COLS = 40, 120

AT_REST = (Turn.IDLE, Turn.DONE)

#: Seconds after which an adopted agent must say the same as before, counted from the first answer of the new daemon.
ADOPTED_S = 2.0

LINES = tuple(f"line {number} of a long message, which must arrive whole" for number in range(1, 31))
#: A message that no program shows whole in its input box.
LONG = "\n".join(("Write hello.txt", *LINES))

WRITTEN = "hello from the model\n"

#: It writes a file and then talks long enough for "working" to be seen.
SCRIPT = (
    Tool("write", {"filePath": "hello.txt", "content": WRITTEN}, "I write the file."),
    Text("one two three four five six seven eight nine ten", gap=0.3),
)


class Sources(msgspec.Struct, frozen=True):
    """Which source speaks for a state of the turn; several where each of them is right."""

    idle: tuple[Rank, ...]
    blocked: tuple[Rank, ...]
    working: tuple[Rank, ...]
    done: tuple[Rank, ...]


def explained(deck: Deck, agent: AgentId) -> wire.Explained:
    """Ask why its status is what it is."""
    told: wire.Explained = deck.call("agent.explain", wire.AgentRef(agent))
    return told


def until(deck: Deck, agent: AgentId, turns: tuple[Turn, ...], ranks: tuple[Rank, ...], what: str) -> wire.Explained:
    """Wait for a state that is known from the right source; a weaker one may have seen it sooner."""
    seen: list[wire.Explained] = []

    def is_there() -> bool:
        seen.append(explained(deck, agent))
        chosen = seen[-1].chosen
        return seen[-1].row.turn in turns and chosen is not None and chosen.rank in ranks

    try:
        wait_until(is_there, what)
    except AssertionError as late:
        raise AssertionError(f"{late}: {seen[-1]}\n{screen(deck, agent)}") from None
    return seen[-1]


def screen(deck: Deck, agent: AgentId) -> str:
    """Return what its terminal shows, for whoever reads why an act failed."""
    log: wire.LogBytes = deck.call("log.read", wire.ReadLog(agent, Stream.OUT, 0, 1 << 20))
    drawn = Screen(ScreenState(ROWS, COLS))
    drawn.feed(log.data, 0.0)
    seen = drawn.snapshot()
    return "(unknown)" if seen is None else "\n".join(seen.lines)


def rest(deck: Deck, agent: AgentId) -> None:
    """Wait until it can be spoken to."""
    deck.wait_row(agent, lambda row: row.turn in AT_REST, "it is at rest")


def ask(deck: Deck, api: ModelApi, start: Start, text: str = "Write hello.txt") -> tuple[AgentId, int]:
    """Start a program and bring it to its question; return the agent and the number of its turn."""
    api.script("ask", *SCRIPT)
    agent = start("ask")
    rest(deck, agent)
    turn = deck.send(agent, text)
    until(deck, agent, (Turn.BLOCKED,), tuple(Rank), "it asks")
    deck.wait_row(agent, lambda row: bool(row.requests), "the question is read from its screen")
    return agent, turn


def decide(deck: Deck, agent: AgentId, decision: str, fact: Callable[[], bool]) -> None:
    """Answer what it asks, once, and wait until that shows."""
    (request,) = deck.row(agent).requests
    deck.answer(agent, decision, request=request.key)
    try:
        wait_until(fact, f"{decision} does it")
    except AssertionError as late:
        raise AssertionError(f"{late}: {explained(deck, agent)}\n{screen(deck, agent)}") from None


def whole_turn(deck: Deck, api: ModelApi, repo: Path, start: Start, sources: Sources) -> None:
    """Go from rest over a long message, a question and its answer to rest again; each state has the right source."""
    api.script("ask", *SCRIPT)
    agent = start("ask")
    until(deck, agent, AT_REST, sources.idle, "it waits to be spoken to")
    turn = deck.send(agent, LONG)
    told = until(deck, agent, (Turn.BLOCKED,), sources.blocked, "it asks")
    assert told.row.blocked is Blocked.PERMISSION
    said = json.dumps([seen.body for seen in api.turns("ask")])
    assert all(line in said for line in LINES), "the message arrived whole"
    deck.wait_row(agent, lambda row: bool(row.requests), "its question is read from the screen")
    (request,) = deck.row(agent).requests
    assert "hello.txt" in f"{request.title} {request.detail} {request.command}"
    assert "allow_once" in [option.kind for option in request.options]
    assert not (repo / "hello.txt").exists()
    decide(deck, agent, "allow", (repo / "hello.txt").exists)
    until(deck, agent, (Turn.WORKING,), sources.working, "it works on")
    deck.wait(agent, "idle", turn=turn)
    told = until(deck, agent, AT_REST, sources.done, "its turn is over")
    assert told.row.requests == ()
    assert (repo / "hello.txt").read_text() == WRITTEN
    assert "line 30" not in (told.row.queue[0].text if told.row.queue else "")


def deny(deck: Deck, api: ModelApi, repo: Path, start: Start) -> None:
    """Refuse what it asks: nothing is written, and it can be spoken to again."""
    agent, _ = ask(deck, api, start)
    decide(deck, agent, "deny", lambda: deck.row(agent).turn in AT_REST)
    assert not (repo / "hello.txt").exists()


def survive_the_daemon(deck: Deck, api: ModelApi, repo: Path, start: Start) -> float:
    """Kill the daemon in the middle of a question; the next one says the same, and can answer. Return how soon."""
    agent, turn = ask(deck, api, start)
    before = deck.row(agent)
    deck.kill_daemon()
    with deck.client() as client:
        began = time.monotonic()

        def row() -> wire.Shown:
            shown: wire.Shown = client.call("agent.show", wire.AgentRef(agent), timeout=60.0)
            return shown

        wait_until(lambda: row().row.headline == before.headline, f"the headline is {before.headline!r} again")
        took = time.monotonic() - began
    after = deck.wait_row(agent, lambda row: bool(row.requests), "its question is there again")
    assert (after.turn, after.blocked, after.source) == (before.turn, before.blocked, before.source)
    assert [request.key for request in after.requests] == [request.key for request in before.requests]
    decide(deck, agent, "allow", (repo / "hello.txt").exists)
    deck.wait(agent, "idle", turn=turn)
    assert (repo / "hello.txt").read_text() == WRITTEN
    assert took <= ADOPTED_S, f"it took {took:.2f} s"
    return took
