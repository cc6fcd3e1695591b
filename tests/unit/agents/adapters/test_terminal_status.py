"""A program with rules in its terminal: messages on evidence, approvals by keys, questions answered within bounds."""

from __future__ import annotations

import pytest

from agents.adapters.contract import (
    TYPED,
    Answer,
    NotPossible,
    PromptFailed,
    PromptTaken,
    RequestClosed,
    RequestOpened,
    TurnEnded,
    TurnStarted,
)
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.model import Capability, Rank, Stream, Turn
from agents.vt import libvterm
from tests.fakes import boxed
from tests.unit.agents.adapters.drawn import ASKS, CLEAR, KIND, RULE, SPEC, Terminal, of
from tests.unit.agents.adapters.tape import kind

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")


@pytest.fixture
def d() -> Terminal:
    terminal = Terminal()
    terminal.start()
    terminal.feed(Stream.OUT, b"\x1b[?2004h")
    terminal.box()
    terminal.let(1.0)
    return terminal


def test_it_can_do_what_its_rules_tell(d: Terminal) -> None:
    can = d.adapter.capabilities()
    assert {Capability.TURNS, Capability.ANSWER, Capability.ALWAYS, Capability.TERMINAL} <= can
    assert d.adapter.ready()


def test_enter_is_pressed_only_once_the_box_shows_the_message(d: Terminal) -> None:
    assert d.adapter.prompt(1, "fix it") == b"\x1b[200~fix it\x1b[201~"
    d.send("fix it")
    d.let(0.2)
    assert d.entered == 0
    assert not d.adapter.ready()
    d.box("fix it")
    assert d.entered == 1
    facts = d.draws(b"* working\r\n" + RULE + b">")
    assert of(facts, TurnStarted) == [TurnStarted(1, "fix it")]
    assert of(facts, PromptTaken)[-1] == PromptTaken(1, begun=True)
    facts = [*d.box(), *d.let(1.0)]
    assert of(facts, TurnEnded) == [TurnEnded(1, "end_turn", ok=True)]
    assert d.adapter.evidence()[0].turn is Turn.DONE


def test_a_paste_that_went_astray_is_repeated_once_on_an_empty_box(d: Terminal) -> None:
    d.send("fix it")
    d.let(4.0)
    pastes = [data for mark, data in d.tape.marks if mark.stream is Stream.IN and b"fix it" in data]
    assert len(pastes) == 2
    facts = d.let(10.0)
    assert of(facts, PromptFailed) == [PromptFailed(1, "its input box stayed empty")]
    assert d.entered == 0


def test_a_message_whose_box_is_gone_is_not_submitted(d: Terminal) -> None:
    d.send("fix it")
    d.draws(b"something else altogether")
    (failed,) = of(d.let(20.0), PromptFailed)
    assert "not to be seen" in failed.reason
    assert d.entered == 0


def test_enter_is_repeated_only_while_the_message_is_still_there(d: Terminal) -> None:
    d.send("fix it")
    d.box("fix it")
    (failed,) = of(d.let(20.0), PromptFailed)
    assert d.entered == 3
    assert "still stands in its input box" in failed.reason


def test_a_box_drawn_anew_with_the_message_in_it_is_not_submitted(d: Terminal) -> None:
    d.send("fix it")
    d.box("fix it")
    assert d.entered == 1
    facts = [*d.at(0.6, b""), *d.at(0.2, RULE + b"> fix it"), *d.let(1.0)]
    assert of(facts, TurnStarted) == []
    d.let(1.0)
    assert d.entered == 2
    assert of(d.box(), TurnStarted) == [TurnStarted(1, "fix it")]


def test_a_command_that_makes_nobody_work_is_a_turn_that_ended(d: Terminal) -> None:
    d.send("/help")
    d.box("/help")
    facts = d.box()
    assert of(facts, TurnStarted) == [TurnStarted(1, "/help")]
    assert of(d.let(5.0), TurnEnded) == [TurnEnded(1, "end_turn", ok=True)]


def test_nothing_is_typed_into_a_dialog_or_a_draft(d: Terminal) -> None:
    d.box("a draft of the user")
    assert not d.adapter.ready()
    d.draws(ASKS)
    assert not d.adapter.ready()
    with pytest.raises(NotPossible, match="takes no message now"):
        d.adapter.prompt(1, "hello")


