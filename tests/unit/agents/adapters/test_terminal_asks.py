"""Approvals on a screen: open once they stand still, one key as long as they say the same, gone with what they ask."""

from __future__ import annotations

import pytest

from agents.adapters.contract import Answer, NotPossible, RequestClosed, RequestOpened
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.model import Blocked, Stream, Turn
from agents.vt import libvterm
from tests.unit.agents.adapters.drawn import ASKS, CLEAR, KIND, RULE, SPEC, Terminal, of
from tests.unit.agents.adapters.tape import kind

pytestmark = pytest.mark.skipif(bool(libvterm.missing()), reason=libvterm.missing() or "there is a core")

HALF = ASKS.replace(b"make all", b"make")
BELOW = b"a line above\r\n" + ASKS


@pytest.fixture
def d() -> Terminal:
    terminal = Terminal()
    terminal.start()
    terminal.box()
    terminal.tape.now -= 0.4
    return terminal


def test_what_is_half_drawn_is_blocked_at_once_and_no_request_yet(d: Terminal) -> None:
    facts = [*d.at(0.0, HALF), *d.let(0.1)]
    (claim,) = d.adapter.evidence()
    assert (claim.turn, claim.blocked) == (Turn.BLOCKED, Blocked.PERMISSION)
    assert d.adapter.requests() == ()
    facts += [*d.at(0.0, ASKS), *d.let(1.0)]
    (opened,) = of(facts, RequestOpened)
    assert opened.request.command == "make all"
    assert of(facts, RequestClosed) == []


def test_it_is_opened_by_time_alone_and_only_once(d: Terminal) -> None:
    d.at(0.0, ASKS)
    assert of(d.let(0.2), RequestOpened) == []
    assert len(of(d.let(0.1), RequestOpened)) == 1
    assert d.adapter.next_deadline() is None
    assert of(d.at(5.0, ASKS), RequestOpened) == []
    assert d.let(5.0) == []


def test_what_still_moves_is_not_open(d: Terminal) -> None:
    facts = [*d.at(0.0, ASKS), *d.at(0.15, BELOW), *d.at(0.15, ASKS), *d.at(0.15, BELOW), *d.let(0.15)]
    assert of(facts, RequestOpened) == []
    assert len(of(d.let(0.5), RequestOpened)) == 1


def test_a_look_at_half_of_a_repaint_leaves_it_open(d: Terminal) -> None:
    (opened,) = of([*d.at(0.0, ASKS), *d.let(0.5)], RequestOpened)
    facts = [*d.at(0.0, HALF), *d.let(0.1)]
    with pytest.raises(NotPossible, match="has changed since"):
        d.adapter.answer(opened.request.key, Answer("allow"))
    facts += [*d.at(0.0, ASKS), *d.let(1.0)]
    assert facts == []
    assert d.adapter.requests() == (opened.request,)
    assert d.adapter.answer(opened.request.key, Answer("allow")) == b"1"


def test_one_that_is_gone_before_it_was_open_was_never_there(d: Terminal) -> None:
    facts = [*d.at(0.0, ASKS), *d.at(0.1, RULE + b"> "), *d.let(2.0)]
    assert of(facts, RequestOpened) == of(facts, RequestClosed) == []
    assert d.adapter.next_deadline() is None


def test_the_same_again_right_after_the_key_is_another_one(d: Terminal) -> None:
    (first,) = of([*d.at(0.0, ASKS), *d.let(0.5)], RequestOpened)
    d.wrote("answer", b"1")
    facts = [*d.at(0.1, b"Run this?"), *d.at(0.15, ASKS), *d.let(0.5)]
    assert of(facts, RequestClosed) == [RequestClosed(first.request.key, "allowed")]
    (second,) = of(facts, RequestOpened)
    assert second.request.key != first.request.key


@pytest.mark.parametrize("seconds", [0.04, 0.1, 0.2, 0.24, 0.3])
def test_a_daemon_that_comes_in_between_opens_the_same(d: Terminal, seconds: float) -> None:
    d.at(0.0, HALF)
    d.at(0.1, ASKS)
    d.let(seconds)
    other = Terminal()
    other.adapter, other.tape.now = TerminalAdapter.load(KIND, SPEC, d.adapter.dump()), d.tape.now
    d.let(1.0)
    other.let(1.0)
    assert len(d.adapter.requests()) == 1
    assert other.adapter.requests() == d.adapter.requests()


