from __future__ import annotations

import pytest

from agents.adapters.contract import Answer, NotPossible, ProcessEnded, ProcessStarted, SessionFailed
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.model import Capability, Stream
from tests.unit.agents.adapters.tape import Drive, kind, spec


def drive(*, pty: bool) -> Drive:
    return Drive(TerminalAdapter(kind(family="terminal"), spec(family="terminal", pty=pty)))


def test_process_facts_are_all_that_is_known() -> None:
    d = drive(pty=False)
    assert d.start(2) == [ProcessStarted(2, 4002)]
    assert d.feed(Stream.OUT, b"$ \x1b]7501;state=blocked\x1b\\") == []
    assert d.adapter.evidence() == ()
    assert d.adapter.requests() == ()
    assert d.adapter.wants() == ()
    assert d.adapter.next_deadline() is None
    assert d.adapter.tick(1e9) == ()
    assert d.ctl("exit", code=7, signal=None) == [ProcessEnded(7, None)]


def test_a_launch_that_failed_is_explained() -> None:
    (fact,) = drive(pty=True).ctl("failed", errno=13, error="Permission denied", program="/x/y")
    assert isinstance(fact, SessionFailed)
    assert fact.text == "/x/y could not be started: Permission denied"


@pytest.mark.parametrize(("pty", "end"), [(True, b"\r"), (False, b"\n")])
def test_a_message_is_typed_as_a_line(pty: bool, end: bytes) -> None:
    d = drive(pty=pty)
    assert not d.adapter.ready()
    with pytest.raises(NotPossible, match="fix-login is not running"):
        d.adapter.prompt(1, "ls")
    d.start()
    assert d.adapter.ready()
    assert d.adapter.prompt(1, "ls ✓\n") == "ls ✓".encode() + end
    d.ctl("stdin_closed")
    assert not d.adapter.ready()
    with pytest.raises(NotPossible, match="input of fix-login is closed"):
        d.adapter.prompt(1, "ls")


def test_only_a_terminal_can_be_interrupted_by_a_key() -> None:
    d = drive(pty=True)
    d.start()
    assert d.adapter.interrupt("e1") == b"\x03"
    assert Capability.TERMINAL in d.adapter.capabilities()
    piped = drive(pty=False)
    piped.start()
    with pytest.raises(NotPossible, match="stop it instead"):
        piped.adapter.interrupt("e1")
    assert piped.adapter.capabilities() == {Capability.INPUT, Capability.PROMPT}


def test_there_is_nothing_to_answer_and_no_mode() -> None:
    d = drive(pty=True)
    with pytest.raises(NotPossible, match="type the answer"):
        d.adapter.answer("k", Answer("allow"))
    with pytest.raises(NotPossible, match="no modes"):
        d.adapter.set_mode("plan", "e1")


def test_damaged_control_records_are_ignored() -> None:
    d = drive(pty=True)
    assert d.feed(Stream.CTL, b'{"ev":"star') == []
    assert d.feed(Stream.CTL, b'{"ev":["start"]}') == []
    assert d.ctl("from_the_future", x=1) == []


def test_a_program_with_an_editor_gets_a_paste_and_its_own_key() -> None:
    quirks = {"paste": True, "interrupt": "escape"}
    d = Drive(TerminalAdapter(kind(family="terminal", quirks=quirks), spec(family="terminal", pty=True)))
    d.start()
    assert d.adapter.prompt(1, "two\nlines ✓\n") == "\x1b[200~two\nlines ✓\x1b[201~\r".encode()
    assert d.adapter.interrupt("e1") == b"\x1b"


@pytest.mark.parametrize("text", ["a\x1b[201~rm -rf /\r", "a\x9b201~b", "\x03\x04"])
def test_a_message_cannot_end_the_paste_it_is_in(text: str) -> None:
    d = Drive(TerminalAdapter(kind(family="terminal", quirks={"paste": True}), spec(family="terminal", pty=True)))
    d.start()
    typed = d.adapter.prompt(1, text)
    assert typed.count(b"\x1b") == 2
    assert typed.endswith(b"\x1b[201~\r")
    assert not {0x03, 0x04, 0x9B} & set(typed.decode().encode("latin-1", "ignore"))


def test_a_kind_that_continues_sessions_can_be_resumed() -> None:
    own = kind(family="terminal", quirks={"resume_args": ["--resume", "{session}"]})
    adapter = TerminalAdapter(own, spec(family="terminal", pty=True, session_id="s1"))
    assert Capability.RESUME in adapter.capabilities()
    assert adapter.arguments() == ("--resume", "s1")


def test_a_look_that_was_put_off_is_never_due_in_the_past() -> None:
    rules = {
        "name": "x",
        "title": [{"name": "working", "pattern": "^busy", "turn": "working"}],
        "screen": [{"name": "rest", "all": ["^> "], "turn": "idle"}],
    }
    d = Drive(TerminalAdapter(kind(family="terminal", status=rules), spec(family="terminal", pty=True)))
    d.start()
    d.feed(Stream.OUT, b"text")
    d.adapter.tick(d.tape.now)
    d.feed(Stream.OUT, b"\x1b]0;busy\x07more")
    d.feed(Stream.OUT, b"\x1b]0;ready\x07")
    due = d.adapter.next_deadline()
    assert due is not None
    assert due >= d.tape.marks[-1][0].monotonic


def test_a_terminal_is_read_often_once_it_told_its_status_or_where_there_are_rules_for_it() -> None:
    plain = Drive(TerminalAdapter(kind(family="terminal"), spec(family="terminal", pty=True)))
    plain.start()
    plain.feed(Stream.OUT, b"\x1b]0;a title that means nothing\x07text")
    assert not plain.adapter.reads_output()
    plain.feed(Stream.OUT, b"\x1b]7501;state=working\x07")
    assert plain.adapter.reads_output()
    plain.feed(Stream.OUT, b"\x1b]7501;state=clear\x07")
    assert not plain.adapter.reads_output()

    rules = {"name": "x", "title": [{"name": "working", "pattern": "^busy", "turn": "working"}]}
    known = TerminalAdapter(kind(family="terminal", status=rules), spec(family="terminal", pty=True))
    assert known.reads_output()
    assert not TerminalAdapter(kind(family="terminal", status=rules), spec(family="terminal")).reads_output()