@pytest.mark.parametrize(("decision", "keys", "outcome"), [("allow", b"1", "allowed"), ("deny", b"3", "denied")])
def test_an_approval_is_a_request_answered_by_its_key(d: Terminal, decision: str, keys: bytes, outcome: str) -> None:
    (opened,) = of(d.draws(ASKS), RequestOpened)
    request = opened.request
    assert (request.command, [o.kind for o in request.options]) == (
        "make all",
        ["allow_once", "allow_always", "reject_once"],
    )
    data = d.adapter.answer(request.key, Answer(decision))
    assert data == keys
    d.wrote(f"answer:{request.key}", data)
    assert of(d.box(), RequestClosed) == [RequestClosed(request.key, outcome)]
    with pytest.raises(NotPossible, match="does not ask that any more"):
        d.adapter.answer(request.key, Answer(decision))


def test_no_key_is_pressed_on_a_screen_that_has_changed(d: Terminal) -> None:
    (opened,) = of(d.draws(ASKS), RequestOpened)
    d.feed(Stream.OUT, CLEAR + ASKS.replace(b"make all", b"rm -rf /"))
    with pytest.raises(NotPossible, match="has changed since"):
        d.adapter.answer(opened.request.key, Answer("allow"))
    (again,) = of(d.let(0.5), RequestOpened)
    assert again.request.command == "rm -rf /"
    assert again.request.key != opened.request.key


def test_the_same_approval_twice_is_two_requests(d: Terminal) -> None:
    (first,) = of(d.draws(ASKS), RequestOpened)
    d.box()
    (second,) = of(d.draws(ASKS), RequestOpened)
    assert first.request.key != second.request.key


def test_a_key_nobody_heard_asks_again(d: Terminal) -> None:
    (first,) = of(d.draws(ASKS), RequestOpened)
    d.wrote(f"answer:{first.request.key}", b"1")
    facts = d.let(4.0)
    assert of(facts, RequestClosed) == [RequestClosed(first.request.key, "withdrawn")]
    assert len(of(facts, RequestOpened)) == 1


def test_a_turn_the_user_typed_has_no_number(d: Terminal) -> None:
    facts = d.draws(b"* working\r\n" + RULE + b">")
    assert of(facts, TurnStarted) == [TurnStarted(TYPED, "")]
    assert [fact.turn for fact in of([*d.box(), *d.let(1.0)], TurnEnded)] == [TYPED]


def test_queries_are_answered_in_order_and_late_ones_never() -> None:
    d = Terminal()
    d.start()
    d.feed(Stream.OUT, boxed.QUERIES)
    (want,) = d.adapter.wants()
    assert want.data.startswith(b"\x1b]7501;?\x1b\\\x1b[?62;22c")
    deadline = d.adapter.next_deadline()
    while deadline is not None and deadline < d.tape.now + 3.0:
        d.adapter.tick(deadline)
        deadline = d.adapter.next_deadline()
    assert d.adapter.wants() == ()


def test_who_asks_without_end_is_not_answered_without_end() -> None:
    d = Terminal()
    d.start()
    for _ in range(500):
        d.feed(Stream.OUT, b"\x1b[c" * 100)
        d.tape.now -= 0.999
    assert len(d.adapter.wants()) <= 64


def test_reports_count_above_the_screen_and_go_with_the_process(d: Terminal) -> None:
    d.feed(Stream.OUT, b"\x1b]7501;state=blocked:kind=auth\x1b\\")
    assert [e.rank for e in d.adapter.evidence()] == [Rank.OSC7501, Rank.SCREEN]
    d.ctl("exit", code=0, signal=None)
    assert d.adapter.evidence() == ()


def test_a_flood_is_bounded_and_tears_the_screen_until_it_is_drawn_anew(d: Terminal) -> None:
    for n in range(40):
        d.feed(Stream.OUT, bytes((n * 7 + i * 31) % 256 for i in range(65536)))
        d.tape.now -= 0.999
    assert len(d.adapter.dump()) < 3_000_000
    d.ctl("resize", rows=40, cols=119)
    d.box()
    d.let(1.0)
    assert d.adapter.torn_size() is None


def test_a_message_is_lost_with_its_process(d: Terminal) -> None:
    d.send("fix it")
    facts = d.ctl("exit", code=None, signal=9)
    assert [type(fact).__name__ for fact in facts] == ["PromptFailed", "ProcessEnded"]


def test_a_key_that_is_to_be_pressed_twice_is_pressed_twice() -> None:
    rules = {**KIND.status, "keys": {**KIND.status["keys"], "interrupt": "\x1b\x1b"}}
    d = Terminal()
    d.adapter = TerminalAdapter(kind(family="terminal", status=rules), SPEC)
    d.start()
    assert d.adapter.interrupt("t") == b"\x1b"
    d.wrote("interrupt:t", b"\x1b")
    assert d.adapter.wants() == ()
    d.let(2.0)
    assert [data for mark, data in d.tape.marks if mark.stream is Stream.IN] == [b"\x1b", b"\x1b"]
    assert d.adapter.wants() == ()