MOUSE = b"\x1b[?1000h\x1b[?1006h"


@pytest.fixture
def clicked() -> Terminal:
    dialogs = [dict(dialog) for dialog in KIND.status["dialog"]]
    dialogs[0]["option"] = [{**option, "click": option["kind"] == "allow_once"} for option in dialogs[0]["option"]]
    terminal = Terminal()
    terminal.adapter = TerminalAdapter(kind(family="terminal", status={**KIND.status, "dialog": dialogs}), SPEC)
    terminal.start()
    terminal.tape.now -= 0.9
    return terminal


@pytest.mark.parametrize(
    ("modes", "allow"), [(b"", b"1"), (b"\x1b[?1000h", b"1"), (MOUSE, b"\x1b[<0;6;3M\x1b[<0;6;3m")]
)
def test_an_option_is_clicked_where_the_program_listens_to_the_mouse(
    clicked: Terminal, modes: bytes, allow: bytes
) -> None:
    clicked.feed(Stream.OUT, modes)
    (opened,) = of([*clicked.at(0.0, ASKS), *clicked.let(0.5)], RequestOpened)
    assert clicked.adapter.answer(opened.request.key, Answer("allow")) == allow
    assert clicked.adapter.answer(opened.request.key, Answer("deny")) == b"3"
    clicked.wrote("answer", allow)
    facts = [*clicked.at(0.0, RULE + b"> "), *clicked.let(1.5)]
    assert of(facts, RequestClosed) == [RequestClosed(opened.request.key, "allowed")]


@pytest.mark.parametrize(("pressed", "is_sure"), [(b"\x1b[C", False), (b"\x1b[I", True), (b"", True)])
def test_without_a_mouse_no_key_is_trusted_once_the_highlight_may_have_moved(
    clicked: Terminal, pressed: bytes, *, is_sure: bool
) -> None:
    (opened,) = of([*clicked.at(0.0, ASKS), *clicked.let(0.5)], RequestOpened)
    if pressed:
        clicked.feed(Stream.IN, pressed)
    if is_sure:
        assert clicked.adapter.answer(opened.request.key, Answer("allow")) == b"1"
    else:
        with pytest.raises(NotPossible, match="keys were pressed in"):
            clicked.adapter.answer(opened.request.key, Answer("allow"))
    assert clicked.adapter.answer(opened.request.key, Answer("deny")) == b"3"
    clicked.at(0.0, RULE + b"> ")
    (again,) = of([*clicked.let(1.5), *clicked.at(0.0, ASKS), *clicked.let(0.5)], RequestOpened)
    assert clicked.adapter.answer(again.request.key, Answer("allow")) == b"1", "another question is not touched"


def test_a_click_goes_to_where_the_option_is_now(clicked: Terminal) -> None:
    clicked.feed(Stream.OUT, MOUSE)
    (opened,) = of([*clicked.at(0.0, ASKS), *clicked.let(0.5)], RequestOpened)
    clicked.at(0.0, BELOW)
    moved = b"\x1b[<0;6;4M\x1b[<0;6;4m"
    assert clicked.adapter.answer(opened.request.key, Answer("allow")) == moved
    clicked.let(0.5)
    clicked.wrote("answer", moved)
    facts = [*clicked.at(0.0, RULE + b"> "), *clicked.let(1.5)]
    assert of(facts, RequestClosed) == [RequestClosed(opened.request.key, "allowed")]


def test_a_key_pressed_by_hand_before_it_is_open_answers_it(d: Terminal) -> None:
    facts = d.at(0.0, ASKS)
    facts += d.feed(Stream.IN, b"1")
    facts += [*d.feed(Stream.OUT, CLEAR + b"* working"), *d.let(1.0)]
    assert d.adapter.requests() == ()
    assert of(facts, RequestOpened) == of(facts, RequestClosed) == []
