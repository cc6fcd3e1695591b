"""The sans-IO contract every adapter keeps, and the facts adapters speak in.

State changes only in ``feed`` and ``tick``; everything else is pure. No adapter reads a clock, opens a file
or starts a process: time comes in with marks and ticks, bytes leave as return values. The contract is
checked for every family by ``tests/unit/agents/adapters/test_contract.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Protocol, Self

import msgspec

from agents.model import (
    Capability,
    Cause,
    Evidence,
    Mark,
    Mode,
    Model,
    PlanEntry,
    Request,
    RequestKey,
    SlashCommand,
    ToolCall,
    Trouble,
    Usage,
)
from agents.spec import Kind, Spec
from agents.wire import TerminalState


class NotPossible(Exception):
    """The adapter cannot do this in its present state; the text says why and what to do."""


#: The number of every turn the user began in the program himself: those of messages may be promised already.
TYPED: Final = 0

# ---------------------------------------------------------------- facts: what a stimulus meant


class Fact(msgspec.Struct, frozen=True, tag=True):
    """Base of all facts. Facts of replayed history (``session/load``) carry ``replayed``."""


class SessionStarted(Fact, frozen=True):
    """The program accepted a session; ``session_id`` is the vendor's own."""

    session_id: str
    resumed: bool = False


class SessionFailed(Fact, frozen=True):
    """The protocol cannot go on (handshake refused, login needed); ``hint`` is the next step."""

    text: str
    hint: str = ""
    auth: bool = False


class TurnStarted(Fact, frozen=True):
    """Prompt number ``turn`` was written to the agent; ``text`` is what the user said.

    ``TYPED`` in place of a number is a turn that no message of ours began.
    """

    turn: int
    text: str


class PromptTaken(Fact, frozen=True):
    """The program itself showed for the first time that it took prompt ``turn`` (an echo, a reply, any output of it).

    ``TurnStarted`` only says that the bytes were written. ``begun`` adds that it works on it.
    """

    turn: int
    begun: bool = False


class PromptFailed(Fact, frozen=True):
    """Prompt ``turn`` was written, but never submitted: the program did not take it; ``reason`` is for the user."""

    turn: int
    reason: str


class TurnEnded(Fact, frozen=True):
    """The turn is over: ``reason`` as the protocol says; ``ok`` is false for errors and refusals."""

    turn: int
    reason: str
    ok: bool
    detail: str = ""
    empty: bool = False  # zero output and zero changes, or an error as chat text: worth a check
    cause: Cause | None = None  # of a turn that is not ``ok``


class TextAppended(Fact, frozen=True):
    """A piece of streamed text; ``role`` message, thought or user."""

    role: str
    text: str
    message_id: str | None = None
    replayed: bool = False


class ToolCallChanged(Fact, frozen=True):
    """A tool call appeared or changed; ``call`` is its whole new state."""

    call: ToolCall
    replayed: bool = False


class PlanChanged(Fact, frozen=True):
    """The agent's whole new plan."""

    entries: tuple[PlanEntry, ...]
    replayed: bool = False


class RequestOpened(Fact, frozen=True):
    """The agent waits for the user."""

    request: Request


class RequestClosed(Fact, frozen=True):
    """A request ended: outcome allowed, always, denied, answered, cancelled or withdrawn."""

    key: RequestKey
    outcome: str


class UsageChanged(Fact, frozen=True):
    """Totals of the session so far."""

    usage: Usage


class ModesChanged(Fact, frozen=True):
    """The modes there are and the one read back as current."""

    modes: tuple[Mode, ...]
    current: str | None


class ModelsChanged(Fact, frozen=True):
    """The models there are, as far as they were announced, and the one read back as current."""

    models: tuple[Model, ...]
    current: str | None


class CommandsChanged(Fact, frozen=True):
    """The ``/`` commands the agent offers now."""

    commands: tuple[SlashCommand, ...]


class Noted(Fact, frozen=True):
    """Something outside the protocol (an unknown update, a stray line); ``raw`` is kept, cut at 4 KiB."""

    text: str
    raw: str = ""
    level: str = "info"


class ProcessStarted(Fact, frozen=True):
    """A new incarnation of the program began (ctl ``start``)."""

    incarnation: int
    pid: int


class ProcessEnded(Fact, frozen=True):
    """The program ended (ctl ``exit``); exactly one of ``code`` and ``signal`` is set."""

    code: int | None
    signal: int | None


# ---------------------------------------------------------------- the contract


class Want(msgspec.Struct, frozen=True):
    """Bytes the protocol needs written now.

    ``key`` is stable within one incarnation: the supervisor writes a key once, and stops when ``wants`` no
    longer lists it because the bytes came back as direction ``in``.
    """

    key: str
    data: bytes


