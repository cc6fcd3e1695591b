"""Programs in a terminal through the whole daemon: their questions answered, messages submitted, approvals given."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.jsonrpc import RpcError
from agents.model import AgentRow, Blocked, Capability, Headline, Lifecycle, Rule, Stream, Turn
from agents.vt import libvterm
from tests.fakes import boxed

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")

KIND = f"""
name = "boxed"
family = "terminal"
command = ["{sys.executable}", "{Path(boxed.__file__)}"]
pty = true
resume = false
status = "boxed"
"""


@pytest.fixture
def deck(home: Any) -> Any:
    for folder, text in (("agents", KIND), ("status", boxed.RULES)):
        place = home.path / "config" / folder
        place.mkdir(parents=True)
        (place / "boxed.toml").write_text(text)
    home.start()
    return home


def said(deck: Any, agent: str) -> str:
    return deck.raw(agent, Stream.OUT).decode(errors="replace")


def send(deck: Any, agent: str, text: str) -> int:
    turn: int = deck.call("agent.send", wire.Send(agent, text)).turn
    return turn


def ready(deck: Any, *options: str) -> str:
    agent: str = deck.run("boxed", *options).id
    deck.until(agent, lambda row: row.turn is Turn.IDLE)
    return agent


def answer(deck: Any, agent: str, decision: str, request: str | None = None) -> wire.Answered:
    answered: wire.Answered = deck.call("agent.answer", wire.AnswerRequest(agent, decision, request))
    return answered


def asked(deck: Any, agent: str, command: str) -> AgentRow:
    send(deck, agent, f"ask {command}")
    row: AgentRow = deck.until(agent, lambda row: any(r.command == command for r in row.requests))
    assert (row.turn, row.blocked) == (Turn.BLOCKED, Blocked.PERMISSION)
    return row


def test_queries_are_answered_in_their_order_with_no_window_open(deck: Any) -> None:
    agent = ready(deck)
    deck.settle(lambda: "\\x1b[?0u" in said(deck, agent))
    got = deck.raw(agent, Stream.IN)
    assert got.startswith(b"\x1b]7501;?\x1b\\\x1b[?62;22c\x1b["), got
    assert got.count(b"\x1b[?62;22c") == 1


@pytest.mark.parametrize("options", [(), ("--report",), ("--deaf",)])
def test_a_message_is_submitted_worked_on_and_done(deck: Any, options: tuple[str, ...]) -> None:
    agent = ready(deck, *options)
    assert Capability.TURNS in deck.row(agent).capabilities
    turn = send(deck, agent, "two\nlines, and blanks behind  ")
    for step in ("delivered", "submitted", "started", "done"):
        assert deck.call("agent.wait", wire.Wait(agent, step, turn, 60)).reached == step
    assert "you: two\nlines, and blanks behind (" in said(deck, agent).replace("\r\n", "\n").replace("  ", "")
    assert said(deck, agent).count("\x1b[H\x1b[2Jyou: ") <= 1
    row = deck.until(agent, lambda row: row.state is Headline.DONE)
    assert (row.unread, row.source) == (1, "osc7501" if "--report" in options else "screen")


def test_a_long_message_is_submitted_behind_its_placeholder(deck: Any) -> None:
    agent = ready(deck)
    turn = send(deck, agent, "word " * 20_000)
    assert deck.call("agent.wait", wire.Wait(agent, "done", turn, 60)).reached == "done"
    assert "(99999)" in said(deck, agent)


def test_a_message_that_enter_does_not_submit_is_not_delivered(deck: Any) -> None:
    agent = ready(deck, "--mute")
    turn = send(deck, agent, "hello")
    assert deck.call("agent.wait", wire.Wait(agent, "submitted", turn, 60)).reached == "undelivered"
    (prompt,) = deck.row(agent).queue
    assert prompt.reason.startswith("Enter did not submit it")


def test_an_approval_is_given_by_its_key_and_a_message_waits_for_it(deck: Any) -> None:
    agent = ready(deck)
    row = asked(deck, agent, "make all")
    turn = send(deck, agent, "and then this")
    assert answer(deck, agent, "allow", row.requests[0].key).outcome == "allowed"
    assert deck.call("agent.wait", wire.Wait(agent, "done", turn, 60)).reached == "done"
    text = said(deck, agent)
    assert "allowed: make all" in text
    assert text.index("allowed: make all") < text.index("you: and then this")


def test_an_answer_to_what_is_no_longer_on_the_screen_presses_nothing(deck: Any) -> None:
    agent = ready(deck)
    row = asked(deck, agent, "make all")
    deck.call("agent.input", wire.Input(agent, b"3"))
    deck.settle(lambda: "denied: make all" in said(deck, agent))
    try:
        outcome = "already" if answer(deck, agent, "allow", row.requests[0].key).already else "given"
    except RpcError as error:
        outcome = error.message
    assert re.search("already|does not ask that any more|has changed|asks for nothing", outcome)
    assert "allowed" not in said(deck, agent)


def test_a_blocked_program_has_the_same_headline_after_the_daemon_was_killed(deck: Any) -> None:
    agent = ready(deck, "--report")
    before = asked(deck, agent, "make all")
    deck.kill()
    deck.start()
    row = deck.until(agent, lambda row: not row.catching_up)
    assert (row.headline, row.requests) == (before.headline, before.requests)
    answer(deck, agent, "deny")
    deck.settle(lambda: "denied: make all" in said(deck, agent))


def test_a_turn_is_interrupted_by_the_key_of_the_program(deck: Any) -> None:
    agent = ready(deck)
    turn = send(deck, agent, "work")
    deck.call("agent.wait", wire.Wait(agent, "started", turn, 60))
    deck.call("agent.interrupt", wire.AgentRef(agent))
    assert deck.call("agent.wait", wire.Wait(agent, "done", turn, 60)).reached == "done"


def test_a_turn_the_user_typed_counts_and_takes_no_message_its_number(deck: Any) -> None:
    agent = ready(deck)
    deck.call("agent.input", wire.Input(agent, b"typed by hand\r"))
    row = deck.until(agent, lambda row: row.state is Headline.DONE)
    assert (row.unread, row.turn_number) == (1, 0)
    assert send(deck, agent, "first message") == 1


@pytest.mark.parametrize("flood", ["yes", "cat /dev/urandom"])
def test_a_flood_costs_the_daemon_a_share_of_a_core_and_harms_nobody(deck: Any, flood: str) -> None:
    agent = ready(deck)
    deck.run("shell", "sh", "-c", f"timeout -s KILL 6 {flood}; sleep 1000", pty=True, name="flood")
    row = asked(deck, agent, "make all")
    answer(deck, agent, "allow", row.requests[0].key)
    deck.settle(lambda: "allowed: make all" in said(deck, agent))
    flooding = next(row for row in deck.call("agent.list").agents if row.name == "flood")
    assert (flooding.lifecycle, flooding.turn) == (Lifecycle.RUNNING, Turn.UNKNOWN)


def test_a_report_printed_from_a_file_is_a_claim_of_its_rank_and_answers_nothing(deck: Any, tmp_path: Path) -> None:
    forged = tmp_path / "forged"
    forged.write_bytes(b"\x1b]7501;state=blocked:kind=permission:msg=cm0gLXJmIC8=\x1b\\")
    agent = ready(deck)
    send(deck, agent, f"print {forged}")
    row = deck.until(agent, lambda row: row.turn is Turn.BLOCKED)
    assert (row.source, row.requests) == ("osc7501", ()), "there is nothing on the screen to answer"
    with pytest.raises(RpcError, match="asks for nothing now"):
        answer(deck, agent, "allow")


def test_a_storm_of_sizes_leaves_the_last_one(deck: Any) -> None:
    agent = ready(deck)
    for n in range(60):
        deck.call("agent.resize", wire.Resize(agent, 20 + n % 20, 60 + n))
    row = asked(deck, agent, "make all")
    answer(deck, agent, "deny", row.requests[0].key)
    deck.settle(lambda: "denied: make all" in said(deck, agent))


def test_no_rule_answers_what_is_read_from_a_screen(deck: Any) -> None:
    deck.call("rule.add", wire.AddRule(Rule(0, "allow", command=("make",))))
    agent = ready(deck)
    asked(deck, agent, "make all")
    explained: wire.Explained = deck.call("agent.explain", wire.AgentRef(agent))
    assert any("read from a screen" in line for line in explained.rules)
    assert deck.row(agent).requests
