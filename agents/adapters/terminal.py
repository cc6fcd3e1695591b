"""Any program on a pty or pipes: process facts only, the turn stays unknown.

Sans-IO. Reads nothing of what the program prints: its log is the pane, and status from a terminal comes with the
evidence of a later part. A message is typed as a line; that it was delivered is all that can be known about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Self

import msgspec

from agents.adapters import checkpoint, chosen
from agents.adapters.contract import (
    Adapter,
    Answer,
    Fact,
    NotPossible,
    ProcessEnded,
    ProcessStarted,
    SessionFailed,
    Want,
)
from agents.adapters.process import launch_failure, read_control
from agents.model import Capability, Evidence, Kind, Mark, Request, RequestKey, Spec, Stream

#: Bracketed paste (xterm control sequences), and what must not end it early.
_PASTE, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _State(msgspec.Struct):
    """What must survive a checkpoint."""

    version: int
    incarnation: int = 0
    alive: bool = False
    open: bool = False


class TerminalAdapter(Adapter):
    """One program without a protocol; owned by one unit."""

    VERSION: ClassVar[int] = 1
    READS_OUTPUT: ClassVar[bool] = False

    def __init__(self, kind: Kind, spec: Spec) -> None:
        self._kind = kind
        self._spec = spec
        self._state = _State(self.VERSION)

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        """Take the bytes of one mark: only control records mean anything here."""
        if mark.stream is not Stream.CTL:
            return ()
        control = read_control(data)
        if control is None:
            return ()
        match control.ev:
            case "start":
                self._state = _State(self.VERSION, control.incarnation, alive=True, open=True)
                return (ProcessStarted(control.incarnation, control.pid),)
            case "failed":
                text, hint = launch_failure(control)
                return (SessionFailed(text, hint),)
            case "stdin_closed":
                self._state.open = False
            case "exit":
                self._state.alive = self._state.open = False
                return (ProcessEnded(control.code, control.signal),)
        return ()

    def tick(self, now: float) -> Sequence[Fact]:
        """Do nothing: no timers."""
        return ()

    def next_deadline(self) -> float | None:
        """Return ``None``: no timers."""
        return None

    def wants(self) -> Sequence[Want]:
        """Return nothing: there is no handshake."""
        return ()

    def evidence(self) -> Sequence[Evidence]:
        """Return nothing: without evidence the turn is unknown, never idle. What hooks say is the unit's to add."""
        return ()

    def requests(self) -> Sequence[Request]:
        """Return nothing: a program without a protocol cannot ask."""
        return ()

    def capabilities(self) -> frozenset[Capability]:
        """Return INPUT and PROMPT; on a pty also TERMINAL and INTERRUPT; RESUME where the command line has a way."""
        able = {Capability.INPUT, Capability.PROMPT}
        if self._spec.pty:
            able |= {Capability.TERMINAL, Capability.INTERRUPT}
        if chosen.continues(self._kind):
            able.add(Capability.RESUME)
        return frozenset(able)

    def arguments(self) -> tuple[str, ...]:
        """Return how the next process gets its session, as the kind says; a plain program gets nothing."""
        return chosen.arguments(self._kind, self._spec)

    def ready(self) -> bool:
        """Tell whether the program still reads its input."""
        return self._state.alive and self._state.open

    def prompt(self, turn: int, text: str) -> bytes:
        """Return ``text`` as one typed line. No fact follows: there is no turn to track.

        On a pty the line ends in a carriage return, as the Enter key sends it. A program with an editor of its own
        (quirk ``paste``) gets the text as a paste, in which line breaks are no Enter key.
        """
        self._require_open()
        if self._spec.pty and self._kind.quirks.get("paste") is True:
            return _PASTE + _CONTROL.sub("", text.strip()).encode() + _PASTE_END + b"\r"
        return text.rstrip("\r\n").encode() + (b"\r" if self._spec.pty else b"\n")

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        """Raise NotPossible: nothing can be open."""
        raise NotPossible(f"{self._spec.name} has no protocol to ask by: type the answer into it")

    def interrupt(self, token: str) -> bytes:
        """Return Ctrl+C, or the key of the kind, which only a terminal turns into an interrupt."""
        if not self._spec.pty:
            raise NotPossible(f"{self._spec.name} runs on pipes, where no key interrupts it: stop it instead")
        self._require_open()
        return b"\x1b" if self._kind.quirks.get("interrupt") == "escape" else b"\x03"

    def set_mode(self, mode: str, token: str) -> bytes:
        """Raise NotPossible: there are no modes."""
        raise NotPossible(f"{self._spec.name} has no modes")

    def dump(self) -> bytes:
        """Return the whole state."""
        return msgspec.json.encode(self._state)

    @classmethod
    def load(cls, kind: Kind, spec: Spec, state: bytes) -> Self:
        """Rebuild from ``dump``."""
        adapter = cls(kind, spec)
        adapter._state = checkpoint.read(state, _State, cls.VERSION)
        return adapter

    def _require_open(self) -> None:
        if not self._state.alive:
            raise NotPossible(f"{self._spec.name} is not running")
        if not self._state.open:
            raise NotPossible(f"the input of {self._spec.name} is closed")
