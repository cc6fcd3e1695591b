"""A program with rules in its terminal as a test plays it: what it draws, and the deadlines of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.adapters.contract import Fact
from agents.adapters.terminal.adapter import TerminalAdapter
from agents.model import Stream
from agents.spec import Kind, Spec
from tests.fakes import boxed
from tests.unit.agents.adapters.tape import Drive, kind, spec

KIND: Kind = kind(family="terminal", status=boxed.rules())
SPEC: Spec = spec(family="terminal", pty=True)
CLEAR, RULE = b"\x1b[H\x1b[2J", b"-" * 20 + b"\r\n"
ASKS = b"Run this?\r\n  $ make all\r\n 1. Yes\r\n 2. Always\r\n 3. No"


class Terminal(Drive):
    """The program as a test plays it, with the deadlines of a unit."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(TerminalAdapter(KIND, SPEC, **fields))
        self.given: set[str] = set()

    def let(self, seconds: float) -> list[Fact]:
        """Let time pass as a unit does, writing what is wanted."""
        end, facts = self.tape.now + seconds, list[Fact]()
        while True:
            facts += self.write_wants()
            due = self.adapter.next_deadline()
            if due is None or due > end:
                break
            facts += self.adapter.tick(due)
            self.tape.now = max(self.tape.now, due)
        self.tape.now = end
        self.facts += facts
        return facts

    def write_wants(self) -> list[Fact]:
        facts: list[Fact] = []
        for want in self.adapter.wants():
            if want.key not in self.given:
                self.given.add(want.key)
                facts += self.wrote(f"want:{want.key}", want.data)
        return facts

    def wrote(self, what: str, data: bytes) -> list[Fact]:
        return [*self.feed(Stream.IN, data), *self.ctl("wrote", id=f"1:{what}")]

    def draws(self, screen: bytes) -> list[Fact]:
        return [*self.feed(Stream.OUT, CLEAR + screen), *self.let(0.5)]

    def at(self, seconds: float, screen: bytes) -> list[Fact]:
        """Draw ``seconds`` from now, as a unit sees it: what was due by then is done before."""
        facts = [*self.let(seconds), *self.feed(Stream.OUT, CLEAR + screen)]
        self.tape.now -= 1.0
        return facts

    def box(self, text: str = "") -> list[Fact]:
        return self.draws(RULE + f"> {text}".encode())

    def send(self, text: str, turn: int = 1) -> list[Fact]:
        return self.wrote(f"prompt:{turn}", self.adapter.prompt(turn, text))

    @property
    def entered(self) -> int:
        return sum(1 for mark, data in self.tape.marks if mark.stream is Stream.IN and data == b"\r")


def of(facts: Sequence[Fact], kind: type[Fact]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]