class Answer(msgspec.Struct, frozen=True):
    """What the user decided: allow, always, deny or answer."""

    decision: str
    option: str | None = None
    reason: str = ""
    answers: dict[str, str] = {}


class Adapter(Protocol):
    """One agent's protocol as a state machine. Created by a family's factory, owned by one unit."""

    #: Raised whenever the meaning or shape of the saved state changes: older checkpoints are replayed.
    VERSION: ClassVar[int]

    #: Whether the protocol has a field for the reason of a denial; else it is sent as the next message.
    CARRIES_REASON: ClassVar[bool] = False

    #: Whether what it asks is read from a screen, which anything that is printed can forge: no rule answers it.
    ASKS_ON_SCREEN: ClassVar[bool] = False

    def feed(self, mark: Mark, data: bytes) -> Sequence[Fact]:
        """Take the bytes of one mark. Never raises for what an agent sends: bad input becomes ``Noted``."""

    def tick(self, now: float) -> Sequence[Fact]:
        """Take the time (the agent's monotonic clock) once ``next_deadline`` is reached."""

    def next_deadline(self) -> float | None:
        """Return when ``tick`` wants to be called, ``None`` for never."""

    def wants(self) -> Sequence[Want]:
        """Return the handshake steps and protocol replies due in this state, in order."""

    def evidence(self) -> Sequence[Evidence]:
        """Return all present claims about the turn; expired ones may be among them."""

    def requests(self) -> Sequence[Request]:
        """Return the open requests, oldest first."""

    def capabilities(self) -> frozenset[Capability]:
        """Return what can be done with this agent as far as the handshake told."""

    def ready(self) -> bool:
        """Tell whether a prompt could be written now (session open, no turn running)."""

    def prompt(self, turn: int, text: str) -> bytes:
        """Return the bytes that submit ``text`` as ``turn``. Raises NotPossible."""

    def answer(self, key: RequestKey, answer: Answer) -> bytes:
        """Return the bytes that answer an open request. Raises NotPossible when it is not open."""

    def interrupt(self, token: str) -> bytes:
        """Return the bytes that cancel the running turn and answer what it waits for. Raises NotPossible.

        ``token`` is unique for ever (it carries the daemon's epoch) and may serve as a request id.
        """

    def set_mode(self, mode: str, token: str) -> bytes:
        """Return the bytes that switch the mode. Raises NotPossible naming the modes there are."""

    def set_model(self, model: str, token: str) -> bytes:
        """Return the bytes that switch the model. Raises NotPossible saying why. Needs ``Capability.MODELS``."""
        raise NotPossible(f"it cannot switch to {model}: its protocol has no way to")

    def steer(self, text: str, token: str) -> bytes:
        """Return the bytes that put ``text`` into the running turn. Raises NotPossible. Needs ``Capability.STEER``."""
        raise NotPossible("nothing can be put into its running turn: send it as the next message")

    def reads_output(self) -> bool:
        """Tell whether what the program prints means anything here; else it is taken in when there is time."""
        return True

    def is_pressing(self, now: float) -> bool:
        """Tell whether what the program prints next must be taken in at once, not within a fraction of a second."""
        return self.reads_output()

    def size(self) -> tuple[int, int] | None:
        """Return rows and columns of its terminal as it knows them, ``None`` when it has none."""
        return None

    def terminal(self, fed: int) -> TerminalState | None:
        """Return its terminal after ``fed`` bytes of output, ``None`` when it has none."""
        return None

    def leave_undrawn(self, incarnation: int) -> None:
        """Draw no screen of this process, nor of one before it. Called once, before anything is fed after a load."""

    def rehearse(self) -> None:
        """Draw all there is to be drawn, once, and keep nothing of it: whoever survives that survives a look at it."""

    def torn_size(self) -> tuple[int, int] | None:
        """Return rows and columns of a screen of which too little is known, which a repaint would mend."""
        return None

    def trouble(self) -> Trouble | None:
        """Return what the agent last said is wrong around it; ``None`` once work goes on or a new turn begins."""
        return None

    def arguments(self) -> tuple[str, ...]:
        """Return what the next process gets after the argv of its spec: how it begins or continues its session."""
        return ()

    def dump(self) -> bytes:
        """Return the whole state; ``load(dump())`` behaves the same for ever after."""

    @classmethod
    def load(cls, kind: Kind, spec: Spec, state: bytes) -> Self:
        """Rebuild from ``dump``. Raises ValueError when the bytes are not of this VERSION."""


class Factory(Protocol):
    """Makes the adapter of a family for one agent. ``resume`` holds the session to continue."""

    def __call__(self, kind: Kind, spec: Spec) -> Adapter:
        """Return a fresh adapter (no incarnation seen yet)."""
